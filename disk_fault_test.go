package commerce_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/replication"
)

// The tests of this file run in bubbles: a goroutine that a store leaves behind
// fails the test, and a deadline takes no time.

// TestEveryFailingCall makes the N-th I/O call of a store that sells and
// checkpoints fail, once or from then on, for N from 1 until all goes well. The
// store stops and says why, or nothing is amiss; what it acknowledged is there
// when it is opened again.
func TestEveryFailingCall(t *testing.T) {
	t.Parallel()
	from := template(t)
	step := int64(139)
	if long() {
		step = 1
	}
	for _, f := range []struct {
		name    string
		op      faultvfs.Op
		failure faultvfs.Failure
		step    int64
	}{
		{"any call", faultvfs.Any, faultvfs.IOErr, step},
		{"any call and all after it", faultvfs.Any, faultvfs.IOErr | faultvfs.Always, 2 * step},
		{"a sync", faultvfs.Sync, faultvfs.FsyncErr, step/5 + 1},
		{"a write to a full disk", faultvfs.Write, faultvfs.Full | faultvfs.Always, step},
		{"a truncation", faultvfs.Truncate, faultvfs.IOErr, step/20 + 1},
	} {
		t.Run(f.name, func(t *testing.T) {
			for n, going := int64(1), true; going && !t.Failed(); n += f.step {
				name := fmt.Sprintf("%s: call %d", t.Name(), n)
				dir := image(t, from)
				synctest.Test(t, func(t *testing.T) { going = failAt(t, name, dir, n, f.op, f.failure) })
			}
		})
	}
}

// failAt reports whether the call came about.
func failAt(t *testing.T, name, dir string, n int64, op faultvfs.Op, failure faultvfs.Failure) (met bool) {
	fs := faultvfs.New(name)
	defer fs.Close()
	fs.HangAt(n, op)() // does not hang; Hung tells that the call came about
	fs.FailAt(n, op, failure)
	hung := fs.Hung()
	var s shopping
	shop, err := commerce.Open(context.Background(), dir, options(fs)...)
	if err != nil {
		if !errors.Is(err, fault.Broken) {
			t.Errorf("%s: opening: %v, want fault.Broken", name, err)
		}
	} else {
		err = sell(t, name, shop, &s)
	}
	fs.Reset()
	expect(t, s.now(), dir, options(fs)...)
	if t.Failed() {
		t.Logf("%s: %v", name, err)
	}
	select {
	case <-hung:
		return true
	default:
		return false
	}
}

// sell sells and closes, and returns what went wrong.
func sell(t *testing.T, name string, shop *commerce.Store, s *shopping) error {
	err := s.rush(shop, 3, 4)
	var found []commerce.Violation
	if err == nil {
		found, err = shop.Verify(context.Background())
		for _, v := range found {
			if v.Rule != "shard.file_is_intact" { // which a page that cannot be read is not
				t.Errorf("%s: not sound: %v", name, v)
			}
		}
	}
	if err != nil {
		expectStopped(t, name, shop, err)
	}
	closing := shop.Close()
	if closing != nil && !errors.Is(closing, fault.Broken) {
		t.Errorf("%s: closing: %v, want fault.Broken", name, closing)
	}
	return errors.Join(err, closing)
}

// expectStopped fails the test unless a store whose disk failed says so.
func expectStopped(t *testing.T, name string, shop *commerce.Store, heard error) {
	t.Helper()
	// Unavailable: stock could not be brought, so the checkout did not begin.
	if !errors.Is(heard, fault.Broken) && !errors.Is(heard, fault.Uncertain) && !errors.Is(heard, fault.Unavailable) {
		t.Errorf("%s: somebody heard %v, want fault.Broken, Uncertain or Unavailable", name, heard)
	}
	if shop.Err() == nil {
		return // what only a reader met has changed nothing: the store goes on
	}
	<-shop.Failed()
	var late shopping
	if err := late.buy(shop, late.want()); !errors.Is(err, fault.Broken) {
		t.Errorf("%s: a later call: %v, want fault.Broken", name, err)
	}
	if _, err := shop.Verify(context.Background()); !errors.Is(err, fault.Broken) {
		t.Errorf("%s: a later Verify: %v, want fault.Broken", name, err)
	}
}

