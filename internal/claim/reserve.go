package claim

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// window is how long the owner's command has to follow its reservation, in
// milliseconds by the clock of the owner's shard. settleAfter, by the clock of
// the claim's shard, is when it is first asked what became of it.
const (
	window      = 10_000
	settleAfter = 15_000
)

// most is how many claims one command carries.
const most = 2000

// Change says which values of one kind an owner is about to take and to drop.
type Change struct {
	Kind  string
	Owner string // an ID: the owner lives on its slot
	Take  []Hash
	Drop  []Hash
}

// Reservation is a change that may be made now.
type Reservation struct {
	// Deadline goes into the owner's command, which gives it to InTime.
	Deadline int64
	// Token goes there too and comes back in the command's answer. An answer
	// with another token is that of an earlier attempt, recalled by its key:
	// then this reservation's change was not made, and must not be settled.
	Token string

	changes []Change
}

// Reserve reserves all claims of a change, with one command for each shard.
// The error is a *TakenError or *BusyError if another owner has one of those
// to take; what was reserved until then settles itself.
func Reserve(ctx context.Context, e command.Engine, c Change) (*Reservation, error) {
	return ReserveAll(ctx, e, []Change{c})
}

// ReserveAll is Reserve for changes of one kind whose owners live on one
// shard, in few commands. If one of them cannot be made, none may.
func ReserveAll(ctx context.Context, e command.Engine, changes []Change) (*Reservation, error) {
	slot, err := id.SlotOf(changes[0].Owner)
	if err != nil {
		return nil, err
	}
	clock, err := clockOf(ctx, e, slot)
	if err != nil {
		return nil, fmt.Errorf("reserving claims of %s: %w", changes[0].Owner, err)
	}
	r := &Reservation{Deadline: clock + window, Token: rand.Text(), changes: changes}
	for _, group := range byShard(e, r.all()) {
		cmd := reserve{Claims: changes[0].Kind, Token: r.Token, Deadline: r.Deadline}
		for _, c := range group {
			cmd.add(c)
		}
		if _, err := command.Do[struct{}](ctx, e, &cmd, command.Call{Slot: group[0].hash.Slot()}); err != nil {
			return r, err
		}
	}
	return r, nil
}

// owned is one claim of a change.
type owned struct {
	hash  Hash
	owner string
	drop  bool
}

func (r *Reservation) all() (list []owned) {
	for _, c := range r.changes {
		for _, h := range c.Take {
			list = append(list, owned{hash: h, owner: c.Owner})
		}
		for _, h := range c.Drop {
			list = append(list, owned{hash: h, owner: c.Owner, drop: true})
		}
	}
	return list
}

// InTime is called first by the command that a reservation was made for. Its
// error is a *LateError.
func InTime(tx *command.Tx, deadline int64) error {
	if tx.Clock > deadline {
		return &LateError{Deadline: deadline, Clock: tx.Clock}
	}
	return nil
}

// Settle ends a reservation after the owner's command succeeded. If it fails
// nothing is lost: the claims settle themselves.
func (r *Reservation) Settle(ctx context.Context, e command.Engine) error {
	return r.settle(ctx, e, func(c owned) bool { return c.drop })
}

// Abandon ends a reservation whose command was refused or never sent. It is
// only for owners that do not exist and, since their IDs are known to nobody
// else, never will; the claims of any other settle themselves.
func (r *Reservation) Abandon(ctx context.Context, e command.Engine) error {
	return r.settle(ctx, e, func(owned) bool { return true })
}

func (r *Reservation) settle(ctx context.Context, e command.Engine, release func(owned) bool) error {
	for _, group := range byShard(e, r.all()) {
		cmd := settle{Claims: r.changes[0].Kind, Token: r.Token}
		for _, c := range group {
			if release(c) {
				cmd.Release = append(cmd.Release, c.hash)
			} else {
				cmd.Confirm = append(cmd.Confirm, c.hash)
			}
		}
		if _, err := command.Do[struct{}](ctx, e, &cmd, command.Call{Slot: group[0].hash.Slot()}); err != nil {
			return fmt.Errorf("settling claims of %s: %w", r.changes[0].Owner, err)
		}
	}
	return nil
}

// clockOf reads the clock of a shard. On an idle shard it is behind, and the
// command that is then late moves it.
func clockOf(ctx context.Context, e command.Engine, slot id.Slot) (clock int64, err error) {
	err = e.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		clock, _, err = tx.Int64(`SELECT clock FROM meta WHERE one = 1`)
		return err
	})
	return clock, err
}

// byShard groups claims by shard, in order, at most so many in a group.
func byShard(e command.Engine, claims []owned) [][]owned {
	slices.SortStableFunc(claims, func(a, b owned) int { return cmp.Compare(e.ShardOf(a.hash.Slot()), e.ShardOf(b.hash.Slot())) })
	var groups [][]owned
	for _, c := range claims {
		n := len(groups)
		if n == 0 || len(groups[n-1]) == most || e.ShardOf(groups[n-1][0].hash.Slot()) != e.ShardOf(c.hash.Slot()) {
			groups = append(groups, nil)
			n++
		}
		groups[n-1] = append(groups[n-1], c)
	}
	return groups
}

// reserve reserves claims of one shard for owners.
type reserve struct {
	Claims   string     `cbor:"1,keyasint"`
	Owners   []reserved `cbor:"2,keyasint"`
	Token    string     `cbor:"3,keyasint"`
	Deadline int64      `cbor:"4,keyasint"`
}

// reserved are claims for one owner.
type reserved struct {
	Owner  string `cbor:"1,keyasint"`
	Hashes []Hash `cbor:"2,keyasint"`
}

func (c *reserve) add(claim owned) {
	n := len(c.Owners)
	if n == 0 || c.Owners[n-1].Owner != claim.owner {
		c.Owners = append(c.Owners, reserved{Owner: claim.owner})
		n++
	}
	c.Owners[n-1].Hashes = append(c.Owners[n-1].Hashes, claim.hash)
}

func (reserve) Kind() command.Kind { return "claim.reserve" }

func (c reserve) Validate() error {
	hashes := 0
	for _, o := range c.Owners {
		if o.Owner == "" || len(o.Hashes) == 0 {
			return fault.New(fault.Invalid, "reserving needs an owner and claims")
		}
		hashes += len(o.Hashes)
	}
	if c.Claims == "" || c.Token == "" || hashes == 0 || hashes > most {
		return fault.New(fault.Invalid, "reserving needs a kind, a token and 1 to %d claims", most)
	}
	return nil
}

func (c reserve) apply(tx *command.Tx) (struct{}, error) {
	for _, o := range c.Owners {
		for _, h := range o.Hashes {
			if err := c.reserve(tx, o.Owner, h); err != nil {
				return struct{}{}, err
			}
		}
	}
	return struct{}{}, nil
}

func (c reserve) reserve(tx *command.Tx, owner string, h Hash) error {
	if err := OwnedTx(tx, h.Slot()); err != nil {
		return err
	}
	claim, err := find(tx, c.Claims, h)
	if err != nil {
		return err
	}
	if claim.owner != "" && claim.owner != owner {
		return claim.taken()
	}
	return claim.reserve(tx, owner, c.Token, c.Deadline)
}
