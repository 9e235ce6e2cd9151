package raftlog

import (
	"sync/atomic"
	"time"
)

// deadlineTicks is how many ticks of the watchdog a transaction may last.
const deadlineTicks = 20

// watchdog measures the running transaction in its own ticks instead of by the clock. When the whole process is
// paused, ticks are lost with it, and the pause is not blamed on the disk.
type watchdog struct {
	ticks atomic.Int64
	since atomic.Int64 // 1 + the tick at which the running transaction began; 0 when there is none
}

func (w *watchdog) begin() { w.since.Store(1 + w.ticks.Load()) }

func (w *watchdog) end() { w.since.Store(0) }

// tick counts and reports whether the running transaction has used up its time.
func (w *watchdog) tick() bool {
	now := w.ticks.Add(1)
	since := w.since.Load()
	return since != 0 && now-(since-1) > deadlineTicks
}

// watch stops the file when a transaction hangs.
func (f *File) watch() {
	ticker := time.NewTicker(max(f.opts.Deadline/deadlineTicks, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if f.dog.tick() {
				f.fail(&DeadlineError{Path: f.path, Limit: f.opts.Deadline})
				return
			}
		case <-f.failed:
			return
		case <-f.quit:
			return
		}
	}
}
