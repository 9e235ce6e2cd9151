package replication

import "testing"

// TestDeletionsThatWouldLoseEntries is the rule that keeps raft from deleting what is still needed.
func TestDeletionsThatWouldLoseEntries(t *testing.T) {
	for _, test := range []struct {
		name string
		d    deletion
		ok   bool
		tail uint64 // where the part behind the marker begins, if it is allowed
	}{
		{"up to the marker", deletion{from: 11, to: 50, first: 11, last: 90, marker: 50, fixed: 80}, true, 91},
		{"a part of that", deletion{from: 11, to: 30, first: 11, last: 90, marker: 50, fixed: 80}, true, 91},
		{"all, and the marker covers it", deletion{from: 11, to: 90, first: 11, last: 90, marker: 90, fixed: 90}, true, 91},
		{"above the marker", deletion{from: 11, to: 51, first: 11, last: 90, marker: 50, fixed: 80}, false, 0},
		{"without a marker", deletion{from: 1, to: 1, first: 1, last: 90, fixed: 80}, false, 0},
		{"a hole in the covered part", deletion{from: 12, to: 50, first: 11, last: 90, marker: 50, fixed: 80}, false, 0},
		{"a hole behind it", deletion{from: 60, to: 70, first: 11, last: 90, marker: 50, fixed: 55}, false, 0},
		{"a tail that nobody has agreed to", deletion{from: 81, to: 90, first: 11, last: 90, marker: 50, fixed: 80}, true, 81},
		{"a tail with a committed entry", deletion{from: 80, to: 90, first: 11, last: 90, marker: 50, fixed: 80}, false, 0},
		{"all of a log that nobody has agreed to", deletion{from: 51, to: 90, first: 51, last: 90, marker: 50, fixed: 50}, true, 51},
		{"all, with committed entries behind the marker", deletion{from: 11, to: 90, first: 11, last: 90, marker: 50, fixed: 60}, false, 0},
		{"all, after a snapshot was received", deletion{from: 11, to: 90, first: 11, last: 90, marker: 50, fixed: 50}, true, 51},
		{"all, after a newer snapshot was received", deletion{from: 11, to: 90, first: 11, last: 90, marker: 200, fixed: 200}, true, 91},
		{"nothing", deletion{from: 12, to: 11, first: 11, last: 90, marker: 50, fixed: 80}, false, 0},
		{"an empty log", deletion{from: 1, to: 1}, false, 0},
	} {
		why := test.d.objection()
		if (why == "") != test.ok {
			t.Errorf("%s: the objection is %q", test.name, why)
		}
		if test.ok && test.d.tail() != test.tail {
			t.Errorf("%s: the tail begins at %d, want %d", test.name, test.d.tail(), test.tail)
		}
	}
}

// TestRaftCannotDeleteAboveTheCheckpoint asks a running group's store, as raft would.
func TestRaftCannotDeleteAboveTheCheckpoint(t *testing.T) {
	for name, to := range map[string]uint64{"the oldest entry": 1, "half of them": 10, "all of them": 23} {
		n, err := Start(t.Context(), Config{Dir: t.TempDir(), NodeID: "n1"})
		if err != nil {
			t.Fatal(err)
		}
		g, err := n.AddGroup(t.Context(), 1, &counter{})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if _, err := g.Propose(t.Context(), []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		s := &store{log: g.log, fail: n.fail, safe: g.history}
		if err := s.DeleteRange(1, to); err == nil || n.Err() == nil {
			t.Errorf("%s: %v, and the node says %v", name, err, n.Err())
		}
		if g.log.First() != 1 || g.log.Last() != 23 {
			t.Errorf("%s: the log holds %d to %d, want 1 to 23", name, g.log.First(), g.log.Last())
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}
