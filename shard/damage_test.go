package shard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/shard"
)

const (
	frameBytes = 4096 + 24
	walHeader  = 32
)

// bench is a lone shard file and the log that it is fed from.
type bench struct {
	set   *command.Set
	m     *shard.Map
	log   []shard.Entry
	want  [32]byte     // the digest of a replay
	quick *faultvfs.FS // a disk on which a sync takes no time
}

func newBench(t *testing.T, entries int) *bench {
	t.Helper()
	set, err := command.NewSet(shard.Module(module()), module())
	check(t, err)
	m, err := shard.NewMap(1)
	check(t, err)
	b := &bench{set: set, m: m, quick: faultvfs.New(t.Name() + " quick")}
	t.Cleanup(b.quick.Close)
	b.add(t, shard.SetLevel{Level: shard.MaxLevel})
	for i := range entries {
		b.add(t, put{Name: fmt.Sprintf("number %d", i*7919%entries), N: int64(i % 10)})
	}
	s, err := b.open(t.TempDir(), b.quick.Name())
	check(t, err)
	defer s.Close()
	check(t, b.catchUp(s))
	b.want = digest(t, s)
	return b
}

func (b *bench) add(t *testing.T, c command.Command) {
	t.Helper()
	body, err := command.Marshal(c)
	check(t, err)
	i := len(b.log) + 1
	env := command.Envelope{Kind: c.Kind(), At: int64(i), Key: fmt.Sprint("key ", i), Fingerprint: []byte{byte(i)}, Body: body}
	raw, err := env.Encode()
	check(t, err)
	b.log = append(b.log, shard.Entry{Index: uint64(i), Term: 1, Data: command.AppendBatch(nil, command.Batch{Commands: [][]byte{raw}})})
}

func (b *bench) open(dir, vfs string) (*shard.Shard, error) {
	return shard.Open(shard.Config{Path: filepath.Join(dir, "s.db"), Store: "sto_test", Map: b.m, Commands: b.set, VFS: vfs})
}

// catchUp applies what the file does not hold yet.
func (b *bench) catchUp(s *shard.Shard) error {
	_, err := s.ApplyBatch(b.log)
	return err
}

// expect fails the test unless the shard in dir opens, has not lost what a
// checkpoint had made durable, and becomes what a fresh replay becomes.
func (b *bench) expect(t *testing.T, dir string, durable uint64) {
	t.Helper()
	s, err := b.open(dir, b.quick.Name())
	if err != nil {
		t.Errorf("opening it: %v", err)
		return
	}
	defer s.Close()
	if s.Applied() < durable {
		t.Errorf("entry %d is applied, %d was durable", s.Applied(), durable)
	}
	check(t, b.catchUp(s))
	if digest(t, s) != b.want {
		t.Error("its tables differ from a replay of the log")
	}
	s.Abandon() // what Close would write is of no interest
}

