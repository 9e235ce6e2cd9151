package replication_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication"
)

// eager is a machine that is told of entries while the log syncs them.
type eager struct {
	machine
	prepare func(entries []replication.Entry) error

	mu       sync.Mutex
	prepared int
	early    error // entries that did not follow on all that was applied
}

func (m *eager) Prepare(entries []replication.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.prepared++
	if applied := m.Applied(); applied > 0 && entries[0].Index != applied+1 {
		m.early = errors.Join(m.early, fmt.Errorf("entry %d was prepared when %d was applied", entries[0].Index, applied))
	}
	if m.prepare != nil {
		return m.prepare(entries)
	}
	return nil
}

func TestMachinesPrepare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &eager{}
		n, g := startWith(t, m)
		for i := range 50 {
			if _, err := g.Propose(t.Context(), fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				if _, err := g.Propose(t.Context(), fmt.Append(nil, i)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		if m.early != nil || m.prepared < 40 {
			t.Errorf("%d batches were prepared of at least 50: %v", m.prepared, m.early)
		}
		if m.state.entries != 250 {
			t.Errorf("%d entries were applied, want 250", m.state.entries)
		}
	})
}

// What goes wrong while the log syncs stops the node like any error of a
// machine, and those who wait are answered.
func TestPreparingGoesWrong(t *testing.T) {
	for name, prepare := range map[string]func([]replication.Entry) error{
		"an error": func([]replication.Entry) error { return errors.New("the disk is gone") },
		"a panic":  func([]replication.Entry) error { panic("a bug") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, g := startWith(t, &eager{prepare: prepare})
				_, err := g.Propose(t.Context(), []byte("x"))
				if code := fault.CodeOf(err); code != fault.Uncertain && code != fault.Broken {
					t.Errorf("got %v", err)
				}
				var failed *replication.ApplyError
				if !errors.As(n.Err(), &failed) {
					t.Errorf("the node says %v", n.Err())
				}
				n.Close()
			})
		})
	}
}

func startWith(t *testing.T, m replication.Machine) (*replication.Node, *replication.Group) {
	t.Helper()
	n, err := replication.Start(t.Context(), replication.Config{Dir: t.TempDir(), NodeID: "n1"})
	if err != nil {
		t.Fatal(err)
	}
	g, err := n.AddGroup(t.Context(), 1, m)
	if err != nil {
		t.Fatal(err)
	}
	return n, g
}
