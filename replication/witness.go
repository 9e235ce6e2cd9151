package replication

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/durable"
	"github.com/keelshop/commerce/replication/peer"
)

// A node whose directory was put back to an earlier state has forgotten what it acknowledged and whom it gave its vote.
// It could help to elect a leader that lacks what was confirmed. Nothing in the directory shows that. So nodes remember
// what others have shown to them, and one that starts asks all others what that was before it votes or takes entries.
// Nodes that do not answer are waited for as long as a leader that is silent, and asked again later: the store goes on
// when a minority is gone. What only they know is not found before they are back, and not even then when this node has
// been given new entries up to there meanwhile.

// testimony is what a node has shown to another one: that its log held everything up to an index, which was committed,
// and that it was in a term. Neither ever goes back.
type testimony struct {
	Index uint64 `json:"index"`
	Term  uint64 `json:"term"`
}

// witness remembers what other nodes have shown in one group.
type witness struct {
	mu      sync.Mutex
	seen    map[string]testimony
	changed bool // since the last save
}

func (w *witness) note(node string, index, term uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	old := w.seen[node]
	next := testimony{max(old.Index, index), max(old.Term, term)}
	if next == old {
		return
	}
	if w.seen == nil {
		w.seen = map[string]testimony{}
	}
	w.seen[node], w.changed = next, true
}

func (w *witness) of(node string) testimony {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[node]
}

// forget drops nodes that are no members any more: who joins again does so with an empty directory.
func (w *witness) forget(members []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for node := range w.seen {
		if !slices.Contains(members, node) {
			delete(w.seen, node)
			w.changed = true
		}
	}
}

// forgetOthers forgets what nodes have shown that are no members any more.
func (g *Group) forgetOthers() {
	select {
	case <-g.started:
	default:
		return // what the log holds is read again
	}
	var members []string
	for _, m := range g.Members() {
		members = append(members, m.Node)
	}
	g.witness.forget(members)
}

// showed notes that another node has everything up to an index, as far as it is committed.
func (g *Group) showed(node string, index, term uint64) {
	g.witness.note(node, min(index, g.raft.CommitIndex()), term)
}

// serveWitness tells a node what it has shown here.
func (g *Group) serveWitness(from string) []byte {
	var t testimony
	if _, ok := g.member(from); ok {
		t = g.witness.of(from)
	}
	e := &encoder{}
	e.uint(t.Index)
	e.uint(t.Term)
	return e.b
}

// witnessEvery is how often nodes that did not answer are asked again.
const witnessEvery = 5 * time.Second

// vouch asks all other members what this node has shown to them. It takes part when all have answered, or after a
// second: who starts at the same time does not listen yet.
func (g *Group) vouch() {
	var left []string
	for _, m := range g.Members() {
		if m.Node != g.node.conf.NodeID {
			left = append(left, m.Node)
		}
	}
	left = g.askWitnesses(left, true)
	close(g.vouched)
	for len(left) > 0 {
		t := time.NewTimer(witnessEvery)
		select {
		case <-t.C:
			left = g.askWitnesses(left, false)
		case <-g.quit:
			t.Stop()
			return
		}
	}
}

// askWitnesses asks nodes for a second, each of them again until it answers if so wished, and returns those that have
// not answered.
func (g *Group) askWitnesses(nodes []string, again bool) (left []string) {
	ctx, cancel := context.WithTimeout(g.trans.ctx, patience)
	defer cancel()
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, node := range nodes {
		all.Go(func() {
			err := g.askWitness(ctx, node)
			for again && err != nil && g.rest(ctx, patience/20) {
				err = g.askWitness(ctx, node)
			}
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				left = append(left, node)
			}
		})
	}
	all.Wait()
	return left
}

func (g *Group) askWitness(ctx context.Context, node string) error {
	answer, err := g.node.send(ctx, node, peer.Request{Kind: kindWitness, Lane: laneRaft, Group: g.id})
	if err != nil {
		return err
	}
	return g.weigh(node, answer)
}

// rest waits, and reports whether there is more to do then.
func (g *Group) rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-g.quit:
	}
	return false
}

