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
	"strings"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
	"github.com/dgraph-io/ristretto/v2"
	"golang.org/x/sync/singleflight"
)

// versions is the number of version numbers. Keys that share one only cost
// each other misses.
const versions = 1 << 14

// busy begins the keys that change with every sale. They have version numbers
// of their own: sharing them, goods that are sold would cost products, prices
// and rules, which hardly change, their places.
const busy = "stock:"

// slot returns which version number is a key's.
func slot(key string) uint64 {
	n := xxhash.Sum64String(key) % versions
	if strings.HasPrefix(key, busy) {
		n += versions
	}
	return n
}

// assumedBytes is what an entry is taken to weigh: values are small structs
// whose exact size is not worth computing on the read path.
const assumedBytes = 512

// Cache is safe for concurrent use. A nil *Cache caches nothing.
type Cache struct {
	entries *ristretto.Cache[uint64, entry]
	version [2 * versions]atomic.Uint64
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
	v := c.versionOf(key)
	if value, ok := c.find(key, v); ok {
		return value, nil
	}
	value, err, _ := c.loads.Do(key+"\x00"+strconv.FormatUint(v, 36), func() (any, error) {
		value, err := load()
		if err == nil {
			c.keep(key, v, value)
		}
		return value, err
	})
	return value, err
}

// Many is Get for several keys, whose values it returns in their order. Those
// that are not cached are loaded by one call: missing holds their positions, in
// ascending order, and load returns a value for each. A nil is not kept.
func (c *Cache) Many(keys []string, load func(missing []int) ([]any, error)) ([]any, error) {
	out := make([]any, len(keys))
	var at []uint64
	if c != nil {
		at = make([]uint64, len(keys))
	}
	var missing []int
	for i, key := range keys {
		found := false
		if c != nil {
			at[i] = c.versionOf(key)
			out[i], found = c.find(key, at[i])
		}
		if !found {
			missing = append(missing, i)
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	values, err := load(missing)
	if err != nil {
		return nil, err
	}
	for j, i := range missing {
		out[i] = values[j]
		if c != nil && values[j] != nil {
			c.keep(keys[i], at[i], values[j])
		}
	}
	return out, nil
}

// versionOf returns the version of a key. It is read before the data: a commit
// between the two makes an entry unreachable, never stale.
func (c *Cache) versionOf(key string) uint64 {
	return c.version[slot(key)].Load()
}

// Version returns the version of a key, for those who keep something beside the
// cache and want to know whether it has changed: read it before the data. It is
// false for a cache that keeps nothing, which does not know.
func (c *Cache) Version(key string) (version uint64, known bool) {
	if c == nil {
		return 0, false
	}
	return c.versionOf(key), true
}

func (c *Cache) find(key string, version uint64) (any, bool) {
	if e, ok := c.entries.Get(place(key, version)); ok && e.version == version && e.key == key {
		c.hits.Add(1)
		return e.value, true
	}
	c.misses.Add(1)
	return nil, false
}

func (c *Cache) keep(key string, version uint64, value any) {
	c.entries.Set(place(key, version), entry{key: key, version: version, value: value}, 1)
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
		c.version[slot(key)].Add(1)
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
func place(key string, version uint64) uint64 {
	return xxhash.Sum64String(key) ^ version*0x9e3779b97f4a7c15
}
