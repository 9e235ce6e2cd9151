package commerce

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keelshop/commerce/fault"
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
	drains   chan struct{}        // a lock that can be waited for with a context, held by drainHere and resumeHere
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
