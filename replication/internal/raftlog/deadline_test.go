package raftlog_test

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/replication/internal/raftlog"
)

// TestAHangingWriteStopsTheFile: a write that comes back after its deadline is neither confirmed nor followed by
// another.
func TestAHangingWriteStopsTheFile(t *testing.T) {
	fs := faultvfs.New(t.Name())
	defer fs.Close()
	f := open(t, raftlog.Options{Dir: t.TempDir(), VFS: fs.Name(), Deadline: 40 * time.Millisecond})
	l := f.Log(1)
	appendTo(t, l, recs(1, 3, "a"))
	release := fs.HangAt(1, faultvfs.Sync)
	err := l.Append(recs(4, 1, "a"))
	if _, ok := errors.AsType[*raftlog.DeadlineError](err); !ok || !errors.Is(err, fault.Broken) {
		t.Fatalf("%v, want a DeadlineError", err)
	}
	fs.Reset()
	release()
	for range 50 {
		if err := l.Append(recs(4, 1, "a")); !errors.Is(err, f.Err()) {
			t.Fatalf("a stopped file says %v", err)
		}
	}
	closed(t, f)
	const oneCommit = 12 // what is left of the write that hung, and closing; several more would be many calls
	if n := fs.Calls(); n > oneCommit {
		t.Errorf("%d I/O calls after the file had stopped", n)
	}
}

// TestAHangingReadStopsTheFile: a read that stands still for the deadline ends with the file, and so do those that wait
// behind it. They do not wait for the disk.
func TestAHangingReadStopsTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultvfs.New(t.Name())
		defer fs.Close()
		f := open(t, raftlog.Options{Dir: t.TempDir(), VFS: fs.Name()})
		l := f.Log(1)
		for first := uint64(1); first < 1000; first += 100 { // more than are kept in memory
			appendTo(t, l, recs(first, 100, "a"))
		}
		release := fs.HangAt(1, faultvfs.Read)
		time.AfterFunc(time.Minute, release)
		began := time.Now()
		var readers sync.WaitGroup
		for index := range uint64(3) {
			readers.Go(func() {
				_, err := l.Get(index + 1)
				if d, ok := errors.AsType[*raftlog.DeadlineError](err); !ok || d.What != "read of" {
					t.Errorf("reading entry %d: %v, want a DeadlineError", index+1, err)
				}
			})
		}
		readers.Wait()
		if took := time.Since(began); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("it took %v", took)
		}
		if err := l.Append(recs(1001, 1, "a")); !errors.Is(err, f.Err()) {
			t.Errorf("a stopped file says %v", err)
		}
		fs.Reset()
		release()
		closed(t, f)
		time.Sleep(time.Minute)
	})
}

// TestASickDiskIsNotUsed: each of the last three synced writes of Open has a deadline, so that a node whose disk hangs
// now and then does not take part before the disk has shown that it can.
func TestASickDiskIsNotUsed(t *testing.T) {
	fs := faultvfs.New(t.Name())
	defer fs.Close()
	o := raftlog.Options{Dir: t.TempDir(), Node: node, VFS: fs.Name(), Deadline: 40 * time.Millisecond}
	f := open(t, o)
	appendTo(t, f.Log(1), recs(1, 3, "a"))
	closed(t, f)
	left := o.Dir
	again := func() raftlog.Options { // a copy of what was left
		o.Dir = t.TempDir()
		if err := os.CopyFS(o.Dir, os.DirFS(left)); err != nil {
			t.Fatal(err)
		}
		return o
	}
	syncs := int64(0) // of Open
	for {
		fs.FailAt(syncs+1, faultvfs.Sync, faultvfs.IOErr)
		f, err := raftlog.Open(again())
		fs.Reset()
		if err == nil {
			closed(t, f)
			break
		}
		syncs++
	}
	const probes = 3
	if syncs < probes+1 {
		t.Fatalf("Open syncs %d times", syncs)
	}
	for at := syncs - probes + 1; at <= syncs; at++ {
		release := fs.HangAt(at, faultvfs.Sync)
		f, err := raftlog.Open(again())
		if _, ok := errors.AsType[*raftlog.DeadlineError](err); !ok || f != nil {
			t.Errorf("with sync %d of %d that hangs, Open says %v", at, syncs, err)
		}
		fs.Reset()
		release()
		for fs.Files() > 0 { // they are closed once the disk answers
			runtime.Gosched()
		}
	}
}
