package sim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/shard"
)

// future is a command that only the newer program knows.
type future struct {
	N int64 `cbor:"1,keyasint"`
}

func (future) Kind() command.Kind { return "sim.future" }
func (future) Validate() error    { return nil }

// newer is what the newer program knows more.
func newer() []command.Module {
	return []command.Module{{Name: "sim", Commands: []command.Definition{
		command.DefineRepeatable(func(c future, tx *command.Tx) (struct{}, error) {
			return struct{}{}, tx.Emit("sim.future", fmt.Sprint(c.N), struct{}{})
		}),
	}}}
}

// TestNodesAreUpgradedOneByOne: old and newer programs hold one store and sell. A command that only the newer one knows
// is refused by an old leader, before it is in a log. In the log it stops an old node, each time that it starts, and the
// others go on; once it is upgraded as well, it holds what they hold.
func TestNodesAreUpgradedOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, config{seed: 1, nodes: 3, shards: 1, log: 64 << 20})
		defer func() {
			for _, n := range w.nodes {
				w.quit(n)
			}
		}()
		if !w.found() {
			return
		}
		w.fillShelves()
		old := w.nodes[0]               // which leads as long as it is well
		for _, n := range w.nodes[1:] { // one after the other, while the others sell
			w.quit(n)
			w.eventually("the others sell", soon, func() error { return w.sells(old.now.Load()) })
			n.modules = newer()
			if err := w.open(t.Context(), n); err != nil {
				t.Fatal(err)
			}
			w.eventually("it sells as well", soon, func() error { return w.sells(n.now.Load()) })
		}
		w.same()
		w.oldLeaderRefuses(old)
		w.oldFollowerStops(old)
		w.crash(old)
		old.modules = newer()
		if err := w.open(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		w.eventually("the upgraded node sells", soon, func() error { return w.sells(old.now.Load()) })
		w.same()
	})
}

// oldLeaderRefuses: an old leader does not take what it does not know, and lives on.
func (w *world) oldLeaderRefuses(old *node) {
	w.leads(old)
	if err := w.propose(w.nodes[1], 1); fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "sim.future") {
		w.t.Errorf("an old leader was asked for a command that it does not know: %v", err)
	}
	if err := old.now.Load().shop.Err(); err != nil {
		w.t.Errorf("the old node has stopped: %v", err)
	}
}

// oldFollowerStops: a newer leader takes it, and the old node stops, also when it is started again.
func (w *world) oldFollowerStops(old *node) {
	w.eventually("a newer one leads", soon, func() error { return old.now.Load().shop.Cluster().Drain(w.t.Context(), old.name) })
	if err := w.propose(w.nodes[1], 2); err != nil {
		w.t.Fatal(err)
	}
	<-old.now.Load().shop.Failed()
	for range 2 {
		w.crash(old)
		w.eventually("the newer ones sell", soon, func() error { return w.sells(w.nodes[1].now.Load()) })
		if err := w.open(w.t.Context(), old); err == nil {
			<-old.now.Load().shop.Failed()
		}
	}
}

// leads waits until a node leads every shard.
func (w *world) leads(n *node) {
	w.eventually(n.name+" leads", soon, func() error {
		for _, s := range n.now.Load().shop.Status().Shards {
			if !s.Leading {
				return errors.New("it does not yet")
			}
		}
		return nil
	})
}

func (w *world) propose(n *node, v int64) error {
	l := n.now.Load()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
	defer cancel()
	_, err := command.Do[struct{}](ctx, l.engine, future{N: v}, command.Call{Slot: l.engine.SlotOn(0)})
	return err
}

// newTables is what a program of the next logic level knows more.
func newTables() []command.Module {
	m := newer()
	m[0].Schema = map[uint32]string{shard.MaxLevel + 1: `CREATE TABLE sim_future (n INTEGER PRIMARY KEY) STRICT;`}
	return m
}

