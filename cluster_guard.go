package commerce

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication"
)

// spare refuses to let this node be stopped for a while when the others could
// not go on without it: in each shard in which it has a vote, those others that
// answer must be a majority by themselves.
func (c *Cluster) spare(ctx context.Context) error {
	e := c.store.engine
	answers := c.answering(ctx)
	for _, l := range e.lanes {
		v, has := votesBut(e.self, l.group.Members(), answers)
		if !has || 2*v.left > v.others+1 {
			continue
		}
		cure := ""
		if len(v.drained) > 0 {
			cure = fmt.Sprintf("resume what is drained already (%s), ", strings.Join(v.drained, ", "))
		}
		return fault.New(fault.Refused, "without node %s shard %d has %d of %d votes and takes no writes: %sbring other nodes back or add some first; "+
			"to stop it all the same, stop it without draining it", e.self, l.number, v.left, v.others+1, cure)
	}
	return nil
}

// votes counts the voters of a shard without one of them.
type votes struct {
	others  int
	left    int      // of those, they answer
	drained []string // they answer, and are about to be stopped
}

// votesBut counts the voters that are not node, and reports whether node is one.
func votesBut(node string, members []replication.Member, answers map[string]report) (v votes, has bool) {
	for _, m := range members {
		if !m.Voter || m.Node == node {
			has = has || m.Voter
			continue
		}
		v.others++
		switch r, ok := answers[m.Node]; {
		case ok && r.Draining:
			v.drained = append(v.drained, m.Node)
		case ok:
			v.left++
		}
	}
	return v, has
}

// spareable refuses to remove a node that answers while others are drained
// without which those that remain could not go on. The vote of one that does
// not answer is lost already.
func (c *Cluster) spareable(ctx context.Context, node string) error {
	answers := c.answering(ctx)
	answers[c.store.engine.self] = c.report()
	if _, answered := answers[node]; !answered {
		return nil
	}
	for _, l := range c.store.engine.lanes {
		if v, has := votesBut(node, l.group.Members(), answers); has && len(v.drained) > 0 && 2*v.left <= v.others {
			return fault.New(fault.Unavailable, "without node %s shard %d has %d votes, of which %d would stay when those that are drained are stopped: resume these first (%s)",
				node, l.number, v.others, v.left, strings.Join(v.drained, ", "))
		}
	}
	return nil
}

// answering returns what the other nodes say of themselves that answer.
func (c *Cluster) answering(ctx context.Context) map[string]report {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	var mu sync.Mutex
	var all sync.WaitGroup
	answers, asked := map[string]report{}, map[string]bool{c.store.engine.self: true}
	for _, l := range c.store.engine.lanes {
		for _, m := range l.group.Members() {
			if asked[m.Node] {
				continue
			}
			asked[m.Node] = true
			all.Go(func() {
				r, err := c.ask(ctx, m.Node)
				if err != nil {
					return
				}
				mu.Lock()
				defer mu.Unlock()
				answers[m.Node] = r
			})
		}
	}
	all.Wait()
	return answers
}

// RemovedError says that a node was removed from its cluster. It counts as
// fault.Refused.
type RemovedError struct{ Node string }

func (e *RemovedError) Error() string {
	return "node " + e.Node + " was removed from its cluster and cannot come back with what it held: let a node with another name join with an empty directory"
}

// Unwrap returns fault.Refused.
func (e *RemovedError) Unwrap() error { return fault.Refused }

// wasMember reports whether this node was a member of every shard once.
func (c *Cluster) wasMember() bool { return !c.store.id.Joined || c.store.id.Member }

// addAgain is a callAdd of a node that was a member: it is not to be added, but
// wants to know whether it still is one.
const addAgain = 1

// still is callAdd of a node that was a member, on the leader.
func (c *Cluster) still(l *lane, node string) error {
	if !l.group.Ready() {
		return &replication.NotLeaderError{Group: uint32(l.number), Leader: l.group.Leader()}
	}
	switch {
	case member(l.group, node):
		return nil
	case !l.group.Removed(node):
		return fault.New(fault.Unavailable, "node %s is being removed from shard %d, and that may fail", node, l.number)
	}
	return &RemovedError{node}
}

// stay refuses to go on as a node that the others have removed, which it need
// not have heard of: so the leaders are asked. A node that reaches none goes on,
// since the others may wait for it.
func (c *Cluster) stay(ctx context.Context) error {
	s := c.store
	if s.id.Removed {
		return &RemovedError{s.id.Node}
	}
	ctx, cancel := context.WithTimeout(ctx, workTimeout)
	defer cancel()
	var from []int
	for _, l := range s.engine.lanes {
		err := c.tryLeader(ctx, call{Op: callAdd, Shard: l.number, Node: s.id.Node, Offset: addAgain})
		switch {
		case fault.CodeOf(err) == fault.Refused:
			from = append(from, l.number)
		case err != nil && !fault.Retryable(err):
			return fmt.Errorf("asking whether this node is a member of shard %d: %w", l.number, err)
		}
	}
	if len(from) < len(s.engine.lanes) {
		if len(from) > 0 {
			s.config.logger.Error("this node was removed from some shards: remove it again", "shards", from)
		}
		return nil
	}
	s.id.Removed = true
	return errors.Join(&RemovedError{s.id.Node}, s.id.write(s.dir))
}

// strangeFor is how long one may be known who is about to join.
const strangeFor = 10 * time.Second

// keepBook forgets where nodes were that have been members and are none any
// more, so that nobody looks for them, and of whom somebody has told who is no
// member for ten seconds: others may not have forgotten them yet. met is who was a
// member, and strange since when the others are known.
func (c *Cluster) keepBook(met map[string]bool, strange map[string]time.Time) {
	now := map[string]bool{}
	for _, l := range c.store.engine.lanes {
		for _, m := range l.group.Members() {
			now[m.Node] = true
		}
	}
	var err error
	for node := range now {
		if !met[node] {
			err = errors.Join(err, c.in().book.Recall(node))
		}
		met[node] = true
	}
	for node := range met {
		if !now[node] {
			err = errors.Join(err, c.in().book.Forget(node))
			delete(met, node)
		}
	}
	for node := range c.known() {
		switch since, known := strange[node]; {
		case now[node]:
			delete(strange, node)
		case !known:
			strange[node] = time.Now()
		case time.Since(since) > strangeFor:
			err = errors.Join(err, c.in().book.Forget(node))
			delete(strange, node)
		}
	}
	if err != nil {
		c.store.config.logger.Warn("the addresses of nodes could not be written", "error", err)
	}
}
