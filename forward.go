package commerce

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/replication/peer"
	"github.com/keelshop/commerce/shard"
)

// What nodes ask each other beside replication.
const (
	callSubmit = iota + 1 // apply a command
	callAdd               // make a node a member of a shard
	callRemove            // and the opposite
	callStatus
	callDrain
	callResume
	callLead // may the leadership of a shard be handed to you?

	// What a RemoteCluster asks a node to do.
	callNodes
	callRemoveNode
	callDrainNode
	callResumeNode

	callCopy    // make a copy of the store, to be fetched
	callPart    // a part of a file of such a copy
	callCopied  // it is not needed any more
	callAsset   // a part of an asset that you have yourself
	callKeep    // fetch an asset from a node, and keep it
	callUnasset // remove an asset that you have yourself

	callDigest   // of a shard at a cut
	callDistrust // your copy of a shard differs: rebuild it from another node's
	callShard    // make a copy of a shard, to be fetched
	callAudit    // for a RemoteCluster
	callInvite   // make a token for a node
	callRedeem   // let the node in that calls, which has a token
	callAnyAsset // a part of an asset, whichever node has it
	callLevel    // for a RemoteCluster: take the store to the newest level

	callMayRemove // would callRemove be done?
)

// A call is what one node asks another. Its fields are a wire format.
type call struct {
	Op       int    `cbor:"1,keyasint"`
	Shard    int    `cbor:"2,keyasint,omitempty"`
	Envelope []byte `cbor:"3,keyasint,omitempty"`
	Node     string `cbor:"4,keyasint,omitempty"`
	Addr     string `cbor:"5,keyasint,omitempty"`
	// Millis is how long the caller waits.
	Millis int64 `cbor:"6,keyasint,omitempty"`
	// Name and Offset say what part of which file is wanted.
	Name   string `cbor:"7,keyasint,omitempty"`
	Offset int64  `cbor:"8,keyasint,omitempty"`
}

// large reports whether the answer may be so large that room is kept for it.
func (c call) large() bool { return c.Op == callPart || c.Op == callAsset || c.Op == callAnyAsset }

// An answered says what came of a call.
type answered struct {
	Body []byte `cbor:"1,keyasint,omitempty"`
	// Refusal is what the command itself answered, an encoded error.
	Refusal []byte `cbor:"2,keyasint,omitempty"`
	// Failure says why there is no answer, an encoded error.
	Failure []byte `cbor:"3,keyasint,omitempty"`
	Index   uint64 `cbor:"4,keyasint,omitempty"` // of the log, where the effect is
	Cut     uint64 `cbor:"5,keyasint,omitempty"`
	Leader  string `cbor:"6,keyasint,omitempty"` // who leads, if the one asked does not
}

// How long a call without a deadline is tried again, and the pauses between.
const (
	retryLimit = 10 * time.Second
	retryFirst = 10 * time.Millisecond
	retryLast  = 250 * time.Millisecond
)

// retry does something again for as long as it fails in a way that may pass,
// until ctx ends, or for ten seconds if ctx has no end. What surely did not
// happen is safe to do again; so is a command, by its key. If one try may have
// happened, that is the answer: a later one that surely did not says nothing of
// it. A leader that says when to come back is not asked again before, nor is a
// node that has no room for what it is asked.
func (e *engine) retry(ctx context.Context, do func(context.Context) error) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, retryLimit)
		defer cancel()
	}
	var doubt error
	for wait := retryFirst; ; wait = min(wait*2, retryLast) {
		err := do(ctx)
		if err == nil {
			return nil
		}
		if fault.CodeOf(err) == fault.Uncertain {
			doubt = err
		}
		pausing := wait
		if full, ok := errors.AsType[*peer.FullError](err); ok {
			pausing = max(wait, full.Wait)
		}
		_, overloaded := errors.AsType[*command.OverloadedError](err)
		if overloaded || !fault.Retryable(err) || e.usable() != nil || !pause(ctx, pausing) {
			return cmp.Or(doubt, err)
		}
	}
}

// route applies a command on the shard's leader, wherever that is.
func (e *engine) route(ctx context.Context, l *lane, env command.Envelope) (reply shard.Reply, err error) {
	if !e.clustered.Load() {
		if err := e.takes(l, env); err != nil {
			return reply, err
		}
		env.Level = l.shard.Level()
		return l.propose(ctx, env)
	}
	err = e.retry(ctx, func(ctx context.Context) (err error) {
		if l.group.Ready() {
			if err := e.takes(l, env); err != nil {
				return err
			}
			env.Level = l.shard.Level()
			reply, err = l.propose(ctx, env)
			return err
		}
		reply, err = e.forward(ctx, l, env)
		return err
	})
	return reply, err
}