func digest(t *testing.T, s *shard.Shard) (sum [32]byte) {
	t.Helper()
	check(t, s.View(context.Background(), func(tx *sqlite.Tx) (err error) {
		sum, _, err = shard.Digest(tx)
		return err
	}))
	return sum
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// copyDir returns a copy of a directory as a killed process leaves it.
func copyDir(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	check(t, os.CopyFS(to, os.DirFS(dir)))
	check(t, os.RemoveAll(filepath.Join(to, "s.db-shm")))
	return to
}

func flip(t *testing.T, path string, at int64) {
	t.Helper()
	data, err := os.ReadFile(path)
	check(t, err)
	data[at] ^= 0x10
	check(t, os.WriteFile(path, data, 0o600))
}

// halfCopied returns the files of a shard that was killed while a checkpoint
// was copying its -wal, and how many frames that had.
func (b *bench) halfCopied(t *testing.T) (dir string, frames int64) {
	t.Helper()
	fs := faultvfs.New(t.Name())
	t.Cleanup(fs.Close)
	live := t.TempDir()
	s, err := b.open(live, fs.Name())
	check(t, err)
	defer s.Close()
	check(t, b.catchUp(s))
	wal, err := os.Stat(filepath.Join(live, "s.db-wal"))
	check(t, err)
	frames = (wal.Size() - walHeader) / frameBytes

	// The commit that syncs the -wal writes a frame in two parts; then pages.
	release := fs.HangAt(2+4, faultvfs.Write)
	hung := fs.Hung()
	done := make(chan error, 1)
	go func() {
		_, err := s.Checkpoint()
		done <- err
	}()
	<-hung
	dir = copyDir(t, live)
	release()
	check(t, <-done)
	return dir, frames
}

// TestDamageToWhatACheckpointCopies: the file depends on every frame of a -wal
// that is being copied into it.
func TestDamageToWhatACheckpointCopies(t *testing.T) {
	b := newBench(t, 60)
	killed, frames := b.halfCopied(t)
	b.expect(t, copyDir(t, killed), uint64(len(b.log)))

	wal := func(at int64) func(*testing.T, string) {
		return func(t *testing.T, dir string) { flip(t, filepath.Join(dir, "s.db-wal"), at) }
	}
	type damage struct {
		name, file string
		do         func(*testing.T, string)
	}
	cases := []damage{
		{"the -wal is gone", "s.db-wal", func(t *testing.T, dir string) { check(t, os.Remove(filepath.Join(dir, "s.db-wal"))) }},
		{"the -wal is empty", "s.db-wal", func(t *testing.T, dir string) { check(t, os.Truncate(filepath.Join(dir, "s.db-wal"), 0)) }},
		{"the -wal is short", "s.db-wal", func(t *testing.T, dir string) {
			check(t, os.Truncate(filepath.Join(dir, "s.db-wal"), walHeader+frames*frameBytes-1))
		}},
		{"the file is gone", "s.db", func(t *testing.T, dir string) { check(t, os.Remove(filepath.Join(dir, "s.db"))) }},
		{"the file is empty", "s.db", func(t *testing.T, dir string) { check(t, os.Truncate(filepath.Join(dir, "s.db"), 0)) }},
	}
	for at := range int64(walHeader) {
		cases = append(cases, damage{fmt.Sprintf("byte %d of the -wal's header", at), "s.db-wal", wal(at)})
	}
	for _, frame := range []int64{0, 1, frames / 2, frames - 1} {
		for _, at := range []int64{0, 4, 8, 16, 20, 24, 24 + 2000, frameBytes - 1} {
			cases = append(cases, damage{fmt.Sprintf("byte %d of frame %d of %d", at, frame+1, frames), "s.db-wal", wal(walHeader + frame*frameBytes + at)})
		}
	}
	for at := range int64(53) {
		cases = append(cases, damage{fmt.Sprintf("byte %d of the -ckpt", at), "s.db-ckpt", func(t *testing.T, dir string) {
			flip(t, filepath.Join(dir, "s.db-ckpt"), at)
		}})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := copyDir(t, killed)
			c.do(t, dir)
			_, err := b.open(dir, b.quick.Name())
			d, ok := errors.AsType[*shard.DamagedError](err)
			if !ok || d.Path != filepath.Join(dir, c.file) || !errors.Is(err, fault.Broken) {
				t.Fatalf("%v, want a DamagedError that names %s", err, c.file)
			}
		})
	}
}

// TestHolesInWhatNoCheckpointCopies: commits are not synced one by one, so a
// -wal with a hole is a shorter one, and the log has the rest.
func TestHolesInWhatNoCheckpointCopies(t *testing.T) {
	b := newBench(t, 60)
	live := t.TempDir()
	s, err := b.open(live, "")
	check(t, err)
	defer s.Close()
	half := b.log[:30]
	if _, err := s.ApplyBatch(half); err != nil {
		t.Fatal(err)
	}
	durable, err := s.Checkpoint()
	check(t, err)
	check(t, b.catchUp(s))
	wal, err := os.Stat(filepath.Join(live, "s.db-wal"))
	check(t, err)
	for at := int64(walHeader + 5); at < wal.Size(); at += frameBytes/3 + 7 {
		dir := copyDir(t, live)
		flip(t, filepath.Join(dir, "s.db-wal"), at)
		b.expect(t, dir, durable)
	}
	dir := copyDir(t, live)
	flip(t, filepath.Join(dir, "s.db-wal"), 9)
	if _, err := b.open(dir, ""); !errors.Is(err, fault.Broken) {
		t.Errorf("%v, want fault.Broken: nobody can tell which -wal the header was of", err)
	}
}

