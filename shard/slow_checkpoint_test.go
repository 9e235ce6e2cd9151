package shard_test

import (
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/internal/watchdog"
	"github.com/keelshop/commerce/shard"
)

// TestALongCheckpointIsNoHang: a checkpoint of several MiB on a slow disk takes longer than anything else may without
// showing progress, and is waited for. One that never ends is noticed all the same.
func TestALongCheckpointIsNoHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultvfs.New(t.Name())
		defer fs.Close()
		steps := new(atomic.Int64)
		s := openSlow(t, fs, steps)
		fs.SlowSyncs(30 * time.Second)
		if hung := watched(steps, func() {
			if durable, err := s.Checkpoint(); err != nil || durable != s.Applied() {
				t.Errorf("%d of %d, %v", durable, s.Applied(), err)
			}
		}); hung != 0 {
			t.Errorf("a slow checkpoint was taken for hanging after %v", hung)
		}
		fs.SlowSyncs(0)

		fill(t, s, s.Applied())
		release := fs.HangAt(1, faultvfs.Sync)
		hung := watched(steps, func() {
			time.AfterFunc(time.Hour, release)
			s.Checkpoint()
		})
		if hung < 15*time.Second || hung > 3*time.Minute {
			t.Errorf("a hanging checkpoint was noticed after %v", hung)
		}
		fs.Reset()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// watched runs work as a node does, and returns after how long it was taken for hanging; 0 if it was not.
func watched(steps *atomic.Int64, work func()) (hung time.Duration) {
	dog := watchdog.Dog{Steps: steps}
	quit, ended := make(chan struct{}), make(chan struct{})
	began := time.Now()
	go func() {
		defer close(ended)
		if dog.Watch(15*time.Second, nil, quit) {
			hung = time.Since(began)
		}
	}()
	dog.Begin()
	work()
	dog.End()
	close(quit)
	<-ended
	return hung
}

func openSlow(t *testing.T, fs *faultvfs.FS, steps *atomic.Int64) *shard.Shard {
	t.Helper()
	set, err := command.NewSet(shard.Module(module()), module())
	if err != nil {
		t.Fatal(err)
	}
	slots, err := shard.NewMap(1)
	if err != nil {
		t.Fatal(err)
	}
	s, err := shard.Open(shard.Config{
		Path: filepath.Join(t.TempDir(), "slow.db"), Store: "store", Map: slots, Commands: set, VFS: fs.Name(), Steps: steps,
	})
	if err != nil {
		t.Fatal(err)
	}
	(&replica{Shard: s}).feed(t, 1, 1)
	fill(t, s, 1)
	return s
}

// fill writes some 10 MiB behind an entry.
func fill(t *testing.T, s *shard.Shard, after uint64) {
	t.Helper()
	for index := after + 1; index <= after+50; index++ {
		body, err := command.Marshal(put{Name: strings.Repeat(string(rune('a'+index%26)), 100<<10) + string(rune(index)), N: 1})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := command.Envelope{Kind: put{}.Kind(), Key: string(rune(index)), At: int64(index), Body: body}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		data := command.AppendBatch(nil, command.Batch{Clock: int64(index), Commands: [][]byte{raw}})
		if _, err := s.ApplyBatch([]shard.Entry{{Index: index, Term: 1, Data: data}}); err != nil {
			t.Fatal(err)
		}
	}
}
