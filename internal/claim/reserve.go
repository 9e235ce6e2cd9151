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

	change Change
}

// Reserve reserves all claims of a change, with one command for each shard.
// The error is a *TakenError or *BusyError if another owner has one of those
// to take; what was reserved until then settles itself.
func Reserve(ctx context.Context, e command.Engine, c Change) (*Reservation, error) {
	slot, err := id.SlotOf(c.Owner)
	if err != nil {
		return nil, err
	}
	clock, err := clockOf(ctx, e, slot)
	if err != nil {
		return nil, fmt.Errorf("reserving claims of %s: %w", c.Owner, err)
	}
	r := &Reservation{Deadline: clock + window, Token: rand.Text(), change: c}
	for _, hashes := range byShard(e, slices.Concat(c.Take, c.Drop)) {
		cmd := reserve{Claims: c.Kind, Owner: c.Owner, Token: r.Token, Deadline: r.Deadline, Hashes: hashes}
		if _, err := command.Do[struct{}](ctx, e, &cmd, command.Call{Slot: hashes[0].Slot()}); err != nil {
			return r, err
		}
	}
	return r, nil
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
	return r.settle(ctx, e, r.change.Take, r.change.Drop)
}

// Abandon ends a reservation whose command was refused or never sent. It is
// only for an owner that does not exist and, since its ID is known to nobody
// else, never will; the claims of any other settle themselves.
func (r *Reservation) Abandon(ctx context.Context, e command.Engine) error {
	return r.settle(ctx, e, nil, slices.Concat(r.change.Take, r.change.Drop))
}

func (r *Reservation) settle(ctx context.Context, e command.Engine, confirm, release []Hash) error {
	for _, hashes := range byShard(e, slices.Concat(confirm, release)) {
		cmd := settle{Claims: r.change.Kind, Token: r.Token}
		for _, h := range hashes {
			if slices.Contains(release, h) {
				cmd.Release = append(cmd.Release, h)
			} else {
				cmd.Confirm = append(cmd.Confirm, h)
			}
		}
		if _, err := command.Do[struct{}](ctx, e, &cmd, command.Call{Slot: hashes[0].Slot()}); err != nil {
			return fmt.Errorf("settling claims of %s: %w", r.change.Owner, err)
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
func byShard(e command.Engine, hashes []Hash) [][]Hash {
	sorted := slices.Clone(hashes)
	slices.SortStableFunc(sorted, func(a, b Hash) int { return cmp.Compare(e.ShardOf(a.Slot()), e.ShardOf(b.Slot())) })
	var groups [][]Hash
	for _, h := range sorted {
		n := len(groups)
		if n == 0 || len(groups[n-1]) == most || e.ShardOf(groups[n-1][0].Slot()) != e.ShardOf(h.Slot()) {
			groups = append(groups, nil)
			n++
		}
		groups[n-1] = append(groups[n-1], h)
	}
	return groups
}

// reserve reserves claims of one shard for an owner.
type reserve struct {
	Claims   string `cbor:"1,keyasint"`
	Owner    string `cbor:"2,keyasint"`
	Token    string `cbor:"3,keyasint"`
	Deadline int64  `cbor:"4,keyasint"`
	Hashes   []Hash `cbor:"5,keyasint"`
}

func (reserve) Kind() command.Kind { return "claim.reserve" }

func (c reserve) Validate() error {
	if c.Claims == "" || c.Owner == "" || c.Token == "" || len(c.Hashes) == 0 || len(c.Hashes) > most {
		return fault.New(fault.Invalid, "reserving needs a kind, an owner, a token and 1 to %d claims", most)
	}
	return nil
}

func (c reserve) apply(tx *command.Tx) (struct{}, error) {
	for _, h := range c.Hashes {
		if err := OwnedTx(tx, h.Slot()); err != nil {
			return struct{}{}, err
		}
		claim, err := find(tx, c.Claims, h)
		if err != nil {
			return struct{}{}, err
		}
		if claim.owner != "" && claim.owner != c.Owner {
			return struct{}{}, claim.taken()
		}
		if err := claim.reserve(tx, c.Owner, c.Token, c.Deadline); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, nil
}
