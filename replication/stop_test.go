package replication_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/replication"
)

// The tests of this file run in bubbles: a goroutine that does not end fails the test, and no time is lost by
// waiting for a deadline.

// life is a node with two groups that proposals go to until something breaks.
type life struct {
	dir      string
	machines [2]*machine
	told     atomic.Pointer[error] // what OnFailed got
	calls    atomic.Int32          // of OnFailed
	yes      [2]atomic.Int64       // proposals that were confirmed
	asked    [2]atomic.Int64       // proposals that were confirmed, are on their way, or whose outcome is uncertain
}

func (l *life) config(vfs string) replication.Config {
	return replication.Config{
		Dir: l.dir, NodeID: "n1", VFS: vfs, SnapshotBytes: 4 << 10,
		OnFailed: func(err error) { l.told.Store(&err); l.calls.Add(1) },
	}
}

// run opens the node and proposes until there is an error or nothing is left to do. It returns the node, if it opened.
func (l *life) run(t *testing.T, vfs string) (*replication.Node, error) {
	n, err := replication.Start(t.Context(), l.config(vfs))
	if err != nil {
		return nil, err
	}
	var groups [2]*replication.Group
	for i, m := range l.machines {
		if groups[i], err = n.AddGroup(t.Context(), uint32(i), m); err != nil {
			return n, err
		}
	}
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for c := range errs {
		wg.Go(func() {
			for range 40 {
				l.asked[c%2].Add(1)
				var reply any
				if reply, errs[c] = groups[c%2].Propose(t.Context(), []byte(fmt.Sprint("caller", c))); errs[c] != nil {
					if !errors.Is(errs[c], fault.Uncertain) {
						l.asked[c%2].Add(-1) // surely not
					}
					return
				}
				if _, ok := reply.(int); !ok {
					t.Errorf("the reply is %v", reply)
				}
				l.yes[c%2].Add(1)
			}
		})
	}
	wg.Wait()
	return n, errors.Join(errs...)
}

