package faultvfs

import "time"

import lib "modernc.org/sqlite/lib"

// Op is a kind of I/O call.
type Op uint8

// The kinds of calls that can fail or hang.
const (
	Any Op = iota // one of those below
	Read
	Write
	Sync
	Truncate
	Delete

	// ByWriter, added to one of those above, leaves out the calls of connections that only read.
	ByWriter Op = 0x80
)

// Failure says how a call fails. Add [Always] to make every later matching call fail, too.
type Failure uint8

const (
	// IOErr is an I/O error. A write that fails leaves its first half behind.
	IOErr Failure = iota + 1

	// Full is a full disk. A write that fails leaves its first half behind.
	Full

	// FsyncErr is a sync that fails as on Linux: some of what was to be synced is on the disk, the rest is lost for
	// good, and the next sync succeeds all the same. A failure of any kind that hits a sync does this.
	FsyncErr

	// Always, added to another Failure, makes it last.
	Always Failure = 0x80
)

// code is what SQLite is told; ioErr is the I/O error of the call that fails.
func (e Failure) code(ioErr int32) int32 {
	switch e &^ Always {
	case Full:
		return lib.SQLITE_FULL
	case FsyncErr:
		return lib.SQLITE_IOERR_FSYNC
	}
	return ioErr
}

// plan is one fault to come.
type plan struct {
	op      Op
	left    int64 // matching calls until it happens
	failure Failure
	release chan struct{} // for a call that hangs; nil for one that fails
}

// FailAt makes the n-th matching call from now on fail, and with [Always] all that match after it.
func (f *FS) FailAt(n int64, op Op, err Failure) {
	f.plan(&plan{op: op, left: n, failure: err})
}

// HangAt makes the n-th matching call from now on hang until release is called, which may be called more than once.
// [FS.Hung] tells when the call hangs.
func (f *FS) HangAt(n int64, op Op) (release func()) {
	p := &plan{op: op, left: n, release: make(chan struct{})}
	f.plan(p)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		select {
		case <-p.release:
		default:
			close(p.release)
		}
	}
}

// SlowSyncs makes each sync from now on take d longer.
func (f *FS) SlowSyncs(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.slow = d
}

func (f *FS) plan(p *plan) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plans = append(f.plans, p)
}

// Hung returns a channel that is closed when a call hangs. [FS.Reset] makes a new one.
func (f *FS) Hung() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hung
}

// Calls returns how many I/O calls have been made since the last Reset.
func (f *FS) Calls() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen
}

// Reset forgets the faults to come and counts calls from 0 again. A call that hangs goes on hanging. What a disk may
// hold stays as it is.
func (f *FS) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen, f.plans = 0, nil
	f.hung = make(chan struct{})
}

// meet counts a call, hangs if it is to hang, and returns how it is to fail, 0 if it is not.
func (f *FS) meet(op Op, byWriter bool) Failure {
	failure, hang := f.next(op, byWriter)
	if hang != nil {
		<-hang
	}
	return failure
}

func (f *FS) next(op Op, byWriter bool) (failure Failure, hang chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen++
	for _, p := range f.plans {
		if want := p.op &^ ByWriter; want != Any && want != op || p.op&ByWriter != 0 && !byWriter {
			continue
		}
		p.left--
		switch {
		case p.left > 0:
		case p.release != nil && p.left == 0:
			hang = p.release
			select {
			case <-f.hung:
			default:
				close(f.hung)
			}
		case p.release == nil && (p.left == 0 || p.failure&Always != 0):
			failure = p.failure
		}
	}
	return failure, hang
}
