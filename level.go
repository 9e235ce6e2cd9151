package commerce

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/shard"
)

// RaiseLevel takes every shard to the newest logic level of this node's program,
// and returns it. Until then a newer program does what the older one did, so
// that both can hold one store; and there is no way back: an older program does
// not open the store any more.
//
// It is refused, and nothing has changed, unless every member knows the level:
// fault.Refused names one whose program does not, and fault.Unavailable one that
// cannot be asked. When it fails halfway some shards have the level and others
// do not, which harms nothing; do it again. On a store that has the level it
// does nothing.
func (c *Cluster) RaiseLevel(ctx context.Context) (uint32, error) {
	e := c.store.engine
	if err := e.usable(); err != nil {
		return 0, err
	}
	newest := e.newest()
	if err := c.allKnow(ctx, newest); err != nil {
		return 0, fmt.Errorf("taking the store to level %d: %w", newest, err)
	}
	body, err := command.Marshal(shard.SetLevel{Level: newest})
	if err != nil {
		return 0, err
	}
	for _, l := range e.lanes {
		reply, err := e.route(ctx, l, command.Envelope{
			Kind: shard.SetLevel{}.Kind(), Slot: l.slot, At: c.store.config.clock.Wall().UnixMilli(), Body: body,
		})
		if err == nil {
			err = reply.Err
		}
		if err != nil {
			return 0, fmt.Errorf("taking shard %d to level %d: %w", l.number, newest, err)
		}
	}
	return newest, nil
}

// allKnow asks every member, those without a vote as well: one that does not
// know the level would stop.
func (c *Cluster) allKnow(ctx context.Context, level uint32) error {
	if err := c.store.engine.fresh(ctx, c.store.engine.lanes[0]); err != nil {
		return err // this node might not know all members
	}
	list, err := c.Status(ctx)
	if err != nil {
		return err
	}
	for _, n := range list {
		switch {
		case !n.Reachable:
			return fault.New(fault.Unavailable, "node %s does not answer: wait until it does, or remove it", n.Node)
		case n.Knows < level:
			return fault.New(fault.Refused, "node %s runs a program that knows levels up to %d: upgrade it first", n.Node, n.Knows)
		}
	}
	return nil
}

// newest is the newest logic level of this program.
func (e *engine) newest() uint32 { return shard.Newest(e.set.Modules()) }

// level is the lowest logic level of this node's shards.
func (e *engine) level() uint32 {
	lowest := e.lanes[0].shard.Level()
	for _, l := range e.lanes {
		lowest = min(lowest, l.shard.Level())
	}
	return lowest
}

// knowsLevel refuses to put a level into the log that would stop this node.
func (e *engine) knowsLevel(env command.Envelope) error {
	var to shard.SetLevel
	if env.Kind != to.Kind() {
		return nil
	}
	if err := command.Unmarshal(env.Body, &to); err != nil {
		return fault.Wrap(fault.Invalid, err, "reading a level")
	}
	if newest := e.newest(); to.Level > newest {
		return fault.New(fault.Unavailable, "node %s runs a program that knows levels up to %d and not %d: upgrade it", e.self, newest, to.Level)
	}
	return nil
}
