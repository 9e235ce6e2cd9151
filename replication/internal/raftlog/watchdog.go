package raftlog

// watch stops the file when a transaction hangs.
func (f *File) watch() {
	if f.dog.Watch(f.opts.Deadline, f.failed, f.quit) {
		f.fail(&DeadlineError{Path: f.path, What: "write to", Limit: f.opts.Deadline})
	}
}

// watchReads does the same for reads, which go on when the file has stopped.
func (f *File) watchReads() {
	if f.reading.Watch(f.opts.Deadline, nil, f.quit) {
		f.fail(&DeadlineError{Path: f.path, What: "read of", Limit: f.opts.Deadline})
		close(f.stuck)
	}
}

// reading runs a read under the deadline, one at a time. A read that hangs keeps a goroutine of its own, and neither the
// caller nor those who wait for their turn: Raft has to end when its disk hangs.
func reading[T any](f *File, read func() (T, error)) (got T, err error) {
	type result struct {
		got T
		err error
	}
	select {
	case f.read <- struct{}{}:
	case <-f.stuck:
		return got, f.Err()
	}
	done := make(chan result, 1)
	go func() {
		defer func() { <-f.read }()
		if f.reader == nil {
			done <- result{err: ErrClosed}
			return
		}
		f.reading.Begin()
		defer f.reading.End()
		var r result
		r.got, r.err = read()
		done <- r
	}()
	select {
	case r := <-done:
		return r.got, r.err
	case <-f.stuck:
		return got, f.Err()
	}
}
