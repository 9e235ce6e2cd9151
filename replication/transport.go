package replication

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/peer"
)

// What nodes ask each other.
const (
	kindAppend byte = iota + 1
	kindVote
	kindPreVote
	kindTimeoutNow
	kindInstall
	kindRead    // where to read from: see Group.ReadIndex
	kindState   // how far a group is
	kindCall    // the program's own business: see Node.Call
	kindTerm    // which term are you in?
	kindWitness // what have I shown to you?
)

// Lanes of the network: what Raft needs to stay alive does not wait behind anything else.
const (
	laneRaft byte = iota
	laneCall
	laneBulk = peer.LaneBulk
)

// transport carries raft's messages for one group. A server's address in raft's configuration is its node's name;
// only the network knows where that is. What a node sends to itself is delivered in memory.
type transport struct {
	node     *Node
	group    uint32
	self     raft.ServerAddress
	incoming chan raft.RPC
	acks     acks
	commits  func(follower string, term uint64) (at position, ok bool) // see position
	showed   func(node string, index, term uint64)                     // see Group.showed
	vouched  func(context.Context) error                               // see Group.waitVouched
	acked    func(told uint64)                                         // a follower has got entries, and been told what was committed then
	leads    func(term uint64, member string) bool                     // this node leads in that term, and the other one is a member
	deaf     deaf
	quiet    quiet
	closing  sync.Once
	closed   chan struct{}
	ctx      context.Context // ends with closed
	stop     context.CancelFunc
}

func newTransport(node *Node, group uint32) *transport {
	t := &transport{
		node: node, group: group, self: raft.ServerAddress(node.conf.NodeID),
		incoming: make(chan raft.RPC), closed: make(chan struct{}),
	}
	t.ctx, t.stop = context.WithCancel(context.Background())
	return t
}

// close ends the transport: peers hear nothing more from here, and elect another leader.
func (t *transport) close() {
	t.closing.Do(func() {
		close(t.closed)
		t.stop()
	})
}

// deliver gives a message to this node's own raft and returns its answer.
func (t *transport) deliver(ctx context.Context, command any, body io.Reader) (any, error) {
	answer := make(chan raft.RPCResponse, 1) // raft's main goroutine must never wait for us
	select {
	case t.incoming <- raft.RPC{Command: command, Reader: body, RespChan: answer}:
	case <-t.closed:
		return nil, fault.New(fault.Unavailable, "group %d is closed", t.group)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	select {
	case a := <-answer:
		return a.Response, a.Error
	case <-t.closed:
		return nil, fault.New(fault.Unavailable, "group %d is closed", t.group)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// receive answers a message from another node.
func (t *transport) receive(ctx context.Context, from string, r peer.Request, g *Group) ([]byte, error) {
	command, err := decodeRequest(r.Kind, r.Data)
	if err != nil {
		return nil, err
	}
	if h, ok := command.(raft.WithRPCHeader); !ok || string(h.GetRPCHeader().ID) != from {
		return nil, fault.New(fault.Invalid, "node %s speaks for another one", from)
	}
	if err := g.admits(from, command); err != nil {
		return nil, err
	}
	var body *bodyReader
	if r.Kind == kindInstall {
		if r.Body == nil {
			return nil, fault.New(fault.Invalid, "a copy without content has come")
		}
		offer := command.(*raft.InstallSnapshotRequest)
		if answer := g.welcome(offer); answer != nil {
			return encodeMessage(answer)
		}
		if err := g.node.conf.Room(offer.Size); err != nil {
			return nil, fmt.Errorf("receiving a copy of group %d: %w", g.id, err)
		}
		body = &bodyReader{r: r.Body}
		defer body.close() // raft may go on reading when this group is closed
		ctx = context.WithoutCancel(ctx)
	} else {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, appendLimit)
		defer cancel()
	}
	t.deaf.note(from, false)
	if err := t.vouched(ctx); err != nil {
		return nil, err
	}
	switch m := command.(type) {
	case *raft.AppendEntriesRequest:
		t.showed(from, m.LeaderCommitIndex, m.Term)
	case *raft.RequestVoteRequest:
		t.showed(from, 0, m.Term)
	}
	if answer := g.vote(command); answer != nil {
		return encodeMessage(answer)
	}
	var answer any
	g.early(ctx, command)
	if body == nil {
		answer, err = t.deliver(ctx, command, nil)
	} else {
		answer, err = t.deliver(ctx, command, body)
	}
	if err != nil {
		return nil, err
	}
	return encodeMessage(answer)
}

// bodyReader is a body that can be taken away from its reader.
type bodyReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (b *bodyReader) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r == nil {
		return 0, io.ErrClosedPipe
	}
	return b.r.Read(p)
}

func (b *bodyReader) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.r = nil
}

// How long an answer is waited for. After a heartbeat timeout one to a heartbeat or a vote is worth nothing.
const (
	askLimit    = patience
	appendLimit = 5 * time.Second // a follower writes to its disk before it answers
)

