package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
)

func fill(t *testing.T, c *sqlite.Conn, n int) {
	t.Helper()
	exec(t, c, "CREATE TABLE IF NOT EXISTS fill (id INTEGER PRIMARY KEY, body BLOB) STRICT")
	for range n {
		exec(t, c, "INSERT INTO fill (body) VALUES (zeroblob(3000))")
	}
}

func TestCheckpoint(t *testing.T) {
	c := open(t, sqlite.Options{})
	fill(t, c, 100)
	if c.WALBytes() < 100*4096 {
		t.Errorf("the WAL has %d bytes after 100 pages", c.WALBytes())
	}
	if info, err := os.Stat(c.Path() + "-wal"); err != nil || info.Size() < c.WALBytes() {
		t.Errorf("the file is smaller than %d bytes: %v", c.WALBytes(), err)
	}
	done, err := c.Checkpoint(false)
	if err != nil || !done.Complete() || done.Frames < 100 {
		t.Errorf("got %+v, %v", done, err)
	}
	if c.WALBytes() != 0 {
		t.Errorf("%d bytes are left after a complete checkpoint", c.WALBytes())
	}
	fill(t, c, 1)
	if n := c.WALBytes(); n == 0 || n > 10*4120 {
		t.Errorf("the WAL did not start over: %d bytes", n)
	}
	if _, err := c.Checkpoint(true); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(c.Path() + "-wal"); err != nil || info.Size() != 0 {
		t.Errorf("the WAL was not truncated: %v", err)
	}
}

func TestAReaderLimitsACheckpoint(t *testing.T) {
	w := open(t, sqlite.Options{})
	fill(t, w, 10)
	r := openAt(t, w.Path(), sqlite.Options{ReadOnly: true})
	check(t, r.Begin())
	fill(t, w, 10)
	done, err := w.Checkpoint(false)
	if err != nil || done.Complete() || done.Done < 10 || done.Done >= done.Frames {
		t.Errorf("got %+v, %v", done, err)
	}
	if w.WALBytes() == 0 {
		t.Error("nothing seems to be left to do")
	}
	exec(t, w, "PRAGMA busy_timeout = 0") // the reader will not go away by waiting
	done, err = w.Checkpoint(true)
	if !errors.Is(err, fault.Broken) || done.Complete() {
		t.Errorf("got %+v, %v", done, err)
	}
	check(t, r.Rollback())
	if done, err := w.Checkpoint(true); err != nil || !done.Complete() {
		t.Errorf("got %+v, %v", done, err)
	}
}

func TestACheckpointWithinATransactionFails(t *testing.T) {
	c := open(t, sqlite.Options{})
	fill(t, c, 1)
	check(t, c.Begin())
	fill(t, c, 1)
	if _, err := c.Checkpoint(false); err == nil {
		t.Error("it does not")
	}
	check(t, c.Rollback())
}

func TestWALBytesOfAFileJustOpened(t *testing.T) {
	w := open(t, sqlite.Options{})
	fill(t, w, 10)
	r := openAt(t, w.Path(), sqlite.Options{ReadOnly: true})
	if r.WALBytes() < 10*4096 {
		t.Errorf("%d bytes", r.WALBytes())
	}
}

func TestCloseLeavesTheWAL(t *testing.T) {
	c := open(t, sqlite.Options{})
	fill(t, c, 10)
	check(t, c.Close())
	if info, err := os.Stat(c.Path() + "-wal"); err != nil || info.Size() == 0 {
		t.Errorf("the WAL is gone: %v", err)
	}
	again := openAt(t, c.Path(), sqlite.Options{})
	if n := count(t, again.Tx(), "fill"); n != 10 {
		t.Errorf("%d rows, want 10", n)
	}
}

func TestVacuumInto(t *testing.T) {
	w := open(t, sqlite.Options{})
	fill(t, w, 10)
	r := openAt(t, w.Path(), sqlite.Options{ReadOnly: true})
	for name, c := range map[string]*sqlite.Conn{"writer": w, "reader": r} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "it's a copy.db")
			check(t, c.VacuumInto(path))
			if n := count(t, openAt(t, path, sqlite.Options{}).Tx(), "fill"); n != 10 {
				t.Errorf("%d rows, want 10", n)
			}
			if c.VacuumInto(path) == nil {
				t.Error("a file that exists was overwritten")
			}
		})
	}
}

func TestQuickCheckFindsDamage(t *testing.T) {
	c := open(t, sqlite.Options{})
	fill(t, c, 50)
	check(t, c.QuickCheck())
	if _, err := c.Checkpoint(true); err != nil {
		t.Fatal(err)
	}
	check(t, c.Close())
	data, err := os.ReadFile(c.Path())
	check(t, err)
	for _, page := range []int{1, 2, 5} { // the root of the table, and pages below it
		copied := filepath.Join(t.TempDir(), "damaged.db")
		damaged := append([]byte{}, data...)
		clear(damaged[page*4096 : (page+1)*4096])
		check(t, os.WriteFile(copied, damaged, 0o600))
		err = openAt(t, copied, sqlite.Options{}).QuickCheck()
		e, ok := errors.AsType[*sqlite.CorruptError](err)
		if !ok || e.Path != copied || e.Detail == "" || !errors.Is(err, fault.Broken) {
			t.Errorf("page %d: got %v", page, err)
		}
	}
}

func TestCheckHeader(t *testing.T) {
	c := open(t, sqlite.Options{})
	fill(t, c, 1)
	check(t, c.Close())
	check(t, sqlite.CheckHeader(c.Path()))
	check(t, sqlite.CheckHeader(c.Path()+".missing"))
	head, err := os.ReadFile(c.Path())
	check(t, err)
	path := filepath.Join(t.TempDir(), "test.db")
	for i := range 24 {
		if i >= 18 && i <= 20 { // the journal mode and reserved space, which Open sets or refuses
			continue
		}
		damaged := append([]byte{}, head...)
		damaged[i] ^= 4
		check(t, os.WriteFile(path, damaged, 0o600))
		if e, ok := errors.AsType[*sqlite.CorruptError](sqlite.CheckHeader(path)); !ok || e.Path != path {
			t.Errorf("a change of byte %d passes", i)
		}
	}
	for size, fine := range map[int]bool{0: true, 1: false, 16: false, 4096: true} {
		check(t, os.WriteFile(path, head[:size], 0o600))
		if err := sqlite.CheckHeader(path); (err == nil) != fine {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if sqlite.CheckHeader(t.TempDir()) == nil {
		t.Error("a directory passes")
	}
}