// takes reports whether this node, as the leader, may take a command.
func (e *engine) takes(l *lane, env command.Envelope) error {
	if err := l.trusted(); err != nil || own(env.Kind) {
		return err
	}
	return e.room.spent()
}

// forward sends a command to the leader, and waits until this node has its
// effect: who wrote here reads it here.
func (e *engine) forward(ctx context.Context, l *lane, env command.Envelope) (shard.Reply, error) {
	leader := l.group.Leader()
	if leader == "" || leader == e.self {
		return shard.Reply{}, &replication.NotLeaderError{Group: uint32(l.number)}
	}
	env.Cut = e.cut.Load()
	raw, err := env.Encode()
	if err != nil {
		return shard.Reply{}, err
	}
	asked, answered := l.group.Following(ctx, leader)
	got, err := e.ask(asked, leader, call{Op: callSubmit, Shard: l.number, Envelope: raw})
	answered()
	if err != nil {
		return shard.Reply{}, err
	}
	e.meetCut(got.Cut)
	ctx, cancel := context.WithTimeout(ctx, maxBehind)
	defer cancel()
	if err := l.group.WaitApplied(ctx, got.Index); err != nil {
		l.wroteAt(got.Index) // reads wait for it
	}
	if got.Refusal != nil {
		return shard.Reply{Err: e.types.Decode(got.Refusal)}, nil
	}
	return shard.Reply{Answer: command.Answer{Body: got.Body}}, nil
}

// maxBehind bounds how old a cached read may be.
const maxBehind = time.Second

// ask asks another node. Its failures come back as they were.
func (e *engine) ask(ctx context.Context, node string, c call) (answered, error) {
	if end, ok := ctx.Deadline(); ok {
		c.Millis = max(time.Until(end).Milliseconds(), 1)
	}
	data, err := command.Marshal(c)
	if err != nil {
		return answered{}, err
	}
	call := e.node.Call
	if c.large() {
		call = e.node.Fetch
	}
	raw, err := call(ctx, node, data)
	if err != nil {
		return answered{}, err
	}
	var got answered
	if err := command.Unmarshal(raw, &got); err != nil {
		return answered{}, fault.Wrap(fault.Uncertain, err, "node %s answered what cannot be read", node)
	}
	if got.Failure != nil {
		return got, e.types.Decode(got.Failure)
	}
	return got, nil
}

// handle answers what other nodes ask.
func (s *Store) handle(ctx context.Context, from string, data []byte) ([]byte, error) {
	var c call
	if err := command.Unmarshal(data, &c); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "reading a call of node %s", from)
	}
	if c.Millis > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(c.Millis)*time.Millisecond)
		defer cancel()
	}
	select {
	case <-s.opened:
	case <-ctx.Done():
		return nil, fault.New(fault.Unavailable, "node %s is still opening its store", s.id.Node)
	}
	var got answered
	err := s.cluster.permits(ctx, from, c)
	if err == nil {
		got, err = s.answer(ctx, c)
	}
	if err != nil {
		err = s.engine.passing(err)
		got.Failure = s.engine.types.Encode(err)
		if e, ok := errors.AsType[*replication.NotLeaderError](err); ok {
			got.Leader = e.Leader
		}
	}
	return command.Marshal(got)
}

// passing returns what to tell another node of an error: that this node's store
// has stopped is not the call's own answer, since another node leads soon. Of a
// command that may be in the log the error says so already.
func (e *engine) passing(err error) error {
	if fault.CodeOf(err) != fault.Broken || e.usable() == nil {
		return err
	}
	return fault.Wrap(fault.Unavailable, err, "node %s has stopped", e.self)
}

