package commerce_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/shard"
)

// killed returns what a killed process leaves of a store that was selling, some
// of it behind checkpoints if its log is bounded, and what it had told.
func killed(t *testing.T, from string, logLimit int64) (dir string, told []sale) {
	t.Helper()
	fs := faultvfs.New(t.Name() + " killed")
	defer fs.Close()
	live := image(t, from)
	shop := open(t, live, commerce.WithVFS(fs.Name()), commerce.WithLogLimit(logLimit))
	var s shopping
	must(t, s.rush(shop, 4, 8))
	dir = filepath.Join(t.TempDir(), "shop")
	must(t, fs.PowerLoss(live, dir, rand.New(rand.NewPCG(1, 1)))) // for the names of the files
	for name, data := range files(t, live) {
		must(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	copyKeys(t, live, dir)
	must(t, shop.Close())
	return dir, s.now()
}

// TestFlippedBytes changes one byte of a killed store's files, in every region
// of each. The store refuses to open and names the file, or has lost nothing
// that was acknowledged, or Verify finds the change.
func TestFlippedBytes(t *testing.T) {
	t.Parallel()
	from := template(t)
	dead, told := killed(t, from, 64<<20)
	fs := faultvfs.New(t.Name())
	defer fs.Close()
	for _, f := range []struct {
		dir, file string
		flips     int // in the short form, beside those in the headers
	}{
		{dead, "raft.db", 2}, {dead, "raft.db-wal", 6}, {dead, "shard-000.db", 2}, {dead, "shard-000.db-wal", 6},
		{dead, "store.json", 4}, {dead, "../shop.keys", 3},
		{from, "raft.db", 6}, {from, "shard-000.db", 10}, // with everything in the file
	} {
		dir, told := f.dir, told
		if dir == from {
			told = nil
		}
		data, err := os.ReadFile(filepath.Join(dir, f.file))
		must(t, err)
		fates := map[string]int{}
		for _, at := range offsets(data, f.flips) {
			bad := image(t, dir)
			path := filepath.Join(bad, f.file)
			flipByte(t, path, at)
			fate := fateOf(t, fs, bad, path, told)
			fates[fate]++
			if t.Failed() {
				t.Fatalf("byte %d of %s: %s", at, f.file, fate)
			}
		}
		t.Logf("%s: %v", f.file, fates)
	}
}

// offsets returns where bytes are flipped: some of the first 100, where files
// keep their headers, and some anywhere. The long form takes many.
func offsets(data []byte, n int) []int64 {
	var all []int64
	r := rand.New(rand.NewPCG(uint64(len(data)), 3))
	step := 25
	if long() {
		step, n = 8, n*60
	}
	for at := 1; at < min(len(data), 100); at += step {
		all = append(all, int64(at))
	}
	for range n {
		all = append(all, r.Int64N(int64(len(data))))
	}
	return all
}

func flipByte(t *testing.T, path string, at int64) {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	data[at] ^= 1 << (at % 8)
	must(t, os.WriteFile(path, data, 0o600))
}

// fateOf opens a store with a changed byte and says what became of it.
func fateOf(t *testing.T, fs *faultvfs.FS, dir, path string, told []sale) string {
	t.Helper()
	shop, err := commerce.Open(context.Background(), dir, options(fs)...)
	if err != nil {
		expectNamed(t, err, dir, path)
		return "refused"
	}
	defer shop.Close()
	found, err := shop.Verify(context.Background())
	switch {
	case err != nil:
		expectNamed(t, err, dir, path)
		return "not verifiable"
	case len(found) > 0:
		return "found by Verify"
	}
	expectOpen(t, told, shop)
	return "nothing lost"
}

// expectNamed fails the test unless an error says which file it is about.
func expectNamed(t *testing.T, err error, dir, path string) {
	t.Helper()
	if code := fault.CodeOf(err); code != fault.Broken && code != fault.Invalid {
		t.Errorf("%v has the code %v, want fault.Broken", err, code)
	}
	name := strings.TrimSuffix(filepath.Clean(path), "-wal")
	if strings.HasSuffix(path, "store.json") || strings.HasSuffix(path, ".keys") {
		name = dir // two files that do not fit are named, whichever of them changed
	}
	if !strings.Contains(err.Error(), name) {
		t.Errorf("%v does not name %s", err, name)
	}
}

// TestARebuiltShard: a shard whose files are damaged comes back from the log
// when they are moved away, as long as the log holds everything. If it does
// not, the store refuses and stays as it is.
func TestARebuiltShard(t *testing.T) {
	from := template(t)
	for name, logLimit := range map[string]int64{"the log is whole": 64 << 20, "the log was truncated": 4 << 10} {
		t.Run(name, func(t *testing.T) {
			fs := faultvfs.New(t.Name())
			defer fs.Close()
			dir, told := killed(t, from, logLimit)
			path := filepath.Join(dir, "shard-001.db")
			flipByte(t, path, 3)
			_, err := commerce.Open(context.Background(), dir, options(fs)...)
			damaged, ok := errors.AsType[*shard.DamagedError](err)
			if !ok || damaged.Path != path || damaged.Shard != 1 {
				t.Fatalf("%v, want a DamagedError that names %s", err, path)
			}
			moved, err := filepath.Glob(path + "*")
			must(t, err)
			for _, p := range moved {
				must(t, os.Rename(p, filepath.Join(t.TempDir(), filepath.Base(p))))
			}
			if logLimit > 1<<20 {
				expect(t, told, dir, options(fs)...)
				return
			}
			shop, err := commerce.Open(context.Background(), dir, options(fs)...)
			if err == nil {
				shop.Close()
			}
			if !errors.Is(err, fault.Broken) || !strings.Contains(fmt.Sprint(err), path) {
				t.Errorf("%v, want fault.Broken that names %s", err, path)
			}
		})
	}
}

// TestChangedContent changes texts inside rows, which breaks nothing that
// SQLite looks at: its pages have no checksums. Verify compares the tables with
// a replay and finds each as long as the log holds everything.
func TestChangedContent(t *testing.T) {
	from := template(t)
	fs := faultvfs.New(t.Name())
	defer fs.Close()
	for _, text := range []string{"Thing mug", "Thing plate", "EUR", "order.placed", "ord_", "delivery", "placed"} {
		for i := range 2 {
			dir := image(t, from)
			path := filepath.Join(dir, fmt.Sprintf("shard-%03d.db", i))
			data, err := os.ReadFile(path)
			must(t, err)
			at := strings.LastIndex(string(data), text)
			if at < 0 {
				continue
			}
			flipByte(t, path, int64(at))
			shop, err := commerce.Open(context.Background(), dir, options(fs)...)
			if err != nil {
				expectNamed(t, err, dir, path)
				continue
			}
			found, err := shop.Verify(context.Background())
			if len(found) == 0 && err == nil {
				t.Errorf("shard %d: nobody noticed a change of %q at byte %d", i, text, at)
			}
			shop.Close()
		}
	}
}
