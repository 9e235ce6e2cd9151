package replication

// Queued returns how many entries, with how many bytes, raft has handed over that the machine has not begun with.
func Queued(g *Group) (entries, bytes int) {
	q := &g.fsm.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.entries), q.bytes
}

// MostQueued is how many entries a queue takes before raft waits.
const MostQueued = mostQueued

// ProposeLater is ProposeAsync that stops between the question whether the node leads and raft.
func ProposeLater(g *Group, data []byte) (send func() Future) {
	p, ok := g.propose(data)
	return func() Future {
		if ok {
			p.send()
			go p.receive()
		}
		return Future{p}
	}
}
