package watchdog_test

import (
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
