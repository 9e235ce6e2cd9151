package commerce

import "sync/atomic"

// WithVFS names the SQLite VFS of all files.
func WithVFS(name string) Option { return withVFS(name) }

// WithLogLimit sets how many bytes of log a shard keeps before it checkpoints
// and truncates.
func WithLogLimit(bytes int64) Option { return withLogLimit(bytes) }

// WithFreeBytes says how much is free on a disk.
func WithFreeBytes(free func(dir string) (int64, error)) Option { return withFreeBytes(free) }

// LookAtRoom has a store look at its disk now.
func LookAtRoom(s *Store) error { return s.lookAtRoom() }

// Bounded runs a part of Close.
var Bounded = bounded

// Ending is the time that Close has for all of its parts.
type Ending struct{ *ending }

// NewEnding begins to count it.
func NewEnding() Ending { return Ending{newEnding()} }

// Bounded runs a part.
func (e Ending) Bounded(what string, fn func(), steps ...*atomic.Int64) error {
	return e.bounded(what, fn, steps...)
}

// Stop ends the counting.
func (e Ending) Stop() { e.stop() }
