package commerce

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/watchdog"
)

// openTime is how long Open waits for a part of its work that shows no progress.
// Checking a large file after a crash takes longer and is not taken for hanging,
// nor is reading a long log on a busy machine.
const openTime = time.Minute

// opening is what goes on while a store opens. Each part is watched for itself:
// that one goes on must not hide that another hangs.
type opening struct {
	log    part   // raft.db
	shards []part // each with its group
	rest   part   // what is not measured in steps
}

// A part of the opening.
type part struct {
	steps atomic.Int64 // counts up with each piece of the part that is done: a step of a statement, an entry read
	dog   watchdog.Dog
}

func newOpening(shards int) *opening {
	o := &opening{shards: make([]part, shards)}
	o.log.dog.Steps = &o.log.steps
	for i := range o.shards {
		o.shards[i].dog.Steps = &o.shards[i].steps
	}
	return o
}

// counters returns what counts up whenever a shard comes ahead, also later on.
func (o *opening) counters() []*atomic.Int64 {
	var all []*atomic.Int64
	for i := range o.shards {
		all = append(all, &o.shards[i].steps)
	}
	return all
}

// run does the part's work, or some of it.
func (p *part) run(work func() error) error {
	p.dog.Begin()
	defer p.dog.End()
	return work()
}

// tick reports whether a part hangs.
func (o *opening) tick() (hangs bool) {
	hangs = o.log.dog.Tick()
	hangs = o.rest.dog.Tick() || hangs
	for i := range o.shards {
		hangs = o.shards[i].dog.Tick() || hangs
	}
	return hangs
}

// watchOpening runs open and returns its error, or a HangingError when a part
// has not moved for openTime. Then the goroutine of open stays until its call
// returns, closes what it has opened and unlocks the directory.
func (s *Store) watchOpening(open func() error) error {
	done := make(chan struct{})
	var err error
	go func() {
		defer close(done)
		err = open()
	}()
	if s.stuck(done) {
		go func() {
			<-done
			s.Close()
		}()
		return &HangingError{What: "opening the files of " + s.dir, Limit: openTime}
	}
	return err
}

// stuck waits for done and reports true when a part has stood still before that
// for openTime, in ticks of its own, so that a paused process is not blamed on
// the disk.
func (s *Store) stuck(done <-chan struct{}) bool {
	ticker := time.NewTicker(openTime / watchdog.Ticks)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-done:
			return false
		}
		if s.opening.tick() {
			return true
		}
	}
}

// How long each part of Close may take without any progress, and how long all of
// them with.
const (
	closeTime = 5 * time.Second
	closeMost = time.Minute
	closeTick = closeTime / watchdog.Ticks
)

// An ending counts what Close has left of closeMost. Time is counted in ticks,
// so that a paused process is not blamed on what is closed.
type ending struct {
	ticks atomic.Int64
	done  chan struct{}
}

func newEnding() *ending {
	e := &ending{done: make(chan struct{})}
	go e.count()
	return e
}

func (e *ending) count() {
	ticker := time.NewTicker(closeTick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			e.ticks.Add(1)
		case <-e.done:
			return
		}
	}
}

// stop ends the counting.
func (e *ending) stop() { close(e.done) }

func (e *ending) left() time.Duration {
	return max(closeMost-time.Duration(e.ticks.Load())*closeTick, 0)
}

// bounded runs a part of Close for as long as there is time left for it, and for
// a tick when there is none: what has nothing to do ends all the same.
func (e *ending) bounded(what string, fn func(), steps ...*atomic.Int64) error {
	return bounded(what, max(e.left(), closeTick), fn, steps...)
}

// bounded runs fn and returns an error that names what hangs if it does not
// end within most, or does not come ahead for closeTime. Whatever counts up in
// steps is progress. The goroutine of a hanging fn stays.
func bounded(what string, most time.Duration, fn func(), steps ...*atomic.Int64) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	ticker := time.NewTicker(closeTick)
	defer ticker.Stop()
	var last int64
	for all, idle := time.Duration(0), time.Duration(0); ; {
		select {
		case <-done:
			return nil
		case <-ticker.C:
		}
		var now int64
		for _, s := range steps {
			now += s.Load()
		}
		if all, idle = all+closeTick, idle+closeTick; now != last {
			last, idle = now, 0
		}
		switch {
		case all >= most:
			return &HangingError{What: what, Limit: most}
		case idle >= closeTime:
			return &HangingError{What: what, Limit: closeTime}
		}
	}
}

// HangingError says which part of a store did not end in time.
type HangingError struct {
	What  string
	Limit time.Duration
}

func (e *HangingError) Error() string {
	return fmt.Sprintf("%s did not end within %v; the directory stays locked until the process ends", e.What, e.Limit)
}

// Unwrap returns fault.Broken.
func (e *HangingError) Unwrap() error { return fault.Broken }
