package shard

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
)

// DamagedError says that a shard's files have lost or changed what was durable.
// Nothing has been changed. It counts as fault.Broken.
type DamagedError struct {
	Shard  int
	File   string // the shard file
	Path   string // which of its files is damaged: the file, its -wal or its -ckpt
	Detail string // what is wrong
}

// Error names the damaged file, what is wrong and what to do.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s is damaged: %s; move %s and the files whose names begin with it to another directory, keep "+
		"them for examination, and open the store again: if the log still holds everything from the first entry on, "+
		"shard %d is rebuilt from it, and if not, nothing is changed and the whole directory must be restored from one backup",
		e.Path, e.Detail, e.File, e.Shard)
}

// Unwrap returns fault.Broken.
func (e *DamagedError) Unwrap() error { return fault.Broken }

func (c Config) damaged(path, detail string) error {
	return &DamagedError{Shard: c.Shard, File: c.Path, Path: path, Detail: detail}
}

// damage turns SQLite's finding that the file is damaged into ours, which says
// what to do.
func (c Config) damage(err error) error {
	if e, ok := errors.AsType[*sqlite.CorruptError](err); ok {
		return c.damaged(c.Path, e.Detail)
	}
	const corrupt, notADatabase = 11, 26 // SQLITE_CORRUPT, SQLITE_NOTADB
	if e, ok := errors.AsType[*sqlite.Error](err); ok && (e.Code&0xff == corrupt || e.Code&0xff == notADatabase) {
		return c.damaged(c.Path, e.Msg)
	}
	return err
}

// inspect looks at a shard's files before SQLite opens them and reports whether
// there is anything in the file, and whether its last user stopped without
// closing it.
func (c Config) inspect() (fresh, unclean bool, err error) {
	size, err := sizeOf(c.Path)
	if err != nil {
		return false, false, err
	}
	wal, err := sizeOf(c.Path + "-wal")
	if err != nil {
		return false, false, err
	}
	if size == 0 && wal > 0 {
		return true, true, c.damaged(c.Path, "it is missing or empty, and its -wal is not")
	}
	if size == 0 {
		return true, false, dropNote(c.Path)
	}
	if err := sqlite.CheckHeader(c.Path); err != nil {
		return false, false, c.damage(err)
	}
	return false, wal > 0, c.compareNote()
}

// sizeOf returns a file's size, 0 if there is none.
func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fault.Wrap(fault.Broken, err, "looking at %s", path)
	}
	return info.Size(), nil
}

// compareNote checks that the -wal still has all that the file depends on.
func (c Config) compareNote() error {
	path := notePath(c.Path)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no checkpoint has begun yet
	}
	if err != nil {
		return fault.Wrap(fault.Broken, err, "reading the note of a checkpoint")
	}
	n, ok := decodeNote(data)
	if !ok {
		return c.damaged(path, "it does not match its checksum")
	}
	header, err := sqlite.ReadWALHeader(c.Path)
	if err != nil {
		return fault.Wrap(fault.Broken, err, "comparing the note of a checkpoint")
	}
	scan, err := sqlite.ScanWAL(c.Path)
	if err != nil {
		return fault.Wrap(fault.Broken, err, "reading %s-wal", c.Path)
	}
	if detail := n.contradiction(header, scan); detail != "" {
		return c.damaged(c.Path+"-wal", detail)
	}
	return nil
}

// dropNote removes what a file that was moved away has left behind.
func dropNote(path string) error {
	if err := os.Remove(notePath(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(fault.Broken, err, "removing the note of a checkpoint of a file that is gone")
	}
	return nil
}
