package commerce

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/replication/peer"
)

// A Survivor is what one node of a cluster holds that has lost its majority for
// ever: see InspectSurvivor and Recover.
type Survivor struct {
	Store, Node string
	Shards      []SurvivorShard
	Others      []LostNode
	Older       string // the file that says that the directory was put back to an earlier state, so that it lacks what the node has confirmed; "" when there is none
}

// SurvivorShard is how far the log of a shard reaches on a node. Of two nodes
// the one with the higher term has more, and if terms are equal the one with
// the higher index.
type SurvivorShard struct {
	Shard      int
	Term, Last uint64
	Voter      bool // this node has a vote in it
}

// LostNode is another node that was in the cluster.
type LostNode struct {
	Node, Addr string
	Answers    bool // something listens at its address
}

// Recover makes a minority go on.
type Recover struct {
	// Store must be the ID of the store: it says that this is meant.
	Store string
	// OthersAreGone says that the other nodes will never run again with what
	// they hold, even if something answers at their addresses.
	OthersAreGone bool
	// WithoutVote says that this node is to go on although it had no vote in
	// some shard: nobody waited for it before confirming, and no node with
	// votes is left that has more.
	WithoutVote bool
}

// InspectSurvivor looks at the directory of a node that is not running, and at
// whether the other nodes answer. It changes nothing.
func InspectSurvivor(ctx context.Context, dir string) (Survivor, error) {
	return survivor(ctx, dir, replication.Inspect, nil)
}

// RecoverCluster makes the node in dir, which is not running, go on alone with
// what it holds, after the majority of its cluster was lost for ever. Writes
// that were confirmed by the others and had not come to this node are lost. The
// store is another generation then: nodes of before do not talk to it, and join
// with empty directories.
//
// The error is fault.Refused when another node may be alive, when this node is
// the only one anyway, when it had no vote and that was not confirmed, when its
// copy was found to differ from the others, or when it was found to be an older
// copy of itself, and fault.Invalid without the right confirmation.
// Verify the store before it serves: what went from one shard to another may be
// missing on one side. When several nodes are left, compare what InspectSurvivor says of each, and
// recover the one that has more.
func RecoverCluster(ctx context.Context, dir string, how Recover) (Survivor, error) {
	return survivor(ctx, dir, replication.Reform, &how)
}

type lookAtLog func(replication.Config, int) ([]replication.Standing, error)

func survivor(ctx context.Context, dir string, look lookAtLog, how *Recover) (s Survivor, err error) {
	if _, err := os.Stat(filepath.Join(dir, identityFile)); err != nil {
		return s, fault.Wrap(fault.NotFound, err, "%s is not a store", dir)
	}
	it, lock, err := openDir(dir, 0, nil)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	conf := replication.Config{Dir: dir, NodeID: it.Node, StoreID: it.Store}
	before, err := replication.Inspect(conf, it.Shards)
	if err != nil {
		return s, err
	}
	if s, err = it.survivor(ctx, dir, before); err != nil || how == nil {
		return s, err
	}
	if err := s.allows(*how); err != nil {
		return s, fmt.Errorf("recovering %s: %w", dir, err)
	}
	if unfinished, _ := filepath.Glob(filepath.Join(dir, "group-*.incoming")); len(unfinished) > 0 {
		return s, fault.New(fault.Refused, "%s is a copy that was received and is not in place yet: open the store once as it is, close it, and try again", unfinished[0])
	}
	if wrong, _ := filepath.Glob(filepath.Join(dir, "*-differs")); len(wrong) > 0 {
		return s, fault.New(fault.Refused, "%s says that this copy differs from the other nodes': recover one of those; if none is left, delete that file and try again", wrong[0])
	}
	if s.Older != "" {
		return s, fault.New(fault.Refused, "%s says that this directory lacks what this node has acknowledged: recover another node; if none is left, delete that file and try again", s.Older)
	}
	// The generation comes first: should this be cut short, the node is still
	// one that the others do not talk to. Their addresses go last, for who tries
	// again must be told that they answer.
	it.Generation, it.Joined, it.Removed = newGeneration(), false, false
	if err := it.write(dir); err != nil {
		return s, err
	}
	if _, err := look(conf, it.Shards); err != nil {
		return s, err
	}
	return s, errors.Join(removeBook(dir), replication.ForgetOthers(dir))
}

func removeBook(dir string) error {
	if err := os.Remove(filepath.Join(dir, bookFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fault.Wrap(fault.Broken, err, "forgetting the other nodes")
	}
	return nil
}

func (it identity) survivor(ctx context.Context, dir string, shards []replication.Standing) (Survivor, error) {
	s := Survivor{Store: it.Store, Node: it.Node, Older: replication.FoundOlder(dir)}
	book, err := peer.OpenBook(filepath.Join(dir, bookFile))
	if err != nil {
		return s, err
	}
	for _, g := range shards {
		sh := SurvivorShard{Shard: int(g.Group), Term: g.Term, Last: g.Last}
		for _, m := range g.Members {
			if m.Node == it.Node {
				sh.Voter = m.Voter
				continue
			}
			other := LostNode{Node: m.Node, Addr: book.Addr(m.Node)}
			if !slices.Contains(s.Others, other) {
				s.Others = append(s.Others, other)
			}
		}
		s.Shards = append(s.Shards, sh)
	}
	var all sync.WaitGroup
	for i := range s.Others {
		all.Go(func() { s.Others[i].Answers = answers(ctx, s.Others[i].Addr) })
	}
	all.Wait()
	return s, nil
}

// answers reports whether something listens at an address.
func answers(ctx context.Context, addr string) bool {
	if addr == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

func (s Survivor) allows(how Recover) error {
	if len(s.Others) == 0 {
		return fault.New(fault.Refused, "node %s is the only one of its store: there is nothing to recover", s.Node)
	}
	if how.Store != s.Store {
		return fault.New(fault.Invalid, "writes that only other nodes had will be lost: confirm with the ID of the store, %s", s.Store)
	}
	for _, sh := range s.Shards {
		if !sh.Voter && !how.WithoutVote {
			return fault.New(fault.Refused, "node %s has no vote in shard %d: what was confirmed need not have come to it; recover a node with votes, and this one only if none is left", s.Node, sh.Shard)
		}
	}
	for _, o := range s.Others {
		if o.Answers && !how.OthersAreGone {
			return fault.New(fault.Refused, "something answers at the address of node %s, %s: stop it for good, or the store goes on twice", o.Node, o.Addr)
		}
	}
	return nil
}
