package raftlog_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/replication/internal/raftlog"
)

// history is what one group's writer has asked for and what it was promised, so that it can be compared with what a
// crash left. All indexes only grow.
type history struct {
	asked, promised struct{ last, marker atomic.Uint64 }
}

// run appends and truncates until told to stop or the file stops.
func (h *history) run(l *raftlog.Log, r *rand.Rand, stop <-chan struct{}) error {
	for last := max(l.Last(), l.Marker().Index); ; {
		select {
		case <-stop:
			return nil
		default:
		}
		if r.IntN(12) == 0 && last > 0 {
			m := raftlog.Marker{Index: last, Term: 1, Durable: last}
			h.asked.marker.Store(last)
			if err := l.SetMarker(m); err != nil {
				return err
			}
			h.promised.marker.Store(last)
			if err := l.TruncateHead(last); err != nil {
				return err
			}
		}
		n := 1 + r.IntN(20)
		h.asked.last.Store(last + uint64(n))
		if err := l.Append(recs(last+1, n, "a")); err != nil {
			return err
		}
		last += uint64(n)
		h.promised.last.Store(last)
	}
}

// promise is what had been promised at one moment.
type promise struct{ last, marker uint64 }

func (h *history) promise() promise { return promise{h.promised.last.Load(), h.promised.marker.Load()} }

// check compares the log that a crash left with what was promised before it, and with what was asked until after it.
func (h *history) check(t *testing.T, l *raftlog.Log, before promise) {
	t.Helper()
	last := max(l.Last(), l.Marker().Index)
	if last < before.last || last > h.asked.last.Load() {
		t.Fatalf("the log goes to %d; %d was promised and %d asked for", last, before.last, h.asked.last.Load())
	}
	if m := l.Marker().Index; m < before.marker || m > h.asked.marker.Load() {
		t.Fatalf("the marker is at %d; %d was promised and %d asked for", m, before.marker, h.asked.marker.Load())
	}
	if first := l.First(); first > 0 {
		holds(t, l, recs(first, int(last-first)+1, "a"))
	}
}

// settle makes what a crash left the new truth.
func (h *history) settle(l *raftlog.Log) {
	marker := l.Marker().Index
	last := max(l.Last(), marker)
	h.asked.last.Store(last)
	h.promised.last.Store(last)
	h.asked.marker.Store(marker)
	h.promised.marker.Store(marker)
}

// TestPowerCutsLoseNothing cuts the power again and again, each time on what the cut before has left, and also while
// the file is being opened.
func TestPowerCutsLoseNothing(t *testing.T) {
	cuts := 80
	if testing.Short() {
		cuts = 10
	}
	for seed := range uint64(3) {
		c := chain{fs: faultvfs.New(fmt.Sprint(t.Name(), seed)), r: rand.New(rand.NewPCG(seed, 7)), dir: t.TempDir()}
		for range cuts {
			c.cut(t)
		}
		f := open(t, raftlog.Options{Dir: c.dir, VFS: c.fs.Name()})
		c.check(t, f)
		closed(t, f)
		c.fs.Close()
	}
}

// chain is a file that lives through many power cuts.
type chain struct {
	fs      *faultvfs.FS
	r       *rand.Rand
	dir     string
	writers [3]history
	before  [3]promise  // at the last cut
	checked atomic.Bool // what that cut has left was checked
}

// cut opens what the cut before has left, checks it, writes, and cuts the power at a random I/O call.
func (c *chain) cut(t *testing.T) {
	c.checked.Store(false)
	c.fs.Reset()
	release := c.fs.HangAt(1+int64(c.r.IntN(150)), faultvfs.Any)
	defer release()
	hung := c.fs.Hung()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		f, err := raftlog.Open(raftlog.Options{Dir: c.dir, Node: node, VFS: c.fs.Name()})
		if err != nil {
			t.Error(err)
			return
		}
		c.check(t, f)
		c.write(t, f, stop)
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	select {
	case <-hung:
	case <-done:
		t.Fatal("it ended before the power was cut")
	}
	if c.checked.Load() {
		for i := range c.writers {
			c.before[i] = c.writers[i].promise()
		}
	}
	next := t.TempDir()
	if err := c.fs.PowerLoss(c.dir, next, c.r); err != nil {
		t.Fatal(err)
	}
	c.dir = next
	close(stop)
	release()
	<-done
	if t.Failed() {
		t.FailNow()
	}
}

