package commerce

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/shard"
)

// An Audit is a comparison of all copies of each shard, taken at the same entry
// of its log.
type Audit struct {
	Cut    uint64       `cbor:"1,keyasint"`
	Shards []AuditShard `cbor:"2,keyasint"`
}

// AuditShard is what an audit found of one shard.
type AuditShard struct {
	Shard   int      `cbor:"1,keyasint"`
	Entry   uint64   `cbor:"2,keyasint"`           // of the log, after which the copies were compared
	Agree   []string `cbor:"3,keyasint,omitempty"` // nodes whose copies are the same
	Differ  []string `cbor:"4,keyasint,omitempty"` // nodes whose copies differ from that of a majority of all voters; they are being rebuilt
	Missing []string `cbor:"5,keyasint,omitempty"` // nodes that could not be asked
	// Undecided says that copies differ and no majority agrees: nothing was
	// done. Look at each node with commerce verify.
	Undecided bool `cbor:"6,keyasint,omitempty"`
}

// Sound reports whether all copies that could be compared are the same.
func (a Audit) Sound() bool {
	return !slices.ContainsFunc(a.Shards, func(s AuditShard) bool { return s.Undecided || len(s.Differ) > 0 })
}

const (
	auditLimit = time.Minute // for one audit
	digestKept = 4           // cuts whose digests a node remembers
)

// digests are those of this node's shards at the last cuts.
type digests struct {
	mu    sync.Mutex
	known map[int]map[uint64]digestAt // by shard and cut
	more  chan struct{}               // closed and replaced when there is one more
	work  chan digestJob
}

type digestAt struct {
	Entry uint64 `cbor:"1,keyasint"`
	Sum   []byte `cbor:"2,keyasint"`
}

type digestJob struct {
	shard int
	pin   *shard.Pin
}

func newDigests(shards int) *digests {
	return &digests{known: map[int]map[uint64]digestAt{}, more: make(chan struct{}), work: make(chan digestJob, shards)}
}

// at is called when a shard has taken a cut: the digest is worked out beside
// everything else. When the last one is not done yet, this one is left out.
func (d *digests) at(l *lane) {
	if len(d.work) == cap(d.work) {
		return
	}
	pin, err := l.shard.Pin()
	if err != nil {
		return // the audit finds none, and says so
	}
	select {
	case d.work <- digestJob{l.number, pin}:
	default:
		_ = pin.Close()
	}
}

func (d *digests) run(ctx context.Context) {
	for {
		select {
		case job := <-d.work:
			sum, err := job.pin.Digest()
			_ = job.pin.Close() // it was only read from
			if err == nil {
				d.add(job.shard, job.pin.Cut, digestAt{job.pin.Applied, sum[:]})
			}
		case <-ctx.Done():
			d.end()
			return
		}
	}
}

// end closes what nobody will look at.
func (d *digests) end() {
	for {
		select {
		case job := <-d.work:
			_ = job.pin.Close()
		default:
			return
		}
	}
}

func (d *digests) add(shard int, cut uint64, at digestAt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	cuts := d.known[shard]
	if cuts == nil {
		cuts = map[uint64]digestAt{}
		d.known[shard] = cuts
	}
	cuts[cut] = at
	for old := range cuts {
		if old+digestKept <= cut {
			delete(cuts, old)
		}
	}
	close(d.more)
	d.more = make(chan struct{})
}

func (d *digests) wait(ctx context.Context, shard int, cut uint64) (digestAt, error) {
	for {
		d.mu.Lock()
		at, found := d.known[shard][cut]
		more := d.more
		d.mu.Unlock()
		if found {
			return at, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return at, fault.Wrap(fault.Unavailable, context.Cause(ctx), "the digest of shard %d at cut %d", shard, cut)
		}
	}
}

