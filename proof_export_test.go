package commerce

import "time"

// ShardClock returns the time by a shard's own clock as of its newest log
// entry.
func ShardClock(s *Store, shard int) time.Duration {
	return time.Duration(s.engine.lanes[shard].shard.Clock()) * time.Millisecond
}
