package replication

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/replication/peer"
)

// spy is a network that looks at requests to append entries before they leave.
type spy struct {
	peer.Network
	hold atomic.Bool // they do not leave

	mu   sync.Mutex
	open map[string]int // without an answer, by follower
	most int            // so many at once, to one follower
}

func spied(c *Config) *spy {
	s := &spy{Network: c.Network, open: map[string]int{}}
	c.Network = s
	return s
}

func (s *spy) Call(ctx context.Context, to string, r peer.Request) ([]byte, error) {
	if r.Kind != kindAppend {
		return s.Network.Call(ctx, to, r)
	}
	command, err := decodeRequest(r.Kind, r.Data)
	if err != nil {
		return nil, err
	}
	if len(command.(*raft.AppendEntriesRequest).Entries) == 0 {
		return s.Network.Call(ctx, to, r)
	}
	if s.hold.Load() {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	s.count(to, 1)
	defer s.count(to, -1)
	return s.Network.Call(ctx, to, r)
}

func (s *spy) count(to string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[to] += n
	s.most = max(s.most, s.open[to])
}

// TestPipelinedRequestsOverlap: with the pipeline on, followers get entries before they have answered for those before,
// and get all of them in their order. It says how much that gains where only the network takes time.
func TestPipelinedRequestsOverlap(t *testing.T) {
	took := map[bool]time.Duration{}
	most := map[bool]int{}
	for _, pipelined := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) { took[pipelined], most[pipelined] = proposeFar(t, pipelined) })
	}
	if most[false] != 1 || most[true] < 2 {
		t.Errorf("requests at once: %d without the pipeline, %d with it", most[false], most[true])
	}
	t.Logf("200 entries, two at a time, 5 ms each way: %v without the pipeline, %v with it", took[false], took[true])
}

func proposeFar(t *testing.T, pipelined bool) (took time.Duration, most int) {
	var leader *spy
	members, net := threeOn(t, 3, func(c *Config) {
		c.Pipeline = pipelined
		if c.NodeID == "n1" {
			leader = spied(c)
		}
	})
	defer closeAll(t, members)
	for range 3 { // raft begins to pipeline once all is well
		if _, err := members[0].group.Propose(t.Context(), []byte("before")); err != nil {
			t.Fatal(err)
		}
	}
	net.SetFaults(peer.Faults{MinDelay: 5 * time.Millisecond})
	began := time.Now()
	var callers sync.WaitGroup
	for range 2 { // as many as a shard has under way
		callers.Go(func() {
			for range 100 {
				if _, err := members[0].group.Propose(t.Context(), []byte("entry")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	took = time.Since(began)
	time.Sleep(2 * patience)
	for i, m := range members {
		if got := m.machine.count.Load(); got != 203 {
			t.Errorf("member %d has %d entries", i+1, got)
		}
	}
	leader.mu.Lock()
	defer leader.mu.Unlock()
	return took, leader.most
}

// TestVotersOfBothConfigurationsAreAsked: a majority of the committed voters is not enough for a read while a change of
// them is under way, nor is one of the latest.
func TestVotersOfBothConfigurationsAreAsked(t *testing.T) {
	for name, c := range map[string]struct {
		voters []string
		change func(*raft.Raft) raft.IndexFuture
		answer string // the only one that answers: enough for one set of voters
		then   string // the one with whom it is enough for both
	}{
		"one of four goes": {
			[]string{"n1", "n2", "n3", "n4"},
			func(r *raft.Raft) raft.IndexFuture { return r.RemoveServer("n4", 0, 0) }, "n2", "n3",
		},
		"a fourth comes": {
			[]string{"n1", "n2", "n3"},
			func(r *raft.Raft) raft.IndexFuture { return r.AddVoter("n4", "n4", 0, 0) }, "n2", "n3",
		},
	} {
		t.Run(name, func(t *testing.T) {
			bothWays(t, func(t *testing.T, sending func(*Config)) {
				synctest.Test(t, func(t *testing.T) { readWhileChanging(t, c.voters, sending, c.change, c.answer, c.then) })
			})
		})
	}
}

func readWhileChanging(t *testing.T, names []string, sending func(*Config), change func(*raft.Raft) raft.IndexFuture, answer, then string) {
	var leader *spy
	members, net := groupOn(t, names, len(names), sending, func(c *Config) {
		if c.NodeID == "n1" {
			leader = spied(c)
		}
	})
	defer closeAll(t, members)
	g := members[0].group
	time.Sleep(patience)
	leader.hold.Store(true) // so the change is not committed
	changed := change(g.raft)
	defer func() { leader.hold.Store(false); net.Heal(); _ = changed.Error() }()
	for len(voters(g.raft.GetConfiguration().Configuration())) == len(names) {
		time.Sleep(time.Millisecond)
	}
	for _, name := range names[1:] {
		switch name {
		case answer:
		case then:
			net.Slow(name, "n1", 7*patience/10) // its answers come too late for the read, and not for raft
		default:
			net.Cut("n1", name)
		}
	}
	term := g.Term()
	ctx, cancel := context.WithTimeout(t.Context(), patience/2)
	defer cancel()
	if index, err := g.ReadIndex(ctx); err == nil {
		t.Errorf("only %s has answered, and entry %d may be read", answer, index)
	}
	net.Slow(then, "n1", 0)
	if _, err := g.ReadIndex(t.Context()); err != nil || g.Term() != term {
		t.Errorf("%s and %s answer, and nothing may be read: %v", answer, then, err)
	}
}
