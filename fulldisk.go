package commerce

import (
	"errors"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
)

// FullDiskError says that a file could not be written because its disk is full.
// It stops the store: make room, close it and open it again. Nothing that was
// acknowledged is lost. It counts as fault.Broken.
type FullDiskError struct {
	Path string // the file
	Err  error  // where it happened
}

// Error names the file and what to do.
func (e *FullDiskError) Error() string {
	return "the disk of " + e.Path + " is full: make room and open the store again: " + e.Err.Error()
}

// Unwrap returns fault.Broken and the cause, whose own code counts no more.
func (e *FullDiskError) Unwrap() error { return fault.Wrap(fault.Broken, e.Err, "") }

// diagnose gives a name to a cause that an operator can do something about.
func diagnose(err error) error {
	const full = 13 // SQLITE_FULL
	if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code&0xff == full {
		return &FullDiskError{Path: e.Path, Err: err}
	}
	return err
}
