package commerce

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/replication/peer"
)

// Cluster is the store's nodes: what there are and how they do, adding and
// removing. On a store that is not part of a cluster, Start makes it one; the
// other methods then show one node. It is safe for concurrent use.
type Cluster struct {
	store    *Store
	starting sync.Mutex                 // held by Start
	part     atomic.Pointer[membership] // nil on a store that is not part of a cluster: see in
	draining atomic.Bool
	drains   chan struct{}        // a lock that can be waited for with a context, held by drainHere
	moved    time.Time            // when this node last handed a leadership over; of the worker
	replicas map[string]time.Time // nodes that take no vote, and when they said so; of the worker
	tokens   sync.Mutex           // held while invitations are read and written
}

// membership is what a node needs to take part. It is never changed: who has it may
// use it while Start runs.
type membership struct {
	net  network
	book *peer.Book
	conf ClusterConfig
}

// in returns this node's part in a cluster; all of it is zero when there is none.
func (c *Cluster) in() *membership {
	if p := c.part.Load(); p != nil {
		return p
	}
	return &membership{}
}

// Cluster returns the store's nodes.
func (s *Store) Cluster() *Cluster { return s.cluster }

// Start makes a store that is open and was alone a node that others can join.
// It goes on selling meanwhile. From now on open it with WithCluster.
func (c *Cluster) Start(cc ClusterConfig) error {
	if err := cc.check(); err != nil {
		return err
	}
	if err := c.store.engine.usable(); err != nil {
		return err
	}
	c.starting.Lock()
	defer c.starting.Unlock()
	if c.in().net != nil {
		return fault.New(fault.Invalid, "the store is part of a cluster already")
	}
	if err := c.listen(cc); err != nil {
		return err
	}
	if err := c.store.engine.node.Connect(c.in().net); err != nil {
		return errors.Join(err, c.abandon())
	}
	c.run()
	return nil
}

// listen makes the network.
func (c *Cluster) listen(cc ClusterConfig) error {
	net, book, err := c.store.newNetwork(cc)
	if err != nil {
		return err
	}
	c.part.Store(&membership{net, book, cc})
	return nil
}

// abandon closes a network that no node uses.
func (c *Cluster) abandon() error {
	if c.in().net == nil {
		return nil
	}
	return c.in().net.Close()
}

// run begins what a node of a cluster does by itself.
func (c *Cluster) run() {
	c.store.engine.clustered.Store(true)
	c.store.background(c.work)
	c.store.background(c.store.digests.run)
	c.store.background(c.audits)
	for _, l := range c.store.engine.lanes {
		c.store.resumeRebuild(l)
	}
}

// Addr returns the address that other nodes are told; "" on a store that is
// not part of a cluster.
func (c *Cluster) Addr() string {
	if c.in().net == nil {
		return ""
	}
	return c.in().net.Addr()
}

