package faultvfs_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newFS(t *testing.T) *faultvfs.FS {
	fs := faultvfs.New(t.Name())
	t.Cleanup(fs.Close)
	return fs
}

// shop is a database whose rows are numbered from 1 in the order of their commits.
type shop struct {
	*sqlite.Conn
	dir   string
	acked atomic.Int64 // rows whose commit has returned
}

func openShop(t *testing.T, o sqlite.Options) *shop {
	t.Helper()
	s := &shop{dir: t.TempDir()}
	var err error
	s.Conn, err = sqlite.Open(filepath.Join(s.dir, "shop.db"), o)
	check(t, err)
	t.Cleanup(func() { s.Close() })
	check(t, s.Script("CREATE TABLE v (id INTEGER PRIMARY KEY, body BLOB) STRICT; CREATE INDEX v_body ON v (body)"))
	_, err = s.Checkpoint(true)
	check(t, err)
	return s
}

// add commits one more row, of up to three pages.
func (s *shop) add() error {
	if err := s.Begin(); err != nil {
		return err
	}
	id := s.acked.Load() + 1
	if _, err := s.Tx().Exec("INSERT INTO v (id, body) VALUES (?, randomblob(?))", id, id%9*1000); err != nil {
		s.Rollback()
		return err
	}
	if err := s.Commit(); err != nil {
		s.Rollback()
		return err
	}
	s.acked.Add(1)
	return nil
}

// reopen opens a copy that a power cut has left, with the operating system's VFS, and returns how many rows it holds.
func reopen(t *testing.T, dir string) (rows int64, err error) {
	t.Helper()
	c, err := sqlite.Open(filepath.Join(dir, "shop.db"), sqlite.Options{})
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if err := c.QuickCheck(); err != nil {
		return 0, err
	}
	rows, _, err = c.Tx().Int64("SELECT count(*) FROM v")
	if err != nil {
		return 0, err
	}
	most, _, err := c.Tx().Int64("SELECT coalesce(max(id), 0) FROM v")
	if err == nil && most != rows {
		t.Errorf("%d rows, but the last one is number %d", rows, most)
	}
	return rows, err
}

func TestSyncedCommitsSurvivePowerLoss(t *testing.T) {
	fs := newFS(t)
	s := openShop(t, sqlite.Options{VFS: fs.Name(), Full: true})
	r := rand.New(rand.NewPCG(1, 1))
	torn := 0
	for range 100 {
		for range 1 + r.IntN(3) {
			check(t, s.add())
		}
		// Cut the power in the middle of one more commit, or of a checkpoint.
		var release func()
		job := s.add
		switch r.IntN(3) {
		case 0:
			release = fs.HangAt(1, faultvfs.Sync)
		case 1:
			release = fs.HangAt(1+r.Int64N(2), faultvfs.Write)
		case 2:
			release = fs.HangAt(1+r.Int64N(2), faultvfs.Sync)
			job = func() error {
				_, err := s.Checkpoint(true)
				return err
			}
		}
		acked, out, done := s.acked.Load(), t.TempDir(), make(chan error, 1)
		go func() { done <- job() }()
		<-fs.Hung()
		check(t, fs.PowerLoss(s.dir, out, r))
		release()
		check(t, <-done)
		fs.Reset()

		scan, err := sqlite.ScanWAL(filepath.Join(out, "shop.db"))
		check(t, err)
		if scan.ValidAfterBad {
			t.Fatalf("a power cut passes for rot: %+v", scan)
		}
		if scan.BadFrame != 0 {
			torn++
		}
		rows, err := reopen(t, out)
		check(t, err)
		if rows < acked {
			t.Fatalf("%d rows are left of %d", rows, acked)
		}
	}
	if torn == 0 {
		t.Error("no cut tore the WAL")
	}
}

