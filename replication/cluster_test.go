package replication_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/replication/peer"
)

// cluster is nodes of one group each that can be stopped and started.
type cluster struct {
	t         *testing.T
	network   func(name string) peer.Network
	names     []string
	dirs      map[string]string
	machines  map[string]*machine
	nodes     map[string]*replication.Node  // nil while stopped
	groups    map[string]*replication.Group // the same
	bytes     int64                         // of log before it is truncated
	room      func(bytes int64) error       // on every disk; nil is without end
	pipelined bool                          // followers are sent entries before they have answered for those before
}

func newCluster(t *testing.T, network func(string) peer.Network, names ...string) *cluster {
	faultvfs.Unsynced()
	c := &cluster{
		t: t, network: network, names: names, dirs: map[string]string{}, machines: map[string]*machine{},
		nodes: map[string]*replication.Node{}, groups: map[string]*replication.Group{},
	}
	for _, name := range names {
		c.dirs[name], c.machines[name] = t.TempDir(), &machine{}
	}
	return c
}

func (c *cluster) start(name string, joining bool) {
	c.t.Helper()
	n, err := replication.Start(c.t.Context(), replication.Config{
		Dir: c.dirs[name], NodeID: name, Joining: joining, Network: c.network(name), SnapshotBytes: c.bytes,
		Logger: c.logger(name), Room: c.room, Pipeline: c.pipelined,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	g, err := n.AddGroup(c.t.Context(), 1, c.machines[name])
	if err != nil {
		c.t.Fatal(err)
	}
	c.nodes[name], c.groups[name] = n, g
}

// logger writes what a node warns of to the file that COMMERCE_LOG names.
func (c *cluster) logger(name string) *slog.Logger {
	path := os.Getenv("COMMERCE_LOG")
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	return slog.New(slog.NewTextHandler(f, nil)).With("node", name)
}

// stop ends a node; its machine loses what it has not checkpointed.
func (c *cluster) stop(name string) {
	c.t.Helper()
	if err := c.nodes[name].Close(); err != nil {
		c.t.Errorf("closing %s: %v", name, err)
	}
	if err := c.nodes[name].Err(); err != nil {
		c.t.Errorf("%s has stopped itself: %v", name, err)
	}
	delete(c.nodes, name)
	delete(c.groups, name)
	c.machines[name] = c.machines[name].reopened()
}

func (c *cluster) stopAll() {
	for _, name := range c.names {
		if c.nodes[name] != nil {
			c.stop(name)
		}
	}
}

// form makes all nodes voters: the first one starts alone.
func (c *cluster) form() {
	c.t.Helper()
	for i, name := range c.names {
		c.start(name, i > 0)
	}
	leader := c.groups[c.names[0]]
	for _, name := range c.names[1:] {
		c.try(func() error { return leader.Add(c.t.Context(), name) })
	}
	for _, name := range c.names[1:] {
		c.try(func() error { return leader.Promote(c.t.Context(), name) })
	}
}

// try does something until it succeeds.
func (c *cluster) try(what func() error) {
	c.t.Helper()
	var err error
	for range 9000 {
		if err = what(); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	for name, n := range c.nodes {
		c.t.Logf("%s: %+v, %v, %+v", name, n.Status(), n.Err(), c.groups[name].Members())
	}
	c.t.Fatalf("after a long time: %v", err)
}

// propose proposes on whoever leads until it is confirmed.
func (c *cluster) propose(data string) {
	c.t.Helper()
	c.try(func() error {
		var err error
		for _, name := range c.names {
			if g := c.groups[name]; g != nil {
				if _, err = g.Propose(c.t.Context(), []byte(data)); err == nil {
					return nil
				}
			}
		}
		return err
	})
}

// settle waits until all running nodes have applied the same, and checks that it is the same.
func (c *cluster) settle() {
	c.t.Helper()
	c.propose("settle")
	c.try(func() error {
		var first state
		for i, name := range c.names {
			if c.nodes[name] == nil {
				continue
			}
			now := c.machines[name].now()
			if first.applied == 0 {
				first = now
			}
			if now.applied != first.applied {
				return fmt.Errorf("%s has applied %d, and another node %d", name, now.applied, first.applied)
			}
			if now != first {
				c.t.Fatalf("node %d, %s, has another state: %+v, %+v", i, name, now, first)
			}
		}
		return nil
	})
}

func onMemory(seed uint64) (func(string) peer.Network, *peer.Memory) {
	m := peer.NewMemory(seed)
	return m.Node, m
}

func onTCP(t testing.TB) func(string) peer.Network {
	ca, err := peer.NewAuthority(time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	dir := t.TempDir()
	return func(name string) peer.Network {
		book, err := peer.OpenBook(filepath.Join(dir, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		incarnation, err := peer.NextIncarnation(filepath.Join(dir, name+".boots"))
		if err != nil {
			t.Fatal(err)
		}
		net, err := peer.ListenTCP(peer.TCPConfig{
			Node: name, Store: "store", Incarnation: incarnation, Listen: "127.0.0.1:0", Book: book, Credentials: ca.Credentials(name),
		})
		if err != nil {
			t.Fatal(err)
		}
		for other, addr := range known { // a restarted node tells its new address to those it knows
			if err := book.Learn(other, addr); err != nil {
				t.Fatal(err)
			}
			if _, err := net.Discover(t.Context(), addr); err != nil {
				t.Logf("%s finds nobody at an old address: %v", name, err)
			}
		}
		known[name] = net.Addr()
		return net
	}
}

func TestOneNodeBecomesThree(t *testing.T) {
	test := func(t *testing.T, network func(string) peer.Network) {
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		c.start("a", false)
		for range 20 {
			c.propose("alone")
		}
		c.start("b", true)
		c.start("c", true)
		a := c.groups["a"]
		if err := a.Promote(t.Context(), "b"); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("promoting a stranger: %v", err)
		}
		for _, name := range []string{"b", "c"} {
			if err := a.Add(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
		c.settle()
		for _, name := range []string{"b", "c"} {
			c.try(func() error { return a.Promote(t.Context(), name) })
		}
		c.settle()
		if got := a.Members(); len(got) != 3 || !got[0].Voter || !got[1].Voter || !got[2].Voter {
			t.Errorf("members: %+v", got)
		}

		c.try(func() error { return a.Transfer(t.Context(), "b") })
		b := c.groups["b"]
		c.try(func() error { _, err := b.Propose(t.Context(), []byte("after")); return err })
		if err := a.Remove(t.Context(), "c"); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("a follower removes: %v", err)
		}
		if _, err := a.Propose(t.Context(), []byte("wrong")); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("a follower proposes: %v", err)
		}
		c.try(func() error { return b.Remove(t.Context(), "a") })
		c.stop("a")
		c.settle()
		if got := b.Members(); len(got) != 2 {
			t.Errorf("members after one was removed: %+v", got)
		}
		if s, err := b.StateOf(t.Context(), "c"); err != nil || s.Leader != "b" || s.Applied == 0 {
			t.Errorf("the state of c: %+v, %v", s, err)
		}
	}
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			network, _ := onMemory(1)
			test(t, network)
		})
	})
	t.Run("tcp", func(t *testing.T) { test(t, onTCP(t)) })
}

func TestNodesRestart(t *testing.T) {
	test := func(t *testing.T, network func(string) peer.Network) {
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		c.form()
		for _, name := range c.names { // one at a time; the others go on
			c.propose("before")
			c.stop(name)
			c.propose("meanwhile")
			c.start(name, false)
			c.settle()
		}
		c.stopAll()
		for _, name := range c.names {
			c.start(name, false)
		}
		c.settle()
	}
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			network, _ := onMemory(1)
			test(t, network)
		})
	})
	t.Run("tcp", func(t *testing.T) { test(t, onTCP(t)) })
}

