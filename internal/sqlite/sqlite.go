// Package sqlite is a thin, fast binding to SQLite files, and the only package that imports the driver.
//
// It calls the C API of the transpiled library directly instead of going through database/sql: a prepared statement
// runs without an allocation, a checkpoint reports how far it came, and a read can be interrupted without a goroutine
// per statement. One [Conn] is one SQLite connection, used by one goroutine at a time. A file has one writing Conn
// and, for reads beside it, a [Pool].
//
//	conn, err := sqlite.Open("shard-0.db", sqlite.Options{})
//	…
//	if err := conn.Begin(); err != nil { … }
//	changed, err := conn.Tx().Exec("UPDATE stock SET held = held + ? WHERE sku = ? AND on_hand - held >= ?", 2, sku, 2)
//
// Every connection is set up the same way and reads each setting back, since SQLite ignores a pragma that it does not
// know. Files are in WAL mode; checkpoints happen only where [Conn.Checkpoint] is called.
//
// Query plans do not depend on the values that are bound, so a statement is planned once. The price: a partial index is
// used only where its condition is written out in the SQL, and the index of a LIKE only when the pattern is.
//
// After an unclean stop, call [CheckHeader] and [ScanWAL] before [Open]: SQLite takes the first damaged frame of a WAL
// for its end and drops what follows without an error.
package sqlite

import (
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/keelshop/commerce/internal/watchdog"
	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Options says how a file is opened. The zero value opens it for writing.
type Options struct {
	ReadOnly bool          // open an existing file for reading only
	Full     bool          // sync the WAL at every commit; otherwise only before a checkpoint
	CacheKiB int           // page cache in KiB; 0 means 4096 for a writer and 2048 for a reader
	VFS      string        // name of a registered VFS; "" means the operating system's
	Steps    *atomic.Int64 // counts up with each piece of a statement that is done, for whoever wants to tell long work from hanging; may be nil
}

// Conn is one connection to one file. All methods but [Conn.Interrupt] belong to one goroutine at a time.
type Conn struct {
	path   string // as given to Open
	reader bool
	page   int64 // page size in bytes
	tls    *libc.TLS
	db     uintptr // sqlite3*
	out    uintptr // two pointers' room for results of C functions
	tx     Tx

	stmts map[string]*stmt // every prepared statement by its SQL; more instances hang on the first
	live  int              // prepared statements in all
	busy  int              // statements that are being read

	frames      int32        // in the WAL after the last commit of this connection; -1 when it knows of none
	written     int64        // pages that commits of this connection have written to the WAL
	interrupted atomic.Int32 // 1 from Interrupt until the transaction ends
	callbacks   callbacks
	steps       *atomic.Int64 // see Options.Steps
	dog         *watchdog.Dog // measures single steps of statements; may be nil

	mu     sync.Mutex // orders Interrupt and Close
	closed bool
}

// Open opens the file at path, and creates it unless o.ReadOnly. The error names the file and the setting that could
// not be made. The caller closes the connection.
func Open(path string, o Options) (*Conn, error) {
	c := &Conn{path: path, reader: o.ReadOnly, tls: libc.NewTLS(), stmts: map[string]*stmt{}, frames: -1, steps: o.Steps}
	c.tx.c = c
	c.out = c.alloc(2 * int(unsafe.Sizeof(uintptr(0))))
	if err := c.open(o); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Conn) open(o Options) error {
	// With locks per open file instead of per process, nobody who opens and closes the same file in this process
	// (a backup, a checksum) silently drops ours. It can be refused once other locks exist; then nothing is worse
	// than it was.
	lib.Xmodernc_ofd_locking(c.tls, 1)
	separateCaches(c.tls)

	if !o.ReadOnly {
		createPrivate(c.path)
	}

	// An absolute name cannot be mistaken for ":memory:".
	name, err := filepath.Abs(c.path)
	if err != nil {
		return c.fail("open", err)
	}
	cname, err := c.cstring(name)
	if err != nil {
		return c.fail("open", err)
	}
	defer c.free(cname)
	var cvfs uintptr
	if o.VFS != "" {
		if cvfs, err = c.cstring(o.VFS); err != nil {
			return c.fail("open", err)
		}
		defer c.free(cvfs)
	}

	// NOMUTEX: one goroutine at a time is this package's own rule.
	flags := lib.SQLITE_OPEN_NOMUTEX | lib.SQLITE_OPEN_PRIVATECACHE | lib.SQLITE_OPEN_EXRESCODE
	if o.ReadOnly {
		flags |= lib.SQLITE_OPEN_READONLY
	} else {
		flags |= lib.SQLITE_OPEN_READWRITE | lib.SQLITE_OPEN_CREATE
	}
	rc := lib.Xsqlite3_open_v2(c.tls, cname, c.out, int32(flags), cvfs)
	c.db = *(*uintptr)(ptr(c.out))
	if rc != lib.SQLITE_OK {
		return c.failed("open", rc)
	}
	if err := c.configure(o); err != nil {
		return err
	}
	c.register()
	return nil
}

// createPrivate makes the file, if there is none, readable by its owner only. SQLite would let everybody read it, and
// gives the WAL the permissions of its file. When that fails SQLite will, too, and says more about it.
func createPrivate(path string) {
	if f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		f.Close()
	}
}

// Close closes the connection and leaves the WAL as it is: the last connection does not checkpoint. It ends what is
// being read and rolls back an open transaction. Further calls do nothing.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	c.finalizeAll()
	var err error
	if rc := lib.Xsqlite3_close_v2(c.tls, c.db); rc != lib.SQLITE_OK {
		err = c.failed("close", rc)
	}
	c.db = 0
	c.free(c.out)
	c.tls.Close()
	return err
}

// Path returns the path that was given to [Open].
func (c *Conn) Path() string { return c.path }

// Tx returns the handle through which statements run, always the same one. Outside of [Conn.Begin] and [Conn.Commit]
// each statement is a transaction of its own.
func (c *Conn) Tx() *Tx { return &c.tx }

// TotalChanges returns how many rows have been inserted, updated and deleted since the connection was opened, those
// that triggers and foreign keys touched included.
func (c *Conn) TotalChanges() int64 {
	if c.db == 0 {
		return 0
	}
	return lib.Xsqlite3_total_changes64(c.tls, c.db)
}

// PagesWritten returns how many pages the commits of this connection have written to the WAL. Most of what a small
// transaction costs is in their number.
func (c *Conn) PagesWritten() int64 { return c.written }

// Interrupt makes the statement that is running, and those that follow it, fail until the next [Conn.Begin],
// [Conn.Commit] or [Conn.Rollback]. It is the one method that any goroutine may call, even after Close.
func (c *Conn) Interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	// SQLite forgets an interrupt that arrives between two statements; the flag, at which the progress handler
	// looks, stays.
	c.interrupted.Store(1)
	tls := libc.NewTLS() // the connection's own may be in use
	lib.Xsqlite3_interrupt(tls, c.db)
	tls.Close()
}
