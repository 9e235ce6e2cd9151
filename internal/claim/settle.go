package claim

import (
	"context"
	"fmt"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// TimerKind names the timers of reserved claims.
const TimerKind = "claim.settle"

// Holder says whether an owner has a value, by a fresh read of the owner.
type Holder func(ctx context.Context, kind string, h Hash, owner string) (bool, error)

// Timer returns the handler of TimerKind. It settles a claim whose reservation
// was not: confirmed if the owner has the value, released if not. Before the
// reservation's deadline it returns fault.Unavailable.
func Timer(e command.Engine, holds Holder) command.Timer {
	return func(ctx context.Context, timer string) error {
		kind, text, _ := strings.Cut(timer, ":")
		var h Hash
		if err := h.UnmarshalText([]byte(text)); err != nil {
			return fault.Wrap(fault.Broken, err, "settling the claim of timer %q", timer)
		}
		if err := settleOne(ctx, e, holds, kind, h); err != nil {
			return fmt.Errorf("settling a claim: %w", err)
		}
		return nil
	}
}

func settleOne(ctx context.Context, e command.Engine, holds Holder, kind string, h Hash) error {
	var owner, token string
	var deadline int64
	err := e.View(ctx, h.Slot(), func(tx *sqlite.Tx) error {
		rows := tx.One(`SELECT owner, token, deadline FROM claims WHERE kind = ? AND hash = ? AND state = 'reserved'`, kind, h[:])
		if rows.Next() {
			owner, token, deadline = rows.Text(0), rows.Text(1), rows.Int64(2)
		}
		return rows.Close()
	})
	if err != nil || owner == "" {
		return err // settled meanwhile
	}
	slot, err := id.SlotOf(owner)
	if err != nil {
		return err
	}
	clock, err := command.Do[int64](ctx, e, fence{}, command.Call{Slot: slot})
	if err != nil {
		return err
	}
	if clock <= deadline {
		return fault.New(fault.Unavailable, "%s may still take it for %d ms", owner, deadline-clock)
	}
	has, err := holds(ctx, kind, h, owner)
	if err != nil {
		return err
	}
	cmd := settle{Claims: kind, Token: token}
	if has {
		cmd.Confirm = []Hash{h}
	} else {
		cmd.Release = []Hash{h}
	}
	_, err = command.Do[struct{}](ctx, e, &cmd, command.Call{Slot: h.Slot()})
	return err
}

// subject names a claim's timer.
func subject(kind string, h Hash) string { return kind + ":" + h.String() }

// settle ends reservations of one shard that still have their token.
type settle struct {
	Claims  string `cbor:"1,keyasint"`
	Token   string `cbor:"2,keyasint"`
	Confirm []Hash `cbor:"3,keyasint,omitempty"`
	Release []Hash `cbor:"4,keyasint,omitempty"`
}

func (settle) Kind() command.Kind { return "claim.settle" }

func (c settle) Validate() error {
	if c.Claims == "" || c.Token == "" || len(c.Confirm)+len(c.Release) > most {
		return fault.New(fault.Invalid, "settling needs a kind, a token and at most %d claims", most)
	}
	return nil
}

func (c settle) apply(tx *command.Tx) (struct{}, error) {
	for _, h := range c.Confirm {
		claim, err := find(tx, c.Claims, h)
		if err == nil && claim.token == c.Token {
			err = claim.confirm(tx)
		}
		if err != nil {
			return struct{}{}, err
		}
	}
	for _, h := range c.Release {
		claim, err := find(tx, c.Claims, h)
		if err == nil && claim.token == c.Token {
			err = claim.release(tx)
		}
		if err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, nil
}

// fence moves the clock of a shard to now and returns it: a command whose
// deadline has passed by it is refused for ever.
type fence struct{}

func (fence) Kind() command.Kind { return "claim.fence" }

func (fence) Validate() error { return nil }

func (fence) apply(tx *command.Tx) (int64, error) { return tx.Clock, nil }
