package commerce_test

import (
	"errors"
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
			err := commerce.Bounded(name, func() {
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
