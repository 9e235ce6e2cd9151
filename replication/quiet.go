package replication

import (
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// quiet saves heartbeats where there are many groups. Raft sends one to each follower of each group every 100 to 200 ms,
// which is more than a follower's patience of a second needs. One that would say nothing new, shortly after another was
// answered, is not sent, and raft is told that it was answered. So a leader that is cut off may lead a little longer.
type quiet struct {
	mu    sync.Mutex
	heard map[string]beat
}

// beat is the newest request that a follower has acknowledged.
type beat struct {
	at           time.Time
	term, commit uint64
}

const (
	restPerGroup = 4 * time.Millisecond
	restGroups   = 64 // more do not make the rest longer
)

// restFor is how long a follower is left alone after it has answered: nothing worth mentioning with few groups.
func (n *Node) restFor() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return time.Duration(min(len(n.groups), restGroups)) * restPerGroup
}

// skip reports whether a heartbeat need not be sent.
func (q *quiet) skip(node string, args *raft.AppendEntriesRequest, rest time.Duration) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	b := q.heard[node]
	return b.term == args.Term && b.commit >= args.LeaderCommitIndex && time.Since(b.at) < rest
}

// since returns how long ago a follower has acknowledged a request of a term, and false if it never has.
func (q *quiet) since(node string, term uint64) (time.Duration, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	b := q.heard[node]
	return time.Since(b.at), b.term == term && term > 0
}

// note takes in that a follower has acknowledged a request.
func (q *quiet) note(node string, args *raft.AppendEntriesRequest) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.heard == nil {
		q.heard = map[string]beat{}
	}
	q.heard[node] = beat{time.Now(), args.Term, args.LeaderCommitIndex}
}