// ask sends a message to another node and reads its answer.
func (t *transport) ask(ctx context.Context, target raft.ServerAddress, limit time.Duration, r peer.Request, command, into any) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var err error
	if r.Data, err = encodeMessage(command); err != nil {
		return err
	}
	r.Group = t.group
	answer, err := t.node.send(ctx, string(target), r)
	if err != nil {
		return err
	}
	t.deaf.note(string(target), false)
	return decodeResponse(answer, into)
}

// lead makes a lone voter stand for election at once instead of waiting for a leader it cannot have.
func (t *transport) lead(ctx context.Context) error {
	_, err := t.deliver(ctx, t.timeoutNow(), nil)
	return err
}

func (t *transport) timeoutNow() *raft.TimeoutNowRequest {
	return &raft.TimeoutNowRequest{
		RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(t.self), Addr: []byte(t.self)},
	}
}

// Consumer returns the messages for this group.
func (t *transport) Consumer() <-chan raft.RPC { return t.incoming }

// LocalAddr returns the node's name.
func (t *transport) LocalAddr() raft.ServerAddress { return t.self }

// SetHeartbeatHandler does nothing. The handler would append entries on the transport's goroutine, beside raft's
// own, which can make replicas diverge (hashicorp/raft#695); without it heartbeats come through Consumer.
func (t *transport) SetHeartbeatHandler(func(raft.RPC)) {}

// AppendEntries sends entries to a follower, or a heartbeat when there are none, and notes what it acknowledges.
func (t *transport) AppendEntries(id raft.ServerID, target raft.ServerAddress, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	trim(args)
	heartbeat := isHeartbeat(args)
	args = t.tell(string(id), args)
	if !heartbeat {
		t.deaf.wait(t.ctx, string(id), func() bool { return t.leads(args.Term, string(id)) })
	}
	if heartbeat && t.quiet.skip(string(id), args, t.node.restFor()) {
		*resp = raft.AppendEntriesResponse{RPCHeader: args.RPCHeader, Term: args.Term, Success: true}
		return nil
	}
	return t.append(t.ctx, string(id), target, args, resp)
}

// append sends a request to append and notes what the answer acknowledges.
func (t *transport) append(ctx context.Context, id string, target raft.ServerAddress, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	limit := askLimit
	if len(args.Entries) > 0 {
		limit = appendLimit
	}
	began := t.acks.begin()
	if err := t.ask(ctx, target, limit, peer.Request{Kind: kindAppend, Lane: laneRaft}, args, resp); err != nil {
		if ctx.Err() == nil {
			t.deaf.note(id, true)
		}
		return err
	}
	if resp.Success && resp.Term == args.Term {
		t.acks.note(id, args.Term, began, matched(args))
		t.quiet.note(id, args)
		t.showed(id, matched(args), resp.Term)
		if len(args.Entries) > 0 {
			t.acked(args.LeaderCommitIndex)
		}
	}
	return nil
}

// position is an entry that a follower has acknowledged in the leader's term, and what is committed up to there.
type position struct{ index, term, commit uint64 }

// tell makes a heartbeat say what is committed. Raft's own say nothing of the log; with the last entry that the
// follower has acknowledged in front, it may be told, as in any request to append.
func (t *transport) tell(follower string, args *raft.AppendEntriesRequest) *raft.AppendEntriesRequest {
	if !isHeartbeat(args) {
		return args
	}
	at, ok := t.commits(follower, args.Term)
	if !ok {
		return args
	}
	told := *args
	told.PrevLogEntry, told.PrevLogTerm, told.LeaderCommitIndex = at.index, at.term, at.commit
	return &told
}

// isHeartbeat reports whether a request is one of raft's heartbeats, which say nothing of the log.
func isHeartbeat(args *raft.AppendEntriesRequest) bool {
	return len(args.Entries) == 0 && args.PrevLogEntry == 0 && args.LeaderCommitIndex == 0
}

// matched is the index up to which a follower that has acknowledged a request has the leader's log; 0 for a heartbeat,
// which says nothing of it.
func matched(args *raft.AppendEntriesRequest) uint64 {
	if n := len(args.Entries); n > 0 {
		return args.Entries[n-1].Index
	}
	return args.PrevLogEntry
}

// RequestVote asks for a vote.
func (t *transport) RequestVote(_ raft.ServerID, target raft.ServerAddress, args *raft.RequestVoteRequest, resp *raft.RequestVoteResponse) error {
	if err := t.vouched(t.ctx); err != nil {
		return err
	}
	err := t.ask(t.ctx, target, askLimit, peer.Request{Kind: kindVote, Lane: laneRaft}, args, resp)
	if err == nil {
		t.showed(string(target), 0, resp.Term)
	}
	return err
}

// RequestPreVote asks whether a vote would be given.
func (t *transport) RequestPreVote(_ raft.ServerID, target raft.ServerAddress, args *raft.RequestPreVoteRequest, resp *raft.RequestPreVoteResponse) error {
	if err := t.vouched(t.ctx); err != nil {
		return err
	}
	return t.ask(t.ctx, target, askLimit, peer.Request{Kind: kindPreVote, Lane: laneRaft}, args, resp)
}