func TestUnsyncedCommitsAreLostButNothingBreaks(t *testing.T) {
	fs := newFS(t)
	s := openShop(t, sqlite.Options{VFS: fs.Name()})
	r := rand.New(rand.NewPCG(2, 2))
	var lost, checkpointed int64
	for range 150 {
		for range r.IntN(5) {
			check(t, s.add())
		}
		if r.IntN(10) == 0 {
			done, err := s.Checkpoint(r.IntN(2) == 0)
			check(t, err)
			if done.Complete() {
				checkpointed = s.acked.Load()
			}
		}
		out := t.TempDir()
		check(t, fs.PowerLoss(s.dir, out, r))
		rows, err := reopen(t, out)
		check(t, err)
		if rows < checkpointed {
			t.Fatalf("%d rows are left of %d that were checkpointed", rows, checkpointed)
		}
		lost += s.acked.Load() - rows
	}
	if lost == 0 {
		t.Error("no cut lost a commit that was not synced: the cuts cut nothing")
	}
}

// Without any sync a power cut corrupts. If this passed unharmed, the tests above would prove nothing.
func TestWithoutSyncsAPowerLossCorrupts(t *testing.T) {
	fs := newFS(t)
	s := openShop(t, sqlite.Options{VFS: fs.Name()})
	check(t, s.Script("PRAGMA synchronous = OFF"))
	r := rand.New(rand.NewPCG(3, 3))
	broken := 0
	for range 60 {
		for range 5 {
			check(t, s.add())
		}
		_, err := s.Checkpoint(false)
		check(t, err)
		out := t.TempDir()
		check(t, fs.PowerLoss(s.dir, out, r))
		if _, err := reopen(t, out); err != nil {
			broken++
		}
	}
	if broken == 0 {
		t.Error("no cut broke a file that is never synced")
	}
}

func TestTheSameRandomNumbersGiveTheSameCut(t *testing.T) {
	fs := newFS(t)
	s := openShop(t, sqlite.Options{VFS: fs.Name()})
	for range 20 {
		check(t, s.add())
	}
	var first int64
	for i := range 5 {
		out := t.TempDir()
		check(t, fs.PowerLoss(s.dir, out, rand.New(rand.NewPCG(9, 9))))
		rows, err := reopen(t, out)
		check(t, err)
		if i == 0 {
			first = rows
		} else if rows != first {
			t.Errorf("cut %d leaves %d rows, the first one %d", i, rows, first)
		}
	}
}

func TestFilesOfOthersAreLeftOut(t *testing.T) {
	fs := newFS(t)
	a := openShop(t, sqlite.Options{VFS: fs.Name()})
	openShop(t, sqlite.Options{VFS: fs.Name()})
	out := t.TempDir()
	check(t, fs.PowerLoss(a.dir, out, rand.New(rand.NewPCG(1, 2))))
	found, err := filepath.Glob(filepath.Join(out, "*"))
	check(t, err)
	for _, path := range found {
		if name := filepath.Base(path); name != "shop.db" && name != "shop.db-wal" {
			t.Errorf("%s should not be there", path)
		}
	}
	if len(found) == 0 {
		t.Error("nothing is left")
	}
}

