package command

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/oklog/ulid/v2"
)

// Engine is what a service needs of the store that it belongs to. The store is
// one implementation, package commandtest's single file another.
type Engine interface {
	// Submit logs and applies an encoded envelope on the shard of its slot
	// and returns the answer. A refusal is an error; so is not knowing
	// (fault.Uncertain) and not being able to (fault.Unavailable).
	Submit(ctx context.Context, e Envelope) (Answer, error)
	// Recall returns the answer that an envelope's request was given before, if
	// it was: a refusal is an error then, as with Submit.
	Recall(ctx context.Context, e Envelope) (a Answer, found bool, err error)
	// View runs fn on a snapshot of the shard that owns slot which holds
	// everything that was acknowledged before the call, unless the context has
	// another ReadBound.
	View(ctx context.Context, slot id.Slot, fn func(*sqlite.Tx) error) error
	// Several reports whether other nodes write too, so that what is cached can
	// be behind: see Recent.
	Several() bool
	// Recent returns when what is cached of the shard that owns slot is recent
	// enough to be used: at most a second behind, unless the context has
	// another ReadBound. A cache must be asked after it, not before.
	Recent(ctx context.Context, slot id.Slot) error
	// Shards returns the number of shards.
	Shards() int
	// ShardOf returns the shard that owns slot.
	ShardOf(slot id.Slot) int
	// SlotOn returns a slot that shard owns, for commands to a shard as such.
	SlotOn(shard int) id.Slot
	// Hash returns the store's keyed hash of value for purpose: stable for
	// ever, useless without the store's key ring.
	Hash(purpose, value string) [32]byte
	// Now returns the wall clock.
	Now() time.Time
	// Before runs the program's hooks on the request that c points to. They
	// may refuse it or adjust the caller's fields. Requests whose type is not
	// exported are the engine's own business: no hook sees them.
	Before(ctx context.Context, c any) error
}

// An Answer is what a command returned: Value when it was applied just now in
// this process, Body (encoded) when it comes from a record or another node.
type Answer struct {
	Value any
	Body  []byte
}

// A Call says how a command is to be run.
type Call struct {
	// Key makes asking again safe: a second call with the same principal,
	// kind, key and fields gets the first one's answer. "" generates one.
	Key string
	// Slot is where the command goes, unless Create is set.
	Slot id.Slot
	// Create is for commands that make a new root object: the slot is derived
	// from the key, so that a retry meets its record.
	Create bool
	// Prepare fills in what only the proposer knows. It runs after the
	// caller's fields are fingerprinted. nil means there is nothing to add.
	Prepare func(Stamp) error
}

// A Stamp is what a proposer puts into a command.
type Stamp struct {
	At   time.Time
	Slot id.Slot
	Key  string
}

// NewID returns a fresh ID on the command's slot.
func (s Stamp) NewID(prefix string) string { return id.New(prefix, s.Slot, s.At) }

// Do runs the command that c points to and returns its answer. Errors carry a
// fault code; fault.Uncertain comes as an *UncertainError with the key to ask
// again with.
func Do[R any](ctx context.Context, e Engine, c Command, call Call) (R, error) {
	var zero R
	principal := PrincipalOf(ctx)
	staff := askedBy(ctx).staff
	print, err := fingerprint(e, principal, c)
	if err != nil {
		return zero, err
	}
	if pan.Within(call.Key) {
		return zero, &pan.Error{Field: "Key"}
	}
	if err := e.Before(ctx, c); err != nil {
		return zero, err
	}
	if err := c.Validate(); err != nil {
		return zero, err
	}
	if err := checkName("idempotency key", call.Key); err != nil {
		return zero, err
	}
	if err := checkName("principal", principal); err != nil {
		return zero, err
	}
	at := e.Now()
	if call.Key == "" {
		call.Key = NewKey(at)
	}
	if call.Create {
		call.Slot = id.SlotOfHash(e.Hash("create", principal+"\x00"+string(c.Kind())+"\x00"+call.Key))
	}
	env := Envelope{
		Kind: c.Kind(), Slot: call.Slot, At: at.UnixMilli(),
		Principal: principal, Staff: staff, Key: call.Key, Fingerprint: print,
	}
	if call.Prepare != nil {
		if err := call.Prepare(Stamp{At: at, Slot: call.Slot, Key: call.Key}); err != nil {
			// The world may have moved on since the first time this was asked.
			if answer, found, recallErr := e.Recall(ctx, env); found && recallErr == nil {
				return decode[R](c.Kind(), answer)
			} else if found {
				return zero, recallErr
			}
			return zero, UnderKey(call.Key, err)
		}
	}
	if env.Body, err = Marshal(c); err != nil {
		return zero, fmt.Errorf("encoding command %s: %w", c.Kind(), err)
	}
	answer, err := e.Submit(ctx, env)
	if err != nil {
		if fault.CodeOf(err) == fault.Uncertain {
			return zero, &UncertainError{Key: call.Key, Err: err}
		}
		return zero, err
	}
	return decode[R](c.Kind(), answer)
}

func decode[R any](k Kind, a Answer) (R, error) {
	if v, ok := a.Value.(R); ok {
		return v, nil
	}
	var v R
	if err := Unmarshal(a.Body, &v); err != nil {
		return v, fmt.Errorf("decoding the answer of %s: %w", k, err)
	}
	return v, nil
}

// UncertainError says that a command may have happened. Asking again with Key
// is always safe and gives the answer.
type UncertainError struct {
	Key string
	Err error
}

func (e *UncertainError) Error() string {
	return fmt.Sprintf("the outcome is not known, ask again with key %q: %v", e.Key, e.Err)
}

// Unwrap returns fault.Uncertain and the cause.
func (e *UncertainError) Unwrap() []error { return []error{fault.Uncertain, e.Err} }

const (
	maxName   = 255
	keyPrefix = "key_"
)

func checkName(what, s string) error {
	if len(s) > maxName || !utf8.ValidString(s) {
		return fault.New(fault.Invalid, "the %s must be UTF-8 of at most %d bytes", what, maxName)
	}
	return nil
}

// NewKey returns a key for a caller who gave none. Its ULID keeps such
// records together on disk: see Envelope.Scope.
func NewKey(at time.Time) string {
	var u ulid.ULID
	rand.Read(u[6:])
	if err := u.SetTime(ulid.Timestamp(at)); err != nil {
		u.SetTime(ulid.MaxTime())
	}
	return keyPrefix + u.String()
}

type principalKey struct{}

// asker is who asks for commands.
type asker struct {
	principal string
	staff     bool
}

func askedBy(ctx context.Context) asker {
	a, _ := ctx.Value(principalKey{}).(asker)
	return a
}

// WithPrincipal returns a context whose commands are asked for by principal.
func WithPrincipal(ctx context.Context, principal string) context.Context {
	return context.WithValue(ctx, principalKey{}, asker{principal: principal})
}

// WithStaff is WithPrincipal for somebody who works for the shop: what they
// change is noted in the trails of the shards.
func WithStaff(ctx context.Context, principal string) context.Context {
	return context.WithValue(ctx, principalKey{}, asker{principal, true})
}

// PrincipalOf returns who asks in ctx; "" is the program itself.
func PrincipalOf(ctx context.Context) string { return askedBy(ctx).principal }
