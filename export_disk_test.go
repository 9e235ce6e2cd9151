package commerce

// WithVFS names the SQLite VFS of all files.
func WithVFS(name string) Option { return withVFS(name) }

// WithLogLimit sets how many bytes of log a shard keeps before it checkpoints
// and truncates.
func WithLogLimit(bytes int64) Option { return withLogLimit(bytes) }
