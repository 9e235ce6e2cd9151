package raftlog

import (
	"errors"

	"github.com/keelshop/commerce/internal/sqlite"
)

const (
	// mostGathered bounds the requests of one transaction.
	mostGathered = 256

	// walLimit is the size of the WAL, in bytes, from which on the writer moves it into the file between two
	// transactions. Appends wait for that: a larger limit makes it rarer, longer, and cheaper in all, since a page
	// that was written many times is copied once.
	walLimit = 4 << 20
)

// op is one request to the writer.
type op struct {
	run  func(*sqlite.Tx) error
	done chan error // has room for the answer: a writer that comes too late does not wait
}

// do has the writer run fn in its next transaction and returns when that is on disk. Any error stops the file.
func (f *File) do(fn func(*sqlite.Tx) error) error {
	o := &op{run: fn, done: make(chan error, 1)}
	select {
	case f.ops <- o:
	case <-f.failed:
		return f.Err()
	case <-f.quit:
		return ErrClosed
	}
	select {
	case err := <-o.done:
		return err
	case <-f.failed:
		return f.Err()
	}
}

// write is the writer.
func (f *File) write() {
	batch := make([]*op, 0, mostGathered)
	for {
		select {
		case o := <-f.ops:
			batch = f.gather(append(batch[:0], o))
		case <-f.quit:
			return
		case <-f.failed:
			return
		}
		err := f.watched(func() error { return f.commit(batch) })
		for i, o := range batch {
			o.done <- err
			batch[i] = nil
		}
		if err == nil && f.conn.WALBytes() >= f.nextCheckpoint {
			err = f.watched(f.checkpoint)
		}
		if err != nil {
			return
		}
	}
}

// watched runs a piece of the writer's work under the deadline. Its error stops the file.
func (f *File) watched(work func() error) error {
	f.dog.Begin()
	err := work()
	f.dog.End()
	// The deadline may have passed meanwhile. Then the callers have been told so, and this late success must not be
	// followed by another use of the file.
	if err == nil {
		err = f.Err()
	}
	if err != nil {
		err = f.damage(err)
		f.fail(err)
	}
	return err
}

// gather takes what is waiting, and waits for nothing.
func (f *File) gather(batch []*op) []*op {
	for len(batch) < mostGathered {
		select {
		case o := <-f.ops:
			batch = append(batch, o)
		default:
			return batch
		}
	}
	return batch
}

func (f *File) commit(batch []*op) error {
	return f.transact(func(tx *sqlite.Tx) error {
		for _, o := range batch {
			if err := o.run(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkpoint moves the WAL into the file. What a reader held back stays until the WAL has grown by as much again.
func (f *File) checkpoint() error {
	_, err := f.conn.Checkpoint(false)
	f.nextCheckpoint = f.conn.WALBytes() + walLimit
	return err
}

// transact runs fn in a transaction and commits it, synced.
func (f *File) transact(fn func(*sqlite.Tx) error) error {
	if err := f.conn.Begin(); err != nil {
		return err
	}
	if err := fn(f.conn.Tx()); err != nil {
		return errors.Join(err, f.conn.Rollback())
	}
	return f.conn.Commit()
}
