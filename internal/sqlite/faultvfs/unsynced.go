package faultvfs

import (
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Unsynced lets no file be synced that this process opens from now on through SQLite, unless it names a VFS: for tests
// that prove something else than what is there after a power cut, since they would wait for the disk most of their
// time. A sync takes a millisecond. It may be called often.
func Unsynced() {
	UnsyncedName()
	unsynced.byDefault.Do(func() { unsynced.use(true) })
}

// UnsyncedName returns the name of the VFS that [Unsynced] makes the default one: for a store that is not to wait for
// the disk, whatever others of the process do.
func UnsyncedName() string {
	unsynced.once.Do(unsynced.register)
	return unsyncedName
}

// SystemName returns the name of the operating system's VFS, which syncs, also after [Unsynced].
func SystemName() string {
	UnsyncedName()
	return libc.GoString(at[lib.Tsqlite3_vfs](unsynced.under).FzName)
}

// Skipped returns how many syncs this process has left out.
func Skipped() int64 { return unsynced.skipped.Load() }

const unsyncedName = "unsynced"

var unsynced noSync

// noSync is the VFS of the operating system without syncs. It stays registered.
type noSync struct {
	once, byDefault sync.Once
	skipped         atomic.Int64

	vfs     uintptr // sqlite3_vfs*: itself
	under   uintptr // sqlite3_vfs* of the operating system
	mu      sync.Mutex
	methods map[uintptr]uintptr // sqlite3_io_methods* of the operating system → ours
	// The functions whose addresses SQLite holds.
	open   func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32
	delete func(tls *libc.TLS, vfs, name uintptr, dirSync int32) int32
	sync   func(tls *libc.TLS, file uintptr, flags int32) int32
}

func (n *noSync) register() {
	tls := libc.NewTLS()
	defer tls.Close()
	n.methods = map[uintptr]uintptr{}
	n.open, n.delete = n.opens, n.deletes
	n.sync = func(tls *libc.TLS, _ uintptr, _ int32) int32 {
		n.skipped.Add(1)
		// So that what comes later has a later ID, as with any disk. It is SQLite's own way to wait, which, as a disk does,
		// takes real time where testing/synctest has another.
		const microseconds = 1000
		call[func(*libc.TLS, uintptr, int32) int32](at[lib.Tsqlite3_vfs](n.under).FxSleep)(tls, n.under, microseconds)
		return lib.SQLITE_OK
	}
	n.under = lib.Xsqlite3_vfs_find(tls, 0)
	const name = unsyncedName + "\x00"
	cname := libc.Xcalloc(tls, 1, libc.Tsize_t(len(name)))
	copy(unsafe.Slice((*byte)(ptr(cname)), len(name)), name)
	p := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(lib.Tsqlite3_vfs{})))
	vfs := at[lib.Tsqlite3_vfs](p)
	*vfs = *at[lib.Tsqlite3_vfs](n.under)
	vfs.FpNext, vfs.FzName = 0, cname
	vfs.FxOpen, vfs.FxDelete = code(&n.open), code(&n.delete)
	n.vfs = p
	n.use(false)
}

// use registers the VFS, by default for files that name none.
func (n *noSync) use(byDefault bool) {
	tls := libc.NewTLS()
	defer tls.Close()
	var first int32
	if byDefault {
		first = 1
	}
	if rc := lib.Xsqlite3_vfs_register(tls, n.vfs, first); rc != lib.SQLITE_OK {
		panic(fmt.Sprintf("faultvfs: register unsynced: result code %d", rc))
	}
}

func (n *noSync) opens(tls *libc.TLS, _, name, pFile uintptr, flags int32, out uintptr) int32 {
	rc := call[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](at[lib.Tsqlite3_vfs](n.under).FxOpen)(
		tls, n.under, name, pFile, flags, out)
	head := at[lib.Tsqlite3_file](pFile)
	if rc == lib.SQLITE_OK && head.FpMethods != 0 {
		head.FpMethods = n.wrap(tls, head.FpMethods)
	}
	return rc
}

func (n *noSync) wrap(tls *libc.TLS, orig uintptr) uintptr {
	n.mu.Lock()
	defer n.mu.Unlock()
	if m, ok := n.methods[orig]; ok {
		return m
	}
	p := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(lib.Tsqlite3_io_methods{})))
	m := at[lib.Tsqlite3_io_methods](p)
	*m = *at[lib.Tsqlite3_io_methods](orig)
	m.FxSync = code(&n.sync)
	n.methods[orig] = p
	return p
}

func (n *noSync) deletes(tls *libc.TLS, _, name uintptr, _ int32) int32 {
	return call[func(*libc.TLS, uintptr, uintptr, int32) int32](at[lib.Tsqlite3_vfs](n.under).FxDelete)(tls, n.under, name, 0)
}