// join makes this node a member of every shard that it is no member of yet, and
// waits until it has those. A node that is a member of all only tells the others
// where it is, and one that they have removed is refused.
func (c *Cluster) join(ctx context.Context, addrs []string) error {
	var errs []error
	for _, addr := range addrs {
		node, err := c.in().net.Discover(ctx, addr)
		if err == nil {
			err = c.in().book.Learn(node, addr)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	if c.wasMember() {
		return c.stay(ctx)
	}
	if len(addrs) == 0 {
		return nil
	}
	if len(errs) == len(addrs) && len(c.in().book.Addrs()) == 0 {
		return fmt.Errorf("no node to join could be reached: %w", errors.Join(errs...))
	}
	if err := c.enter(ctx); err != nil {
		return err
	}
	c.store.id.Member = true
	return c.store.id.write(c.store.dir)
}

// enter makes a newcomer a member.
func (c *Cluster) enter(ctx context.Context) error {
	e := c.store.engine
	var added []*lane
	for _, l := range e.lanes {
		if member(l.group, e.self) {
			continue
		}
		if len(added) == 0 && c.in().conf.Token != "" {
			if err := c.redeem(ctx); err != nil {
				return err
			}
		}
		added = append(added, l)
		if err := c.atLeader(ctx, call{Op: callAdd, Shard: l.number, Node: e.self, Addr: c.Addr()}); err != nil {
			return fmt.Errorf("joining shard %d: %w", l.number, err)
		}
	}
	for _, l := range added {
		if err := e.fresh(ctx, l); err != nil {
			return fmt.Errorf("catching up in shard %d: %w", l.number, err)
		}
	}
	return nil
}

// keepRole refuses to make a replica of a node that the others wait for.
func (c *Cluster) keepRole() error {
	for _, l := range c.store.engine.lanes {
		for _, m := range l.group.Members() {
			if c.in().conf.Replica && m.Voter && m.Node == c.store.engine.self {
				return fault.New(fault.Conflict, "node %s has votes and cannot become a replica: remove it, and let one with another name and an empty directory join", m.Node)
			}
		}
	}
	return nil
}

func member(g *replication.Group, node string) bool {
	return slices.ContainsFunc(g.Members(), func(m replication.Member) bool { return m.Node == node })
}

// atLeader makes a call to the leader of a shard, wherever that is, again until
// there is one.
func (c *Cluster) atLeader(ctx context.Context, what call) error {
	return c.store.engine.retry(ctx, func(ctx context.Context) error { return c.tryLeader(ctx, what) })
}

// tryLeader looks for the leader of a shard once. It asks the nodes that are
// known in turn, and follows what they say.
func (c *Cluster) tryLeader(ctx context.Context, what call) error {
	e := c.store.engine
	l := e.lanes[what.Shard]
	if l.group.Ready() {
		_, err := c.store.answer(ctx, what)
		return err
	}
	err := error(&replication.NotLeaderError{Group: uint32(what.Shard)})
	tried := map[string]bool{e.self: true}
	next := l.group.Leader()
	for _, node := range slices.Sorted(maps.Keys(c.known())) {
		if next == "" {
			next = node
		}
		for next != "" && !tried[next] {
			tried[next] = true
			var got answered
			if got, err = e.ask(ctx, next, what); err == nil || !fault.Retryable(err) {
				return err
			}
			next = got.Leader
		}
		next = ""
	}
	return err
}

// known returns the addresses of the other nodes.
func (c *Cluster) known() map[string]string {
	if book := c.in().book; book != nil {
		return book.Addrs()
	}
	return nil
}

// add is callAdd on the leader.
func (c *Cluster) add(ctx context.Context, l *lane, what call) error {
	node, addr := what.Node, what.Addr
	if what.Offset == addAgain {
		return c.still(l, node)
	}
	if addr != "" {
		if err := c.in().book.Learn(node, addr); err != nil {
			return err
		}
	}
	return l.group.Add(ctx, node)
}

// Remove takes a node out of the cluster: one that is gone for good, or that
// is not needed. Of the voters that remain a majority must answer, in every
// shard; otherwise nothing is done, and the error is fault.Unavailable: with one
// of three dead, the dead one can be removed and neither of the others. What the
// node holds is not deleted, and it cannot come back with it.
func (c *Cluster) Remove(ctx context.Context, node string) error {
	known := false
	for _, l := range c.store.engine.lanes {
		known = known || member(l.group, node)
	}
	if !known {
		return fault.New(fault.NotFound, "node %s is not part of this cluster", node)
	}
	if err := c.removable(ctx, node); err != nil {
		return err
	}
	for _, l := range c.store.engine.lanes {
		if err := c.atLeader(ctx, call{Op: callRemove, Shard: l.number, Node: node}); err != nil {
			return fmt.Errorf("removing node %s from shard %d: %w", node, l.number, err)
		}
	}
	return nil
}

// removable asks the leaders of all shards before any of them does something.
func (c *Cluster) removable(ctx context.Context, node string) error {
	ctx, cancel := context.WithTimeout(ctx, workTimeout)
	defer cancel()
	for _, l := range c.store.engine.lanes {
		err := c.store.engine.retry(ctx, func(ctx context.Context) error {
			return asked(c.tryLeader(ctx, call{Op: callMayRemove, Shard: l.number, Node: node}))
		})
		if err != nil {
			return fmt.Errorf("removing node %s from shard %d: %w", node, l.number, err)
		}
	}
	return nil
}

// asked says of a question that got no answer that nothing has happened.
func asked(err error) error {
	if fault.CodeOf(err) == fault.Uncertain {
		return fault.Wrap(fault.Unavailable, err, "a question got no answer, and nothing was done")
	}
	return err
}

// mayRemove is callMayRemove on the leader.
func (c *Cluster) mayRemove(l *lane, node string) error {
	if !l.group.Ready() {
		return &replication.NotLeaderError{Group: uint32(l.number), Leader: l.group.Leader()}
	}
	return l.group.MayRemove(node)
}

// remove is callRemove on the leader. One that is to remove itself hands the
// leadership over first.
func (c *Cluster) remove(ctx context.Context, l *lane, node string) error {
	if node == c.store.engine.self {
		if err := c.hand(ctx, l); err != nil {
			return err
		}
		return &replication.NotLeaderError{Group: uint32(l.number), Leader: l.group.Leader()}
	}
	return l.group.Remove(ctx, node)
}

// Drain makes a node hand over everything it leads, and lead nothing until
// Resume, so that it can be stopped without anybody noticing. The error is
// fault.Refused when the others could not go on without it. After an error the
// node goes on as before.
func (c *Cluster) Drain(ctx context.Context, node string) error {
	return c.at(ctx, node, callDrain)
}

// Resume lets a drained node lead again. So does opening its store again.
func (c *Cluster) Resume(ctx context.Context, node string) error {
	return c.at(ctx, node, callResume)
}

func (c *Cluster) at(ctx context.Context, node string, op int) error {
	if node == c.store.engine.self {
		_, err := c.store.answer(ctx, call{Op: op})
		return err
	}
	_, err := c.store.engine.ask(ctx, node, call{Op: op})
	return err
}

// drainHere is callDrain. Of two the second waits, since the first may fail.
func (c *Cluster) drainHere(ctx context.Context) (err error) {
	select {
	case c.drains <- struct{}{}:
		defer func() { <-c.drains }()
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, context.Cause(ctx), "node %s is being drained already", c.store.engine.self)
	}
	if err := c.spare(ctx); err != nil {
		return err
	}
	if c.draining.CompareAndSwap(false, true) {
		defer func() {
			if err != nil {
				c.draining.Store(false)
			}
		}()
		// Another node may have begun to be drained since; of two, both or one
		// see the other one now.
		if err := c.spare(ctx); err != nil {
			return err
		}
	}
	for _, l := range c.store.engine.lanes {
		err := c.store.engine.retry(ctx, func(ctx context.Context) error {
			if !l.group.Leading() {
				return nil
			}
			return c.hand(ctx, l)
		})
		if err != nil {
			return fmt.Errorf("handing over shard %d: %w", l.number, err)
		}
	}
	return nil
}

// hand hands the leadership of a shard to any voter that can take it.
func (c *Cluster) hand(ctx context.Context, l *lane) error {
	err := fault.New(fault.Unavailable, "no other node can lead shard %d now", l.number)
	for _, m := range l.group.Members() {
		if !m.Voter || m.Node == c.store.engine.self || !c.accepts(ctx, m.Node, l.number) {
			continue
		}
		if failed := l.group.Transfer(ctx, m.Node); failed == nil {
			return nil
		} else {
			err = fault.Wrap(fault.Unavailable, failed, "shard %d", l.number)
		}
	}
	return err
}

// accepts asks a node whether it would lead.
func (c *Cluster) accepts(ctx context.Context, node string, shard int) bool {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	_, err := c.store.engine.ask(ctx, node, call{Op: callLead, Shard: shard})
	return err == nil
}

// leave hands everything over before the store closes, as far as that goes
// quickly: other nodes then need not notice that this one is gone.
func (c *Cluster) leave() {
	if c.store.engine == nil || !c.store.engine.clustered.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c.draining.Store(true)
	var all sync.WaitGroup
	for _, l := range c.store.engine.lanes {
		if l != nil && l.group != nil && l.group.Ready() && len(l.group.Members()) > 1 {
			all.Go(func() { _ = c.hand(ctx, l) }) // otherwise the others elect one
		}
	}
	all.Wait()
}

// askLimit is how long a node may take to say how it is.
const askLimit = time.Second

// takesVote asks a node whether it is one that votes. One that does not is left
// alone for a while.
func (c *Cluster) takesVote(ctx context.Context, node string) bool {
	if time.Since(c.replicas[node]) < askReplica {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	r, err := c.ask(ctx, node)
	if err == nil && r.Replica {
		c.replicas[node] = time.Now()
	}
	return err == nil && !r.Replica
}

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

func (c *Cluster) report() report {
	r := report{
		Draining: c.draining.Load(), Replica: c.in().conf.Replica, LowDisk: c.store.engine.room.low() != nil,
		Level: c.store.engine.level(), Knows: c.store.engine.newest(),
	}
	for _, l := range c.store.engine.lanes {
		if l.group.Leading() {
			r.Leads = append(r.Leads, l.number)
		}
		// Not the group's: its leader counts entries that followers do not see.
		r.Applied = append(r.Applied, l.shard.Applied())
		if l.trusted() != nil {
			r.Rebuilding = append(r.Rebuilding, l.number)
		}
	}
	return r
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
