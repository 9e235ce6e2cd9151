package sqlite

import (
	"sync"
	_ "unsafe" // for linkname

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// The library is compiled with SQLITE_ENABLE_MEMORY_MANAGEMENT, for which SQLite puts the page caches of all
// connections behind one mutex and takes it at every page that a statement touches. Two shards on two cores are then
// slower than one. Nobody here asks SQLite to give memory back, so each connection gets a cache of its own, as in
// SQLite's default build. No setting says that; this variable does, and is meant to be read when a cache is made.
// Should a new release rename it, the program does not link.
//
//go:linkname pageCaches modernc.org/sqlite/lib._pcache1_g
var pageCaches lib.TPCacheGlobal

var separateOnce sync.Once

// separateCaches makes the connections that are opened from now on not share a page cache.
func separateCaches(tls *libc.TLS) {
	separateOnce.Do(func() {
		lib.Xsqlite3_initialize(tls) // which would set the variable back
		pageCaches.FseparateCache = 1
	})
}