func (s *Store) answer(ctx context.Context, c call) (answered, error) {
	e := s.engine
	if c.Shard < 0 || c.Shard >= len(e.lanes) {
		return answered{}, fault.New(fault.Invalid, "there is no shard %d", c.Shard)
	}
	if err := e.usable(); err != nil {
		return answered{}, fault.Wrap(fault.Unavailable, err, "node %s", s.id.Node)
	}
	l := e.lanes[c.Shard]
	switch c.Op {
	case callSubmit:
		return e.serveSubmit(ctx, l, c.Envelope)
	case callAdd:
		return answered{}, s.cluster.add(ctx, l, c)
	case callRemove:
		return answered{}, s.cluster.remove(ctx, l, c.Node)
	case callMayRemove:
		return answered{}, s.cluster.mayRemove(l, c.Node)
	case callStatus:
		body, err := command.Marshal(s.cluster.report())
		return answered{Body: body}, err
	case callDrain:
		return answered{}, s.cluster.drainHere(ctx)
	case callResume:
		return answered{}, s.cluster.resumeHere(ctx)
	case callLead:
		if s.cluster.draining.Load() {
			return answered{}, fault.New(fault.Refused, "node %s is being drained", s.id.Node)
		}
		if err := e.room.low(); err != nil {
			return answered{}, err
		}
		if err := l.caughtUp(); err != nil {
			return answered{}, err
		}
		return answered{}, l.trusted()
	case callDigest:
		return s.serveDigest(ctx, l, uint64(c.Offset))
	case callDistrust:
		return answered{}, s.distrust(l, c.Node)
	}
	return s.operate(ctx, c)
}

// maxUnapplied is how many entries of the log a node may have to apply before it
// takes writes as the leader.
const maxUnapplied = 100

// caughtUp refuses to lead before a long queue is applied: until then a new leader
// takes no writes.
func (l *lane) caughtUp() error {
	if last, applied := l.group.LastIndex(), l.group.Applied(); last > applied+maxUnapplied {
		return fault.New(fault.Unavailable, "this node has %d entries of shard %d to apply before it can lead it", last-applied, l.number)
	}
	return nil
}

// operate does what an operator asks for.
func (s *Store) operate(ctx context.Context, c call) (answered, error) {
	switch c.Op {
	case callNodes:
		list, err := s.cluster.Status(ctx)
		if err != nil {
			return answered{}, err
		}
		body, err := command.Marshal(list)
		return answered{Body: body}, err
	case callRemoveNode:
		return answered{}, s.cluster.Remove(ctx, c.Node)
	case callDrainNode:
		return answered{}, s.cluster.Drain(ctx, c.Node)
	case callInvite:
		token, err := s.cluster.Invite(c.Node, time.Duration(c.Offset))
		return answered{Body: []byte(token)}, err
	case callRedeem:
		return answered{}, s.cluster.admit(ctx, c)
	case callAudit:
		a, err := s.cluster.Audit(ctx)
		if err != nil {
			return answered{}, err
		}
		body, err := command.Marshal(a)
		return answered{Body: body}, err
	case callResumeNode:
		return answered{}, s.cluster.Resume(ctx, c.Node)
	case callLevel:
		level, err := s.cluster.RaiseLevel(ctx)
		if err != nil {
			return answered{}, err
		}
		body, err := command.Marshal(level)
		return answered{Body: body}, err
	}
	return s.serveFiles(ctx, c)
}

// serveSubmit applies a command that came through another node.
func (e *engine) serveSubmit(ctx context.Context, l *lane, raw []byte) (answered, error) {
	env, err := command.DecodeEnvelope(raw)
	if err != nil {
		return answered{}, fault.Wrap(fault.Invalid, err, "reading a command")
	}
	if !l.group.Ready() {
		return answered{}, &replication.NotLeaderError{Group: uint32(l.number), Leader: l.group.Leader()}
	}
	if err := e.takes(l, env); err != nil {
		return answered{}, err
	}
	// Once it is in the log, a program that does not know it must stop.
	if _, known := e.set.Lookup(env.Kind); !known && !env.Skippable {
		return answered{}, fault.New(fault.Unavailable, "node %s runs a program that does not know %s: upgrade it", e.self, env.Kind)
	}
	if err := e.knowsLevel(env); err != nil {
		return answered{}, err
	}
	e.meetCut(env.Cut)
	env.Cut, env.Level = 0, l.shard.Level()
	reply, err := l.propose(ctx, env)
	if err != nil {
		return answered{}, fmt.Errorf("on node %s: %w", e.self, err)
	}
	defer l.group.Nudge()
	got := answered{Index: l.group.Applied(), Cut: e.cut.Load()}
	switch {
	case reply.Err != nil:
		got.Refusal = e.types.Encode(reply.Err)
	case reply.Answer.Value != nil:
		got.Body, err = command.Marshal(reply.Answer.Value)
	default:
		got.Body = reply.Answer.Body
	}
	if err != nil {
		return answered{}, fault.Wrap(fault.Uncertain, err, "encoding an answer")
	}
	return got, nil
}
