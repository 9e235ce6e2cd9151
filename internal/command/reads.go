package command

import (
	"context"
	"time"
)

// A ReadBound says how recent the state must be that reads of a context see.
// The zero value leaves it to each read.
type ReadBound struct {
	Fresh bool          // everything that was confirmed before the read
	Stale bool          // everything that was confirmed Age before the read
	Age   time.Duration // with Stale
	Since string        // a session's token as well: what the session has seen or written
}

type readBoundKey struct{}

// WithReadBound returns a context whose reads have the bound.
func WithReadBound(ctx context.Context, b ReadBound) context.Context {
	return context.WithValue(ctx, readBoundKey{}, b)
}

// ReadBoundOf returns the bound of a context.
func ReadBoundOf(ctx context.Context) ReadBound {
	b, _ := ctx.Value(readBoundKey{}).(ReadBound)
	return b
}
