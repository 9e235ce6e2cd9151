package commerce

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/keelshop/commerce/internal/command"
)

// askReplica is how often a replica is asked whether it is one still.
const askReplica = time.Minute

// NodeStatus describes one node of a cluster.
type NodeStatus struct {
	Node      string `cbor:"1,keyasint"`
	Addr      string `cbor:"2,keyasint,omitempty"` // where it listens; "" when that is not known
	Reachable bool   `cbor:"3,keyasint,omitempty"` // it answered just now; the numbers below are its own
	Draining  bool   `cbor:"4,keyasint,omitempty"`
	Voter     int    `cbor:"5,keyasint,omitempty"` // the shards in which it has a vote
	Member    int    `cbor:"6,keyasint,omitempty"` // the shards that it is a member of
	Leads     int    `cbor:"7,keyasint,omitempty"` // the shards that it leads
	Behind    uint64 `cbor:"8,keyasint,omitempty"` // log entries that it has not applied yet, in the shard where that is most
	// Rebuilding is the shards whose copies there differed from the others:
	// they are not served by that node until they have been rebuilt.
	Rebuilding []int `cbor:"9,keyasint,omitempty"`
	Replica    bool  `cbor:"10,keyasint,omitempty"` // it never gets a vote
	LowDisk    bool  `cbor:"11,keyasint,omitempty"` // its disk is nearly full: see WithReserve
	// Level is the logic level of its shards, the lowest one if they are not
	// alike, and Knows the newest one of its program: see Cluster.RaiseLevel.
	Level uint32 `cbor:"12,keyasint,omitempty"`
	Knows uint32 `cbor:"13,keyasint,omitempty"`
}

// report is what a node says of itself.
type report struct {
	Draining   bool     `cbor:"1,keyasint,omitempty"`
	Leads      []int    `cbor:"2,keyasint,omitempty"`
	Applied    []uint64 `cbor:"3,keyasint,omitempty"`
	Rebuilding []int    `cbor:"4,keyasint,omitempty"`
	Replica    bool     `cbor:"5,keyasint,omitempty"`
	LowDisk    bool     `cbor:"6,keyasint,omitempty"`
	Level      uint32   `cbor:"7,keyasint,omitempty"` // the lowest of its shards
	Knows      uint32   `cbor:"8,keyasint,omitempty"` // the newest of its program
}

// Status asks all nodes how they do, for a second at most, and returns them by
// name.
func (c *Cluster) Status(ctx context.Context) ([]NodeStatus, error) {
	e := c.store.engine
	if err := e.usable(); err != nil {
		return nil, err
	}
	nodes := map[string]*NodeStatus{}
	for _, l := range e.lanes {
		for _, m := range l.group.Members() {
			n := nodes[m.Node]
			if n == nil {
				n = &NodeStatus{Node: m.Node}
				nodes[m.Node] = n
			}
			n.Member++
			if m.Voter {
				n.Voter++
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	reports := map[string]report{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for node := range nodes {
		all.Go(func() {
			r, err := c.ask(ctx, node)
			if err != nil {
				return // it shows as not reachable
			}
			mu.Lock()
			defer mu.Unlock()
			reports[node] = r
		})
	}
	all.Wait()
	return c.assess(nodes, reports), nil
}

func (c *Cluster) ask(ctx context.Context, node string) (report, error) {
	if node == c.store.engine.self {
		return c.report(), nil
	}
	got, err := c.store.engine.ask(ctx, node, call{Op: callStatus})
	if err != nil {
		return report{}, err
	}
	var r report
	return r, command.Unmarshal(got.Body, &r)
}

// assess puts together what the nodes have said.
func (c *Cluster) assess(nodes map[string]*NodeStatus, reports map[string]report) []NodeStatus {
	newest := make([]uint64, len(c.store.engine.lanes))
	for _, r := range reports {
		for i, applied := range r.Applied[:min(len(r.Applied), len(newest))] {
			newest[i] = max(newest[i], applied)
		}
	}
	var list []NodeStatus
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		n := nodes[name]
		if name == c.store.engine.self {
			n.Addr = c.Addr()
		} else if c.in().book != nil {
			n.Addr = c.in().book.Addr(name)
		}
		if r, ok := reports[name]; ok {
			n.Reachable, n.Draining, n.Leads, n.Rebuilding = true, r.Draining, len(r.Leads), r.Rebuilding
			n.Replica, n.LowDisk, n.Level, n.Knows = r.Replica, r.LowDisk, r.Level, r.Knows
			for i, applied := range r.Applied[:min(len(r.Applied), len(newest))] {
				n.Behind = max(n.Behind, newest[i]-applied)
			}
		}
		list = append(list, *n)
	}
	return list
}
