package shard

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
)

// inspect looks at a file before SQLite opens it and reports whether its last
// user stopped without closing it.
func inspect(path string) (unclean bool, err error) {
	if err := sqlite.CheckHeader(path); err != nil {
		return false, err
	}
	wal, err := os.Stat(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fault.Wrap(fault.Broken, err, "looking at %s-wal", path)
	}
	return wal.Size() > 0, nil
}

// mend checks a file that was not closed and writes it anew to the disk: after
// a failed fsync the pages that this process reads may not be those on disk.
func (s *Shard) mend() error {
	if err := s.conn.QuickCheck(); err != nil {
		return fault.Wrap(fault.Broken, err, "restore this shard from a backup, or from another node")
	}
	if _, err := s.conn.Checkpoint(true); err != nil {
		return fmt.Errorf("writing it anew: %w", err)
	}
	s.durable = s.state.applied
	return nil
}
