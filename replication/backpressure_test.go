package replication_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/replication/peer"
)

// drip is a node's network whose requests with a body are read a few bytes at a time.
type drip struct {
	peer.Network
	slow *atomic.Bool
	read *atomic.Int64 // bytes that were read slowly
}

func (d drip) Serve(h peer.Handler) {
	d.Network.Serve(func(ctx context.Context, from string, r peer.Request) ([]byte, error) {
		if r.Body != nil {
			r.Body = &dripping{r.Body, d}
		}
		return h(ctx, from, r)
	})
}

type dripping struct {
	r io.Reader
	d drip
}

func (b *dripping) Read(p []byte) (int, error) {
	if !b.d.slow.Load() {
		return b.r.Read(p)
	}
	time.Sleep(time.Second)
	n, err := b.r.Read(p[:min(len(p), 64)])
	b.d.read.Add(int64(n))
	return n, err
}

// TestASlowReaderOfACopyHoldsNobodyUp: a follower reads the copy that it needs at 64 bytes a second, for ten minutes in
// which the leader gives up and begins again. The leader's proposals, checkpoints and log go on as without it; once it
// reads as others do, it has everything.
func TestASlowReaderOfACopyHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 8 << 10
		memory, _ := onMemory(1)
		var slow atomic.Bool
		var read atomic.Int64
		network := func(name string) peer.Network {
			if name == "c" {
				return drip{memory(name), &slow, &read}
			}
			return memory(name)
		}
		c := newCluster(t, network, "a", "b", "c")
		c.bytes = limit
		defer c.stopAll()
		c.form()
		c.stop("c")
		propose := func(n uint64) {
			if _, err := c.groups["a"].Propose(t.Context(), binary.BigEndian.AppendUint64(nil, n*0x9e3779b97f4a7c15)); err != nil {
				t.Fatal(err)
			}
		}
		for i := range uint64(1000) { // until the log does not reach back, and a copy takes longer than anybody waits
			propose(i)
		}
		slow.Store(true)
		c.start("c", false)
		before := c.machines["a"].checkpoints()
		var worst time.Duration
		var most int64
		for i := range uint64(600) {
			began := time.Now()
			propose(1000 + i)
			worst = max(worst, time.Since(began))
			for _, s := range c.nodes["a"].Status() {
				most = max(most, s.LogBytes)
			}
			time.Sleep(time.Second)
		}
		if read.Load() < 64*300 || c.machines["c"].copies > 0 {
			t.Errorf("the follower has read %d bytes slowly and has %d copies", read.Load(), c.machines["c"].copies)
		}
		if worst > 100*time.Millisecond {
			t.Errorf("a proposal took %v", worst)
		}
		if most > 5*limit { // four times for who needs a copy, and what is written until the next truncation
			t.Errorf("the leader's log grew to %d bytes", most)
		}
		if now := c.machines["a"].checkpoints(); now < before+5 {
			t.Errorf("%d checkpoints meanwhile", now-before)
		}
		slow.Store(false)
		c.settle()
		if c.machines["c"].copies == 0 {
			t.Error("the follower got no copy")
		}
	})
}

// TestWhoIsLeftCanGoOn: with one of three dead, that one can be removed, and nobody else.
func TestWhoIsLeftCanGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, net := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		c.form()
		a := c.groups["a"]
		if err := a.MayRemove("b"); err != nil {
			t.Errorf("while all are well: %v", err)
		}
		net.Isolate("c")
		time.Sleep(5 * time.Second) // of the bubble, in which its silence is noticed
		c.try(func() error { return a.Transfer(t.Context(), "a") })
		if err := a.Remove(t.Context(), "b"); fault.CodeOf(err) != fault.Unavailable || len(a.Members()) != 3 {
			t.Errorf("removing one that is well: %v, members %+v", err, a.Members())
		}
		if err := a.MayRemove("b"); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("asked first: %v", err)
		}
		if _, err := a.Propose(t.Context(), []byte("on")); err != nil {
			t.Error(err)
		}
		if err := a.Remove(t.Context(), "c"); err != nil {
			t.Errorf("removing the dead one: %v", err)
		}
		c.stop("c")
		c.propose("with two")
		c.settle()
	})
}

// TestMembersChangeOneAtATime: two changes are not under way together, nobody gets a vote who has not caught up, without
// a majority nobody is removed, and the last voter stays.
func TestMembersChangeOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, net := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		c.form()
		a := c.groups["a"]
		for _, other := range []string{"b", "c"} {
			net.Slow("a", other, 300*time.Millisecond)
		}
		first := make(chan error, 1)
		go func() { first <- a.Add(t.Context(), "d") }()
		time.Sleep(time.Millisecond)
		if err := a.Add(t.Context(), "e"); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("a second change beside the first: %v", err)
		}
		if err := <-first; err != nil {
			t.Errorf("the first change: %v", err)
		}
		net.Heal()
		if err := a.Promote(t.Context(), "d"); fault.CodeOf(err) != fault.Conflict { // it was never there
			t.Errorf("a vote for one that has not caught up: %v", err)
		}
		if err := a.Remove(t.Context(), "d"); err != nil {
			t.Error(err)
		}

		net.Isolate("a")
		short, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		err := a.Remove(short, "c")
		if code := fault.CodeOf(err); code != fault.Uncertain && code != fault.Unavailable {
			t.Errorf("removing without a majority: %v", err)
		}
		for _, name := range []string{"b", "c"} {
			if got := c.groups[name].Members(); !slices.Contains(got, replication.Member{Node: "c", Voter: true}) {
				t.Errorf("%s sees the members %+v", name, got)
			}
		}
		net.Heal() // now it may come about, as Uncertain says, and is done again otherwise
		c.try(func() error {
			for _, name := range []string{"b", "c"} {
				if g := c.groups[name]; g.Ready() {
					return errors.Join(g.Transfer(t.Context(), "a"), errors.New("a does not lead yet"))
				}
			}
			for _, name := range []string{"c", "b"} {
				if err := a.Remove(t.Context(), name); err != nil {
					return err
				}
			}
			return nil
		})
		if err := a.Remove(t.Context(), "a"); fault.CodeOf(err) != fault.Refused {
			t.Errorf("removing the last one: %v", err)
		}
		c.stop("b")
		c.stop("c")
		c.propose("alone")
	})
}
