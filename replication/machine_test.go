package replication_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/replication"
)

// machine is a state machine in memory whose state is a hash over all it has applied, in order: two that have applied
// the same are equal, and hardly otherwise. What it has checkpointed survives restart.
type machine struct {
	mu       sync.Mutex
	state    state
	durable  state
	hook     func([]replication.Entry) error // called before a batch; may be nil
	busy     bool                            // a reader keeps checkpoints from completing
	broken   error                           // what a checkpoint returns
	uncopied error                           // what a copy returns
	replaced func()                          // called before it is replaced by a copy; may be nil
	slowly   time.Duration                   // how long a copy takes
	stuck    chan struct{}                   // a checkpoint waits until it is closed; may be nil
	batches  int
	copies   int        // how often it was replaced by one
	marks    int        // checkpoints that completed
	numbers  []numbered // what the entries of 8 bytes held
}

type numbered struct{ Index, N uint64 }

type state struct {
	applied uint64
	entries int
	hash    uint64
}

func (m *machine) ApplyBatch(entries []replication.Entry) ([]any, error) {
	m.mu.Lock()
	hook := m.hook
	m.mu.Unlock()
	if hook != nil {
		if err := hook(entries); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.batches++
	replies := make([]any, len(entries))
	for i, e := range entries {
		if e.Index <= m.state.applied {
			panic("an entry was applied twice")
		}
		m.state = m.state.after(e.Index, e.Data)
		if len(e.Data) == 8 {
			m.numbers = append(m.numbers, numbered{e.Index, binary.BigEndian.Uint64(e.Data)})
		}
		replies[i] = m.state.entries
	}
	return replies, nil
}

func (s state) after(index uint64, data []byte) state {
	chain := binary.LittleEndian.AppendUint64(nil, s.hash)
	return state{applied: index, entries: s.entries + 1, hash: xxhash.Sum64(append(chain, data...))}
}

func (m *machine) Applied() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.applied
}

func (m *machine) Checkpoint() (uint64, error) {
	if m.stuck != nil {
		<-m.stuck
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.busy && m.broken == nil {
		m.durable = m.state
		m.marks++
	}
	return m.durable.applied, m.broken
}

// Copy and Replace make it a replication.Copier.
func (m *machine) Copy(path string) (uint64, error) {
	m.mu.Lock()
	applied := m.state.applied
	data, err := json.Marshal(picture{m.state.applied, m.state.entries, m.state.hash, m.numbers})
	m.mu.Unlock()
	time.Sleep(m.slowly)
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	return applied, errors.Join(err, m.uncopied)
}

func (m *machine) Replace(path string) error {
	if m.replaced != nil {
		m.replaced()
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var p picture
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if p.Applied < m.state.applied {
		panic("a copy takes the machine back")
	}
	m.state = state{p.Applied, p.Entries, p.Hash}
	m.durable, m.numbers = m.state, p.Numbers
	m.copies++
	return nil
}

// picture is a copy of a machine.
type picture struct {
	Applied uint64
	Entries int
	Hash    uint64
	Numbers []numbered
}

func (m *machine) checkpoints() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.marks
}

func (m *machine) now() state {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}

// reopened is the machine after a loss of power that took all that was not checkpointed.
func (m *machine) reopened() *machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	back := &machine{state: m.durable, durable: m.durable, copies: m.copies}
	for _, e := range m.numbers {
		if e.Index <= m.durable.applied {
			back.numbers = append(back.numbers, e)
		}
	}
	return back
}

// idle applies nothing and answers at once.
type idle struct{ applied uint64 }

func (m *idle) ApplyBatch(entries []replication.Entry) ([]any, error) {
	m.applied = entries[len(entries)-1].Index
	return make([]any, len(entries)), nil
}

func (m *idle) Applied() uint64 { return m.applied }

func (m *idle) Checkpoint() (uint64, error) { return m.applied, nil }

// start starts a node in dir; it is closed at the end of the test.
func start(t testing.TB, c replication.Config) *replication.Node {
	t.Helper()
	if _, measured := t.(*testing.B); !measured {
		faultvfs.Unsynced()
	}
	if c.NodeID == "" {
		c.NodeID = "n1"
	}
	n, err := replication.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return n
}

func add(t testing.TB, n *replication.Node, id uint32, m replication.Machine) *replication.Group {
	t.Helper()
	g, err := n.AddGroup(t.Context(), id, m)
	if err != nil {
		t.Fatal(err)
	}
	return g
}