// check opens what is left, with machines that have lost what they had not checkpointed, and compares.
func (l *life) check(t *testing.T, dir, vfs string) {
	t.Helper()
	n, err := replication.Start(t.Context(), replication.Config{Dir: dir, NodeID: "n1", VFS: vfs})
	if err != nil {
		t.Fatal(err)
	}
	for i, old := range l.machines {
		m := old.reopened()
		g, err := n.AddGroup(t.Context(), uint32(i), m)
		if err != nil {
			t.Fatal(err)
		}
		if got := int64(m.now().entries); got < l.yes[i].Load() || got > l.asked[i].Load() {
			t.Errorf("group %d has %d entries; %d were confirmed and %d may be there", i, got, l.yes[i].Load(), l.asked[i].Load())
		}
		if _, err := g.Propose(t.Context(), []byte("and on")); err != nil {
			t.Error(err)
		}
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// stopped checks what everybody hears of a node that has stopped itself, and closes it.
func (l *life) stopped(t *testing.T, n *replication.Node, heard error) {
	t.Helper()
	<-n.Failed()
	cause := n.Err()
	if _, known := errors.AsType[fault.Code](heard); !known {
		t.Errorf("callers heard an error without a code: %v", heard)
	}
	if _, err := n.AddGroup(t.Context(), 7, &machine{}); !errors.Is(err, fault.Broken) {
		t.Errorf("adding a group: %v, want fault.Broken", err)
	}
	if err := n.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if p := l.told.Load(); p == nil || *p != cause || l.calls.Load() != 1 {
		t.Errorf("OnFailed was called %d times, not once with %v", l.calls.Load(), cause)
	}
}

// TestTheNodeStopsAtEveryFailingCall makes the N-th I/O call of raft.db fail, for N from 1 until all goes well. The node
// stops, says why, and closes; what it confirmed is there afterwards, also when the power fails with it.
func TestTheNodeStopsAtEveryFailingCall(t *testing.T) {
	step := int64(7)
	if os.Getenv("COMMERCE_LONG") != "" {
		step = 1
	}
	for n, going := int64(1), true; going; n += step {
		synctest.Test(t, func(t *testing.T) { going = failAt(t, n) })
	}
}

// failAt reports whether something failed.
func failAt(t *testing.T, call int64) bool {
	fs := faultvfs.New(t.Name())
	defer fs.Close()
	l := &life{dir: t.TempDir(), machines: [2]*machine{{}, {}}}
	fs.FailAt(call, faultvfs.Any, faultvfs.IOErr|faultvfs.Always)
	n, err := l.run(t, fs.Name())
	fs.Reset()
	switch {
	case n == nil:
	case err != nil:
		l.stopped(t, n, err)
	default:
		err = n.Close()
	}
	if n == nil && l.calls.Load() != 0 {
		t.Error("OnFailed was called for a node that did not start")
	}
	l.check(t, l.dir, fs.Name())
	return err != nil
}

func TestAHangingDiskStopsTheNode(t *testing.T) {
	for _, call := range []int64{1, 5, 40, 90} {
		synctest.Test(t, func(t *testing.T) {
			fs := faultvfs.New(t.Name())
			defer fs.Close()
			l := &life{dir: t.TempDir(), machines: [2]*machine{{}, {}}}
			n := start(t, l.config(fs.Name())) // the hang comes while it runs
			g := add(t, n, 0, l.machines[0])
			add(t, n, 1, l.machines[1])
			release := fs.HangAt(call, faultvfs.Sync)
			began := time.Now()
			var err error
			for err == nil {
				l.asked[0].Add(1)
				if _, err = g.Propose(t.Context(), []byte("x")); err == nil {
					l.yes[0].Add(1)
				}
			}
			if waited := time.Since(began); waited < 4*time.Second || waited > 6*time.Second {
				t.Errorf("the caller was answered after %v", waited)
			}
			if _, ok := errors.AsType[*replication.DeadlineError](err); !ok || !errors.Is(err, fault.Uncertain) {
				t.Errorf("%v, want fault.Uncertain because of a DeadlineError", err)
			}
			if _, err := g.Propose(t.Context(), []byte("x")); !errors.Is(err, fault.Broken) {
				t.Errorf("%v, want fault.Broken", err)
			}
			hanging, ok := errors.AsType[*replication.HangingError](n.Close())
			if !ok || len(hanging.Parts) != 1 {
				t.Errorf("close: %v, want a HangingError that names raft.db", hanging)
			}
			release()
			fs.Reset()
			l.stopped(t, n, err)
			l.check(t, l.dir, fs.Name())
		})
	}
}

func TestAFailingMachineStopsTheNode(t *testing.T) {
	boom := errors.New("boom")
	for name, fail := range map[string]func() error{
		"an error": func() error { return boom },
		"a panic":  func() error { panic(boom) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &life{dir: t.TempDir(), machines: [2]*machine{{}, {}}}
				count := 0
				l.machines[1].hook = func([]replication.Entry) error {
					if count++; count > 9 {
						return fail()
					}
					return nil
				}
				n, err := l.run(t, "")
				failed, ok := errors.AsType[*replication.ApplyError](err)
				if !ok || failed.Group != 1 || failed.First <= l.machines[1].Applied() || failed.Last < failed.First {
					t.Fatalf("%v, want an ApplyError that names group 1 and the entries", err)
				}
				l.stopped(t, n, err)
				if count != 10 {
					t.Errorf("the machine was called %d times after it had failed", count-10)
				}
				l.machines[1].hook = nil
				l.check(t, l.dir, "")
			})
		})
	}
}

// TestAFailingCheckpointStopsTheNode: nothing may be deleted on the strength of it.
func TestAFailingCheckpointStopsTheNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &life{dir: t.TempDir(), machines: [2]*machine{{}, {}}}
		l.machines[0].broken = errors.New("the disk is full")
		n, err := l.run(t, "")
		<-n.Failed()
		if !errors.Is(n.Err(), l.machines[0].broken) {
			t.Fatalf("the node says %v", n.Err())
		}
		l.stopped(t, n, errors.Join(err, fault.Broken))
		l.machines[0].broken = nil
		l.check(t, l.dir, "")
	})
}

// TestAHangingMachineDoesNotHoldCloseForEver: Close says which group it is.
func TestAHangingMachineDoesNotHoldCloseForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reached, release := make(chan struct{}), make(chan struct{})
		m := &machine{hook: func([]replication.Entry) error { close(reached); <-release; return nil }}
		n := start(t, replication.Config{Dir: t.TempDir()})
		f := add(t, n, 3, m).ProposeAsync([]byte("x"))
		<-reached
		hanging, ok := errors.AsType[*replication.HangingError](n.Close())
		if !ok || len(hanging.Parts) != 1 || hanging.Parts[0] != "group 3: raft or its machine" {
			t.Errorf("close: %v", hanging)
		}
		if _, err := f.Wait(); !errors.Is(err, fault.Uncertain) {
			t.Errorf("waiting: %v, want fault.Uncertain", err)
		}
		close(release)
	})
}

