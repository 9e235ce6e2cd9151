package replication

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
)

// transport carries raft's messages for one group. A server's address in raft's configuration is its node's name;
// only the transport knows where that is. So far it knows one node, its own, to which it delivers in memory.
type transport struct {
	self     raft.ServerAddress
	incoming chan raft.RPC
	nodes    map[raft.ServerAddress]chan<- raft.RPC // where messages for a node go
	closing  sync.Once
	closed   chan struct{}
}

func newTransport(node string) *transport {
	t := &transport{self: raft.ServerAddress(node), incoming: make(chan raft.RPC), closed: make(chan struct{})}
	t.nodes = map[raft.ServerAddress]chan<- raft.RPC{t.self: t.incoming}
	return t
}

// close ends the transport: peers hear nothing more from here, and elect another leader.
func (t *transport) close() { t.closing.Do(func() { close(t.closed) }) }

// call delivers a message to its target and returns the answer.
func (t *transport) call(ctx context.Context, target raft.ServerAddress, command any) (any, error) {
	to, ok := t.nodes[target]
	if !ok {
		return nil, fault.New(fault.Unavailable, "node %s cannot be reached: its address is not known here", target)
	}
	answer := make(chan raft.RPCResponse, 1) // raft's main goroutine must never wait for us
	select {
	case to <- raft.RPC{Command: command, RespChan: answer}:
	case <-t.closed:
		return nil, fault.New(fault.Unavailable, "the transport is closed")
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	select {
	case a := <-answer:
		return a.Response, a.Error
	case <-t.closed:
		return nil, fault.New(fault.Unavailable, "the transport is closed")
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// ask is call for raft's interface, which wants the answer in a variable of its own. After a heartbeat timeout the
// answer is worth nothing.
func ask[T any](t *transport, target raft.ServerAddress, command any, into *T) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	got, err := t.call(ctx, target, command)
	if err != nil {
		return err
	}
	answer, ok := got.(*T)
	if !ok {
		return fmt.Errorf("node %s answered with a %T", target, got)
	}
	*into = *answer
	return nil
}

// lead makes a lone voter stand for election at once instead of waiting for a leader it cannot have.
func (t *transport) lead(ctx context.Context) error {
	_, err := t.call(ctx, t.self, &raft.TimeoutNowRequest{
		RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(t.self), Addr: []byte(t.self)},
	})
	return err
}

// Consumer returns the messages for this group.
func (t *transport) Consumer() <-chan raft.RPC { return t.incoming }

// LocalAddr returns the node's name.
func (t *transport) LocalAddr() raft.ServerAddress { return t.self }

// SetHeartbeatHandler does nothing. The handler would append entries on the transport's goroutine, beside raft's
// own, which can make replicas diverge (hashicorp/raft#695); without it heartbeats come through Consumer.
func (t *transport) SetHeartbeatHandler(func(raft.RPC)) {}

// AppendEntriesPipeline is not supported: raft then sends one request at a time.
func (t *transport) AppendEntriesPipeline(raft.ServerID, raft.ServerAddress) (raft.AppendPipeline, error) {
	return nil, raft.ErrPipelineReplicationNotSupported
}

// AppendEntries sends entries to a follower.
func (t *transport) AppendEntries(_ raft.ServerID, target raft.ServerAddress, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	return ask(t, target, args, resp)
}

// RequestVote asks for a vote.
func (t *transport) RequestVote(_ raft.ServerID, target raft.ServerAddress, args *raft.RequestVoteRequest, resp *raft.RequestVoteResponse) error {
	return ask(t, target, args, resp)
}

// RequestPreVote asks whether a vote would be given.
func (t *transport) RequestPreVote(_ raft.ServerID, target raft.ServerAddress, args *raft.RequestPreVoteRequest, resp *raft.RequestPreVoteResponse) error {
	return ask(t, target, args, resp)
}

// TimeoutNow asks a follower to stand for election.
func (t *transport) TimeoutNow(_ raft.ServerID, target raft.ServerAddress, args *raft.TimeoutNowRequest, resp *raft.TimeoutNowResponse) error {
	return ask(t, target, args, resp)
}

// InstallSnapshot is refused: a snapshot is a marker and has no content to send.
func (t *transport) InstallSnapshot(_ raft.ServerID, target raft.ServerAddress, _ *raft.InstallSnapshotRequest, _ *raft.InstallSnapshotResponse, _ io.Reader) error {
	return fault.New(fault.Unavailable, "there is no copy of the state to send to node %s", target)
}

// EncodePeer returns how a server is named in messages.
func (t *transport) EncodePeer(_ raft.ServerID, addr raft.ServerAddress) []byte { return []byte(addr) }

// DecodePeer is the opposite of EncodePeer.
func (t *transport) DecodePeer(name []byte) raft.ServerAddress { return raft.ServerAddress(name) }
