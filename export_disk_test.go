package commerce

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