// TestClosingWaitsForWhatComesAhead: a batch that takes long and goes on is waited for, on a busy machine for as long as a
// minute.
func TestClosingWaitsForWhatComesAhead(t *testing.T) {
	for long, ends := range map[int]bool{12: true, 300: false} {
		synctest.Test(t, func(t *testing.T) {
			reached := make(chan struct{})
			m := &stepping{}
			m.hook = func([]replication.Entry) error {
				close(reached)
				for range long {
					time.Sleep(time.Second)
					m.steps.Add(1)
				}
				return nil
			}
			n := start(t, replication.Config{Dir: t.TempDir()})
			f := add(t, n, 3, m).ProposeAsync([]byte("x"))
			<-reached
			began := time.Now()
			err := n.Close()
			if _, hangs := errors.AsType[*replication.HangingError](err); hangs == ends || err == nil && !ends {
				t.Errorf("a batch of %d s: %v", long, err)
			}
			if took := time.Since(began); took > 61*time.Second {
				t.Errorf("a batch of %d s: that took %v", long, took)
			}
			if _, err := f.Wait(); ends && err != nil {
				t.Errorf("a batch of %d s: the entry: %v", long, err)
			}
			time.Sleep(300 * time.Second)
		})
	}
}

// TestAHangingMachineStopsTheNode, in a batch and in a checkpoint: nobody waits for it longer than the deadline, and
// what it says after that counts no more.
func TestAHangingMachineStopsTheNode(t *testing.T) {
	for _, checkpoint := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			m := &machine{}
			if checkpoint {
				m.stuck = release
			} else {
				m.hook = func([]replication.Entry) error { <-release; return nil }
			}
			n := start(t, replication.Config{Dir: t.TempDir(), SnapshotBytes: 1 << 10})
			g := add(t, n, 3, m)
			began := time.Now()
			_, err := g.ProposeAsync(make([]byte, 2<<10)).Wait()
			for err == nil {
				_, err = g.ProposeAsync([]byte("x")).Wait()
			}
			<-n.Failed()
			if took := time.Since(began); took > time.Minute {
				t.Errorf("it took %v", took)
			}
			hanging, ok := errors.AsType[*replication.HangingMachineError](n.Err())
			if !ok || hanging.Group != 3 || !errors.Is(n.Err(), fault.Broken) {
				t.Errorf("the node says %v", n.Err())
			}
			if _, err := g.Propose(t.Context(), []byte("y")); !errors.Is(err, fault.Broken) {
				t.Errorf("a later proposal: %v, want fault.Broken", err)
			}
			parts, ok := errors.AsType[*replication.HangingError](n.Close())
			if !ok || len(parts.Parts) != 1 || parts.Parts[0] != "group 3: its machine" {
				t.Errorf("close: %v", parts)
			}
			before := m.batches
			close(release)
			time.Sleep(time.Minute)
			if m.batches > before+1 { // the one that hung
				t.Errorf("it went on for %d batches", m.batches-before)
			}
		})
	}
}

// stepping is a machine that tells how far it has come.
type stepping struct {
	machine
	steps atomic.Int64
}

func (m *stepping) Steps() *atomic.Int64 { return &m.steps }

// TestALongChangeIsNoHang: a batch that takes many times the deadline, such as a change of large tables, stops nobody
// as long as it comes ahead. One that stands still for the deadline does.
func TestALongChangeIsNoHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		m := &stepping{}
		m.hook = func(entries []replication.Entry) error {
			for range 30 {
				time.Sleep(10 * time.Second)
				m.steps.Add(1)
			}
			if string(entries[0].Data) == "hang" {
				<-release
			}
			return nil
		}
		n := start(t, replication.Config{Dir: t.TempDir()})
		g := add(t, n, 3, m)
		if _, err := g.Propose(t.Context(), []byte("a large table")); err != nil {
			t.Error(err)
		}
		began := time.Now()
		_, err := g.Propose(t.Context(), []byte("hang"))
		if hanging, ok := errors.AsType[*replication.HangingMachineError](n.Err()); !ok || hanging.Group != 3 || err == nil {
			t.Errorf("the node says %v, and the caller heard %v", n.Err(), err)
		}
		if took := time.Since(began); took < 5*time.Minute || took > 6*time.Minute {
			t.Errorf("it took %v", took)
		}
		close(release)
		n.Close()
		time.Sleep(time.Minute)
	})
}

