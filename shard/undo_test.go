package shard_test

import (
	"fmt"
	"testing"

	"github.com/keelshop/commerce/fault"
)

// A refusal that has something to undo is undone alone: what comes before and
// after it in the same transaction stays, whether there were savepoints or the
// transaction had to be run again.
func TestRefusalsUndoOnlyThemselves(t *testing.T) {
	s := newShelf(t)
	events := s.file.Events()
	// The first round meets no savepoints, the later ones do.
	for round := range 3 {
		key := func(n int) string { return fmt.Sprintf("%d.%d", round, n) }
		replies := s.apply(0,
			s.envelope(put{Name: "a", N: 1}, key(0)),
			s.envelope(put{Name: "b", N: 2000}, key(1)), // refused after three statements
			s.envelope(put{Name: "a", N: 1}, key(2)),
			s.envelope(put{Name: "b", N: -1}, key(3)), // refused by the table
			s.envelope(put{Name: "b", N: 2000}, key(1)),
		)
		for i, want := range []bool{false, true, false, true, true} {
			if got := fault.CodeOf(replies[i].Err) == fault.Refused; got != want {
				t.Errorf("round %d, command %d: got %v, want refused: %v", round, i, replies[i].Err, want)
			}
		}
		if n := s.number("a"); n != int64(2*round+2) {
			t.Errorf("round %d: a is %d, want %d", round, n, 2*round+2)
		}
	}
	if n := s.file.Events() - events; n != 6 {
		t.Errorf("there are %d events, want those of the 6 commands that were not refused", n)
	}
	if n := s.number("b"); n != 0 {
		t.Errorf("b is %d: a refused command has left something", n)
	}
}
