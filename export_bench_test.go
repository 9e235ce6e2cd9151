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
