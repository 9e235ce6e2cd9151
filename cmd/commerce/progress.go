package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// linePause is how often progress is told without a terminal.
const linePause = 5 * time.Second

// progress tells how far a long job is: with a bar on a terminal, with a plain
// line every few seconds elsewhere. It is safe for concurrent use.
type progress struct {
	w        io.Writer
	terminal bool

	mu          sync.Mutex
	bar         *progressbar.ProgressBar // nil without a terminal, or without a job
	what        string
	total, done int
	started     time.Time
	told        time.Time
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, terminal: ok && term.IsTerminal(int(f.Fd()))}
}

// note prints one line about a step.
func (p *progress) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, format+"\n", args...)
}

// begin starts counting to total.
func (p *progress) begin(what string, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what, p.total, p.done = what, total, 0
	p.started = time.Now()
	p.told = p.started
	if p.terminal {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.w),
			progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(),
			progressbar.OptionShowIts(),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}
}

// step counts one more.
func (p *progress) step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if p.bar != nil {
		_ = p.bar.Add(1) // a bar that cannot be drawn is no reason to stop
		return
	}
	if now := time.Now(); now.Sub(p.told) >= linePause {
		p.told = now
		p.line(now)
	}
}

// end says how far the job came.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
	p.line(time.Now())
}

func (p *progress) line(now time.Time) {
	seconds := now.Sub(p.started).Seconds()
	fmt.Fprintf(p.w, "%d of %d %s in %.1f s, %.0f/s\n", p.done, p.total, p.what, seconds, float64(p.done)/max(seconds, 0.001))
}