// TestAFullDisk: whoever asks hears which file could not grow, and after room was
// made nothing is missing.
func TestAFullDisk(t *testing.T) {
	from := template(t)
	for _, n := range []int64{1, 40, 90} {
		dir := image(t, from)
		synctest.Test(t, func(t *testing.T) {
			fs := faultvfs.New(fmt.Sprint(t.Name(), n))
			defer fs.Close()
			var s shopping
			shop, err := commerce.Open(context.Background(), dir, options(fs)...)
			must(t, err)
			fs.FailAt(n, faultvfs.Write, faultvfs.Full|faultvfs.Always)
			for err == nil {
				err = s.rush(shop, 3, 4)
			}
			<-shop.Failed()
			later := s.buy(shop, s.want())
			for _, err := range []error{shop.Err(), later} {
				full, ok := errors.AsType[*commerce.FullDiskError](err)
				if !ok || filepath.Dir(full.Path) != dir || !errors.Is(err, fault.Broken) {
					t.Errorf("%v, want a FullDiskError that names the file", err)
				}
			}
			shop.Close()
			if _, err := commerce.Open(t.Context(), dir, options(fs)...); err == nil {
				t.Error("it opens although the disk is still full")
			} else if _, ok := errors.AsType[*commerce.FullDiskError](err); !ok {
				t.Errorf("opening: %v, want a FullDiskError", err)
			}
			fs.Reset()
			expect(t, s.now(), dir, options(fs)...)
		})
	}
}

// TestEveryHangingCall makes the N-th I/O call of the log or of a shard's writer
// hang, for N from 1 until all goes well: while the store opens, applies, logs,
// checkpoints and closes. Nobody waits for ever, the store says why it stopped,
// and what it acknowledged is there when the disk has come back.
func TestEveryHangingCall(t *testing.T) {
	t.Parallel()
	from := template(t)
	step := int64(113)
	if long() {
		step = 1
	}
	for _, f := range []struct {
		name string
		op   faultvfs.Op
		step int64
	}{
		{"any call", faultvfs.Any | faultvfs.ByWriter, step},
		{"a read", faultvfs.Read | faultvfs.ByWriter, step/2 + 1},
		{"a sync", faultvfs.Sync, step/5 + 1},
	} {
		t.Run(f.name, func(t *testing.T) {
			for n, going := int64(1), true; going && !t.Failed(); n += f.step {
				name := fmt.Sprintf("%s: call %d", t.Name(), n)
				dir := image(t, from)
				synctest.Test(t, func(t *testing.T) { going = hangAtAny(t, name, dir, n, f.op) })
			}
		})
	}
}

// hangAtAny reports whether the call came about.
func hangAtAny(t *testing.T, name, dir string, n int64, op faultvfs.Op) (met bool) {
	fs := faultvfs.New(name)
	defer fs.Close()
	release := fs.HangAt(n, op)
	hung := fs.Hung()
	var s shopping
	began := time.Now()
	shop, err := commerce.Open(context.Background(), dir, options(fs)...)
	if err != nil && !errors.Is(err, fault.Broken) {
		t.Errorf("%s: opening: %v, want fault.Broken", name, err)
	}
	if err == nil {
		err = sell(t, name, shop, &s)
	}
	if took := time.Since(began); took > 3*time.Minute {
		t.Errorf("%s: it took %v", name, took)
	}
	select {
	case <-hung:
		met = true
	default:
	}
	if met && err == nil {
		t.Errorf("%s: nobody noticed", name)
	}
	release()
	fs.Reset()
	time.Sleep(3 * time.Minute)                       // virtual: what hung ends now
	expect(t, s.now(), image(t, dir), options(fs)...) // as another process finds it: this one may hold the lock
	if t.Failed() {
		t.Logf("%s: %v", name, err)
	}
	return met
}

