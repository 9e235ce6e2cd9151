// Package raftlog keeps the Raft logs of all groups of a node in one SQLite file, raft.db.
//
// What [Log.Append] has returned nil for survives the loss of power. One goroutine writes: it gathers what all
// groups have asked for into one transaction, so that one fsync serves them all.
//
// Each record carries a checksum over itself and the checksum of the record before it. [Open] reads every record
// and refuses the file when one does not match, when one is missing in the middle, or when the WAL holds valid
// transactions behind a damaged one: a log that has lost records it once confirmed must not pass for a short one.
//
// A write that fails, or that is not done by its deadline, stops the file for good. Nobody retries on a file whose
// state is unknown: the answer to every later call is the first error.
//
// The package knows records and groups. What the records mean is Raft's business.
package raftlog

import (
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/watchdog"
)

// Name is the file's name in its directory.
const Name = "raft.db"

// MaxGroup is the largest number a group can have: a record's key holds it in 15 bits, and the index in 48.
const MaxGroup = 1<<15 - 1

const maxIndex = 1<<48 - 1

// Options says which file to open and for whom. Dir and Node are required.
type Options struct {
	Dir      string        // where the file lives; created when there is none
	Node     string        // the node whose file it is; another node's is refused
	Store    string        // the store that the node belongs to; written at creation, checked later unless empty
	Deadline time.Duration // a transaction that takes longer stops the file, and so does a read that stands still as long; 0 means 5 s
	VFS      string        // for tests: the SQLite VFS; "" is the system's
	Steps    *atomic.Int64 // counts up with each piece of the writer's work that is done; may be nil
	Failed   func(error)   // called once, with the cause, when the file stops; may be nil; must not block
}

// File is an open raft.db. All methods are safe for concurrent use, those of one [Log] as it says.
type File struct {
	path string
	opts Options

	conn *sqlite.Conn // the writer's; before it starts and after it has ended, Open's and Close's
	ops  chan *op     // without a buffer: who has sent a request gets an answer
	quit chan struct{}
	work sync.WaitGroup
	dog  watchdog.Dog

	nextCheckpoint int64 // size of the WAL at which the writer moves it into the file

	read     chan struct{} // a lock that nobody waits for once a read has hung
	stuck    chan struct{} // closed when one has
	reader   *sqlite.Conn  // guarded by read; nil once closed
	reading  watchdog.Dog
	readings atomic.Int64 // counts up with each piece of a read that is done

	mu   sync.Mutex
	logs map[uint32]*Log

	failing sync.Once
	failed  chan struct{}
	cause   atomic.Pointer[error]
}

// Open opens the file, creates it when there is none, and checks all of it. A damaged file is refused with a
// [*RottenError]; one of another node, another store or a newer program with fault.Broken; and with a [*DeadlineError]
// one on a disk that does not sync in time: a node that was stopped by its disk must not come back, be elected and
// stop again for as long as the disk is no better.
func Open(o Options) (*File, error) {
	if o.Node == "" {
		return nil, fault.New(fault.Invalid, "a log file needs the name of its node")
	}
	if o.Deadline <= 0 {
		o.Deadline = 5 * time.Second
	}
	f := &File{
		path: filepath.Join(o.Dir, Name), opts: o,
		ops: make(chan *op), quit: make(chan struct{}), failed: make(chan struct{}),
		logs: map[uint32]*Log{}, nextCheckpoint: walLimit, read: make(chan struct{}, 1), stuck: make(chan struct{}),
	}
	f.reading.Steps = &f.readings
	if err := f.open(); err != nil {
		f.closeConns()
		return nil, err
	}
	if err := f.probe(); err != nil {
		return nil, err
	}
	f.work.Go(f.write)
	f.work.Go(f.watch)
	f.work.Go(f.watchReads)
	return f, nil
}

// Path returns the file's path.
func (f *File) Path() string { return f.path }

// Log returns the log of a group, which may be empty. Calls for the same group return the same Log.
func (f *File) Log(group uint32) *Log {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.logs[group]
	if l == nil {
		l = newLog(f, group)
		f.logs[group] = l
	}
	return l
}

// Failed is closed when the file has stopped.
func (f *File) Failed() <-chan struct{} { return f.failed }

// Err returns why the file has stopped, nil as long as it has not.
func (f *File) Err() error {
	if p := f.cause.Load(); p != nil {
		return *p
	}
	return nil
}

// fail stops the file. The first cause stays.
func (f *File) fail(err error) {
	f.failing.Do(func() {
		f.cause.Store(&err)
		if f.opts.Failed != nil {
			f.opts.Failed(err)
		}
		close(f.failed)
	})
}

// Close ends the writer, notes that the file was left in order, moves everything from the WAL into the file and
// closes it. Nobody may be using the file any more. A file that has stopped is closed as it is, without an error;
// when its disk hangs, Close hangs with it.
func (f *File) Close() error {
	f.end()
	var err error
	if f.Err() == nil {
		err = f.leave()
	}
	if closing := f.closeConns(); err == nil {
		err = closing
	}
	return err
}

// Abandon closes the file as it is, without writing to it: something else has failed, and its disk may be the same.
// The next Open finds everything that was confirmed.
func (f *File) Abandon() error {
	f.end()
	return f.closeConns()
}

func (f *File) end() {
	close(f.quit)
	f.work.Wait()
}

// leave is the last transaction of a file that is closed in order.
func (f *File) leave() error {
	if err := f.transact(func(tx *sqlite.Tx) error { return writeClean(tx, true) }); err != nil {
		return err
	}
	_, err := f.conn.Checkpoint(true)
	return err
}

func (f *File) closeConns() error {
	f.read <- struct{}{}
	defer func() { <-f.read }()
	var err error
	if f.reader != nil {
		err = f.reader.Close()
		f.reader = nil
	}
	if f.conn != nil {
		if closing := f.conn.Close(); err == nil {
			err = closing
		}
		f.conn = nil
	}
	return err
}
