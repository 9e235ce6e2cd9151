package commerce

// TotalChanges returns how many rows all shards have changed since the store
// was opened.
func (s *Store) TotalChanges() int64 {
	var n int64
	for _, l := range s.engine.lanes {
		n += l.shard.TotalChanges()
	}
	return n
}

// PagesWritten returns how many pages the commits of all shards have written
// since the store was opened.
func (s *Store) PagesWritten() int64 {
	var n int64
	for _, l := range s.engine.lanes {
		n += l.shard.PagesWritten()
	}
	return n
}