// TestPowerCutsAreNoDamage cuts the power of a shard that applies, checkpoints
// and closes, again and again: nothing that a checkpoint made durable is lost,
// and a hole that a power cut leaves never passes for damage.
func TestPowerCutsAreNoDamage(t *testing.T) {
	runs := 4
	if testing.Short() {
		runs = 1
	}
	if os.Getenv("COMMERCE_LONG") != "" {
		runs = 100
	}
	b := newBench(t, 200)
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 1))
		fs := faultvfs.New(fmt.Sprint(t.Name(), seed))
		live := t.TempDir()
		var durable atomic.Uint64
		done := make(chan error, 1)
		hold, release := fs.Hung(), fs.HangAt(1+r.Int64N(60), faultvfs.Any)
		go func() { done <- b.live(live, fs.Name(), r.Uint64(), &durable) }()
		for going := true; going; {
			select {
			case <-hold:
				then, crashed := durable.Load(), t.TempDir()
				check(t, fs.PowerLoss(live, crashed, r))
				fs.Reset()
				next := fs.HangAt(1+r.Int64N(60), faultvfs.Any)
				hold = fs.Hung()
				release()
				release = next
				b.expect(t, crashed, then)
			case err := <-done:
				check(t, err)
				going = false
			}
		}
		fs.Close()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// live is a shard's life: it applies batches of any size, checkpoints now and
// then, sometimes with a reader in the way, and is closed and opened again.
func (b *bench) live(dir, vfs string, seed uint64, durable *atomic.Uint64) error {
	r := rand.New(rand.NewPCG(seed, 2))
	for at := 0; at < len(b.log); {
		s, err := b.open(dir, vfs)
		if err != nil {
			return err
		}
		for stop := at + r.IntN(90); at < min(stop, len(b.log)); {
			n := 1 + r.IntN(min(8, len(b.log)-at))
			if _, err := s.ApplyBatch(b.log[at : at+n]); err != nil {
				return errors.Join(err, s.Close())
			}
			at += n
			if err := b.perhapsCheckpoint(s, r, durable); err != nil {
				return errors.Join(err, s.Close())
			}
		}
		applied := s.Applied()
		if err := s.Close(); err != nil {
			return err
		}
		durable.Store(applied)
	}
	return nil
}

func (b *bench) perhapsCheckpoint(s *shard.Shard, r *rand.Rand, durable *atomic.Uint64) error {
	checkpoint := func() error {
		d, err := s.Checkpoint()
		durable.Store(max(d, durable.Load()))
		return err
	}
	switch r.IntN(8) {
	case 0:
		return checkpoint()
	case 1:
		return s.View(context.Background(), func(tx *sqlite.Tx) error {
			// What is applied now comes behind the reader's snapshot.
			if _, err := s.ApplyBatch(b.log[:min(int(s.Applied())+1, len(b.log))]); err != nil {
				return err
			}
			return checkpoint()
		})
	}
	return nil
}

// TestAChangedKey changes a text that a table and its index both hold, in one
// of the two. Opening does not compare them; the check does.
func TestAChangedKey(t *testing.T) {
	b := newBench(t, 20)
	live := t.TempDir()
	s, err := b.open(live, b.quick.Name())
	check(t, err)
	check(t, b.catchUp(s))
	check(t, s.Close())
	data, err := os.ReadFile(filepath.Join(live, "s.db"))
	check(t, err)
	found := 0
	for at := range data {
		if !bytes.HasPrefix(data[at:], []byte("number 13")) {
			continue
		}
		dir := copyDir(t, live)
		flip(t, filepath.Join(dir, "s.db"), int64(at))
		s, err := b.open(dir, b.quick.Name())
		check(t, err)
		check(t, s.View(t.Context(), func(tx *sqlite.Tx) error {
			violations, err := shard.Module().Check(tx)
			for _, v := range violations {
				if v.Rule == "shard.file_is_intact" {
					found++
					break
				}
			}
			return err
		}))
		s.Abandon()
		check(t, s.Close())
	}
	if found < 2 {
		t.Errorf("%d changes were found, want those of the table and of its index", found)
	}
}
