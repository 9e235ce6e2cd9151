// Package faultvfs is a file system for SQLite that fails, hangs and loses power on demand. Only tests import it.
//
//	fs := faultvfs.New(t.Name())
//	defer fs.Close()
//	conn, err := sqlite.Open(path, sqlite.Options{VFS: fs.Name()})
//	… commit …
//	fs.PowerLoss(dir, crashed, rng) // what the disk may hold now
//
// Reads and writes reach the real files, so that everything works as usual until a fault is asked for. Syncs do not:
// what counts is the image of each file that the package keeps, so hundreds of power cuts take seconds.
//
// A deleted file may come back until its directory is synced, which SQLite does with the first sync of a WAL or a
// rollback journal.
//
// Only what goes through SQLite is seen. A file that exists when SQLite first opens it counts as synced, and so does one
// that somebody has put in the place of another, or one that somebody has removed, while SQLite had it not open. The -shm
// file is shared memory, and no power cut leaves one.
package faultvfs

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// FS is a VFS. It is safe for concurrent use.
type FS struct {
	name  string
	tls   *libc.TLS // for New and Close; calls bring their own
	vfs   uintptr   // sqlite3_vfs* that is registered
	cname uintptr   // its name as a C string
	under uintptr   // sqlite3_vfs* of the operating system
	calls callbacks // keeps the functions alive whose addresses SQLite holds

	mu      sync.Mutex
	methods map[uintptr]uintptr // sqlite3_io_methods* of the operating system → ours
	files   map[uintptr]*file   // sqlite3_file* → what is open there
	readers map[uintptr]bool    // name of a database as its connection keeps it → whether that only reads
	images  map[string]*image   // path → what a disk may hold
	seen    int64               // I/O calls since Reset
	plans   []*plan             // faults to come
	hung    chan struct{}       // closed when a call hangs
	slow    time.Duration       // what each sync takes longer
	rng     *rand.Rand          // decides what a failed sync leaves on the disk
}

type file struct {
	path    string
	writer  bool // the connection may write
	image   *image
	orig    *lib.Tsqlite3_io_methods // of the operating system
	dirSync bool                     // the first sync takes the directory along
}

// New registers a VFS of this name, which no other may have. The caller closes it after the last connection.
func New(name string) *FS {
	f := &FS{
		name:    name,
		tls:     libc.NewTLS(),
		methods: map[uintptr]uintptr{},
		files:   map[uintptr]*file{},
		readers: map[uintptr]bool{},
		images:  map[string]*image{},
		hung:    make(chan struct{}),
		rng:     rand.New(rand.NewPCG(1, 2)),
	}
	f.calls = f.callbacks()
	f.under = lib.Xsqlite3_vfs_find(f.tls, 0)
	size := unsafe.Sizeof(lib.Tsqlite3_vfs{})
	f.vfs = libc.Xcalloc(f.tls, 1, libc.Tsize_t(size))
	f.cname = libc.Xcalloc(f.tls, 1, libc.Tsize_t(len(name)+1))
	copy(unsafe.Slice((*byte)(ptr(f.cname)), len(name)), name)
	vfs := at[lib.Tsqlite3_vfs](f.vfs)
	*vfs = *at[lib.Tsqlite3_vfs](f.under)
	vfs.FpNext = 0
	vfs.FzName = f.cname
	vfs.FxOpen = code(&f.calls.open)
	vfs.FxDelete = code(&f.calls.delete)
	if rc := lib.Xsqlite3_vfs_register(f.tls, f.vfs, 0); rc != lib.SQLITE_OK {
		panic(fmt.Sprintf("faultvfs: register %q: result code %d", name, rc))
	}
	return f
}

// Name returns the name to give to sqlite.Options.VFS.
func (f *FS) Name() string { return f.name }

// Files returns how many files are open.
func (f *FS) Files() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.files)
}

// Close unregisters the VFS. It panics while a file is open: SQLite would call into freed memory.
func (f *FS) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, open := range f.files {
		panic("faultvfs: " + open.path + " is still open")
	}
	lib.Xsqlite3_vfs_unregister(f.tls, f.vfs)
	for _, m := range f.methods {
		libc.Xfree(f.tls, m)
	}
	libc.Xfree(f.tls, f.vfs)
	libc.Xfree(f.tls, f.cname)
	f.tls.Close()
}