// TestNothingIsLost: nodes stop and start, the network loses, delays, repeats and splits, leaders are moved. Whatever was
// confirmed is there at the end, on every node, once, and in one order. Then, with a good network, everything works.
func TestNothingIsLost(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) { torment(t, seed, false) })
	}
	synctest.Test(t, func(t *testing.T) { torment(t, 4, true) })
}

func torment(t *testing.T, seed uint64, pipelined bool) {
	network, net := onMemory(seed)
	c := newCluster(t, network, "a", "b", "c")
	c.bytes, c.pipelined = 1<<10, pipelined // logs are truncated all the time
	defer c.stopAll()
	c.form()
	random := rand.New(rand.NewPCG(seed, 1))
	var w workload
	for range 25 {
		stopped := ""
		switch victim := c.names[random.IntN(3)]; random.IntN(6) {
		case 0:
			net.Isolate(victim)
		case 1:
			net.Cut(victim, c.names[random.IntN(3)])
		case 2:
			net.SetFaults(peer.Faults{Loss: 0.1, Duplicate: 0.2, Late: 20 * time.Second, MaxDelay: 100 * time.Millisecond})
		case 3, 4:
			c.stop(victim)
			stopped = victim
		case 5:
			for _, g := range c.groups {
				_ = g.Transfer(t.Context(), victim) // refused by all but the leader, and at times by it
			}
		}
		w.run(c, random, 15)
		net.Heal()
		net.SetFaults(peer.Faults{})
		if stopped != "" {
			c.start(stopped, false)
		}
		w.run(c, random, 5)
	}
	c.settle()
	w.check(c)
	for name, m := range c.machines {
		t.Logf("%s was replaced by a copy %d times", name, m.copies)
	}
}

