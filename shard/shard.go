// Package shard keeps one part of a store: a SQLite file that log entries are
// applied to by one writer while many readers look at snapshots.
//
// A shard is a deterministic state machine. Everything that changes it comes
// as an entry of its log; an entry is applied in one transaction that also
// stores the entry's index, the answers given, the events and the timers. So a
// file is always some exact prefix of its log, and a crash only means that the
// rest of the log is applied again.
//
// Anything that is neither success nor a refusal stops the shard: a full disk,
// a damaged page, an entry that this program cannot read. It is never "command
// failed", since another replica would not have failed.
package shard

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Format is the version of a shard file's kernel tables that this program
// writes. It opens older ones and refuses newer ones.
const Format = 1

//go:embed schema.sql
var schema string

// Config says which shard of which store a file is.
type Config struct {
	Path     string
	Store    string // the store's ID
	Shard    int
	Map      *Map
	Commands *command.Set
	Readers  int    // read connections; defaults to 4
	VFS      string // for tests; "" is the system's
	// Steps counts up with each piece of the writer's work that is done, so that
	// long work can be told from work that hangs; in a checkpoint, with each
	// piece that should be. It may be nil.
	Steps *atomic.Int64
	// Hangs is called, at most once, when a read has stood still for ReadLimit.
	// If it is nil, nobody watches.
	Hangs func(error)
	// Committed is called after each commit, before the answers go out and
	// before Events tells of it, with the keys whose cached copies are stale now.
	// It may be nil.
	Committed func(touched []string)
	// AtCut is called when the shard has taken a cut and applied nothing from
	// behind it yet, for a snapshot to be opened there. It may be nil.
	AtCut func(cut uint64)
	// Replaced is called when a copy has taken the place of the file, before
	// anybody can read from it. It may be nil.
	Replaced func()
}

// Shard is one open shard file. ApplyBatch, Prepare and Checkpoint are called by
// one goroutine at a time; everything else is safe for concurrent use.
type Shard struct {
	cfg   Config
	conn  *sqlite.Conn  // the writer
	using chan struct{} // full while the writer works: see use
	pool  atomic.Pointer[sqlite.Pool]
	owned [id.Slots]bool

	nextCheckpoint int64 // the size of the -wal at which the writer checkpoints

	state   meta          // as in the file; owned by the writer
	careful int           // how many transactions are to run with savepoints; owned by the writer
	ahead   *ahead        // owned by the writer
	broken  atomic.Bool   // no checkpoint at the end: see Abandon
	durable uint64        // the applied index of the last complete checkpoint; owned by the writer
	applied atomic.Uint64 // copies for readers
	clock   atomic.Int64
	wall    atomic.Int64
	events  atomic.Int64
	cut     atomic.Uint64
	level   atomic.Uint32
	changes atomic.Int64
	pages   atomic.Int64

	recorded atomic.Int64 // bytes of answers since the start: see Recorded

	changed broadcast // fires after each commit
}

// meta is the row of the table of that name.
type meta struct {
	applied, term uint64
	clock, wall   int64
	cut           uint64
	level         uint32
	nextEvent     int64
	mapVersion    uint64
}

// Open opens a shard file and creates it if there is none. A file of another
// store, another shard or a newer format is refused with fault.Broken, and so
// is a damaged one.
func Open(c Config) (*Shard, error) {
	fresh, unclean, err := c.inspect()
	if err != nil {
		return nil, fmt.Errorf("opening shard %d: %w", c.Shard, err)
	}
	conn, err := c.open()
	if err != nil {
		return nil, fmt.Errorf("opening shard %d: %w", c.Shard, c.damage(err))
	}
	s := &Shard{cfg: c, conn: conn, nextCheckpoint: maxWALBytes, using: make(chan struct{}, 1), changed: newBroadcast()}
	if err := s.load(fresh, unclean); err != nil {
		return nil, errors.Join(fmt.Errorf("opening shard %d: %w", c.Shard, c.damage(err)), conn.Close())
	}
	pool, err := c.readers()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	s.pool.Store(pool)
	return s, nil
}

func (c Config) open() (*sqlite.Conn, error) {
	return sqlite.Open(c.Path, sqlite.Options{VFS: c.VFS, CacheKiB: 8192, Steps: c.Steps})
}

