package raftlog

import (
	_ "embed"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Format is the version of the tables that this program writes. It refuses newer ones.
const Format = 1

//go:embed schema.sql
var schema string

// meta is the row that says whose file it is.
type meta struct {
	format int64
	node   string
	store  string
	clean  bool // the file was closed in order, and not opened since
}

func (m meta) sum() int64 {
	clean := uint64(0)
	if m.clean {
		clean = 1
	}
	return rowSum("meta", []uint64{uint64(m.format), clean}, m.node, m.store)
}

func (f *File) open() error {
	if err := os.MkdirAll(f.opts.Dir, 0o700); err != nil {
		return fault.Wrap(fault.Broken, err, "making the directory of %s", f.path)
	}
	settled, err := f.inspect()
	if err != nil {
		return err
	}
	// Most of the writer's cache are pages that were just appended; they are needed until the next checkpoint.
	f.conn, err = sqlite.Open(f.path, sqlite.Options{Full: true, CacheKiB: 8 << 10, VFS: f.opts.VFS, Steps: f.opts.Steps})
	if err != nil {
		return f.damage(err)
	}
	if err := f.check(settled); err != nil {
		return f.damage(err)
	}
	f.reader, err = sqlite.Open(f.path, sqlite.Options{ReadOnly: true, CacheKiB: 1 << 10, VFS: f.opts.VFS, Steps: &f.readings})
	return err
}

// inspect looks at the files before SQLite does: SQLite takes the first damaged transaction in a WAL for the end of
// it, and would write over the valid ones that follow. It reports whether the WAL is empty.
func (f *File) inspect() (settled bool, err error) {
	info, err := os.Stat(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fault.Wrap(fault.Broken, err, "looking for %s", f.path)
	}
	fresh := err != nil || info.Size() == 0
	wal, err := sqlite.ScanWAL(f.path)
	switch {
	case err != nil:
		return false, err
	case wal.ValidAfterBad:
		return false, &RottenError{Path: f.path + "-wal", Detail: "there are valid transactions behind a damaged one"}
	case fresh && wal.LastCommit > 0:
		return false, f.rotten("it is missing or empty, and its -wal holds transactions")
	case fresh:
		return false, nil
	}
	return wal.Frames == 0, f.damage(sqlite.CheckHeader(f.path))
}

// check makes a new file's tables, or checks all that an old file holds.
func (f *File) check(settled bool) error {
	tables, err := f.schema()
	if err != nil {
		return err
	}
	if len(tables) == 0 {
		return f.create()
	}
	if err := f.conn.QuickCheck(); err != nil {
		return err
	}
	if !slices.Equal(tables, statements()) {
		return f.rotten("its tables are not those of a Raft log of format %d", Format)
	}
	m, err := readMeta(f.conn.Tx())
	if err != nil {
		return err
	}
	if err := f.mine(m); err != nil {
		return err
	}
	if err := f.load(); err != nil {
		return err
	}
	// After a failed fsync the operating system may show us pages that are not on disk. Writing all of the WAL into
	// the file once more, with an fsync that succeeds, makes what we have read true. It also removes a torn tail,
	// which would look like rot once a shorter transaction has overwritten its beginning: so it comes before any.
	if !m.clean || !settled {
		if _, err := f.conn.Checkpoint(true); err != nil {
			return err
		}
	}
	return f.transact(func(tx *sqlite.Tx) error { return writeClean(tx, false) })
}

func (f *File) create() error {
	err := f.transact(func(tx *sqlite.Tx) error {
		if err := f.conn.Script(schema); err != nil {
			return err
		}
		return writeMeta(tx, meta{format: Format, node: f.opts.Node, store: f.opts.Store})
	})
	if err != nil {
		return err
	}
	_, err = f.conn.Checkpoint(true)
	return err
}

// mine checks that the file is this node's and that this program understands it.
func (f *File) mine(m meta) error {
	switch {
	case m.format > Format:
		return fault.New(fault.Broken, "%s was written by a newer version (format %d, this program knows %d): "+
			"upgrade the program", f.path, m.format, Format)
	case m.node != f.opts.Node:
		return fault.New(fault.Broken, "%s belongs to node %s, not to %s", f.path, m.node, f.opts.Node)
	case f.opts.Store != "" && m.store != f.opts.Store:
		return fault.New(fault.Broken, "%s belongs to store %q, not to %q", f.path, m.store, f.opts.Store)
	}
	return nil
}

// schema returns the SQL of the tables in the file, sorted.
func (f *File) schema() ([]string, error) {
	var sql []string
	rows := f.conn.Tx().Query(`SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY sql`)
	for rows.Next() {
		sql = append(sql, rows.Text(0))
	}
	return sql, rows.Err()
}

// statements returns the SQL of the tables as it should be, sorted.
func statements() []string {
	var sql []string
	for s := range strings.SplitSeq(schema, ";") {
		if s = strings.TrimSpace(s); s != "" {
			sql = append(sql, s)
		}
	}
	slices.Sort(sql)
	return sql
}

func readMeta(tx *sqlite.Tx) (meta, error) {
	rows := tx.One(`SELECT format, node, store, clean, sum FROM meta`)
	if !rows.Next() {
		return meta{}, errors.Join(rows.Err(), &sqlite.CorruptError{Detail: "it does not say whose it is"})
	}
	m := meta{format: rows.Int64(0), node: rows.Text(1), store: rows.Text(2), clean: rows.Bool(3)}
	if sum := rows.Int64(4); sum != m.sum() {
		return meta{}, errors.Join(rows.Close(), &sqlite.CorruptError{Detail: "the row in meta does not match its checksum"})
	}
	return m, rows.Close()
}
