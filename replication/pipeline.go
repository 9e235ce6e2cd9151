package replication

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// pipeline sends a follower requests to append without waiting for the answers to those before. Raft uses one for a
// follower that has got all it was sent, and goes back to one request at a time when something goes wrong. It is off
// unless Config.Pipeline says otherwise: docs/decisions/0016 says why.
type pipeline struct {
	trans    *transport
	follower raft.ServerID
	addr     raft.ServerAddress
	sent     chan *appending        // in the order of the log
	answered chan raft.AppendFuture // in the same order; only those that were
	broken   atomic.Bool            // an answer has not come: raft learns of it with the next request
	ctx      context.Context        // ends with Close
	stop     context.CancelFunc
}

// pipelined is how many requests to a follower may be waiting to be answered.
const pipelined = 16

// appending is a request on its way.
type appending struct {
	start time.Time
	args  *raft.AppendEntriesRequest
	resp  *raft.AppendEntriesResponse
	done  chan struct{} // closed when err is set
	err   error
}

func (a *appending) Start() time.Time                      { return a.start }
func (a *appending) Request() *raft.AppendEntriesRequest   { return a.args }
func (a *appending) Response() *raft.AppendEntriesResponse { return a.resp }
func (a *appending) Error() error                          { <-a.done; return a.err }

// AppendEntriesPipeline returns a way to send several requests at once, if the node is told to.
func (t *transport) AppendEntriesPipeline(id raft.ServerID, target raft.ServerAddress) (raft.AppendPipeline, error) {
	if !t.node.conf.Pipeline {
		return nil, raft.ErrPipelineReplicationNotSupported
	}
	p := &pipeline{
		trans: t, follower: id, addr: target,
		sent: make(chan *appending, pipelined), answered: make(chan raft.AppendFuture),
	}
	p.ctx, p.stop = context.WithCancel(t.ctx)
	go p.answer()
	return p, nil
}

// AppendEntries sends a request, and waits only when too many have no answer.
func (p *pipeline) AppendEntries(args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	if p.broken.Load() {
		return nil, raft.ErrPipelineShutdown
	}
	trim(args)
	a := &appending{start: time.Now(), args: args, resp: resp, done: make(chan struct{})}
	select {
	case p.sent <- a:
	case <-p.ctx.Done():
		return nil, raft.ErrPipelineShutdown
	}
	go func() {
		defer close(a.done)
		a.err = p.trans.append(p.ctx, string(p.follower), p.addr, args, resp)
	}()
	return a, nil
}

// answer hands out answers in the order of the requests. Raft takes anything that is handed to it for a sign of life, so
// a request without an answer is not, and ends the pipeline instead.
func (p *pipeline) answer() {
	for {
		select {
		case a := <-p.sent:
			if a.Error() != nil {
				p.broken.Store(true)
				p.stop()
				return
			}
			select {
			case p.answered <- a:
			case <-p.ctx.Done():
				return
			}
		case <-p.ctx.Done():
			return
		}
	}
}

// Consumer returns the answers.
func (p *pipeline) Consumer() <-chan raft.AppendFuture { return p.answered }

// Close gives up what has no answer.
func (p *pipeline) Close() error {
	p.stop()
	return nil
}

// early holds a request back that has overtaken the one before it, which pipelined ones can do: requests are served
// beside each other. It waits until the log has what comes before the entries, but not long, since that may never come.
func (g *Group) early(ctx context.Context, command any) {
	args, ok := command.(*raft.AppendEntriesRequest)
	if !ok || !g.node.conf.Pipeline {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, overtaken)
	defer cancel()
	for {
		stored := g.stored.wait()
		if g.log.Last() >= args.PrevLogEntry || g.log.Marker().Index >= args.PrevLogEntry {
			return
		}
		select {
		case <-stored:
		case <-ctx.Done():
			return
		}
	}
}

// overtaken is how long a request waits for the one before it.
const overtaken = patience / 4
