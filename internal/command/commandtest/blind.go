package commandtest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Blind is an engine that cannot be read any more once it has carried out a
// command: what a service meets if the store closes between the two.
type Blind struct {
	*Engine
	// Kind is the command after which nothing can be read; "" is any. Set it
	// before use.
	Kind command.Kind
	// Cancel, if there is one, is called then instead: the caller's patience
	// ends, and the store can still be read. Set it before use.
	Cancel context.CancelFunc

	blind atomic.Bool
}

// Submit is that of the engine.
func (b *Blind) Submit(ctx context.Context, env command.Envelope) (command.Answer, error) {
	a, err := b.Engine.Submit(ctx, env)
	if err != nil || b.Kind != "" && b.Kind != env.Kind {
		return a, err
	}
	if b.Cancel != nil {
		b.Cancel()
	} else {
		b.blind.Store(true)
	}
	return a, nil
}

// View is that of the engine until it fails with fault.Unavailable.
func (b *Blind) View(ctx context.Context, slot id.Slot, fn func(*sqlite.Tx) error) error {
	if b.blind.Load() {
		return fault.New(fault.Unavailable, "nothing can be read any more")
	}
	return b.Engine.View(ctx, slot, fn)
}

// KeyOf returns the key to ask again with. It ends the test if err is not an
// uncertain one with a key.
func KeyOf(t testing.TB, err error) string {
	t.Helper()
	u, ok := errors.AsType[*command.UncertainError](err)
	if !ok || fault.CodeOf(err) != fault.Uncertain || u.Key == "" {
		t.Fatalf("got error %v with code %v, want an uncertain one with a key", err, fault.CodeOf(err))
	}
	return u.Key
}

// Several reports that nobody else writes.
func (*Blind) Several() bool { return false }

// Recent returns nil: there is one copy.
func (*Blind) Recent(context.Context, id.Slot) error { return nil }
