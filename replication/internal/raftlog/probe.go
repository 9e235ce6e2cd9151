package raftlog

import (
	"errors"
	"fmt"
	"time"

	"github.com/keelshop/commerce/internal/sqlite"
)

// probes is how many synced writes have to come back in time, each, before a file is used.
const probes = 3

// probe tries the disk. When that fails, the connections are closed, or will be once a disk that hangs answers.
func (f *File) probe() error {
	for i := range probes {
		done := make(chan error, 1)
		go func() { done <- f.tryDisk(i) }()
		late := time.NewTimer(f.opts.Deadline)
		select {
		case err := <-done:
			late.Stop()
			if err != nil {
				return errors.Join(f.damage(err), f.closeConns())
			}
		case <-late.C:
			go func() {
				<-done
				f.closeConns()
			}()
			return &DeadlineError{Path: f.path, What: "write to", Limit: f.opts.Deadline}
		}
	}
	return nil
}

// tryDisk writes and syncs a number where SQLite leaves room for one that nobody reads.
func (f *File) tryDisk(n int) error {
	return f.transact(func(*sqlite.Tx) error { return f.conn.Script(fmt.Sprintf("PRAGMA user_version = %d", n)) })
}
