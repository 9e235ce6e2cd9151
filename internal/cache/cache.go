// Package cache keeps decoded values of reads in memory, never older than the
// last acknowledged write.
//
// It never updates or deletes an entry. Every key hashes to one of many
// version numbers, and an entry is only found under the version it was read
// at. A commit bumps the versions of what it changed before its caller hears
// yes; what was cached until then cannot be reached any more and ages out.
// This is correct whatever the cache below drops or reorders, and with no
// cache at all.
package cache

import (
	"strconv"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
	"github.com/dgraph-io/ristretto/v2"
	"golang.org/x/sync/singleflight"
)

// versions is the number of version numbers. Keys that share one only cost
// each other misses.
const versions = 1 << 14

// assumedBytes is what an entry is taken to weigh: values are small structs
// whose exact size is not worth computing on the read path.
const assumedBytes = 512

// Cache is safe for concurrent use. A nil *Cache caches nothing.
type Cache struct {
	entries *ristretto.Cache[uint64, entry]
	version [versions]atomic.Uint64
	loads   singleflight.Group

	hits, misses atomic.Uint64
}

type entry struct {
	key     string
	version uint64
	value   any
}

// New returns a cache of about the given size; of size 0, nil.
func New(bytes int64) (*Cache, error) {
	if bytes <= 0 {
		return nil, nil
	}
	items := max(bytes/assumedBytes, 64)
	r, err := ristretto.NewCache(&ristretto.Config[uint64, entry]{
		NumCounters: items * 10, MaxCost: items, BufferItems: 64, IgnoreInternalCost: true,
	})
	if err != nil {
		return nil, err
	}
	return &Cache{entries: r}, nil
}

// Get returns the value of key, and loads it if it is not cached. Concurrent
// misses of a key share one load. Errors are not cached. The value is shared:
// nobody may change it.
func (c *Cache) Get(key string, load func() (any, error)) (any, error) {
	if c == nil {
		return load()
	}
	h := xxhash.Sum64String(key)
	// The version is read before the data: a commit between the two makes the
	// entry unreachable, never stale.
	v := c.version[h%versions].Load()
	at := place(h, v)
	if e, ok := c.entries.Get(at); ok && e.version == v && e.key == key {
		c.hits.Add(1)
		return e.value, nil
	}
	c.misses.Add(1)
	value, err, _ := c.loads.Do(key+"\x00"+strconv.FormatUint(v, 36), func() (any, error) {
		value, err := load()
		if err == nil {
			c.entries.Set(at, entry{key: key, version: v, value: value}, 1)
		}
		return value, err
	})
	return value, err
}

// Counts returns how many Gets were answered from the cache and how many not.
func (c *Cache) Counts() (hits, misses uint64) {
	if c == nil {
		return 0, 0
	}
	return c.hits.Load(), c.misses.Load()
}

// Bump makes every cached copy of key unreachable. It is called after the
// commit that changed key and before its caller hears of it.
func (c *Cache) Bump(key string) {
	if c != nil {
		c.version[xxhash.Sum64String(key)%versions].Add(1)
	}
}

// BumpAll makes everything unreachable.
func (c *Cache) BumpAll() {
	if c == nil {
		return
	}
	for i := range c.version {
		c.version[i].Add(1)
	}
}

// Close frees the memory and ends the goroutines below.
func (c *Cache) Close() {
	if c != nil {
		c.entries.Close()
	}
}

// place mixes a key's hash with a version (the multiplier is the golden
// ratio's, as in Fibonacci hashing).
func place(h, version uint64) uint64 { return h ^ version*0x9e3779b97f4a7c15 }
