package replication_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication"
)

// propose proposes n entries, from several goroutines when there are many.
func propose(t testing.TB, g *replication.Group, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for c := range min(n, 16) {
		wg.Go(func() {
			for i := c; i < n; i += 16 {
				if _, err := g.Propose(t.Context(), fmt.Appendf(nil, "entry %d", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestRestartReplaysWhatTheMachineHasLost(t *testing.T) {
	dir := t.TempDir()
	machines := make([]*machine, 8)
	for i := range machines {
		machines[i] = &machine{}
	}
	for round := range 3 {
		n := start(t, replication.Config{Dir: dir, StoreID: "s1"})
		for i, old := range machines {
			m := old
			if i%2 == 0 {
				m = old.reopened()
			}
			machines[i] = m
			g := add(t, n, uint32(i), m)
			if m.now() != old.now() {
				t.Fatalf("round %d: after the replay group %d is at %+v, before it was at %+v", round, i, m.now(), old.now())
			}
			propose(t, g, 20*i)
			if m.now().entries != 20*i*(round+1) {
				t.Fatalf("round %d: group %d has applied %d entries", round, i, m.now().entries)
			}
			if i%3 == 0 {
				m.Checkpoint()
			}
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEntriesOfOneGoroutineStayInOrder(t *testing.T) {
	n := start(t, replication.Config{Dir: t.TempDir()})
	g := add(t, n, 1, &machine{})
	futures := make([]replication.Future, 200)
	for i := range futures {
		futures[i] = g.ProposeAsync([]byte{byte(i)})
	}
	for i, f := range futures {
		if reply, err := f.Wait(); err != nil || reply != i+1 {
			t.Fatalf("entry %d was applied as number %v, %v", i+1, reply, err)
		}
	}
}

// TestTheLogIsTruncated fills the log again and again. What is deleted is never needed: the machine loses all that it
// has not checkpointed at each restart.
func TestTheLogIsTruncated(t *testing.T) {
	dir := t.TempDir()
	m := &machine{}
	for range 3 {
		old := m
		m = old.reopened()
		n := start(t, replication.Config{Dir: dir, SnapshotBytes: 8 << 10})
		g := add(t, n, 1, m)
		if m.now() != old.now() {
			t.Fatalf("after the replay the machine is at %+v, before it was at %+v", m.now(), old.now())
		}
		truncated(t, n, g)
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// truncated proposes until the log has been truncated.
func truncated(t *testing.T, n *replication.Node, g *replication.Group) {
	t.Helper()
	from := n.Status()[0].Snapshot
	for range 5000 {
		s := n.Status()[0]
		if s.Snapshot > from && (s.FirstIndex > s.Snapshot || s.FirstIndex == 0) {
			return
		}
		propose(t, g, 1)
	}
	t.Fatalf("the log was not truncated: %+v", n.Status()[0])
}

// TestANormalLifeLogsNothing: what an operator reads must mean something.
func TestANormalLifeLogsNothing(t *testing.T) {
	var log bytes.Buffer
	dir := t.TempDir()
	m := &machine{}
	for range 3 {
		n := start(t, replication.Config{Dir: dir, SnapshotBytes: 8 << 10, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		g := add(t, n, 1, m)
		truncated(t, n, g)
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if log.Len() > 0 {
		t.Error(log.String())
	}
}

// TestASnapshotRightAfterTheStart covers the entries with which a term begins, and which no machine sees.
func TestASnapshotRightAfterTheStart(t *testing.T) {
	dir := t.TempDir()
	m := &machine{}
	for _, limit := range []int64{0, 1, 0} {
		synctest.Test(t, func(t *testing.T) {
			n := start(t, replication.Config{Dir: dir, SnapshotBytes: limit})
			g := add(t, n, 1, m)
			synctest.Wait()
			if s := n.Status()[0]; limit > 0 && (s.Snapshot <= m.Applied() || s.FirstIndex != 0) {
				t.Errorf("%+v: the machine has applied %d", s, m.Applied())
			}
			if limit == 0 {
				propose(t, g, 10)
			}
		})
	}
}

func TestAReaderInTheWayOnlyDelaysTheTruncation(t *testing.T) {
	m := &machine{busy: true}
	n := start(t, replication.Config{Dir: t.TempDir(), SnapshotBytes: 4 << 10})
	g := add(t, n, 1, m)
	propose(t, g, 400)
	if s := n.Status()[0]; s.Snapshot != 0 || s.FirstIndex != 1 || s.LogBytes < 8<<10 {
		t.Fatalf("%+v: the log was truncated without a checkpoint", s)
	}
	m.mu.Lock()
	m.busy = false
	m.mu.Unlock()
	truncated(t, n, g)
}

func TestAMachineOfAnotherTimeIsRefused(t *testing.T) {
	dir := t.TempDir()
	m := &machine{}
	n := start(t, replication.Config{Dir: dir, SnapshotBytes: 4 << 10})
	g := add(t, n, 1, m)
	truncated(t, n, g)
	propose(t, g, 10)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	ahead := m.now()
	ahead.applied = n.Status()[0].LastIndex + 1

	n = start(t, replication.Config{Dir: dir})
	for name, bad := range map[string]*machine{"new": {}, "ahead": {state: ahead}} {
		_, err := n.AddGroup(t.Context(), 1, bad)
		mismatch, ok := errors.AsType[*replication.MismatchError](err)
		if !ok || mismatch.Group != 1 || !errors.Is(err, fault.Broken) {
			t.Errorf("%s: %v, want a MismatchError", name, err)
		}
	}
	if _, err := n.AddGroup(t.Context(), 2, &machine{state: state{applied: 1}}); err == nil {
		t.Error("a machine that has applied entries was given a new log")
	}
	add(t, n, 1, m) // the right one is still welcome
	if err := n.Err(); err != nil {
		t.Error(err)
	}
}

func TestReadIndex(t *testing.T) {
	m := &machine{}
	n := start(t, replication.Config{Dir: t.TempDir()})
	g := add(t, n, 1, m)
	for range 20 {
		propose(t, g, 1)
		index, err := g.ReadIndex(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if index != m.Applied() || g.Applied() < index || !g.Leading() {
			t.Fatalf("read index %d, applied %d by the machine and %d by the group, leading: %v", index, m.Applied(), g.Applied(), g.Leading())
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.ReadIndex(ended); !errors.Is(err, fault.Unavailable) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

// TestANewLeaderHasAppliedEverything: right after a start a reader finds all entries of the earlier life.
func TestANewLeaderHasAppliedEverything(t *testing.T) {
	dir := t.TempDir()
	m := &machine{}
	n := start(t, replication.Config{Dir: dir})
	propose(t, add(t, n, 1, m), 300)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	lost := &machine{}
	g := add(t, start(t, replication.Config{Dir: dir}), 1, lost)
	index, err := g.ReadIndex(t.Context())
	if err != nil || g.Applied() < index || lost.now() != m.now() {
		t.Fatalf("read index %d, %v; applied %d; %+v, want %+v", index, err, g.Applied(), lost.now(), m.now())
	}
}

func TestWhatIsAskedWrongly(t *testing.T) {
	n := start(t, replication.Config{Dir: t.TempDir()})
	g := add(t, n, 1, &machine{})
	for _, data := range [][]byte{nil, {}, make([]byte, replication.MaxEntry+1)} {
		if _, err := g.Propose(t.Context(), data); !errors.Is(err, fault.Invalid) {
			t.Errorf("an entry of %d bytes: %v, want fault.Invalid", len(data), err)
		}
	}
	for _, id := range []uint32{1, replication.MaxGroup + 1} {
		if _, err := n.AddGroup(t.Context(), id, &machine{}); !errors.Is(err, fault.Invalid) {
			t.Errorf("adding group %d: %v, want fault.Invalid", id, err)
		}
	}
	for _, c := range []replication.Config{{Dir: t.TempDir()}, {NodeID: "n1"}} {
		if _, err := replication.Start(t.Context(), c); !errors.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v, want fault.Invalid", c, err)
		}
	}
}

func TestAfterCloseNothingHappens(t *testing.T) {
	m := &machine{}
	n := start(t, replication.Config{Dir: t.TempDir()})
	g := add(t, n, 1, m)
	propose(t, g, 5)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Propose(t.Context(), []byte("late")); !errors.Is(err, fault.Unavailable) {
		t.Errorf("proposing: %v, want fault.Unavailable", err)
	}
	if _, err := g.ReadIndex(t.Context()); !errors.Is(err, fault.Unavailable) {
		t.Errorf("reading: %v, want fault.Unavailable", err)
	}
	if _, err := n.AddGroup(t.Context(), 2, &machine{}); !errors.Is(err, fault.Unavailable) {
		t.Errorf("adding a group: %v, want fault.Unavailable", err)
	}
	if n.Err() != nil || g.Leading() || m.now().entries != 5 {
		t.Errorf("err %v, leading %v, %+v", n.Err(), g.Leading(), m.now())
	}
}

// TestCloseLetsProposalsFinish closes the node while many proposals are on their way: each is either applied or
// answered with what happened to it.
func TestCloseLetsProposalsFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		n := start(t, replication.Config{Dir: t.TempDir()})
		g := add(t, n, 1, m)
		var callers sync.WaitGroup
		results := make([]error, 200)
		for i := range results {
			callers.Go(func() { _, results[i] = g.Propose(t.Context(), []byte("x")) })
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		callers.Wait()
		applied := 0
		for _, err := range results {
			switch {
			case err == nil:
				applied++
			case !errors.Is(err, fault.Unavailable):
				t.Errorf("%v, want fault.Unavailable", err)
			}
		}
		if applied != m.now().entries {
			t.Errorf("%d callers heard yes, and %d entries were applied", applied, m.now().entries)
		}
	})
}

// TestACallerMayStopWaiting ends the caller's context while the machine is busy with the entry.
func TestACallerMayStopWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reached, release := make(chan struct{}), make(chan struct{})
		m := &machine{hook: func([]replication.Entry) error { close(reached); <-release; return nil }}
		n := start(t, replication.Config{Dir: t.TempDir()})
		g := add(t, n, 1, m)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-reached; cancel() }()
		_, err := g.Propose(ctx, []byte("x"))
		if !errors.Is(err, fault.Uncertain) || !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want fault.Uncertain", err)
		}
		if _, err := g.Propose(ctx, []byte("y")); !errors.Is(err, fault.Unavailable) {
			t.Errorf("%v, want fault.Unavailable", err)
		}
		close(release)
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		if m.now().entries != 1 {
			t.Errorf("%d entries were applied", m.now().entries)
		}
	})
}
