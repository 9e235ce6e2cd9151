package sim

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/historytest"
	"github.com/keelshop/commerce/internal/rig"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/replication/peer"
	"github.com/keelshop/commerce/search"
)

// config is what a run is made of.
type config struct {
	seed    uint64
	nodes   int
	shards  int
	clients int
	buyers  int           // who do all that can be done with an order
	trouble time.Duration // how long the first phase lasts, in virtual time
	log     int64         // bytes of log before it is truncated
	search  bool          // each node keeps an index beside its store

	included bool // prices contain their tax
	pipeline bool // followers are sent entries before they have answered for those before
}

// variant draws a configuration from a seed.
func variant(seed uint64, trouble time.Duration) config {
	r := rand.New(rand.NewPCG(seed, 99))
	return config{
		seed: seed, nodes: 3 + 2*(r.IntN(4)/3), shards: 1 + r.IntN(2), clients: 3, buyers: 2, trouble: trouble,
		log: []int64{4 << 10, 16 << 10, 64 << 20}[r.IntN(3)], search: r.IntN(2) == 0, included: r.IntN(2) == 0, pipeline: seed%4 == 2,
	}
}

// world is a cluster and what is done to it.
type world struct {
	config
	*trace
	t        *testing.T
	dir      string
	r        *rand.Rand // of the goroutine that makes trouble
	net      *peer.Memory
	bank     *bank
	nodes    []*node
	gone     []string // names of nodes that were replaced
	book     historytest.History
	shoppers []*client
	gift     string      // the code of a gift card that all buyers know
	stop     atomic.Bool // clients finish what they do and leave
}

// node is a member of the cluster, whether it runs or not.
type node struct {
	name    string
	dir     string
	lives   int
	now     atomic.Pointer[life] // nil while it does not run
	wall    atomic.Int64         // how far its wall clock is off
	rate    float64              // how fast its monotonic clock is
	join    bool                 // it has never been open
	modules []command.Module     // what its program knows more
}

// life is one process of a node.
type life struct {
	node    string
	shop    *commerce.Store
	finder  *search.Finder // nil unless the world has search
	engine  command.Engine
	fs      *faultvfs.FS
	ended   atomic.Bool // what it answers from now on is not heard
	broken  bool        // a fault of its disk is to come, or has come
	release func()      // lets calls go that hang on the disk; nil if none does
}

func newWorld(t *testing.T, c config) *world {
	w := &world{
		config: c, trace: &trace{began: time.Now(), counts: map[string]int{}}, t: t, dir: t.TempDir(),
		r: rand.New(rand.NewPCG(c.seed, 1)), net: peer.NewMemory(c.seed), bank: newBank(c.seed),
	}
	w.bank.world = w
	for i := range c.nodes {
		w.addNode(fmt.Sprint("n", i))
	}
	return w
}

func (w *world) addNode(name string) *node {
	n := &node{name: name, join: len(w.nodes) > 0, rate: 1 + float64(w.r.IntN(7)-3)/1000}
	n.wall.Store(int64(w.r.IntN(600)-300) * int64(time.Second))
	w.nodes = append(w.nodes, n)
	w.newDir(n)
	return n
}

// newDir gives a node a directory that does not exist yet.
func (w *world) newDir(n *node) {
	n.lives++
	n.dir = filepath.Join(w.dir, fmt.Sprintf("%s-%d", n.name, n.lives))
}

