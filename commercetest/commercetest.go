// Package commercetest opens stores for tests: real ones, in a directory of
// the test, with a clock that the test moves, and verified when it ends.
package commercetest

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/internal/rig"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
)

// Open opens a store with one shard and cheap password hashes in a directory of
// the test. When the test ends, every invariant of the store is verified and the
// store closed. Options given here override those defaults.
//
// The store of a test does not wait for the disk: what was acknowledged survives
// the end of the process, and not a power cut. That of a benchmark does, and so
// does every store that the program opens itself.
func Open(t testing.TB, opts ...commerce.Option) *commerce.Store {
	t.Helper()
	return OpenAt(t, filepath.Join(t.TempDir(), "shop"), opts...)
}

// OpenAt is Open with a directory, for tests that close a store and open it
// again. A store that the test has closed itself is not verified.
func OpenAt(t testing.TB, dir string, opts ...commerce.Option) *commerce.Store {
	t.Helper()
	shop := open(t, dir, opts)
	t.Cleanup(func() { Verify(t, shop) })
	return shop
}

// open opens a store that is closed when the test ends.
func open(t testing.TB, dir string, opts []commerce.Option) *commerce.Store {
	t.Helper()
	vfs := faultvfs.UnsyncedName()
	if _, measured := t.(*testing.B); measured {
		vfs = faultvfs.SystemName() // also where a test of this module has changed the default
	}
	defaults := []commerce.Option{
		commerce.WithRig(rig.Rig{VFS: vfs}),
		commerce.WithShards(1),
		commerce.WithPasswords(accounts.Passwords{MemoryKiB: 64, Passes: 1}), // tests log in often
	}
	opts = append(defaults, opts...)
	shop, err := commerce.Open(context.Background(), dir, opts...)
	if err != nil {
		t.Fatalf("opening a store: %v", err)
	}
	t.Cleanup(func() {
		if err := shop.Close(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return shop
}

// Verify reports every violation of the store's invariants as an error of the
// test. It does nothing for a store that was closed or has stopped.
func Verify(t testing.TB, shop *commerce.Store) {
	t.Helper()
	if shop.Closed() || shop.Err() != nil {
		return
	}
	found, err := shop.Verify(context.Background())
	if err != nil {
		t.Errorf("verifying the store: %v", err)
	}
	for _, v := range found {
		t.Errorf("the store is not sound: %v", v)
	}
}

// Clock is a clock that stands still until a test moves it. It is safe for
// concurrent use.
type Clock struct {
	mu      sync.Mutex
	wall    time.Time
	elapsed time.Duration
}

// NewClock returns a clock that stands at 1 March 2026, 9:00 UTC.
func NewClock() *Clock {
	return &Clock{wall: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
}

// Advance lets time pass: holds run out and timers become due.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.elapsed = c.wall.Add(d), c.elapsed+d
}

// Jump sets the wall clock without any time passing, as a wrong time server
// does. No hold runs out by it.
func (c *Clock) Jump(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall = to
}

// Option makes a store run by the clock.
func (c *Clock) Option() commerce.Option {
	return commerce.WithClock(commerce.Clock{Wall: c.now, Elapsed: c.since, Poll: time.Millisecond})
}

func (c *Clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wall
}

func (c *Clock) since() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.elapsed
}