// workload proposes numbered entries, each once, and notes which were confirmed.
type workload struct {
	next      uint64
	confirmed []uint64
	doubtful  int
}

func (w *workload) run(c *cluster, random *rand.Rand, n int) {
	for range n {
		name := c.names[random.IntN(len(c.names))]
		g := c.groups[name]
		if g == nil {
			continue
		}
		for _, leader := range c.names {
			if other := c.groups[leader]; other != nil && other.Leading() && random.IntN(4) > 0 {
				g = other
			}
		}
		w.next++
		ctx, cancel := context.WithTimeout(c.t.Context(), 3*time.Second)
		_, err := g.Propose(ctx, binary.BigEndian.AppendUint64(nil, w.next))
		cancel()
		switch code := fault.CodeOf(err); {
		case err == nil:
			w.confirmed = append(w.confirmed, w.next)
		case code == fault.Uncertain:
			w.doubtful++
		case code != fault.Unavailable:
			c.t.Errorf("proposing: %v", err)
		}
		time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
	}
}

func (w *workload) check(c *cluster) {
	for _, name := range c.names {
		seen := map[uint64]int{}
		m := c.machines[name]
		m.mu.Lock()
		for _, e := range m.numbers {
			seen[e.N]++
		}
		m.mu.Unlock()
		for _, n := range w.confirmed {
			if seen[n] != 1 {
				c.t.Errorf("%s has applied entry %d, which was confirmed, %d times", name, n, seen[n])
			}
		}
	}
	c.t.Logf("of %d entries %d were confirmed and %d doubtful", w.next, len(w.confirmed), w.doubtful)
	if len(w.confirmed) < int(w.next)/4 {
		c.t.Errorf("of %d entries only %d were confirmed", w.next, len(w.confirmed))
	}
}

