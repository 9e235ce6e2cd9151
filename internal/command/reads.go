package command

import (
	"context"
	"math"
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

// OwnWrites is an age of reads that see what this node has written, and of the
// rest whatever it has: no other node is asked.
const OwnWrites time.Duration = math.MaxInt64

// AtMost returns a context whose reads may be that much behind, and not more,
// unless it asks for fresh ones. It is for the first look of an operation that
// ends in a command, which checks what was seen, and for the last one, which
// follows its command.
func AtMost(ctx context.Context, age time.Duration) context.Context {
	b := ReadBoundOf(ctx)
	if b.Fresh || b.Stale && b.Age <= age {
		return ctx
	}
	b.Stale, b.Age = true, age
	return WithReadBound(ctx, b)
}

// Usual returns a context whose reads are as recent as each of them usually is,
// also if it allows them to be older: for what is decided by them.
func Usual(ctx context.Context) context.Context {
	b := ReadBoundOf(ctx)
	if !b.Stale {
		return ctx
	}
	b.Stale, b.Age = false, 0
	return WithReadBound(ctx, b)
}