func (c Config) readers() (*sqlite.Pool, error) {
	n := c.Readers
	if n == 0 {
		n = 4
	}
	pool, err := sqlite.NewPool(c.Path, n, sqlite.Options{ReadOnly: true, VFS: c.VFS})
	if err == nil && c.Hangs != nil {
		pool.Watch(ReadLimit, c.Hangs)
	}
	return pool, err
}

// ReadLimit is how long a single step of a read may take, in time during which
// the process runs. It is as long as an applied batch may take.
const ReadLimit = 15 * time.Second

// load reads what the shard keeps in memory, and makes the tables of a file
// that has none yet.
func (s *Shard) load(fresh, unclean bool) error {
	if !fresh {
		var err error
		if fresh, err = s.unborn(); err != nil {
			return err
		}
	}
	if fresh {
		if err := s.create(); err != nil {
			return fmt.Errorf("making its tables: %w", err)
		}
	}
	if unclean {
		if err := s.conn.QuickCheck(); err != nil {
			return err
		}
	}
	if err := s.readMeta(); err != nil {
		return err
	}
	rows := s.conn.Tx().Query(`SELECT first, last FROM slots ORDER BY first`)
	for rows.Next() {
		for slot := rows.Int(0); slot <= rows.Int(1) && slot < id.Slots; slot++ {
			s.owned[slot] = true
		}
	}
	if err := rows.Close(); err != nil || !unclean {
		return err
	}
	// After a failed fsync the pages that this process reads may not be those
	// on disk: what is behind the last checkpoint is written anew.
	return s.emptyWAL()
}

// unborn reports whether a crash during its creation left the file without
// tables. Then it has at most one page.
func (s *Shard) unborn() (bool, error) {
	tables, _, err := s.conn.Tx().Int64(`SELECT count(*) FROM sqlite_schema`)
	if err != nil || tables > 0 {
		return false, err
	}
	pages, _, err := s.conn.Tx().Int64(`PRAGMA page_count`)
	if err == nil && pages > 1 {
		err = s.cfg.damaged(s.cfg.Path, "its tables are gone")
	}
	return true, err
}

func (s *Shard) create() error {
	if err := s.conn.Begin(); err != nil {
		return err
	}
	if err := s.conn.Script(schema); err != nil {
		return errors.Join(err, s.conn.Rollback())
	}
	tx := s.conn.Tx()
	_, err := tx.Exec(`INSERT INTO meta (one, format, store, shard, shards, applied, term, clock, wall, cut, level, first_event, next_event, map, trail)
		VALUES (1, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 1, 1, ?, 0)`, Format, s.cfg.Store, s.cfg.Shard, s.cfg.Map.Shards(), s.cfg.Map.Version)
	for _, r := range s.cfg.Map.Ranges(s.cfg.Shard) {
		if err == nil {
			_, err = tx.Exec(`INSERT INTO slots (first, last) VALUES (?, ?)`, r[0], r[1])
		}
	}
	if err != nil {
		return errors.Join(err, s.conn.Rollback())
	}
	if err := s.conn.Commit(); err != nil {
		return err
	}
	// Without a note, since nothing can be lost yet.
	_, err = s.conn.Checkpoint(true)
	return err
}

func (s *Shard) readMeta() error {
	rows := s.conn.Tx().Query(`SELECT format, store, shard, shards, applied, term, clock, wall, cut, level, next_event, map FROM meta WHERE one = 1`)
	if !rows.Next() {
		return errors.Join(rows.Close(), fault.New(fault.Broken, "%s is not a shard file: it has no meta row", s.cfg.Path))
	}
	format, store, shard, shards := rows.Int(0), rows.Text(1), rows.Int(2), rows.Int(3)
	s.state = meta{
		applied: uint64(rows.Int64(4)), term: uint64(rows.Int64(5)),
		clock: rows.Int64(6), wall: rows.Int64(7), cut: uint64(rows.Int64(8)),
		level: uint32(rows.Int64(9)), nextEvent: rows.Int64(10), mapVersion: uint64(rows.Int64(11)),
	}
	if err := rows.Close(); err != nil {
		return err
	}
	s.publish()
	switch {
	case format > Format:
		return fault.New(fault.Broken, "%s was written by a newer version (format %d, this program knows %d): upgrade the program", s.cfg.Path, format, Format)
	case store != s.cfg.Store:
		return fault.New(fault.Broken, "%s belongs to store %s, not to %s", s.cfg.Path, store, s.cfg.Store)
	case shard != s.cfg.Shard || shards != s.cfg.Map.Shards():
		return fault.New(fault.Broken, "%s is shard %d of %d, not %d of %d", s.cfg.Path, shard, shards, s.cfg.Shard, s.cfg.Map.Shards())
	}
	return s.cfg.knows(s.state.level)
}