// TestTheLevelIsRaised: nodes get a program with new tables one after the other. The level is refused, and nothing has
// changed, while a node has the old program, and while one does not answer; then it is taken by all, in every shard, and
// stays. A node with the old program does not open its store any more.
func TestTheLevelIsRaised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, config{seed: 1, nodes: 3, shards: 2, log: 64 << 20})
		defer func() {
			for _, n := range w.nodes {
				w.quit(n)
			}
		}()
		if !w.found() {
			return
		}
		w.fillShelves()
		raise := func(n *node) (uint32, error) { return n.now.Load().shop.Cluster().RaiseLevel(t.Context()) }
		refused := func(why string, want fault.Code, names string) {
			t.Helper()
			_, err := raise(w.nodes[0])
			if fault.CodeOf(err) != want || !strings.Contains(fmt.Sprint(err), names) {
				t.Errorf("%s: %v", why, err)
			}
			w.atLevel(shard.MaxLevel)
		}
		for _, n := range w.nodes {
			if level, err := raise(w.nodes[2]); level != shard.MaxLevel || err != nil {
				t.Errorf("by an old program: level %d, %v", level, err)
			}
			w.quit(n)
			n.modules = newTables()
			if err := w.open(t.Context(), n); err != nil {
				t.Fatal(err)
			}
			w.eventually("it sells", soon, func() error { return w.sells(n.now.Load()) })
			if n != w.nodes[2] {
				refused("beside an old program", fault.Refused, "n")
			}
		}
		w.quit(w.nodes[2])
		w.eventually("two sell", soon, func() error { return w.sells(w.nodes[0].now.Load()) })
		refused("while a node does not answer", fault.Unavailable, "n2")
		if err := w.open(t.Context(), w.nodes[2]); err != nil {
			t.Fatal(err)
		}
		w.eventually("the level is taken", soon, func() error {
			level, err := raise(w.nodes[1])
			if err == nil && level != shard.MaxLevel+1 {
				err = fmt.Errorf("it is %d", level)
			}
			return err
		})
		w.same()
		w.atLevel(shard.MaxLevel + 1)
		for range 2 {
			if level, err := raise(w.nodes[0]); level != shard.MaxLevel+1 || err != nil {
				t.Errorf("again: level %d, %v", level, err)
			}
			w.eventually("all sell", soon, func() error { return w.sells(w.nodes[2].now.Load()) })
		}

		old := w.nodes[2]
		w.quit(old)
		old.modules = newer() // the program of before
		if err := w.open(t.Context(), old); fault.CodeOf(err) != fault.Broken || !strings.Contains(err.Error(), "level 2") {
			t.Errorf("an old program opens it: %v", err)
		}
		old.modules = newTables()
		if err := w.open(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		w.eventually("it sells", soon, func() error { return w.sells(old.now.Load()) })
		w.same()
		w.atLevel(shard.MaxLevel + 1)
	})
}

// atLevel checks the level of every shard on every node that runs.
func (w *world) atLevel(want uint32) {
	w.t.Helper()
	for _, l := range w.running() {
		for _, s := range l.shop.Status().Shards {
			if s.Level != want {
				w.t.Errorf("%s: shard %d is at level %d, not %d", l.node, s.Shard, s.Level, want)
			}
		}
	}
}

// long is a change that takes long, such as one of large tables: for so many seconds each of its statements.
type long struct {
	Statements int64 `cbor:"1,keyasint"`
	Seconds    int64 `cbor:"2,keyasint"`
}

func (long) Kind() command.Kind { return "sim.long" }
func (long) Validate() error    { return nil }

// TestALongChangeIsNoHang: a change that takes every node ten times as long as a machine may stand still stops nobody,
// and is applied. A single statement that takes so long does stop them.
func TestALongChangeIsNoHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, config{seed: 1, nodes: 3, shards: 1, log: 64 << 20})
		defer func() {
			for _, n := range w.nodes {
				w.quit(n)
			}
		}()
		for _, n := range w.nodes {
			n.modules = []command.Module{{Name: "sim", Commands: []command.Definition{
				command.DefineRepeatable(func(c long, tx *command.Tx) (struct{}, error) {
					for range c.Statements {
						time.Sleep(time.Duration(c.Seconds) * time.Second)
						if _, err := tx.Exec(`UPDATE meta SET clock = clock`); err != nil {
							return struct{}{}, err
						}
					}
					return struct{}{}, nil
				}),
			}}}
		}
		if !w.found() {
			return
		}
		w.fillShelves()
		change := func(c long) error {
			l := w.nodes[0].now.Load()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			_, err := command.Do[struct{}](ctx, l.engine, c, command.Call{Slot: l.engine.SlotOn(0)})
			return err
		}
		began := time.Now()
		if err := change(long{Statements: 30, Seconds: 5}); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took < 150*time.Second {
			t.Errorf("it took %v only", took)
		}
		w.eventually("all sell", 10*time.Minute, func() error { return w.sells(w.nodes[2].now.Load()) })
		w.same()
		if len(w.running()) < len(w.nodes) {
			t.Error("a node has stopped")
		}
		if err := change(long{Statements: 1, Seconds: 60}); err == nil {
			t.Error("a statement that stood still for a minute was answered")
		}
		for _, n := range w.nodes {
			l := n.now.Load()
			<-l.shop.Failed()
			if _, ok := errors.AsType[*replication.HangingMachineError](l.shop.Err()); !ok {
				t.Errorf("%s says %v", n.name, l.shop.Err())
			}
		}
		time.Sleep(2 * time.Minute) // what stood still ends
	})
}
