package raftlog

// watch stops the file when a transaction hangs.
func (f *File) watch() {
	if f.dog.Watch(f.opts.Deadline, f.failed, f.quit) {
		f.fail(&DeadlineError{Path: f.path, Limit: f.opts.Deadline})
	}
}
