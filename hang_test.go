package commerce_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce"
)

// TestClosingWaitsForProgress: what stands still is given up after five seconds, what comes ahead after a minute.
func TestClosingWaitsForProgress(t *testing.T) {
	for name, c := range map[string]struct {
		lasts, every time.Duration // every: 0 is never
		gaveUp       time.Duration // 0: it did not
	}{
		"it is quick":              {lasts: 4 * time.Second},
		"it stands still":          {lasts: time.Hour, gaveUp: 5 * time.Second},
		"it comes ahead":           {lasts: 40 * time.Second, every: 4 * time.Second},
		"it does so for ever":      {lasts: time.Hour, every: time.Second, gaveUp: time.Minute},
		"it comes ahead, and ends": {lasts: 58 * time.Second, every: time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			var steps atomic.Int64
			began := time.Now()
			err := commerce.Bounded(name, time.Minute, func() {
				for time.Since(began) < c.lasts {
					time.Sleep(max(c.every, time.Second))
					if c.every > 0 {
						steps.Add(1)
					}
				}
			}, &steps)
			_, hangs := errors.AsType[*commerce.HangingError](err)
			if hangs != (c.gaveUp > 0) {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(began); hangs && took != c.gaveUp {
				t.Errorf("%s: given up after %v", name, took)
			}
			time.Sleep(2 * time.Hour)
		})
	}
}

// TestClosingTakesAMinuteInAll: however many parts come ahead and do not end, one after the other and at once, and what
// is quick ends also when the minute is over.
func TestClosingTakesAMinuteInAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		end := commerce.NewEnding()
		slow := func() error {
			var steps atomic.Int64
			return end.Bounded("a part", func() {
				for range 100 {
					time.Sleep(time.Second)
					steps.Add(1)
				}
			}, &steps)
		}
		hangs := func(err error) bool {
			_, ok := errors.AsType[*commerce.HangingError](err)
			return ok
		}
		time.Sleep(20 * time.Second) // what is not bounded counts
		if !hangs(end.Bounded("one that stands still", func() { time.Sleep(time.Hour) })) {
			t.Error("what stands still has ended")
		}
		if took := time.Since(began); took != 25*time.Second {
			t.Errorf("what stands still was left after %v in all", took)
		}
		if err := end.Bounded("one with time left", func() { time.Sleep(4 * time.Second) }); err != nil {
			t.Error(err)
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if !hangs(slow()) {
					t.Error("a part of a hundred seconds has ended")
				}
			})
		}
		all.Wait()
		for range 8 {
			if !hangs(slow()) {
				t.Error("a part of a hundred seconds has ended")
			}
		}
		if took := time.Since(began); took < 55*time.Second || took > 65*time.Second {
			t.Errorf("all of it took %v", took)
		}
		if err := end.Bounded("a quick one", func() {}); err != nil {
			t.Error(err)
		}
		end.Stop()
		time.Sleep(2 * time.Hour)
	})
}
