package raftlog

import (
	"errors"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
)

// ErrNotFound says that a log does not hold the index that was asked for.
var ErrNotFound = errors.New("raftlog: no record with this index")

// ErrClosed says that the file is closed.
var ErrClosed = errors.New("raftlog: the file is closed")

// RottenError says that the file has lost or changed what it once confirmed. It counts as fault.Broken: opening it
// any other way, or deleting it, would turn a damaged log into a short one, and lose orders without a word.
type RottenError struct {
	Path   string // the damaged file
	Detail string // what is wrong
}

// Error names the file, what is wrong and what to do.
func (e *RottenError) Error() string {
	return fmt.Sprintf("%s is damaged: %s; keep the file for examination, and restore this node's directory from a "+
		"backup or let the node join its cluster anew", e.Path, e.Detail)
}

// Unwrap returns the fault code.
func (e *RottenError) Unwrap() error { return fault.Broken }

// DeadlineError says that a write or a read did not finish in time: the disk hangs. It counts as fault.Broken. The write
// may still happen.
type DeadlineError struct {
	Path  string
	What  string // "write to" or "read of" the file
	Limit time.Duration
}

// Error names the file and the limit.
func (e *DeadlineError) Error() string {
	return fmt.Sprintf("a %s %s was not done within %v: the disk hangs", e.What, e.Path, e.Limit)
}

// Unwrap returns the fault code.
func (e *DeadlineError) Unwrap() error { return fault.Broken }

// MisuseError says that Raft asked for something that would break its own log, such as deleting what no checkpoint
// covers. Nothing was changed. It counts as fault.Broken.
type MisuseError struct {
	Path   string
	Group  uint32
	Detail string
}

// Error names the file, the group and what was asked.
func (e *MisuseError) Error() string {
	return fmt.Sprintf("%s, group %d: %s", e.Path, e.Group, e.Detail)
}

// Unwrap returns the fault code.
func (e *MisuseError) Unwrap() error { return fault.Broken }

func (f *File) rotten(format string, args ...any) error {
	return &RottenError{Path: f.path, Detail: fmt.Sprintf(format, args...)}
}

// damage turns SQLite's finding that the file is damaged into ours, which says what to do.
func (f *File) damage(err error) error {
	if e, ok := errors.AsType[*sqlite.CorruptError](err); ok {
		return f.rotten("%s", e.Detail)
	}
	const corrupt, notADatabase = 11, 26 // SQLITE_CORRUPT, SQLITE_NOTADB
	if e, ok := errors.AsType[*sqlite.Error](err); ok && (e.Code&0xff == corrupt || e.Code&0xff == notADatabase) {
		return f.rotten("%s (%s)", e.Msg, e.Op)
	}
	return err
}
