package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// steps tells how far a job of several steps is: on one line of a terminal that
// is written again and again, elsewhere with a line for each step and every few
// seconds.
type steps struct {
	w        io.Writer
	terminal bool
	what     string
	told     time.Time
}

func newSteps(w io.Writer) *steps {
	f, ok := w.(*os.File)
	return &steps{w: w, terminal: ok && term.IsTerminal(int(f.Fd()))}
}

func (s *steps) progress(what string, done, total int64) {
	pause := linePause
	if s.terminal {
		pause = 100 * time.Millisecond
	}
	now := time.Now()
	if what == s.what && now.Sub(s.told) < pause && done < total {
		return
	}
	s.what, s.told = what, now
	text := what
	if total > 0 {
		text = fmt.Sprintf("%s, %d %%", what, done*100/total)
	}
	if s.terminal {
		fmt.Fprintf(s.w, "\r\x1b[K%s", text)
		return
	}
	fmt.Fprintln(s.w, text)
}

// end leaves the line free.
func (s *steps) end() {
	if s.terminal {
		fmt.Fprint(s.w, "\r\x1b[K")
	}
}