func (c *chain) write(t *testing.T, f *raftlog.File, stop <-chan struct{}) {
	var all sync.WaitGroup
	for i := range c.writers {
		seed := uint64(f.Log(uint32(i)).Last())
		all.Go(func() {
			if err := c.writers[i].run(f.Log(uint32(i)), rand.New(rand.NewPCG(seed, uint64(i))), stop); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// check compares what the cut has left with what was promised, and makes it the new truth.
func (c *chain) check(t *testing.T, f *raftlog.File) {
	for i := range c.writers {
		l := f.Log(uint32(i))
		c.writers[i].check(t, l, c.before[i])
		c.writers[i].settle(l)
	}
	c.checked.Store(true)
}

// TestEveryFailingCallStopsTheFile makes the N-th I/O call fail, for N from 1 until nothing fails any more. The file
// must stop, and reopen with all that was promised.
func TestEveryFailingCallStopsTheFile(t *testing.T) {
	fs := faultvfs.New(t.Name())
	defer fs.Close()
	for _, failure := range []faultvfs.Failure{faultvfs.IOErr, faultvfs.Full, faultvfs.FsyncErr} {
		op := faultvfs.Any
		if failure == faultvfs.FsyncErr {
			op = faultvfs.Sync
		}
		failed := true
		for n := int64(1); failed; n++ {
			failed = failAt(t, fs, n, op, failure)
		}
	}
}

func failAt(t *testing.T, fs *faultvfs.FS, n int64, op faultvfs.Op, failure faultvfs.Failure) (failed bool) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "d")
	closed(t, open(t, raftlog.Options{Dir: dir, VFS: fs.Name()}))
	var h history
	fs.Reset()
	fs.FailAt(n, op, failure)
	f, err := raftlog.Open(raftlog.Options{Dir: dir, Node: node, VFS: fs.Name()})
	if err == nil {
		err = workload(f, &h)
		if stopped := f.Err(); err != nil && !errors.Is(err, stopped) || (err == nil) != (stopped == nil) {
			t.Errorf("call %d: the file says %v, the caller was told %v", n, stopped, err)
		}
		if closing := f.Close(); err == nil {
			err = closing
		}
	}
	fs.Reset()
	before := h.promise()
	after := t.TempDir()
	if err := fs.PowerLoss(dir, after, rand.New(rand.NewPCG(uint64(n), 1))); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dir, after} {
		f := open(t, raftlog.Options{Dir: dir, VFS: fs.Name()})
		h.check(t, f.Log(1), before)
		appendTo(t, f.Log(1), recs(max(f.Log(1).Last(), f.Log(1).Marker().Index)+1, 1, "a"))
		closed(t, f)
	}
	return err != nil
}

// workload is a short life of one log.
func workload(f *raftlog.File, h *history) error {
	l := f.Log(1)
	for i := range uint64(4) {
		h.asked.last.Store(20 * (i + 1))
		if err := l.Append(recs(20*i+1, 20, "a")); err != nil {
			return err
		}
		h.promised.last.Store(20 * (i + 1))
	}
	h.asked.marker.Store(50)
	if err := l.SetMarker(raftlog.Marker{Index: 50, Term: 1, Durable: 50}); err != nil {
		return err
	}
	h.promised.marker.Store(50)
	if err := l.TruncateHead(50); err != nil {
		return err
	}
	return l.SetValue("vote", []byte("n1"))
}

// TestAnUncleanFileIsRewritten: what was read from the WAL after a crash may not be on the disk, so it must be in the
// file before anything is promised on top of it.
func TestAnUncleanFileIsRewritten(t *testing.T) {
	s := newSpecimen(t, false)
	dir, alone := t.TempDir(), t.TempDir()
	for name, data := range s.files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := open(t, raftlog.Options{Dir: dir})
	defer closed(t, f)
	data, err := os.ReadFile(filepath.Join(dir, raftlog.Name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(alone, raftlog.Name), data, 0o600); err != nil {
		t.Fatal(err)
	}
	without := open(t, raftlog.Options{Dir: alone})
	s.intact(t, without, s.want, "the file without its WAL")
	closed(t, without)
}
