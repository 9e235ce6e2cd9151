package commerce

import (
	"context"
	"fmt"
	"go/token"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/shard"
)

// engine is the store as its services see it: it routes by slot, submits and
// reads. It is the only code that sees domain packages and replication both.
type engine struct {
	slots  *shard.Map
	lanes  []*lane
	node   *replication.Node
	sealer *seal.Sealer
	types  *fault.Types // of the errors that commands answer with
	set    *command.Set
	clock  Clock
	hooks  []Hook
	tell   func(ObservedCommand) // nil if nobody watches
	cut    atomic.Uint64         // the highest cut number seen on this node
	closed atomic.Bool

	self      string // this node
	clustered atomic.Bool
	began     time.Time // see moment
	room      room
	backlog   shard.Backlog // of all lanes
}

func (e *engine) Submit(ctx context.Context, env command.Envelope) (command.Answer, error) {
	if err := e.usable(); err != nil {
		return command.Answer{}, err
	}
	l, err := e.laneOf(env.Slot)
	if err != nil {
		return command.Answer{}, err
	}
	start := time.Now()
	reply, err := e.route(ctx, l, env)
	if err == nil {
		err = reply.Err
	}
	if e.tell != nil {
		e.tell(ObservedCommand{
			Context: ctx, Kind: string(env.Kind), Shard: l.number, Code: outcomeOf(err), Start: start, Took: time.Since(start),
			Proposed: reply.Steps.Proposed, Began: reply.Steps.Began, Applied: reply.Steps.Applied,
		})
	}
	if err != nil {
		return command.Answer{}, fmt.Errorf("%s: %w", env.Kind, err)
	}
	return reply.Answer, nil
}

func (e *engine) Recall(ctx context.Context, env command.Envelope) (a command.Answer, found bool, err error) {
	var reply shard.Reply
	err = e.View(ctx, env.Slot, func(tx *sqlite.Tx) (err error) {
		reply, found, err = shard.Recall(tx, e.types, env)
		return err
	})
	if err != nil || !found {
		return command.Answer{}, false, err
	}
	if reply.Err != nil {
		reply.Err = fmt.Errorf("%s: %w", env.Kind, reply.Err)
	}
	return reply.Answer, true, reply.Err
}

func (e *engine) View(ctx context.Context, slot id.Slot, fn func(*sqlite.Tx) error) error {
	if err := e.usable(); err != nil {
		return err
	}
	l, err := e.laneOf(slot)
	if err != nil {
		return err
	}
	if err := e.await(ctx, l, command.ReadBound{Fresh: true}); err != nil {
		return err
	}
	return l.shard.View(ctx, fn)
}

func (e *engine) Several() bool { return e.clustered.Load() }

func (e *engine) Recent(ctx context.Context, slot id.Slot) error {
	if !e.clustered.Load() {
		return nil
	}
	if err := e.usable(); err != nil {
		return err
	}
	l, err := e.laneOf(slot)
	if err != nil {
		return err
	}
	return e.await(ctx, l, command.ReadBound{Stale: true, Age: maxBehind})
}

// usable returns why the store cannot be used, if so.
func (e *engine) usable() error {
	if e.closed.Load() {
		return &command.UnservedError{Err: fault.New(fault.Unavailable, "the store is closed")}
	}
	if err := e.node.Err(); err != nil {
		return fault.Wrap(fault.Broken, diagnose(err), "the store has stopped: close it, see to the cause and open it again")
	}
	return nil
}

func (e *engine) laneOf(slot id.Slot) (*lane, error) {
	if slot >= id.Slots {
		return nil, fault.New(fault.Invalid, "there is no slot %d", slot)
	}
	return e.lanes[e.slots.Owner(slot)], nil
}

func (e *engine) Shards() int { return e.slots.Shards() }

func (e *engine) ShardOf(slot id.Slot) int { return e.slots.Owner(slot % id.Slots) }

func (e *engine) SlotOn(shard int) id.Slot { return e.lanes[shard].slot }

func (e *engine) Hash(purpose, value string) [32]byte { return e.sealer.Lookup(purpose, value) }

// meetCut notes a cut number that this node has come to know. From then on all
// that it sends comes from behind that cut.
func (e *engine) meetCut(cut uint64) {
	for {
		old := e.cut.Load()
		if old >= cut || e.cut.CompareAndSwap(old, cut) {
			return
		}
	}
}

// raiseCut takes every shard to a new cut and returns its number: the shards'
// states at that cut are one consistent picture of the store, in which nothing
// that one shard has received from another is missing there.
func (e *engine) raiseCut(ctx context.Context) (uint64, error) {
	cut := e.cut.Add(1)
	return cut, e.takeCut(ctx, cut)
}

// takeCut takes every shard to a cut that this node has come to know.
func (e *engine) takeCut(ctx context.Context, cut uint64) error {
	body, err := command.Marshal(shard.Tick{})
	if err != nil {
		return err
	}
	for _, l := range e.lanes {
		_, err = e.Submit(ctx, command.Envelope{Kind: shard.Tick{}.Kind(), Slot: l.slot, At: e.Now().UnixMilli(), Body: body})
		if err != nil {
			return fmt.Errorf("taking shard %d to cut %d: %w", l.number, cut, err)
		}
	}
	return nil
}

func (e *engine) Now() time.Time { return e.clock.Wall() }

func (e *engine) Before(ctx context.Context, c any) error {
	if k, ok := c.(interface{ Kind() command.Kind }); (!ok || !own(k.Kind())) && requested(c) {
		if err := e.room.low(); err != nil && e.leads() {
			return err
		}
	}
	if len(e.hooks) == 0 || !requested(c) {
		return nil
	}
	for _, h := range e.hooks {
		if err := h(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// leads reports whether this node leads a shard. Low on disk, it hands over what
// it leads and passes on what it is asked.
func (e *engine) leads() bool {
	return slices.ContainsFunc(e.lanes, func(l *lane) bool { return l.group.Leading() })
}

// requested reports whether c points to a request of a caller, and not to a
// command that the store makes of one or by itself.
func requested(c any) bool {
	return token.IsExported(reflect.Indirect(reflect.ValueOf(c)).Type().Name())
}
