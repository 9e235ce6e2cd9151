package main

import (
	"context"
	"time"

	"github.com/keelshop/commerce/fault"
)

// Pauses between tries, and how many tries there are: about 40 seconds.
const (
	firstPause = 2 * time.Millisecond
	longPause  = time.Second
	mostTries  = 48
)

// again calls fn until it succeeds, fails for good, or ctx ends. fn uses the
// same idempotency key every time, so it does no harm if a call that seemed to
// fail had its effect.
func again[T any](ctx context.Context, fn func() (T, error)) (T, error) {
	pause := firstPause
	for try := 1; ; try++ {
		v, err := fn()
		if err == nil || !fault.Retryable(err) || ctx.Err() != nil || try == mostTries {
			return v, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return v, err
		}
		pause = min(2*pause, longPause)
	}
}
