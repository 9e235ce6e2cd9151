package commerce

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/shard"
)

// RecoverCutShort is RecoverCluster that ends before it has changed the logs.
func RecoverCutShort(ctx context.Context, dir string, how Recover) error {
	_, err := survivor(ctx, dir, func(replication.Config, int) ([]replication.Standing, error) {
		return nil, errors.New("cut short")
	}, &how)
	return err
}

// CutOff ends a node's network at once, as a pulled cable does.
func CutOff(s *Store) error { return s.cluster.in().net.Close() }

// Voters returns how many voters each shard has, as a node sees it.
func Voters(s *Store) (n []int) {
	for _, l := range s.engine.lanes {
		voters := 0
		for _, m := range l.group.Members() {
			if m.Voter {
				voters++
			}
		}
		n = append(n, voters)
	}
	return n
}

// MayRemove asks the leaders whether a node can be removed.
func MayRemove(ctx context.Context, s *Store, node string) error {
	return s.cluster.removable(ctx, node)
}

// Accepts asks a node through another one whether it would lead a shard.
func Accepts(ctx context.Context, s *Store, node string, shard int) bool {
	return s.cluster.accepts(ctx, node, shard)
}

// Admit shows a node a token, as the node that it is for does.
func Admit(ctx context.Context, s *Store, node, token string) error {
	return s.cluster.admit(ctx, call{Op: callRedeem, Node: node, Name: token})
}

// Addresses returns the addresses of other nodes that a node knows.
func Addresses(s *Store) map[string]string { return s.cluster.in().book.Addrs() }

// Leads returns the shards that a node leads and is ready to.
func Leads(s *Store) (shards []int) {
	for _, l := range s.engine.lanes {
		if l.group.Ready() {
			shards = append(shards, l.number)
		}
	}
	return shards
}

// HandTo has a node hand the leadership of a shard to another one.
func HandTo(ctx context.Context, s *Store, shard int, node string) error {
	return s.engine.lanes[shard].group.Transfer(ctx, node)
}

// CopyForOthers has a node make the copy of a shard that another node is sent.
func CopyForOthers(s *Store, shard int, path string) error {
	l := s.engine.lanes[shard]
	_, err := machine{l.shard, l}.Copy(path)
	return err
}

// Distrust has a node not use its copy of a shard any more, as an audit does,
// and not rebuild it either.
func Distrust(s *Store, shard int) { s.engine.lanes[shard].distrusted.Store(true) }

// Trust takes back what Distrust did.
func Trust(s *Store, shard int) { s.engine.lanes[shard].distrusted.Store(false) }

// Digests returns a digest of each shard, at the index that it is at.
func Digests(ctx context.Context, s *Store) (list []string, err error) {
	for _, l := range s.engine.lanes {
		err = l.shard.View(ctx, func(tx *sqlite.Tx) error {
			sum, applied, err := shard.Digest(tx)
			list = append(list, fmt.Sprintf("%d %s", applied, hex.EncodeToString(sum[:8])))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Pause keeps a node from applying anything from behind the next cut, until
// resume is called, within some seconds.
func Pause(s *Store) (resume func()) {
	w := &cutWatch{}
	w.mu.Lock()
	s.watch.Store(w)
	return func() {
		w.err = errOtherCut // it pins nothing
		s.watch.Store(nil)
		w.pins = make([]*shard.Pin, len(s.engine.lanes))
		w.mu.Unlock()
	}
}

// Believe has a node take what it has of each shard for all there is now.
func Believe(s *Store) {
	for _, l := range s.engine.lanes {
		l.holds(s.engine.moment())
	}
}

// FetchParts reads a file part by part from whoever answers.
func FetchParts(ctx context.Context, answer func() ([]byte, error), to io.Writer) error {
	ask := asker(func(context.Context, call) (answered, error) {
		body, err := answer()
		return answered{Body: body}, err
	})
	return ask.fetch(ctx, call{Op: callPart}, to)
}

// Retry does something again as a node does that asks another one.
func Retry(ctx context.Context, s *Store, do func(context.Context) error) error {
	return s.engine.retry(ctx, do)
}

// Passed returns an error as another node reads it.
func Passed(s *Store, err error) error { return s.engine.types.Decode(s.engine.types.Encode(err)) }

// TakeCut takes every shard to a new cut.
func TakeCut(ctx context.Context, s *Store) error {
	_, err := s.engine.raiseCut(ctx)
	return err
}

// MaxBehind is how old a cached read may be.
const MaxBehind = maxBehind

// Submit asks a node, from a program that holds no store, to apply a command.
func Submit(ctx context.Context, r *RemoteCluster) error {
	_, err := r.ask(ctx, call{Op: callSubmit, Envelope: []byte("a command")})
	return err
}

// A Ballot is what one member has said in a comparison of all copies.
type Ballot struct {
	Node    string
	Voter   bool
	Sum     string
	Missing bool
}

// Judge says what comes of a comparison.
func Judge(ballots ...Ballot) AuditShard {
	var answers []auditAnswer
	for _, b := range ballots {
		a := auditAnswer{node: b.Node, voter: b.Voter, at: digestAt{Entry: 7, Sum: []byte(b.Sum)}}
		if b.Missing {
			a.err = errors.New("it does not answer")
		}
		answers = append(answers, a)
	}
	return judge(0, answers)
}