// A power cut leaves the file that somebody has put in the place of another, and not the other.
func TestAFileThatTookAnothersPlace(t *testing.T) {
	fs := newFS(t)
	s := openShop(t, sqlite.Options{VFS: fs.Name()})
	for range 3 {
		check(t, s.add())
	}
	path, other := filepath.Join(s.dir, "shop.db"), filepath.Join(s.dir, "other.db")
	check(t, s.VacuumInto(other))
	for range 2 {
		check(t, s.add())
	}
	check(t, s.Close())
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	check(t, os.Rename(other, path))
	conn, err := sqlite.Open(path, sqlite.Options{VFS: fs.Name()})
	check(t, err)
	out := t.TempDir()
	check(t, fs.PowerLoss(s.dir, out, rand.New(rand.NewPCG(1, 1))))
	check(t, conn.Close())
	if rows, err := reopen(t, out); err != nil || rows != 3 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

// A cut may come while a file is being opened, before SQLite has looked at its WAL.
func TestFilesNotYetOpenedAreThere(t *testing.T) {
	before, after := faultvfs.New(t.Name()+" before"), faultvfs.New(t.Name()+" after")
	defer before.Close()
	defer after.Close()
	s := openShop(t, sqlite.Options{VFS: before.Name()})
	for range 10 {
		check(t, s.add())
	}
	check(t, s.Close())
	out := t.TempDir()
	check(t, after.PowerLoss(s.dir, out, rand.New(rand.NewPCG(1, 2))))
	if rows, err := reopen(t, out); rows != 10 || err != nil {
		t.Errorf("%d rows are left of 10, %v", rows, err)
	}
}

// Every I/O call in the life of a file fails once. What was committed stays, and what failed may or may not.
func TestAnyCallMayFail(t *testing.T) {
	for name, failure := range map[string]faultvfs.Failure{
		"io error": faultvfs.IOErr, "full": faultvfs.Full, "io errors from then on": faultvfs.IOErr | faultvfs.Always,
	} {
		t.Run(name, func(t *testing.T) {
			fs := faultvfs.New(strings.ReplaceAll(t.Name(), "/", " "))
			defer fs.Close()
			failed := 0
			for n := int64(1); ; n++ {
				s := openShop(t, sqlite.Options{VFS: fs.Name(), Full: true, CacheKiB: 64})
				fs.Reset()
				fs.FailAt(n, faultvfs.Any, failure)
				err := life(s)
				calls := fs.Calls()
				fs.Reset()
				if err != nil {
					failed++
					if fault.CodeOf(err) != fault.Broken {
						t.Errorf("call %d: %v counts as %v", n, err, fault.CodeOf(err))
					}
				}
				s.Close()
				rows, err := reopen(t, s.dir)
				check(t, err)
				if acked := s.acked.Load(); rows != acked && rows != acked+1 {
					t.Errorf("call %d: %d rows are left of %d", n, rows, acked)
				}
				if calls < n {
					break
				}
			}
			if failed < 30 {
				t.Errorf("only %d calls failed", failed)
			}
		})
	}
}

// life is a little of everything that writes.
func life(s *shop) error {
	for range 3 {
		if err := s.add(); err != nil {
			return err
		}
	}
	if _, err := s.Checkpoint(false); err != nil {
		return err
	}
	if err := s.add(); err != nil {
		return err
	}
	_, err := s.Checkpoint(true)
	return err
}

// A checkpoint syncs the WAL and then the database file. A power cut between the two loses nothing, unless an earlier
// sync of the WAL failed and the one that succeeded after it had nothing left to write.
func TestAFailedSyncLosesWritesForGood(t *testing.T) {
	for _, failing := range []bool{false, true} {
		fs := faultvfs.New(fmt.Sprint(t.Name(), failing))
		harmed := 0
		for seed := range uint64(20) {
			s := openShop(t, sqlite.Options{VFS: fs.Name()})
			for range 10 {
				check(t, s.add())
			}
			if failing {
				fs.FailAt(1, faultvfs.Sync, faultvfs.FsyncErr)
				_, err := s.Checkpoint(false)
				if e, ok := errors.AsType[*sqlite.Error](err); !ok || e.Code != 10|4<<8 { // SQLITE_IOERR_FSYNC
					t.Fatalf("got %v", err)
				}
			}
			fs.Reset()
			release := fs.HangAt(2, faultvfs.Sync)
			done := make(chan error)
			go func() {
				_, err := s.Checkpoint(false)
				done <- err
			}()
			<-fs.Hung()
			out := t.TempDir()
			check(t, fs.PowerLoss(s.dir, out, rand.New(rand.NewPCG(seed, 0))))
			release()
			check(t, <-done)
			if rows, err := reopen(t, out); err != nil || rows < s.acked.Load() {
				harmed++
			}
			s.Close()
		}
		if failing != (harmed > 0) {
			t.Errorf("failed sync: %v, cuts that did harm: %d", failing, harmed)
		}
		fs.Close()
	}
}

func TestAHungSyncHoldsOneCommitAndNoReader(t *testing.T) {
	fs := newFS(t)
	s := openShop(t, sqlite.Options{VFS: fs.Name(), Full: true})
	check(t, s.add())
	release := fs.HangAt(1, faultvfs.Sync)
	defer release()
	done := make(chan error)
	go func() { done <- s.add() }()
	<-fs.Hung()
	r, err := sqlite.Open(s.Path(), sqlite.Options{VFS: fs.Name(), ReadOnly: true})
	check(t, err)
	if n, _, err := r.Tx().Int64("SELECT count(*) FROM v"); n != 1 || err != nil {
		t.Errorf("a reader sees %d rows, %v", n, err)
	}
	check(t, r.Close())
	select {
	case err := <-done:
		t.Errorf("the commit did not wait: %v", err)
	default:
	}
	release()
	release()
	check(t, <-done)
}

func TestCallsAreCountedByKind(t *testing.T) {
	fs := newFS(t)
	s := openShop(t, sqlite.Options{VFS: fs.Name(), Full: true})
	fs.Reset()
	check(t, s.add())
	if fs.Calls() == 0 {
		t.Error("a commit without a call")
	}
	fs.Reset()
	if fs.Calls() != 0 {
		t.Error("Reset does not reset")
	}
	fs.FailAt(1, faultvfs.Truncate, faultvfs.IOErr)
	check(t, s.add()) // truncates nothing
	if _, err := s.Checkpoint(true); err == nil {
		t.Error("the truncation did not fail")
	}
	fs.Reset()
	check(t, s.add())
}

// TestCallsOfTheWriterAlone: what only reads, the -wal included, is left out.
func TestCallsOfTheWriterAlone(t *testing.T) {
	fs := newFS(t)
	s := openShop(t, sqlite.Options{VFS: fs.Name()})
	check(t, s.add())
	fs.FailAt(1, faultvfs.Any|faultvfs.ByWriter, faultvfs.IOErr|faultvfs.Always)
	defer fs.Reset()
	reader, err := sqlite.Open(s.Path(), sqlite.Options{VFS: fs.Name(), ReadOnly: true})
	check(t, err)
	defer reader.Close()
	if n, _, err := reader.Tx().Int64("SELECT count(*) FROM v"); n != 1 || err != nil {
		t.Errorf("reading: %d, %v", n, err)
	}
	if err := s.add(); err == nil {
		t.Error("the writer was spared")
	}
}

// TestUnsynced: without syncs a file is written, read, checkpointed and opened again as ever.
func TestUnsynced(t *testing.T) {
	faultvfs.Unsynced()
	faultvfs.Unsynced()
	path := filepath.Join(t.TempDir(), "x.db")
	for i := range 3 {
		c, err := sqlite.Open(path, sqlite.Options{Full: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Script(`CREATE TABLE IF NOT EXISTS t (n INTEGER) STRICT; INSERT INTO t VALUES (1)`); err != nil {
			t.Fatal(err)
		}
		if n, _, err := c.Tx().Int64(`SELECT count(*) FROM t`); err != nil || n != int64(i+1) {
			t.Errorf("%d rows, %v", n, err)
		}
		if _, err := c.Checkpoint(true); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestUnsyncedLeavesWhatIsNamedAlone: after Unsynced, a file that names the system's VFS is synced as ever, and only such
// a file.
func TestUnsyncedLeavesWhatIsNamedAlone(t *testing.T) {
	faultvfs.Unsynced()
	for vfs, skips := range map[string]bool{"": true, faultvfs.UnsyncedName(): true, faultvfs.SystemName(): false} {
		before := faultvfs.Skipped()
		c, err := sqlite.Open(filepath.Join(t.TempDir(), "x.db"), sqlite.Options{Full: true, VFS: vfs})
		check(t, err)
		check(t, c.Script(`CREATE TABLE t (n INTEGER) STRICT`))
		check(t, c.Close())
		if n := faultvfs.Skipped() - before; n > 0 != skips {
			t.Errorf("with the VFS %q, %d syncs were left out", vfs, n)
		}
	}
}
