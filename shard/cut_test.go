package shard_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/shard"
)

// A snapshot that is opened at a cut holds what came before it and nothing of
// the batch that brought it, wherever entries are gathered.
func TestSnapshotAtACut(t *testing.T) {
	set, err := command.NewSet(shard.Module(module()), module())
	if err != nil {
		t.Fatal(err)
	}
	m, err := shard.NewMap(1)
	if err != nil {
		t.Fatal(err)
	}
	cuts := []uint64{0, 0, 1, 1, 4, 4, 4}
	var log []shard.Entry
	for i, cut := range cuts {
		var c command.Command = shard.SetLevel{Level: 1}
		if i > 0 {
			c = put{Name: "a", N: 1}
		}
		log = append(log, entry(t, uint64(i+1), cut, c))
	}
	for _, size := range []int{1, 2, 3, len(log)} {
		var file *shard.Shard
		seen := map[uint64]int64{}
		file, err = shard.Open(shard.Config{
			Path: filepath.Join(t.TempDir(), "cut.db"), Store: "sto", Map: m, Commands: set,
			AtCut: func(cut uint64) {
				err := file.View(context.Background(), func(tx *sqlite.Tx) error {
					n, _, err := tx.Int64(`SELECT coalesce(sum(n), 0) FROM numbers`)
					seen[cut] = n
					return err
				})
				if err != nil {
					t.Error(err)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		for part := range slices.Chunk(log, size) {
			if _, err := file.ApplyBatch(part); err != nil {
				t.Fatal(err)
			}
		}
		if len(seen) != 2 || seen[1] != 1 || seen[4] != 3 || file.Cut() != 4 {
			t.Errorf("%d entries at a time: at the cuts the shard had %v, now it is at %d", size, seen, file.Cut())
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
}

func entry(t *testing.T, index, cut uint64, c command.Command) shard.Entry {
	t.Helper()
	body, err := command.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := command.Envelope{Kind: c.Kind(), Slot: id.Slot(0), At: 1, Key: command.NewKey(time.Unix(1, 0)), Body: body}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return shard.Entry{Index: index, Term: 1, Data: command.AppendBatch(nil, command.Batch{Clock: 1, Cut: cut, Commands: [][]byte{raw}})}
}
