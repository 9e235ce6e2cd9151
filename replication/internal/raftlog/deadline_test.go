package raftlog_test

import (
	"errors"
	"testing"
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
