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
		old := w.nodes[2]
		for _, n := range w.nodes[:2] { // one after the other, while the others sell
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
	if err := w.propose(w.nodes[0], 1); fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "sim.future") {
		w.t.Errorf("an old leader was asked for a command that it does not know: %v", err)
	}
	if err := old.now.Load().shop.Err(); err != nil {
		w.t.Errorf("the old node has stopped: %v", err)
	}
}

// oldFollowerStops: a newer leader takes it, and the old node stops, also when it is started again.
func (w *world) oldFollowerStops(old *node) {
	w.leads(w.nodes[0])
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

// leads makes a node lead, by draining the others.
func (w *world) leads(n *node) {
	l := n.now.Load()
	w.eventually(n.name+" leads", soon, func() error {
		if err := l.shop.Cluster().Resume(w.t.Context(), n.name); err != nil {
			return err
		}
		for _, other := range w.nodes {
			if other != n {
				_ = l.shop.Cluster().Drain(w.t.Context(), other.name) // tried again
			}
		}
		for _, s := range l.shop.Status().Shards {
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