// Audit compares all copies of each shard at one moment, while the store sells.
// A node whose copy differs from that of a majority of the voters stops serving
// that shard and gets a new copy. It is done by itself every ClusterConfig.AuditEvery.
func (c *Cluster) Audit(ctx context.Context) (Audit, error) {
	e := c.store.engine
	if err := e.usable(); err != nil {
		return Audit{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, auditLimit)
	defer cancel()
	a := Audit{Cut: e.cut.Add(1)}
	if err := e.takeCut(ctx, a.Cut); err != nil {
		return a, fmt.Errorf("auditing: %w", err)
	}
	for _, l := range e.lanes {
		a.Shards = append(a.Shards, c.auditShard(ctx, l, a.Cut))
	}
	return a, nil
}

// answer of one node about one shard.
type auditAnswer struct {
	node  string
	voter bool
	at    digestAt
	err   error
}

func (c *Cluster) auditShard(ctx context.Context, l *lane, cut uint64) AuditShard {
	members := l.group.Members()
	answers := make([]auditAnswer, len(members))
	var all sync.WaitGroup
	for i, m := range members {
		all.Go(func() {
			at, err := c.digestOf(ctx, m.Node, l.number, cut)
			answers[i] = auditAnswer{m.Node, m.Voter, at, err}
		})
	}
	all.Wait()
	s := judge(l.number, answers)
	logger := c.store.config.logger
	for _, node := range s.Differ {
		logger.Error("a copy of a shard differs from the others and is rebuilt", "shard", l.number, "node", node, "entry", s.Entry)
		if err := c.quarantine(ctx, l.number, node, s.Agree[0]); err != nil {
			logger.Error("a copy that differs could not be taken out of service", "shard", l.number, "node", node, "error", err)
		}
	}
	if s.Undecided {
		logger.Error("copies of a shard differ, and no majority agrees", "shard", l.number, "entry", s.Entry)
	}
	return s
}

func (c *Cluster) digestOf(ctx context.Context, node string, shard int, cut uint64) (at digestAt, err error) {
	if node == c.store.engine.self {
		return c.store.digests.wait(ctx, shard, cut)
	}
	got, err := c.store.engine.ask(ctx, node, call{Op: callDigest, Shard: shard, Offset: int64(cut)})
	if err == nil {
		err = command.Unmarshal(got.Body, &at)
	}
	return at, err
}

// judge says who agrees: the nodes with the digest that more than half of all
// voters have. Voters that are missing may hold another one, and members
// without a vote decide nothing.
func judge(shard int, answers []auditAnswer) AuditShard {
	s := AuditShard{Shard: shard}
	sets, votes := map[string][]auditAnswer{}, map[string]int{}
	voters, best := 0, ""
	for _, a := range answers {
		if a.voter {
			voters++
		}
		if a.err != nil {
			s.Missing = append(s.Missing, a.node)
			continue
		}
		key := fmt.Sprintf("%d %x", a.at.Entry, a.at.Sum)
		sets[key] = append(sets[key], a)
		if a.voter {
			votes[key]++
		}
		if s.Entry == 0 || votes[key] > votes[best] {
			best, s.Entry = key, a.at.Entry
		}
	}
	switch {
	case len(sets) < 2:
		s.Agree = nodesOf(sets[best])
	case votes[best]*2 <= voters:
		s.Undecided = true
	default:
		s.Agree = nodesOf(sets[best])
		for _, a := range answers {
			if a.err == nil && !slices.Contains(s.Agree, a.node) {
				s.Differ = append(s.Differ, a.node)
			}
		}
	}
	return s
}

// nodesOf returns who has answered, voters first: others are rebuilt from them.
func nodesOf(answers []auditAnswer) (nodes []string) {
	for _, voter := range []bool{true, false} {
		for _, a := range answers {
			if a.voter == voter {
				nodes = append(nodes, a.node)
			}
		}
	}
	return nodes
}

// quarantine takes a node's copy of a shard out of service and has it rebuilt
// from another node's.
func (c *Cluster) quarantine(ctx context.Context, shard int, node, good string) error {
	if node == c.store.engine.self {
		return c.store.distrust(c.store.engine.lanes[shard], good)
	}
	_, err := c.store.engine.ask(ctx, node, call{Op: callDistrust, Shard: shard, Node: good})
	return err
}

// serveDigest is callDigest.
func (s *Store) serveDigest(ctx context.Context, l *lane, cut uint64) (answered, error) {
	at, err := s.digests.wait(ctx, l.number, cut)
	if err != nil {
		return answered{}, err
	}
	body, err := command.Marshal(at)
	return answered{Body: body}, err
}