// giveKeys puts the store's keys beside the directory of a node. The first one makes them.
func (w *world) giveKeys(n *node) error {
	keys, err := os.ReadFile(filepath.Join(w.dir, "n0-1.keys"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, os.WriteFile(n.dir+".keys", keys, 0o600))
}

func (n *node) clock(began time.Time) commerce.Clock {
	return commerce.Clock{
		Wall:    func() time.Time { return time.Now().Add(time.Duration(n.wall.Load())).Round(0) },
		Elapsed: func() time.Duration { return time.Duration(float64(time.Since(began)) * n.rate) },
		Poll:    time.Second,
	}
}

// open starts a node. One that is new joins the others.
func (w *world) open(ctx context.Context, n *node) error {
	l := &life{node: n.name, fs: faultvfs.New(fmt.Sprintf("%s-%d-%s", w.t.Name(), w.seed, filepath.Base(n.dir)))}
	cc := commerce.ClusterConfig{Listen: n.name}
	for _, other := range w.nodes {
		if n.join && other != n && !other.join {
			cc.Join = append(cc.Join, other.name)
		}
	}
	if err := w.giveKeys(n); err != nil {
		return err
	}
	opts := []commerce.Option{
		commerce.WithRig(rig.Rig{Node: n.name, Network: w.net, VFS: l.fs.Name(), LogBytes: w.log, Pipeline: w.pipeline, Modules: n.modules, Engine: func(e command.Engine) { l.engine = e }}),
		commerce.WithCluster(cc), commerce.WithClock(n.clock(w.began)), commerce.WithPayments(w.bank),
		commerce.WithPasswords(accounts.Passwords{MemoryKiB: 64, Passes: 1}), commerce.WithLogger(w.logger(n.name)),
		commerce.WithCacheBytes(1 << 20), commerce.WithShards(w.shards),
	}
	shop, err := commerce.Open(ctx, n.dir, opts...)
	if err != nil {
		w.add("%s does not open: %v", n.name, err)
		l.fs.Close()
		return err
	}
	n.join = false
	l.shop = shop
	if w.search {
		if err := w.index(ctx, n, l); err != nil {
			return err
		}
	}
	n.now.Store(l)
	w.add("%s is open in %s", n.name, filepath.Base(n.dir))
	return nil
}

// index opens the index of a node. It survives all that happens to the store, so that it may be ahead of it: a disk may
// keep the one and not the other.
func (w *world) index(ctx context.Context, n *node, l *life) (err error) {
	dir := filepath.Join(w.dir, n.name+"-index")
	if l.finder, err = search.Open(ctx, l.shop, search.Options{Dir: dir, Logger: w.logger(n.name + " index")}); err == nil {
		return nil
	}
	w.complains(fmt.Errorf("the index of %s does not open: %w", n.name, err))
	w.end(l)
	return err
}

// crash ends a node as a power cut does. What it had not synced is lost, perhaps.
func (w *world) crash(n *node) {
	l := n.now.Load()
	if l == nil {
		return
	}
	l.ended.Store(true)
	n.now.Store(nil)
	w.net.Kill(n.name)
	old := n.dir
	w.newDir(n)
	if err := l.fs.PowerLoss(old, n.dir, w.r); err != nil {
		w.t.Errorf("%s: cutting the power: %v", n.name, err)
	}
	if l.release != nil {
		l.release()
	}
	l.fs.Reset()
	w.end(l)
}

// quit ends a node in order, unless its disk is broken.
func (w *world) quit(n *node) {
	l := n.now.Load()
	if l == nil {
		return
	}
	if l.broken {
		w.crash(n)
		return
	}
	n.now.Store(nil)
	w.end(l)
	l.ended.Store(true)
}

func (w *world) end(l *life) {
	if l.finder != nil {
		w.complains(l.finder.Close())
	}
	if err := l.shop.Close(); err != nil {
		w.add("closing %s: %v", l.node, err)
		w.t.Errorf("closing %s: %v", l.node, err)
		return
	}
	l.fs.Close()
}

// running returns the nodes that run.
func (w *world) running() (list []*life) {
	for _, n := range w.nodes {
		if l := n.now.Load(); l != nil {
			list = append(list, l)
		}
	}
	return list
}

// eventually waits until something holds, in virtual time.
func (w *world) eventually(what string, limit time.Duration, holds func() error) bool {
	return w.everyNow(100*time.Millisecond, what, limit, holds)
}

// everyNow is eventually for what takes long to look at.
func (w *world) everyNow(step time.Duration, what string, limit time.Duration, holds func() error) bool {
	var err error
	began := time.Now()
	for deadline := began.Add(limit); time.Now().Before(deadline); time.Sleep(step) {
		now := holds()
		if now == nil {
			if took := time.Since(began); took > 30*time.Second {
				w.add("after %v, %s; before: %v", took, what, err)
			}
			return true
		}
		err = now
	}
	w.add("VIOLATION: not %s after %v: %v", what, limit, err)
	w.t.Errorf("not %s after %v: %v", what, limit, err)
	return false
}
