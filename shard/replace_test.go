package shard_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/shard"
)

// replica is a shard that is fed by hand.
type replica struct {
	*shard.Shard
	replaced int
	known    []int64 // the newest event that was known when each commit made cached copies stale
}

func openReplica(t *testing.T, path, store string) *replica {
	t.Helper()
	set, err := command.NewSet(shard.Module(module()), module())
	if err != nil {
		t.Fatal(err)
	}
	slots, err := shard.NewMap(1)
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{}
	r.Shard, err = shard.Open(shard.Config{
		Path: path, Store: store, Map: slots, Commands: set, Replaced: func() { r.replaced++ },
		Committed: func([]string) { r.known = append(r.known, r.Events()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// feed applies entries that count up, from one index to another.
func (r *replica) feed(t *testing.T, from, to uint64) {
	t.Helper()
	for index := from; index <= to; index++ {
		var c interface{ Kind() command.Kind } = put{Name: "a", N: 1}
		if index == 1 {
			c = shard.SetLevel{Level: 1}
		}
		body, err := command.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := command.Envelope{Kind: c.Kind(), Key: string(rune(index)), At: int64(index), Body: body}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		data := command.AppendBatch(nil, command.Batch{Clock: int64(index), Commands: [][]byte{raw}})
		if _, err := r.ApplyBatch([]shard.Entry{{Index: index, Term: 1, Data: data}}); err != nil {
			t.Fatal(err)
		}
	}
}

func (r *replica) digest(t *testing.T) (sum [32]byte) {
	t.Helper()
	err := r.View(t.Context(), func(tx *sqlite.Tx) (err error) { sum, _, err = shard.Digest(tx); return err })
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestACopyTakesTheFilesPlace(t *testing.T) {
	dir := t.TempDir()
	a := openReplica(t, filepath.Join(dir, "a.db"), "s")
	defer a.Close()
	b := openReplica(t, filepath.Join(dir, "b.db"), "s")
	b.feed(t, 1, 5)
	a.feed(t, 1, 50)

	copied := filepath.Join(dir, "copy")
	applied, err := a.Copy(copied)
	if err != nil || applied != 50 {
		t.Fatalf("copied up to %d, %v", applied, err)
	}
	a.feed(t, 51, 60)
	if err := b.Replace(copied); err != nil {
		t.Fatal(err)
	}
	if b.Applied() != 50 || b.Clock() != 50 || b.Events() != 49 || b.replaced != 1 {
		t.Errorf("after the copy: applied %d, clock %d, %d events, %d times replaced", b.Applied(), b.Clock(), b.Events(), b.replaced)
	}
	b.feed(t, 51, 60)
	if a.digest(t) != b.digest(t) {
		t.Error("the copy differs from what it was made of")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = openReplica(t, filepath.Join(dir, "b.db"), "s")
	defer b.Close()
	if b.Applied() != 60 || a.digest(t) != b.digest(t) {
		t.Errorf("after opening again: applied %d", b.Applied())
	}
	if _, err := os.Stat(copied); !os.IsNotExist(err) {
		t.Errorf("the copy is left behind: %v", err)
	}
}

func TestAWrongCopyIsRefused(t *testing.T) {
	dir := t.TempDir()
	a := openReplica(t, filepath.Join(dir, "a.db"), "s")
	defer a.Close()
	other := openReplica(t, filepath.Join(dir, "other.db"), "another")
	defer other.Close()
	other.feed(t, 1, 50)
	foreign, old, torn := filepath.Join(dir, "foreign"), filepath.Join(dir, "old"), filepath.Join(dir, "torn")
	if _, err := other.Copy(foreign); err != nil {
		t.Fatal(err)
	}
	a.feed(t, 1, 3)
	if _, err := a.Copy(old); err != nil {
		t.Fatal(err)
	}
	a.feed(t, 4, 9)
	data, err := os.ReadFile(foreign)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(torn, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{foreign, old, torn} {
		if err := a.Replace(path); fault.CodeOf(err) != fault.Broken {
			t.Errorf("%s: got %v", filepath.Base(path), err)
		}
	}
	if a.Applied() != 9 || a.replaced != 0 {
		t.Errorf("applied %d, %d times replaced", a.Applied(), a.replaced)
	}
	a.feed(t, 10, 12)
}

// TestAWrongFileIsTakenBack: to an older copy, and the log goes on from there.
// Who reads is waited for, and a copy from before what the log holds is refused.
func TestAWrongFileIsTakenBack(t *testing.T) {
	dir := t.TempDir()
	good := openReplica(t, filepath.Join(dir, "good.db"), "s")
	defer good.Close()
	bad := openReplica(t, filepath.Join(dir, "bad.db"), "s")
	good.feed(t, 1, 20)
	copied := filepath.Join(dir, "copy")
	if _, err := good.Copy(copied); err != nil {
		t.Fatal(err)
	}
	good.feed(t, 21, 30)
	bad.feed(t, 1, 15)
	bad.feed(t, 17, 30) // one is missing
	if err := bad.Rebuild(copied, 21); fault.CodeOf(err) != fault.Refused {
		t.Errorf("a copy that is too old: %v", err)
	}
	pin, err := bad.Pin()
	if err != nil {
		t.Fatal(err)
	}
	if err := bad.Rebuild(copied, 20); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("while somebody reads: %v", err)
	}
	if err := pin.Close(); err != nil {
		t.Fatal(err)
	}
	if bad.Applied() != 30 || bad.digest(t) == good.digest(t) {
		t.Error("what was refused has changed it")
	}
	if err := bad.Rebuild(copied, 20); err != nil {
		t.Fatal(err)
	}
	if bad.Applied() != 20 || bad.replaced != 1 {
		t.Errorf("applied %d, %d times replaced", bad.Applied(), bad.replaced)
	}
	bad.feed(t, 21, 30)
	if bad.digest(t) != good.digest(t) {
		t.Error("it differs still")
	}
	if err := bad.Close(); err != nil {
		t.Fatal(err)
	}
	bad = openReplica(t, filepath.Join(dir, "bad.db"), "s")
	defer bad.Close()
	if bad.digest(t) != good.digest(t) {
		t.Error("it differs after opening again")
	}
}