// TestARemovalCountsWhenItIsCommitted: a leader that is cut off takes a node out of its own configuration, which the
// others never hear of.
func TestARemovalCountsWhenItIsCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, net := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		c.form()
		c.settle()
		a := c.groups["a"]
		net.Isolate("a")
		removing := make(chan error, 1)
		go func() { removing <- a.Remove(t.Context(), "c") }()
		time.Sleep(10 * time.Millisecond)
		if n := len(a.Members()); n != 2 || a.Removed("c") {
			t.Errorf("of %d members, c is gone: %v", n, a.Removed("c"))
		}
		again, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if err := a.Remove(again, "c"); fault.CodeOf(err) != fault.Uncertain {
			t.Errorf("asked again meanwhile: %v", err)
		}
		if err := <-removing; err == nil {
			t.Error("it was removed by nobody")
		}
		net.Heal()
		c.try(func() error { // it may have become so after all
			for _, name := range []string{"a", "b"} {
				if g := c.groups[name]; g.Ready() && g.Remove(t.Context(), "c") == nil && g.Removed("c") {
					return nil
				}
			}
			_ = c.groups["c"].Transfer(t.Context(), "b") // if it leads
			return errors.New("it is not removed")
		})
	})
}

// TestAChangeAskedForTwiceIsOne: who asks for a change that is under way hears when it is committed, and not before.
func TestAChangeAskedForTwiceIsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, net := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		c.form()
		a := c.groups["a"]
		for what, ask := range map[string]func(context.Context) error{
			"adding":   func(ctx context.Context) error { return a.Add(ctx, "d") },
			"removing": func(ctx context.Context) error { return a.Remove(ctx, "d") },
		} {
			_ = a.Add(t.Context(), "d")
			if what == "adding" {
				if err := a.Remove(t.Context(), "d"); err != nil {
					t.Fatal(err)
				}
			}
			net.Slow("b", "a", 400*time.Millisecond)
			net.Slow("c", "a", 400*time.Millisecond)
			first := make(chan error, 1)
			go func() { first <- ask(t.Context()) }()
			time.Sleep(10 * time.Millisecond)
			began := time.Now()
			if err := ask(t.Context()); err != nil || time.Since(began) < 300*time.Millisecond {
				t.Errorf("%s again: %v after %v", what, err, time.Since(began))
			}
			if err := <-first; err != nil {
				t.Errorf("%s: %v", what, err)
			}
			net.Heal()
			if err := ask(t.Context()); err != nil {
				t.Errorf("%s when it is done: %v", what, err)
			}
		}
	})
}

// TestWhoWasAwayFollowsNewMembers: while a node is away, two others join, one of them takes the lead, and those that it
// knows are removed. It follows them when it is back. Then the lead goes to somebody of whom it has not heard yet.
func TestWhoWasAwayFollowsNewMembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, net := onMemory(1)
		c := newCluster(t, network, "a", "b", "c", "d", "e", "f")
		all := c.names
		defer func() {
			c.names = all
			c.stopAll()
		}()
		c.names = all[:3]
		c.form()
		grow := func(leader string, name string) {
			t.Helper()
			g := c.groups[leader]
			c.try(func() error { return g.Add(t.Context(), name) })
			c.try(func() error { return g.Promote(t.Context(), name) })
		}
		for _, name := range all[3:] {
			c.start(name, true)
		}
		net.Isolate("c")
		grow("a", "d")
		grow("a", "e")
		c.try(func() error { return c.groups["a"].Transfer(t.Context(), "d") })
		for _, name := range []string{"a", "b"} {
			c.try(func() error { return c.groups["d"].Remove(t.Context(), name) })
			c.stop(name)
		}
		net.Heal()
		c.names = []string{"c", "d", "e"}
		c.settle()

		net.Slow("d", "c", 1500*time.Millisecond)
		grow("d", "f")
		c.names = append(c.names, "f")
		c.try(func() error { return c.groups["d"].Transfer(t.Context(), "f") })
		c.propose("with a leader of whom c has not heard")
		began := time.Now()
		c.try(func() error {
			if c.groups["c"].Leader() != "f" {
				return errors.New("c does not follow f")
			}
			return nil
		})
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("that took %v", took)
		}
		c.settle()
	})
}
