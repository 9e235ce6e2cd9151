package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
)

// endless is a query that only an interrupt ends.
const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"

func pool(t *testing.T, n int) (*sqlite.Conn, *sqlite.Pool) {
	t.Helper()
	w := open(t, sqlite.Options{})
	exec(t, w, "CREATE TABLE n (n INTEGER PRIMARY KEY) STRICT")
	p, err := sqlite.NewPool(w.Path(), n, sqlite.Options{})
	check(t, err)
	t.Cleanup(func() { check(t, p.Close()) })
	return w, p
}

func TestViewSeesOneSnapshot(t *testing.T) {
	w, p := pool(t, 2)
	check(t, p.View(t.Context(), func(tx *sqlite.Tx) error {
		before := count(t, tx, "n")
		exec(t, w, "INSERT INTO n VALUES (1)")
		if after := count(t, tx, "n"); after != before {
			t.Errorf("%d rows became %d", before, after)
		}
		return nil
	}))
	check(t, p.View(t.Context(), func(tx *sqlite.Tx) error {
		if n := count(t, tx, "n"); n != 1 {
			t.Errorf("%d rows, want 1", n)
		}
		return nil
	}))
}

func TestViewPassesErrorsOn(t *testing.T) {
	_, p := pool(t, 1)
	mine := errors.New("mine")
	if err := p.View(t.Context(), func(*sqlite.Tx) error { return mine }); err != mine {
		t.Errorf("got %v", err)
	}
	if err := p.View(t.Context(), func(tx *sqlite.Tx) error {
		_, err := tx.Exec("INSERT INTO n VALUES (1)")
		return err
	}); err == nil {
		t.Error("a view can write")
	}
}

func TestManyReadersShareFewConnections(t *testing.T) {
	w, p := pool(t, 3)
	exec(t, w, "INSERT INTO n VALUES (1), (2)")
	var mu sync.Mutex
	running, most := 0, 0
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 20 {
				err := p.View(t.Context(), func(tx *sqlite.Tx) error {
					mu.Lock()
					running++
					most = max(most, running)
					mu.Unlock()
					n, _, err := tx.Int64("SELECT count(*) FROM n")
					if n != 2 {
						t.Errorf("%d rows, want 2", n)
					}
					mu.Lock()
					running--
					mu.Unlock()
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if most > 3 {
		t.Errorf("%d readers at once, want at most 3", most)
	}
}

func TestWaitingForAReaderObeysTheContext(t *testing.T) {
	_, p := pool(t, 1)
	check(t, p.View(t.Context(), func(*sqlite.Tx) error {
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error)
		go func() { result <- p.View(ctx, func(*sqlite.Tx) error { t.Error("got in"); return nil }) }()
		cancel()
		if err := <-result; !errors.Is(err, fault.Unavailable) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		return nil
	}))
}

func TestAContextInterruptsWhatRuns(t *testing.T) {
	_, p := pool(t, 1)
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		err := p.View(ctx, func(tx *sqlite.Tx) error {
			go cancel() // before the statement starts or while it runs
			_, _, err := tx.Int64(endless)
			return err
		})
		if !errors.Is(err, fault.Unavailable) || !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		cancel()
	}
	check(t, p.View(t.Context(), func(tx *sqlite.Tx) error { count(t, tx, "n"); return nil }))
}

func TestAnInterruptLastsForTheWholeView(t *testing.T) {
	_, p := pool(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	err := p.View(ctx, func(tx *sqlite.Tx) error {
		cancel()
		for {
			if _, _, err := tx.Int64("SELECT 1"); err != nil { // ends only if the interrupt comes to stay
				break
			}
		}
		_, _, err := tx.Int64("SELECT 2")
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAnInterruptNeverHitsTheNextReader(t *testing.T) {
	_, p := pool(t, 1)
	for range 2000 {
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(cancel)
		p.View(ctx, func(tx *sqlite.Tx) error { return nil })
		if err := p.View(t.Context(), func(tx *sqlite.Tx) error {
			_, _, err := tx.Int64("SELECT count(*) FROM n")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
	}
}

func TestAPanicGivesTheConnectionBack(t *testing.T) {
	_, p := pool(t, 1)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		p.View(t.Context(), func(tx *sqlite.Tx) error {
			rows := tx.Query("SELECT 1")
			rows.Next()
			panic("on purpose")
		})
	}()
	check(t, p.View(t.Context(), func(tx *sqlite.Tx) error { count(t, tx, "n"); return nil }))
}

func TestRowsLeftOpenDoNotHoldTheSnapshot(t *testing.T) {
	w, p := pool(t, 1)
	exec(t, w, "INSERT INTO n VALUES (1), (2)")
	check(t, p.View(t.Context(), func(tx *sqlite.Tx) error {
		tx.Query("SELECT n FROM n").Next()
		return nil
	}))
	if _, err := w.Checkpoint(true); err != nil {
		t.Error(err)
	}
}

func TestCloseWaitsForReaders(t *testing.T) {
	_, p := pool(t, 2)
	inside, leave, left := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go p.View(t.Context(), func(tx *sqlite.Tx) error {
		close(inside)
		<-leave
		if _, _, err := tx.Int64("SELECT count(*) FROM n"); err != nil {
			t.Error(err)
		}
		close(left)
		return nil
	})
	<-inside
	closed := make(chan error)
	go func() { closed <- p.Close() }()
	close(leave)
	check(t, <-closed)
	select {
	case <-left:
	default:
		t.Error("closed under a reader")
	}
	if err := p.View(t.Context(), func(*sqlite.Tx) error { return nil }); !errors.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
}

func TestAPoolSurvivesAFailedOpen(t *testing.T) {
	p, err := sqlite.NewPool(filepath.Join(t.TempDir(), "none.db"), 1, sqlite.Options{})
	check(t, err)
	defer p.Close()
	for range 3 {
		if err := p.View(t.Context(), func(*sqlite.Tx) error { return nil }); !errors.Is(err, fault.Broken) {
			t.Fatalf("got %v", err)
		}
	}
	if _, err := sqlite.NewPool("x.db", 0, sqlite.Options{}); !errors.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

func TestInterruptAWriter(t *testing.T) {
	c := open(t, sqlite.Options{})
	exec(t, c, "CREATE TABLE n (n INTEGER PRIMARY KEY) STRICT")
	check(t, c.Begin())
	go c.Interrupt()
	if _, _, err := c.Tx().Int64(endless); err == nil {
		t.Error("an endless query ended by itself")
	}
	if _, err := c.Tx().Exec("INSERT INTO n VALUES (1)"); err == nil {
		t.Error("an interrupted transaction goes on")
	}
	check(t, c.Rollback())
	check(t, c.Begin())
	exec(t, c, "INSERT INTO n VALUES (1)")
	check(t, c.Commit())
}