// TestReadingTheLogIsProgress: a start that reads a long log counts each entry, so that it is not taken for one that
// hangs.
func TestReadingTheLogIsProgress(t *testing.T) {
	const entries = 200
	dir := t.TempDir()
	n, err := replication.Start(t.Context(), replication.Config{Dir: dir, NodeID: "n1"})
	if err != nil {
		t.Fatal(err)
	}
	first := &machine{}
	g := add(t, n, 3, first)
	for range entries {
		if _, err := g.Propose(t.Context(), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	again := &stepping{machine: machine{state: first.state, durable: first.state}}
	add(t, start(t, replication.Config{Dir: dir}), 3, again)
	if got := again.steps.Load(); got < entries {
		t.Errorf("%d steps were counted for %d entries", got, entries)
	}
}

// TestAFailedMachineLeavesTheLogAlone: its disk may be the one that is full.
func TestAFailedMachineLeavesTheLogAlone(t *testing.T) {
	fs := faultvfs.New(t.Name())
	defer fs.Close()
	synctest.Test(t, func(t *testing.T) {
		m := &machine{hook: func([]replication.Entry) error {
			fs.Reset()
			return errors.New("the disk is full")
		}}
		n := start(t, replication.Config{Dir: t.TempDir(), VFS: fs.Name()})
		add(t, n, 3, m).Propose(t.Context(), []byte("x"))
		<-n.Failed()
		if err := n.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if calls := fs.Calls(); calls > 0 {
			t.Errorf("raft.db was touched %d times", calls)
		}
	})
}

// TestPowerCuts cuts the power while two groups are at work and truncate their logs, again and again.
func TestPowerCuts(t *testing.T) {
	cuts := 40
	if testing.Short() {
		cuts = 6
	}
	for i := range cuts {
		synctest.Test(t, func(t *testing.T) { powerCut(t, uint64(i)) })
	}
}

func powerCut(t *testing.T, seed uint64) {
	fs := faultvfs.New(t.Name())
	defer fs.Close()
	r := rand.New(rand.NewPCG(seed, 3))
	l := &life{dir: t.TempDir(), machines: [2]*machine{{}, {}}}
	release := fs.HangAt(1+int64(r.IntN(400)), faultvfs.Any)
	hung := fs.Hung()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n, err := l.run(t, fs.Name())
		if err != nil {
			t.Error(err)
			return
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	select {
	case <-hung:
	case <-ended:
	}
	// A machine's own file survives as far as it was checkpointed by now. What was confirmed by now must survive.
	then := &life{machines: [2]*machine{l.machines[0].reopened(), l.machines[1].reopened()}}
	for i := range then.yes {
		then.yes[i].Store(l.yes[i].Load())
	}
	crashed := t.TempDir()
	if err := fs.PowerLoss(l.dir, crashed, r); err != nil {
		t.Fatal(err)
	}
	for i := range then.asked {
		then.asked[i].Store(l.asked[i].Load())
	}
	release()
	<-ended
	then.check(t, crashed, fs.Name())
}

// TestALogThatCannotBeReadStopsTheStart makes reads fail, first those of NewRaft, which looks for members in the whole
// log, then those of the replay.
func TestALogThatCannotBeReadStopsTheStart(t *testing.T) {
	fs := faultvfs.New(t.Name())
	defer fs.Close()
	dir := t.TempDir()
	n := start(t, replication.Config{Dir: dir, VFS: fs.Name()})
	g := add(t, n, 1, &machine{})
	for range 300 { // more than SQLite's cache holds
		if _, err := g.Propose(t.Context(), make([]byte, 8<<10)); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	failures := 0
	for call, going := int64(1), true; going; call += 83 {
		synctest.Test(t, func(t *testing.T) {
			n := start(t, replication.Config{Dir: dir, VFS: fs.Name()})
			fs.Reset()
			fs.FailAt(call, faultvfs.Read, faultvfs.IOErr|faultvfs.Always)
			_, err := n.AddGroup(t.Context(), 1, &machine{})
			going = err != nil
			if going && (!errors.Is(err, fault.Broken) || n.Err() == nil) {
				t.Errorf("call %d: %v, want fault.Broken from a node that has stopped", call, err)
			}
			if going {
				failures++
			}
			fs.Reset()
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	if failures < 8 {
		t.Errorf("only %d starts failed: the replay has not been reached", failures)
	}
}
