package commerce_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
)

// TestPowerLoss cuts the power of a store that sells, checkpoints, truncates
// its log, closes and opens again, many times at any I/O call of the log
// and of the shards. What the disk may hold then opens, has lost nothing that
// was acknowledged, and is sound; also when the power fails again meanwhile.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	lives := 1
	if long() {
		lives = 100
	}
	from := template(t)
	cuts := 0
	for seed := range uint64(lives) {
		l := newLife(t, from, seed)
		l.live(t)
		l.fs.Close()
		parallel(4, len(l.cuts), func(i int) { l.check(t, i) })
		cuts += len(l.cuts)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%d cuts", cuts)
}

// life is one store until it is closed for the last time, and the cuts that it
// has been through.
type life struct {
	dir, into string
	seed      uint64
	fs        *faultvfs.FS
	r         *rand.Rand
	shoppers  shopping
	cuts      []cut
}

// cut is what a disk held when the power failed, and what had been told.
type cut struct {
	dir  string
	told []sale
}

func newLife(t *testing.T, from string, seed uint64) *life {
	l := &life{dir: image(t, from), into: t.TempDir(), seed: seed, r: rand.New(rand.NewPCG(seed, 7))}
	l.fs = faultvfs.New(fmt.Sprintf("%s %d", t.Name(), seed))
	return l
}

func options(fs *faultvfs.FS) []commerce.Option {
	return []commerce.Option{commerce.WithVFS(fs.Name()), commerce.WithLogLimit(8 << 10)}
}

// live lets the store live and cuts the power at random I/O calls.
func (l *life) live(t *testing.T) {
	hung, release := l.next()
	done := make(chan error, 1)
	go func() { done <- l.rounds() }()
	for {
		select {
		case <-hung:
			l.cut(t)
			l.fs.Reset()
			old := release
			hung, release = l.next()
			old()
		case err := <-done:
			must(t, err)
			return
		}
	}
}

// next chooses the call at which the power fails next.
func (l *life) next() (hung <-chan struct{}, release func()) {
	op, most := faultvfs.Any, 50
	if l.r.IntN(2) == 0 {
		op, most = faultvfs.Sync, 15 // what comes right before and after a sync is what matters
	}
	release = l.fs.HangAt(1+l.r.Int64N(int64(most)), op)
	return l.fs.Hung(), release
}

func (l *life) cut(t *testing.T) {
	c := cut{dir: filepath.Join(l.into, fmt.Sprintf("cut-%d", len(l.cuts))), told: l.shoppers.now()}
	must(t, powerLoss(l.fs, l.dir, c.dir, l.r))
	for _, p := range l.shoppers.now()[len(c.told):] {
		c.told = append(c.told, sale{sku: p.sku, key: p.key}) // asked for meanwhile, and perhaps told too late
	}
	copyKeys(t, l.dir, c.dir)
	l.cuts = append(l.cuts, c)
}

// powerLoss tries again if a draft was renamed while it was to be copied.
func powerLoss(f *faultvfs.FS, dir, out string, r *rand.Rand) error {
	for {
		err := f.PowerLoss(dir, out, r)
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.RemoveAll(out); err != nil {
			return err
		}
	}
}

// rounds opens the store, sells and closes it, three times.
func (l *life) rounds() error {
	for range 3 {
		shop, err := commerce.Open(context.Background(), l.dir, options(l.fs)...)
		if err != nil {
			return err
		}
		if err := errors.Join(l.shoppers.rush(shop, 4, 5), shop.Close()); err != nil {
			return err
		}
	}
	return nil
}

// check opens what a cut has left. Every third time the power fails again while
// it does.
func (l *life) check(t *testing.T, number int) {
	fs := faultvfs.New(fmt.Sprintf("%s %d %d", t.Name(), l.seed, number))
	defer fs.Close()
	r := rand.New(rand.NewPCG(l.seed, uint64(number)))
	c := l.cuts[number]
	dir := c.dir
	if number%3 == 0 {
		var err error
		if dir, err = cutAgain(fs, r, dir); err != nil {
			t.Errorf("cut %d: opening what is left: %v", number, err)
			return
		}
	}
	expect(t, c.told, dir, options(fs)...)
}

// cutAgain cuts the power of a store that is being opened.
func cutAgain(fs *faultvfs.FS, r *rand.Rand, dir string) (string, error) {
	release := fs.HangAt(1+r.Int64N(200), faultvfs.Any)
	hung, done := fs.Hung(), make(chan error, 1)
	go func() {
		shop, err := commerce.Open(context.Background(), dir, options(fs)...)
		if err == nil {
			err = shop.Close()
		}
		done <- err
	}()
	select {
	case <-hung:
	case err := <-done:
		fs.Reset()
		return dir, err
	}
	again := dir + "-again"
	keys, err := os.ReadFile(dir + ".keys")
	err = errors.Join(err, powerLoss(fs, dir, again, r), os.WriteFile(again+".keys", keys, 0o600))
	release()
	err = errors.Join(err, <-done)
	fs.Reset()
	return again, err
}