// knows refuses a level whose rules this program does not have.
func (c Config) knows(level uint32) error {
	if newest := Newest(c.Commands.Modules()); level > newest {
		return fault.New(fault.Broken, "%s is at the logic level %d, and this program knows levels up to %d: upgrade the program", c.Path, level, newest)
	}
	return nil
}

// publish copies the writer's state to where readers see it.
func (s *Shard) publish() {
	s.applied.Store(s.state.applied)
	s.clock.Store(s.state.clock)
	s.wall.Store(s.state.wall)
	s.events.Store(s.state.nextEvent - 1)
	s.cut.Store(s.state.cut)
	s.level.Store(s.state.level)
	s.changes.Store(s.conn.TotalChanges())
	s.pages.Store(s.conn.PagesWritten())
}

// Applied returns the index of the newest log entry that is in the tables.
func (s *Shard) Applied() uint64 { return s.applied.Load() }

// Clock returns the shard's clock, in milliseconds.
func (s *Shard) Clock() int64 { return s.clock.Load() }

// Wall returns the newest wall-clock stamp that was applied, in milliseconds.
func (s *Shard) Wall() int64 { return s.wall.Load() }

// Events returns the sequence number of the newest event; 0 if there is none.
func (s *Shard) Events() int64 { return s.events.Load() }

// Cut returns the shard's cut number.
func (s *Shard) Cut() uint64 { return s.cut.Load() }

// Level returns the shard's logic level; 0 before the first level command.
func (s *Shard) Level() uint32 { return s.level.Load() }

// TotalChanges returns how many rows the shard has changed since it was opened.
func (s *Shard) TotalChanges() int64 { return s.changes.Load() }

// PagesWritten returns how many pages the shard's commits have written since it
// was opened.
func (s *Shard) PagesWritten() int64 { return s.pages.Load() }

// Recorded returns roughly how many bytes of answers the shard has recorded
// since it was opened.
func (s *Shard) Recorded() int64 { return s.recorded.Load() }

// Path returns the file's path.
func (s *Shard) Path() string { return s.cfg.Path }

// View runs fn on a snapshot that holds all that was applied before the call.
func (s *Shard) View(ctx context.Context, fn func(*sqlite.Tx) error) error {
	return s.pool.Load().View(ctx, fn)
}

// Changed returns a channel that is closed after the next commit.
func (s *Shard) Changed() <-chan struct{} { return s.changed.wait() }

// Close releases the file. Nothing depends on it: what is in the file and its
// -wal is complete as it is. After a clean one the next Open has less to do.
// It waits for reads and for a batch or checkpoint that is running.
func (s *Shard) Close() error {
	err := s.pool.Load().Close()
	defer s.use()()
	if !s.broken.Load() {
		err = errors.Join(err, s.forget())
	}
	if !s.broken.Load() {
		err = errors.Join(err, s.emptyWAL())
	}
	return errors.Join(err, s.conn.Close())
}

// use keeps Close from taking the writer away from a call that hangs, until
// done is called.
func (s *Shard) use() (done func()) {
	s.using <- struct{}{}
	return func() { <-s.using }
}

// Abandon makes Close leave the file as it is, since something has failed.
func (s *Shard) Abandon() { s.broken.Store(true) }

// A broadcast wakes everybody who waits, again and again.
type broadcast struct {
	mu *sync.Mutex
	ch *chan struct{}
}

func newBroadcast() broadcast {
	ch := make(chan struct{})
	return broadcast{mu: new(sync.Mutex), ch: &ch}
}

func (b broadcast) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return *b.ch
}

func (b broadcast) fire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(*b.ch)
	*b.ch = make(chan struct{})
}
