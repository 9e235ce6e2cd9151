package commerce

import (
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/watchdog"
)

// openTime is how long Open waits while no file shows any progress. Checking a
// large file after a crash takes longer and is not taken for hanging.
const openTime = time.Minute

// watchOpening runs open and returns its error, or a HangingError when nothing
// has moved for openTime. Then the goroutine of open stays until its call
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

// stuck waits for done and reports true when s.steps has stood still before
// that for openTime, in ticks of its own, so that a paused process is not
// blamed on the disk.
func (s *Store) stuck(done <-chan struct{}) bool {
	ticker := time.NewTicker(openTime / watchdog.Ticks)
	defer ticker.Stop()
	var dog watchdog.Dog
	dog.Begin()
	for last := int64(0); ; {
		select {
		case <-ticker.C:
		case <-done:
			return false
		}
		if now := s.steps.Load(); now != last {
			last = now
			dog.Begin()
		}
		if dog.Tick() {
			return true
		}
	}
}

// closeTime bounds each part of Close.
const closeTime = 5 * time.Second

// bounded runs fn and returns an error that names what hangs if it does not
// end in time. The goroutine of a hanging fn stays.
func bounded(what string, fn func()) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	select {
	case <-done:
		return nil
	case <-time.After(closeTime):
		return &HangingError{What: what, Limit: closeTime}
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