// TestAHangingDisk: a sync of the log that does not return stops the store, and
// Close does not wait for it for ever.
func TestAHangingDisk(t *testing.T) {
	from := template(t)
	for _, n := range []int64{1, 4, 30} {
		t.Run(fmt.Sprint("sync ", n), func(t *testing.T) {
			dir := image(t, from)
			synctest.Test(t, func(t *testing.T) { hangAt(t, dir, n) })
		})
	}
}

// TestAHangingRead: a caller leaves a read of a shard file that does not
// return when its context ends. A read that hangs for good stops the store, and
// callers without a deadline are answered then.
func TestAHangingRead(t *testing.T) {
	dir := image(t, template(t))
	synctest.Test(t, func(t *testing.T) { hangRead(t, dir) })
}

func hangRead(t *testing.T, dir string) {
	fs := faultvfs.New(t.Name())
	defer fs.Close()
	var s shopping
	shop, err := commerce.Open(context.Background(), dir, commerce.WithVFS(fs.Name()))
	must(t, err)
	must(t, s.rush(shop, 3, 4)) // there is something new to be read in every file
	readAll := func(ctx context.Context) error {
		for _, err := range shop.Orders.All(ctx, orders.Filter{}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	release := fs.HangAt(1, faultvfs.Read)
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := readAll(ctx); !errors.Is(err, fault.Unavailable) {
		t.Errorf("a caller with a deadline got %v, want fault.Unavailable", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a caller with a deadline waited %v", took)
	}
	again := fs.HangAt(1, faultvfs.Read)
	// Another read may be the one that hangs: then these go well until the store stops.
	for err = nil; err == nil; time.Sleep(100 * time.Millisecond) {
		err = readAll(context.Background())
	}
	if !errors.Is(err, fault.Broken) {
		t.Errorf("a caller without a deadline got %v, want fault.Broken", err)
	}
	<-shop.Failed()
	if took := time.Since(began); took > time.Minute {
		t.Errorf("the store stopped after %v", took)
	}
	if _, ok := errors.AsType[*sqlite.HangingReadError](shop.Err()); !ok {
		t.Errorf("the store says %v, want a HangingReadError", shop.Err())
	}
	began = time.Now()
	if err := shop.Close(); !errors.Is(err, fault.Broken) {
		t.Errorf("Close says %v, want what hangs", err)
	}
	if took := time.Since(began); took > 2*time.Minute {
		t.Errorf("Close took %v", took)
	}
	release()
	again()
	fs.Reset()
	time.Sleep(time.Minute)                                        // virtual: what hung ends now
	expect(t, s.now(), image(t, dir), commerce.WithVFS(fs.Name())) // as another process finds it: this one holds the lock
}

func hangAt(t *testing.T, dir string, n int64) {
	fs := faultvfs.New(t.Name())
	defer fs.Close()
	var s shopping
	shop, err := commerce.Open(context.Background(), dir, commerce.WithVFS(fs.Name()))
	must(t, err)
	must(t, s.rush(shop, 3, 4)) // from here on only the log syncs
	release := fs.HangAt(n, faultvfs.Sync)
	began := time.Now()
	for err == nil {
		err = s.rush(shop, 3, 4)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the shoppers waited %v", took)
	}
	if _, ok := errors.AsType[*replication.DeadlineError](shop.Err()); !ok {
		t.Fatalf("the store says %v, want a DeadlineError", shop.Err())
	}
	expectStopped(t, t.Name(), shop, err)
	began = time.Now()
	if _, ok := errors.AsType[*replication.HangingError](shop.Close()); !ok {
		t.Error("Close does not say what hangs")
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("Close took %v", took)
	}
	release()
	fs.Reset()
	time.Sleep(time.Minute)                                        // virtual: what hung ends now
	expect(t, s.now(), image(t, dir), commerce.WithVFS(fs.Name())) // as another process finds it: this one holds the lock
}