// weigh stops the node when it has less than it has shown to another one. What it shows from now on is in its log
// before it is shown, so it is compared with what it has when the answer is here. An older copy that has taken part
// without that witness, and was given as many entries again, can no longer be told from a sound one.
func (g *Group) weigh(node string, answer []byte) error {
	d := &decoder{b: answer}
	had := testimony{Index: d.uint(), Term: d.uint()}
	if err := d.end(); err != nil {
		return err
	}
	have := testimony{Index: g.raft.LastIndex(), Term: g.raft.CurrentTerm()}
	if had.Index <= have.Index && had.Term <= have.Term {
		return nil
	}
	err := &RolledBackError{Group: g.id, Witness: node, HadIndex: had.Index, HaveIndex: have.Index, HadTerm: had.Term, HaveTerm: have.Term}
	if failed := durable.Write(g.node.path(rolledBackFile), []byte(err.Error()+"\n")); failed != nil {
		g.node.conf.Logger.Warn("the next start will have to find out again that this directory is an older copy", "error", failed)
	}
	g.node.fail(err)
	return nil
}

// waitVouched waits until this node may take part.
func (g *Group) waitVouched(ctx context.Context) error {
	select {
	case <-g.vouched:
		return g.node.Err() // an older copy says nothing more
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, context.Cause(ctx), "node %s asks the others what it had", g.node.conf.NodeID)
	}
}

// RolledBackError says that a node has less than it has acknowledged to another one: its directory was put back to an
// earlier state, or its disk has lost what it had synced. It counts as fault.Broken.
type RolledBackError struct {
	Group               uint32
	Witness             string // who remembers more
	HadIndex, HaveIndex uint64 // up to where the log reached, at least, and reaches
	HadTerm, HaveTerm   uint64
}

// Error says what to do.
func (e *RolledBackError) Error() string {
	return fmt.Sprintf("group %d reached entry %d in term %d, as node %s knows, and its log ends at entry %d in term %d: this directory is an older copy of itself; "+
		"remove this node from the cluster, and let one with another name join with an empty directory",
		e.Group, e.HadIndex, e.HadTerm, e.Witness, e.HaveIndex, e.HaveTerm)
}

// Unwrap returns fault.Broken.
func (e *RolledBackError) Unwrap() error { return fault.Broken }

// Files beside raft.db: what others have shown to this node, and that this node's directory is an older copy.
const (
	witnessFile    = "witness.json"
	rolledBackFile = "rolled-back"
)

func (n *Node) path(name string) string { return filepath.Join(n.conf.Dir, name) }

// ForgetOthers removes what the node in a directory knows of what others have acknowledged to it, and what they have
// found out about this one: for a node that goes on without them.
func ForgetOthers(dir string) error {
	var err error
	for _, name := range []string{witnessFile, rolledBackFile} {
		err = errors.Join(err, removeIfThere(filepath.Join(dir, name)))
	}
	return err
}

// FoundOlder returns the file that says that the directory of a node was found to be an older copy of itself, so that it
// lacks what it has acknowledged; "" when there is none.
func FoundOlder(dir string) string {
	path := filepath.Join(dir, rolledBackFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return path
}

// testify reads what others had shown to this node before it was closed. Refused is a directory that was found to be an
// older copy.
func (n *Node) testify() error {
	why, err := os.ReadFile(n.path(rolledBackFile))
	if err == nil {
		return fault.New(fault.Broken, "%s: %s", n.path(rolledBackFile), why)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(fault.Broken, err, "looking whether this directory is an older copy")
	}
	data, err := os.ReadFile(n.path(witnessFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(data, &n.heard)
	}
	if err != nil {
		// It is a help, and others know it too.
		n.conf.Logger.Warn("what other nodes have acknowledged is not known any more", "error", err)
	}
	return nil
}

// rememberEvery is how often what others have shown is saved. A node that is killed forgets as much.
const rememberEvery = 10 * time.Second

// remember saves what others show, until the groups have ended.
func (n *Node) remember() {
	for {
		t := time.NewTimer(rememberEvery)
		select {
		case <-t.C:
			n.saveWitness()
		case <-n.down:
			t.Stop()
			n.saveWitness()
			return
		}
	}
}

func (n *Node) saveWitness() {
	if n.Err() != nil {
		return // its disk may hang
	}
	all, changed := map[uint32]map[string]testimony{}, n.unsaved
	maps.Copy(all, n.heard)
	for _, g := range n.running() {
		g.witness.mu.Lock()
		changed = changed || g.witness.changed
		g.witness.changed = false
		all[g.id] = maps.Clone(g.witness.seen)
		g.witness.mu.Unlock()
	}
	if !changed {
		return
	}
	n.unsaved = false
	data, err := json.Marshal(all)
	if err == nil {
		err = durable.Write(n.path(witnessFile), append(data, '\n'))
	}
	if err != nil {
		n.unsaved = true
		n.conf.Logger.Warn("what other nodes have acknowledged could not be saved and will be again", "error", err)
	}
}
