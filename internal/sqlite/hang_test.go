package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
)

// slow is a file whose next read by the pool hangs until release is called.
type slow struct {
	*testing.T
	pool    *sqlite.Pool
	hang    func()
	release func()
}

func newSlow(t *testing.T, fs *faultvfs.FS, readers int) *slow {
	s := &slow{T: t}
	path := filepath.Join(t.TempDir(), "slow.db")
	w, err := sqlite.Open(path, sqlite.Options{VFS: fs.Name()})
	check(t, err)
	t.Cleanup(func() { w.Close() })
	exec(t, w, "CREATE TABLE n (n INTEGER PRIMARY KEY) STRICT")
	s.pool, err = sqlite.NewPool(path, readers, sqlite.Options{VFS: fs.Name()})
	check(t, err)
	s.hang = func() {
		exec(t, w, "INSERT INTO n VALUES (NULL)") // so that there is something to be read
		s.release = fs.HangAt(1, faultvfs.Read)
	}
	return s
}

func (s *slow) read(ctx context.Context) error {
	return s.pool.View(ctx, func(tx *sqlite.Tx) error {
		_, _, err := tx.Int64("SELECT count(*) FROM n")
		return err
	})
}

// A caller leaves a read that hangs when its context ends. Once the file system
// has come back, the connection is used again.
func TestACallerLeavesAReadThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultvfs.New(t.Name())
		t.Cleanup(fs.Close)
		s := newSlow(t, fs, 1)
		check(t, s.read(t.Context()))
		s.hang()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := s.read(ctx)
		if e, ok := errors.AsType[*sqlite.HangingReadError](err); !ok || e.Path == "" ||
			!errors.Is(err, fault.Unavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want a HangingReadError that is unavailable", err)
		}
		if took := time.Since(began); took < 5*time.Second || took > 10*time.Second {
			t.Errorf("the caller left after %v", took)
		}
		late, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.read(late); !errors.Is(err, fault.Unavailable) {
			t.Errorf("the only connection hangs, and another read gets %v", err)
		}
		s.release()
		check(t, s.read(t.Context()))
		check(t, s.pool.Close())
	})
}

// Who has no deadline is let go when the hanging has lasted, and so is who
// waits for a connection. It is told once.
func TestAReadThatHangsForGoodIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultvfs.New(t.Name())
		t.Cleanup(fs.Close)
		s := newSlow(t, fs, 1)
		told := make(chan error, 2)
		s.pool.Watch(10*time.Second, func(err error) { told <- err })
		time.Sleep(time.Minute) // doing nothing is not hanging
		check(t, s.read(t.Context()))
		check(t, s.pool.View(t.Context(), func(*sqlite.Tx) error {
			time.Sleep(time.Minute) // nor is work between two reads
			return nil
		}))
		s.hang()
		began := time.Now()
		got := make(chan error)
		for range 2 {
			go func() { got <- s.read(context.Background()) }()
		}
		for range 2 {
			err := <-got
			if _, ok := errors.AsType[*sqlite.HangingReadError](err); !ok || !errors.Is(err, fault.Broken) {
				t.Errorf("got %v, want a HangingReadError that is broken", err)
			}
		}
		if took := time.Since(began); took < 10*time.Second || took > 20*time.Second {
			t.Errorf("they were let go after %v", took)
		}
		if _, ok := errors.AsType[*sqlite.HangingReadError](<-told); !ok || len(told) > 0 {
			t.Error("it was not told once")
		}
		s.release()
		check(t, s.pool.Close())
	})
}

// A query over several files can be left, too.
func TestACallerLeavesAQueryThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultvfs.New(t.Name())
		t.Cleanup(fs.Close)
		s := newSlow(t, fs, 1)
		check(t, s.pool.Close())
		path := filepath.Join(t.TempDir(), "query.db")
		w, err := sqlite.Open(path, sqlite.Options{VFS: fs.Name()})
		check(t, err)
		defer w.Close()
		exec(t, w, "CREATE TABLE n (n INTEGER PRIMARY KEY) STRICT")
		u, err := sqlite.OpenUnion(t.Context(), []string{path}, []sqlite.View{{Name: "numbers", Query: "SELECT n FROM $.n"}}, fs.Name())
		check(t, err)
		exec(t, w, "INSERT INTO n VALUES (1)")
		release := fs.HangAt(1, faultvfs.Read)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err = u.Query(ctx, "SELECT * FROM numbers", nil, func(*sqlite.Rows) bool { return true })
		if _, ok := errors.AsType[*sqlite.HangingReadError](err); !ok || !errors.Is(err, fault.Unavailable) {
			t.Errorf("got %v, want a HangingReadError that is unavailable", err)
		}
		check(t, u.Close())
		release()
		synctest.Wait() // the connection is closed now, or fs.Close says that it is not
	})
}

// What a caller's function does to its goroutine happens to the caller.
func TestAGoexitEndsTheCaller(t *testing.T) {
	_, p := pool(t, 1)
	ended := make(chan bool)
	go func() {
		exited := true
		defer func() { ended <- exited }()
		p.View(t.Context(), func(*sqlite.Tx) error {
			runtime.Goexit()
			return nil
		})
		exited = false
	}()
	if !<-ended {
		t.Error("the caller went on")
	}
	check(t, p.View(t.Context(), func(tx *sqlite.Tx) error { count(t, tx, "n"); return nil }))
}
