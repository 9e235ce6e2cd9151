// Package watchdog tells work that hangs from a process that was paused.
package watchdog

import (
	"sync/atomic"
	"time"
)

// Ticks is how many ticks of a watchdog make up a limit.
const Ticks = 20

// Dog measures work in its own ticks instead of by the clock. When the whole process is paused, ticks are lost with
// it, and the pause is not blamed on the disk. The zero value is ready. Begin and End belong to the one goroutine that
// works, Tick to the one that watches; anybody may ask whether work is running.
type Dog struct {
	// Steps counts up whenever a piece of the work is done, which then has its whole limit for the next piece. It must
	// not count anything else. Nil, the whole work has the limit. It is set before the first tick.
	Steps *atomic.Int64

	ticks atomic.Int64
	since atomic.Int64 // 1 + the tick at which the running work began or last came ahead; 0 when there is none
	seen  int64        // of Steps, at the last tick
}

// Begin notes that work begins, or has come another step ahead.
func (d *Dog) Begin() { d.since.Store(1 + d.ticks.Load()) }

// End notes that the work is done.
func (d *Dog) End() { d.since.Store(0) }

// Working reports whether work is running.
func (d *Dog) Working() bool { return d.since.Load() != 0 }

// Tick counts and reports whether the running work has used up its time.
func (d *Dog) Tick() bool {
	now := d.ticks.Add(1)
	since := d.since.Load()
	if d.Steps != nil {
		if n := d.Steps.Load(); n != d.seen {
			d.seen = n
			if since != 0 {
				d.since.CompareAndSwap(since, 1+now) // unless the work has ended, or begun anew, meanwhile
			}
			return false
		}
	}
	return since != 0 && now-(since-1) > Ticks
}

// Watch ticks until one of two channels is closed or work has used up its limit, and reports whether it has.
func (d *Dog) Watch(limit time.Duration, done, quit <-chan struct{}) (expired bool) {
	ticker := time.NewTicker(max(limit/Ticks, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if d.Tick() {
				return true
			}
		case <-done:
			return false
		case <-quit:
			return false
		}
	}
}

// Allow runs work that is a single call, of which nobody can see how far it has come, and gives it the time of all its
// pieces: each is counted as a step when it should be done, five seconds after the one before. Steps may be nil.
func Allow(steps *atomic.Int64, pieces int64, work func() error) error {
	if steps == nil || pieces == 0 {
		return work()
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		pace := time.NewTicker(pieceTime)
		defer pace.Stop()
		for range pieces {
			select {
			case <-pace.C:
				steps.Add(1)
			case <-done:
				return
			}
		}
	}()
	return work()
}

const pieceTime = 5 * time.Second
