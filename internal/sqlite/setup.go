package sqlite

import (
	"strconv"
	"strings"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// switches are the settings of a connection that are not pragmas. They come first: some must precede any statement.
var switches = [...]struct {
	name string
	op   int32
	on   bool
}{
	{"defensive", lib.SQLITE_DBCONFIG_DEFENSIVE, true},               // no SQL can corrupt the file on purpose
	{"dqs_dml", lib.SQLITE_DBCONFIG_DQS_DML, false},                  // a misspelt "column" is an error, not a text
	{"dqs_ddl", lib.SQLITE_DBCONFIG_DQS_DDL, false},                  // the same in schemas
	{"no_ckpt_on_close", lib.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true}, // checkpoints happen where we say and report errors
	{"enable_qpsg", lib.SQLITE_DBCONFIG_ENABLE_QPSG, true},           // binding 0 or 1 plans no statement anew (5 µs)
}

// A pragma is set and read back, since SQLite neither refuses an unknown pragma nor one it cannot follow.
type pragma struct {
	name, set, want string
}

func pragmas(o Options) []pragma {
	cache := o.CacheKiB
	if cache == 0 {
		cache = 4096
		if o.ReadOnly {
			cache = 2048
		}
	}
	kib := strconv.Itoa(-cache) // negative: KiB, not pages
	sync, syncs := "NORMAL", "1"
	if o.Full {
		sync, syncs = "FULL", "2"
	}
	all := []pragma{
		{"busy_timeout", "5000", "5000"},               // ms; only start-up and checkpoints ever meet another's lock
		{"page_size", "4096", "4096"},                  // the size of the file system's own blocks; counts at creation
		{"journal_mode", "WAL", "wal"},                 // readers and the writer do not wait for each other
		{"synchronous", sync, syncs},                   // OFF would corrupt on power loss
		{"wal_autocheckpoint", "0", "0"},               // a checkpoint never lands inside somebody's commit
		{"journal_size_limit", "67108864", "67108864"}, // bytes; a WAL that once grew large is cut when it restarts
		{"cache_size", kib, kib},                       // bounded memory per connection
		{"mmap_size", "0", "0"},                        // a mapped file turns an I/O error into a crash
		{"temp_store", "MEMORY", "2"},                  // no temporary files that could hold personal data
		{"foreign_keys", "ON", "1"},                    // off by default for old programs' sake
		{"recursive_triggers", "ON", "1"},              // REPLACE fires delete triggers
		{"trusted_schema", "OFF", "0"},                 // a tampered schema cannot call functions with side effects
		{"cell_size_check", "ON", "1"},                 // a damaged page is found when it is read
		{"secure_delete", "FAST", "2"},                 // zero what is deleted where that costs no extra I/O
	}
	if o.ReadOnly {
		all = append(all, pragma{"query_only", "ON", "1"}) // refuses writes even where the file would allow them
	}
	return all
}

func (c *Conn) configure(o Options) error {
	for _, s := range switches {
		if err := c.flip(s.name, s.op, s.on); err != nil {
			return err
		}
	}
	for _, p := range pragmas(o) {
		if _, _, err := c.tx.Text("PRAGMA " + p.name + " = " + p.set); err != nil {
			return err
		}
		got, _, err := c.tx.Text("PRAGMA " + p.name)
		if err != nil {
			return err
		}
		if !strings.EqualFold(got, p.want) {
			return c.misused("PRAGMA "+p.name+" = "+p.set, "the setting reads back as "+strconv.Quote(got))
		}
	}
	c.finalizeAll() // a pragma runs once; keep no statement for it
	c.page = 4096
	return nil
}

func (c *Conn) flip(name string, op int32, on bool) error {
	want := int32(0)
	if on {
		want = 1
	}
	va := c.alloc(2 * int(unsafe.Sizeof(uintptr(0))))
	defer c.free(va)
	if rc := lib.Xsqlite3_db_config(c.tls, c.db, op, libc.VaList(va, want, c.out)); rc != lib.SQLITE_OK {
		return c.failed("set "+name, rc)
	}
	if got := *(*int32)(ptr(c.out)); got != want {
		return c.misused("set "+name, "the setting reads back as "+strconv.Itoa(int(got)))
	}
	return nil
}

// callbacks are what SQLite calls. They are closures on the Go heap, which does not move; their Conn keeps them alive.
type callbacks struct {
	progress func(tls *libc.TLS, arg uintptr) int32
	commit   func(tls *libc.TLS, arg, db, name uintptr, frames int32) int32
}

// progressSteps is how many instructions of SQLite's machine run between two looks at the interrupt flag: some 100 µs.
const progressSteps = 10_000

// register installs the callbacks. It comes after the pragmas: wal_autocheckpoint is a WAL hook, too.
func (c *Conn) register() {
	c.callbacks = callbacks{c.onProgress, c.onCommit}
	lib.Xsqlite3_progress_handler(c.tls, c.db, progressSteps, code(&c.callbacks.progress), 0)
	if !c.reader {
		lib.Xsqlite3_wal_hook(c.tls, c.db, code(&c.callbacks.commit), 0)
	}
}

// onProgress tells that the running statement goes on, and stops it when its connection has been interrupted.
func (c *Conn) onProgress(*libc.TLS, uintptr) int32 {
	c.stepped()
	if c.dog != nil {
		c.dog.Begin()
	}
	return c.interrupted.Load()
}

// stepped counts a piece of work that is done.
func (c *Conn) stepped() {
	if c.steps != nil {
		c.steps.Add(1)
	}
}

// onCommit notes how far the WAL reaches.
func (c *Conn) onCommit(_ *libc.TLS, _, _, _ uintptr, frames int32) int32 {
	if frames > c.frames && c.frames > 0 {
		c.written += int64(frames - c.frames)
	} else {
		c.written += int64(frames) // the WAL has started over
	}
	c.frames = frames
	return lib.SQLITE_OK
}
