package sqlite

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/watchdog"
)

// A hand is a goroutine that makes the calls of one reading connection, so that whoever waits for them can leave one
// that hangs in the file system. That goroutine also keeps the large stack that SQLite needs.
type hand struct {
	jobs chan func()
	done chan ended
	dog  watchdog.Dog // measures single calls of SQLite, not what is done between them
}

// ended says how a job ended.
type ended struct {
	exit  bool   // its goroutine was ended by runtime.Goexit
	panic string // "" if it did not panic
}

func newHand() *hand {
	h := &hand{jobs: make(chan func()), done: make(chan ended, 1)}
	go h.work()
	return h
}

func (h *hand) work() {
	over := false
	defer func() {
		if !over { // Goexit, as a test that fails calls it
			h.done <- ended{exit: true}
			go h.work()
		}
	}()
	for job := range h.jobs {
		h.done <- run(job)
	}
	over = true
}

func run(job func()) (end ended) {
	defer func() {
		if p := recover(); p != nil {
			end.panic = fmt.Sprintf("%v\n\n%s", p, debug.Stack())
		}
	}()
	job()
	return end
}

// patience is how long a call that was interrupted may go on before it counts as hanging.
const patience = time.Second

// do runs a job and waits for it until ctx ends or given up is closed, and then for patience after having called
// interrupt. It returns nil when the job has ended, and a [*HangingReadError] when it has not: then the job goes on,
// what it uses must be left to it, and done gets its end. A panic of the job is one of do.
func (h *hand) do(ctx context.Context, givenUp <-chan struct{}, path string, interrupt, job func()) error {
	h.jobs <- job
	select {
	case end := <-h.done:
		end.pass()
		return nil
	case <-ctx.Done():
	case <-givenUp:
	}
	interrupt()
	late := time.NewTicker(patience)
	defer late.Stop()
	for {
		select {
		case end := <-h.done:
			end.pass()
			return nil
		case <-late.C:
			if h.dog.Working() { // otherwise the job is about something else, and ends at its next call
				return &HangingReadError{Path: path, Err: ctx.Err()}
			}
		}
	}
}

// pass ends the caller as the job was ended.
func (e ended) pass() {
	switch {
	case e.panic != "":
		panic(e.panic)
	case e.exit:
		runtime.Goexit()
	}
}

// HangingReadError says that the file system has not come back from a read. It is [fault.Unavailable] for a caller
// whose context has ended meanwhile, and [fault.Broken] as the reason why a store has stopped.
type HangingReadError struct {
	Path string // the file
	Err  error  // of the caller's context; nil if that had not ended
}

// Error names the file.
func (e *HangingReadError) Error() string {
	text := "a read of " + e.Path + " hangs in the file system: look after the disk"
	if e.Err != nil {
		text += " (" + e.Err.Error() + ")"
	}
	return text
}

// FaultCode says what the caller can do.
func (e *HangingReadError) FaultCode() fault.Code {
	if e.Err != nil {
		return fault.Unavailable
	}
	return fault.Broken
}

// Unwrap returns the fault code and the error of the context.
func (e *HangingReadError) Unwrap() []error {
	if e.Err != nil {
		return []error{fault.Unavailable, e.Err}
	}
	return []error{fault.Broken}
}
