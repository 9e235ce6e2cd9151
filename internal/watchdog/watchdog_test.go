package watchdog_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/internal/watchdog"
)

func TestWorkThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dog watchdog.Dog
		dog.Begin()
		began := time.Now()
		if !dog.Watch(time.Second, nil, nil) {
			t.Error("it was not found")
		}
		if took := time.Since(began); took < time.Second || took > 2*time.Second {
			t.Errorf("it was found after %v", took)
		}
	})
}

// TestWorkThatGoesOn: steps that are each short enough may take for ever, and
// so may a time without work.
func TestWorkThatGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dog watchdog.Dog
		done := make(chan struct{})
		go func() {
			for range 10 {
				dog.Begin()
				time.Sleep(900 * time.Millisecond)
			}
			dog.End()
			time.Sleep(time.Hour)
			close(done)
		}()
		if dog.Watch(time.Second, done, nil) {
			t.Error("it was taken for hanging")
		}
	})
}

// TestWorkInSteps: a counter does what Begin does, as long as it rises; it rises
// for nothing once the work has ended.
func TestWorkInSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steps := new(atomic.Int64)
		dog := watchdog.Dog{Steps: steps}
		began := time.Now()
		go func() {
			dog.Begin()
			for range 10 {
				time.Sleep(900 * time.Millisecond)
				steps.Add(1)
			}
			dog.End()
			steps.Add(1)
			time.Sleep(time.Hour)
			dog.Begin()
		}()
		if !dog.Watch(time.Second, nil, nil) {
			t.Error("what stands still was not found")
		}
		if took := time.Since(began); took < time.Hour+10*time.Second || took > time.Hour+11*time.Second {
			t.Errorf("it was found after %v", took)
		}
	})
}

// TestAPausedProcess: what counts are ticks, not the clock.
func TestAPausedProcess(t *testing.T) {
	var dog watchdog.Dog
	dog.Begin()
	for i := range watchdog.Ticks {
		if dog.Tick() {
			t.Fatalf("blamed after %d ticks", i+1)
		}
	}
	if !dog.Tick() {
		t.Error("never blamed")
	}
}
