package commerce

import "github.com/keelshop/commerce/fault"

// Status describes a store for operators and load balancers.
type Status struct {
	Store  string
	Node   string
	Format int
	Shards []ShardStatus
	Cache  CacheStatus
	Free   int64 // bytes of the store's disk: see WithReserve
}

// CacheStatus counts reads through the cache since the store was opened.
type CacheStatus struct{ Hits, Misses uint64 }

// ShardStatus describes one shard as this node sees it.
type ShardStatus struct {
	Shard    int
	Leading  bool   // this node leads the shard's replicas
	Term     uint64 // of its replicas' leadership
	Applied  uint64 // the newest log entry that reads see
	Log      uint64 // the newest log entry
	LogBytes int64  // on disk, until the next truncation
	Events   int64  // the sequence number of the newest event
	Level    uint32 // the logic level of its tables and rules
	Cut      uint64
	Waiting  int // commands that have not gone into a log entry yet
}

// Status returns how the store is doing. It does no I/O and works on a store
// that has stopped.
func (s *Store) Status() Status {
	out := Status{Store: s.id.Store, Node: s.id.Node, Format: s.id.Format, Free: s.engine.room.free.Load()}
	groups := s.engine.node.Status()
	for i, l := range s.engine.lanes {
		st := ShardStatus{
			Shard: i, Applied: l.shard.Applied(), Events: l.shard.Events(), Level: l.shard.Level(), Cut: l.shard.Cut(),
		}
		for _, g := range groups {
			if int(g.Group) == i {
				st.Leading, st.Term, st.Log, st.LogBytes = g.Leading, g.Term, g.LastIndex, g.LogBytes
			}
		}
		if l.proposer != nil {
			st.Waiting = l.proposer.Waiting()
		}
		out.Shards = append(out.Shards, st)
	}
	out.Cache.Hits, out.Cache.Misses = s.cache.Counts()
	return out
}

// ErrorTypes returns the table of the typed errors that commands answer with,
// for edges that put errors on a wire.
func (s *Store) ErrorTypes() *fault.Types { return s.set.Errors() }