// TimeoutNow asks a follower to stand for election.
func (t *transport) TimeoutNow(_ raft.ServerID, target raft.ServerAddress, args *raft.TimeoutNowRequest, resp *raft.TimeoutNowResponse) error {
	return t.ask(t.ctx, target, askLimit, peer.Request{Kind: kindTimeoutNow, Lane: laneRaft}, args, resp)
}

// InstallSnapshot sends a copy of the machine to a follower.
func (t *transport) InstallSnapshot(_ raft.ServerID, target raft.ServerAddress, args *raft.InstallSnapshotRequest, resp *raft.InstallSnapshotResponse, data io.Reader) error {
	limit := time.Minute + time.Duration(args.Size>>18)*time.Second
	return t.ask(t.ctx, target, limit, peer.Request{Kind: kindInstall, Body: data, Size: args.Size}, args, resp)
}

// EncodePeer returns how a server is named in messages.
func (t *transport) EncodePeer(_ raft.ServerID, addr raft.ServerAddress) []byte { return []byte(addr) }

// DecodePeer is the opposite of EncodePeer.
func (t *transport) DecodePeer(name []byte) raft.ServerAddress { return raft.ServerAddress(name) }

// send sends a request to another node.
func (n *Node) send(ctx context.Context, to string, r peer.Request) ([]byte, error) {
	net := n.network.Load()
	if net == nil {
		return nil, fault.New(fault.Unavailable, "node %s cannot be reached: this node has no network", to)
	}
	return (*net).Call(ctx, to, r)
}

// Connect gives a running node its way to the others. It is called once.
func (n *Node) Connect(net peer.Network) error {
	if !n.network.CompareAndSwap(nil, &net) {
		return fault.New(fault.Invalid, "the node has a network already")
	}
	if w, ok := net.(peer.Watcher); ok {
		w.OnLost(n.lost)
	}
	net.Serve(n.receive)
	return nil
}

// receive answers what other nodes ask.
func (n *Node) receive(ctx context.Context, from string, r peer.Request) ([]byte, error) {
	if stopped := n.stopped(); stopped != nil {
		return nil, fault.Wrap(fault.Unavailable, stopped, "node %s", n.conf.NodeID)
	}
	if r.Kind == kindCall {
		if n.conf.Handle == nil {
			return nil, fault.New(fault.Unavailable, "node %s answers no calls", n.conf.NodeID)
		}
		return n.conf.Handle(ctx, from, r.Data)
	}
	g := n.group(r.Group)
	if g == nil {
		return nil, fault.New(fault.Unavailable, "node %s does not have group %d yet", n.conf.NodeID, r.Group)
	}
	switch r.Kind {
	case kindRead:
		return g.serveRead(ctx, r.Data)
	case kindWitness:
		return g.serveWitness(from), nil
	case kindState:
		return g.serveState()
	case kindTerm:
		if err := g.waitVouched(ctx); err != nil {
			return nil, err
		}
		return binary.AppendUvarint(nil, g.raft.CurrentTerm()), nil
	}
	return g.trans.receive(ctx, from, r, g)
}

func (n *Node) group(id uint32) *Group {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.groups[id]
}

// Call asks another node's program something; its Config.Handle answers. The error is that of the handler,
// fault.Unavailable when the handler surely was not called, and fault.Uncertain when it may have been.
func (n *Node) Call(ctx context.Context, to string, data []byte) ([]byte, error) {
	return n.call(ctx, to, laneCall, data)
}

// Fetch is Call for large answers, which do not hold up those to Call.
func (n *Node) Fetch(ctx context.Context, to string, data []byte) ([]byte, error) {
	return n.call(ctx, to, laneBulk, data)
}

func (n *Node) call(ctx context.Context, to string, lane byte, data []byte) ([]byte, error) {
	if stopped := n.stopped(); stopped != nil {
		return nil, stopped
	}
	net := n.network.Load()
	if net == nil {
		return nil, fault.New(fault.Unavailable, "node %s cannot be reached: this node has no network", to)
	}
	return call(ctx, *net, to, lane, data)
}

// Call is [Node.Call] for who has a network and no node.
func Call(ctx context.Context, net peer.Network, to string, data []byte) ([]byte, error) {
	return call(ctx, net, to, laneCall, data)
}

// Fetch is [Node.Fetch] for who has a network and no node.
func Fetch(ctx context.Context, net peer.Network, to string, data []byte) ([]byte, error) {
	return call(ctx, net, to, laneBulk, data)
}

func call(ctx context.Context, net peer.Network, to string, lane byte, data []byte) ([]byte, error) {
	answer, err := net.Call(ctx, to, peer.Request{Kind: kindCall, Lane: lane, Data: data})
	if err != nil {
		return nil, fmt.Errorf("calling node %s: %w", to, err)
	}
	return answer, nil
}
