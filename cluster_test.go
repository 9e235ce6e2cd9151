package commerce_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/replication/peer"
)

// fleet is the nodes of one store, all in this process.
type fleet struct {
	t     *testing.T
	ca    *peer.Authority
	dir   string
	nodes []*commerce.Store // nil while stopped
	addrs []string
	loads int                                    // how often shop was called
	tune  func(i int, c *commerce.ClusterConfig) // may be nil
	names map[int]string                         // of nodes that are not called node_ and their number
}

// newFleet opens the first node of a store.
func newFleet(t *testing.T, shards int) *fleet { return newTunedFleet(t, shards, nil) }

func newTunedFleet(t *testing.T, shards int, tune func(int, *commerce.ClusterConfig)) *fleet {
	t.Helper()
	ca, err := peer.NewAuthority(time.Now(), time.Hour)
	must(t, err)
	f := &fleet{t: t, ca: ca, dir: t.TempDir(), tune: tune}
	t.Cleanup(f.close)
	f.open(0, commerce.WithShards(shards))
	return f
}

func (f *fleet) path(i int) string { return filepath.Join(f.dir, fmt.Sprint("node", i)) }

func (f *fleet) name(i int) string {
	if name, ok := f.names[i]; ok {
		return name
	}
	return fmt.Sprint("node_", i)
}

// config is how node i takes part. Its certificate names the node that its
// directory is, or will be.
func (f *fleet) config(i int) commerce.ClusterConfig {
	c := commerce.ClusterConfig{Listen: "127.0.0.1:0", Join: slices.Clone(f.addrs[:min(i, len(f.addrs))])}
	c.Credentials = func() (tls.Certificate, *x509.CertPool, error) { return f.ca.Credentials(f.name(i))() }
	if f.tune != nil {
		f.tune(i, &c)
	}
	return c
}

func (f *fleet) open(i int, opts ...commerce.Option) {
	f.t.Helper()
	opts = append(opts, commerce.WithCluster(f.config(i)))
	f.nodes = append(f.nodes, make([]*commerce.Store, max(0, i+1-len(f.nodes)))...)
	f.addrs = append(f.addrs, make([]string, max(0, i+1-len(f.addrs)))...)
	f.nodes[i] = open(f.t, f.path(i), opts...)
	f.addrs[i] = f.nodes[i].Cluster().Addr()
}

// join adds node i and waits until every shard has that many voters.
func (f *fleet) join(nodes ...int) {
	f.t.Helper()
	for _, i := range nodes {
		f.lend(i)
		f.open(i)
	}
	f.voters(len(f.nodes))
}

// lend gives a node the store's keys.
func (f *fleet) lend(i int) {
	f.t.Helper()
	keys, err := os.ReadFile(f.path(0) + ".keys")
	must(f.t, err)
	must(f.t, os.WriteFile(f.path(i)+".keys", keys, 0o600))
}

func (f *fleet) voters(want int) {
	f.t.Helper()
	for _, s := range f.nodes {
		if s != nil {
			eventually(f.t, fmt.Sprintf("each shard has %d voters", want), func() bool {
				return !slices.ContainsFunc(commerce.Voters(s), func(n int) bool { return n != want })
			})
		}
	}
}

// stop ends a node, cut off first as when its machine dies, or in order.
func (f *fleet) stop(i int, abruptly bool) {
	f.t.Helper()
	if abruptly {
		must(f.t, commerce.CutOff(f.nodes[i]))
	}
	must(f.t, f.nodes[i].Close())
	f.nodes[i] = nil
}

func (f *fleet) running() (list []*commerce.Store) {
	for _, s := range f.nodes {
		if s != nil {
			list = append(list, s)
		}
	}
	return list
}

// check verifies every node, and that all hold the same.
func (f *fleet) check() {
	f.t.Helper()
	for _, s := range f.running() {
		commercetest.Verify(f.t, s)
	}
	eventually(f.t, "all nodes hold the same", func() bool {
		var first []string
		for _, s := range f.running() {
			got, err := commerce.Digests(f.t.Context(), s)
			must(f.t, err)
			if first == nil {
				first = got
			}
			if !slices.Equal(first, got) {
				return false
			}
		}
		return true
	})
}

func (f *fleet) close() {
	for i, s := range f.nodes {
		if s == nil {
			continue
		}
		if err := s.Close(); err != nil {
			f.t.Errorf("closing node %d: %v", i, err)
		}
	}
}

// shoppers buy one unit at a time on random nodes until stop, each order until
// it is placed, and count.
type shoppers struct {
	placed atomic.Int64
	failed atomic.Int64
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu   sync.Mutex
	keys map[string]orders.ID
}

func (f *fleet) shop(n int, sku catalog.SKU) *shoppers {
	ctx, cancel := context.WithCancel(f.t.Context())
	f.loads++
	s := &shoppers{cancel: cancel, keys: map[string]orders.ID{}}
	nodes := f.running()
	for i := range n {
		s.work.Go(func() {
			for round := 0; ctx.Err() == nil; round++ {
				s.purchase(ctx, f.t, nodes, sku, fmt.Sprintf("key-%d-%d-%d", f.loads, i, round))
			}
		})
	}
	return s
}

// purchase buys once, asking one node after the other with the same keys.
func (s *shoppers) purchase(ctx context.Context, t *testing.T, nodes []*commerce.Store, sku catalog.SKU, key string) {
	for ctx.Err() == nil {
		shop := nodes[rand.IntN(len(nodes))]
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		id, err := purchaseOnce(attempt, shop, sku, key)
		cancel()
		switch {
		case err == nil:
			s.mu.Lock()
			s.keys[key] = id
			s.mu.Unlock()
			s.placed.Add(1)
			return
		case !fault.Retryable(err) && ctx.Err() == nil:
			s.failed.Add(1)
			t.Errorf("buying: %v", err)
			return
		}
	}
}

func purchaseOnce(ctx context.Context, shop *commerce.Store, sku catalog.SKU, key string) (orders.ID, error) {
	c, err := shop.Carts.AddLine(ctx, cart.AddLine{SKU: sku, Quantity: 1, Key: key})
	if err != nil {
		return "", err
	}
	r, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: c.ID, Key: key})
	if err != nil {
		return "", err
	}
	if r.Status != orders.Placed {
		return "", fault.New(fault.Unavailable, "the order is %s", r.Status)
	}
	return r.ID, nil
}

func (s *shoppers) stop() {
	s.cancel()
	s.work.Wait()
}

// TestOneNodeBecomesThree: a store that is selling gets two more nodes. Then
// every node answers, one dies, and the others go on.
func TestOneNodeBecomesThree(t *testing.T) {
	f := newFleet(t, 2)
	stock(t, f.nodes[0], "mug", 100_000)
	load := f.shop(2, "mug")
	f.join(1, 2)
	load.stop()
	if load.placed.Load() == 0 || load.failed.Load() > 0 {
		t.Errorf("%d orders were placed meanwhile, %d failed", load.placed.Load(), load.failed.Load())
	}
	for i, s := range f.nodes {
		order, err := buy(t.Context(), s, "mug", 2, checkout.Complete{})
		must(t, err)
		for j, other := range f.nodes { // what was written anywhere is read anywhere
			got, err := other.Orders.Get(t.Context(), order.ID)
			if err != nil || got.Status != orders.Placed {
				t.Errorf("an order placed on node %d is on node %d: %+v, %v", i, j, got.Status, err)
			}
		}
		_, err = buy(t.Context(), s, "nothing", 1, checkout.Complete{})
		if e, ok := errors.AsType[*catalog.UnknownSKUError](err); !ok {
			t.Errorf("node %d: an error came without its type: %T, %v", i, e, err)
		}
	}
	status, err := f.nodes[1].Cluster().Status(t.Context())
	if err != nil || len(status) != 3 || !status[0].Reachable || status[2].Voter != 2 || status[1].Addr == "" {
		t.Errorf("the nodes: %+v, %v", status, err)
	}
	f.check()
	f.stop(0, true)
	order, err := buy(t.Context(), f.nodes[1], "mug", 1, checkout.Complete{})
	if err != nil || order.Status != orders.Placed {
		t.Fatalf("after one has died: %+v, %v", order.Status, err)
	}
	must(t, f.nodes[1].Cluster().Remove(t.Context(), "node_0"))
	f.voters(2)
	f.check()
}

// TestAStoreStartsItsClusterWhileOpen: without being opened again.
func TestAStoreStartsItsClusterWhileOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	shop := open(t, dir, commerce.WithShards(1))
	ca, err := peer.NewAuthority(time.Now(), time.Hour)
	must(t, err)
	cc := commerce.ClusterConfig{Listen: "127.0.0.1:0", Credentials: ca.Credentials(shop.Status().Node)}
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for _, call := range []func(){ // at the same moment, for the race detector
		func() { shop.Cluster().Addr() },
		func() { _, _ = shop.Cluster().Status(t.Context()) },
		func() { _, _ = shop.Cluster().Invite("node_c", time.Minute) },
	} {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					call()
				}
			}
		})
	}
	must(t, shop.Cluster().Start(cc))
	close(stop)
	callers.Wait()
	wantCode(t, shop.Cluster().Start(cc), fault.Invalid)
	stock(t, shop, "mug", 5)
	if _, err := buy(t.Context(), shop, "mug", 1, checkout.Complete{}); err != nil {
		t.Fatal(err)
	}
	keys, err := os.ReadFile(dir + ".keys")
	must(t, err)
	other := filepath.Join(t.TempDir(), "other")
	join := commerce.ClusterConfig{Listen: "127.0.0.1:0", Credentials: ca.Credentials("node_b"), Join: []string{shop.Cluster().Addr()}}
	_, err = commerce.Open(t.Context(), other, commerce.WithCluster(join))
	if err == nil {
		t.Fatal("a node without the store's keys has joined")
	}
	must(t, os.WriteFile(other+".keys", keys, 0o600))
	second := open(t, other, commerce.WithCluster(join))
	if l := levelOf(t, second, "mug"); l.Available != 4 {
		t.Errorf("on the second node: %+v", l)
	}
	must(t, second.Close())
}

// TestOrdersSurviveTheirLeaders: shoppers buy on all nodes while one node after
// the other dies and comes back. Each purchase happens once.
func TestOrdersSurviveTheirLeaders(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	stock(t, f.nodes[0], "mug", 100_000)
	f.join(1, 2)
	confirmed := map[orders.ID]bool{}
	for round := range 2 {
		load := f.shop(3, "mug")
		victim := round % 3
		eventually(t, "some orders are placed", func() bool { return load.placed.Load() >= 5 })
		f.stop(victim, round > 0)
		before := load.placed.Load()
		eventually(t, "orders are placed without the node", func() bool { return load.placed.Load() >= before+5 })
		load.stop()
		f.open(victim)
		for key, id := range load.keys {
			if confirmed[id] {
				t.Errorf("order %s was confirmed to two shoppers", id)
			}
			confirmed[id] = true
			if len(confirmed)%10 > 0 {
				continue
			}
			// Asked again, on another node, it is the same order.
			got, err := purchaseOnce(t.Context(), f.nodes[(victim+1)%3], "mug", key)
			if err != nil || got != id {
				t.Errorf("%s is order %s, and asked again %s, %v", key, id, got, err)
			}
		}
	}
	f.check()
	placed := int64(0)
	for o, err := range f.nodes[0].Orders.All(t.Context(), orders.Filter{}) {
		must(t, err)
		delete(confirmed, o.ID)
		if o.Status != orders.Canceled { // one that its shopper has left is pending
			placed++
		}
	}
	if len(confirmed) > 0 {
		t.Errorf("%d confirmed orders are lost", len(confirmed))
	}
	if l := levelOf(t, f.nodes[2], "mug"); l.Available+placed != 100_000 {
		t.Errorf("%d orders hold one unit each, and %d of 100000 units are left", placed, l.Available)
	}
}

func TestDrainingHandsEverythingOver(t *testing.T) {
	f := newFleet(t, 2)
	stock(t, f.nodes[0], "mug", 1000)
	f.join(1, 2)
	load := f.shop(1, "mug")
	for _, i := range []int{0, 1, 2} {
		must(t, f.nodes[2].Cluster().Drain(t.Context(), fmt.Sprint("node_", i)))
		if leads := commerce.Leads(f.nodes[i]); len(leads) > 0 {
			t.Errorf("node %d still leads %v", i, leads)
		}
		must(t, f.nodes[1].Cluster().Resume(t.Context(), fmt.Sprint("node_", i)))
	}
	load.stop()
	if load.failed.Load() > 0 {
		t.Errorf("%d purchases failed", load.failed.Load())
	}
	f.check()
}

// TestFilesAreOnEveryNode: a picture that was stored on one node is fetched by
// those that need it, also after the first is gone.
func TestFilesAreOnEveryNode(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1)
	first, err := f.nodes[0].Assets.Put(t.Context(), strings.NewReader("a picture of before"))
	must(t, err)
	f.join(1, 2)
	large := strings.Repeat("0123456789abcdef", 5<<16) // of several parts
	second, err := f.nodes[1].Assets.Put(t.Context(), strings.NewReader(large))
	must(t, err)
	want := map[assets.ID]string{first: "a picture of before", second: large}
	for _, s := range f.nodes {
		for id, text := range want {
			file, err := s.Assets.Open(t.Context(), id)
			must(t, err)
			got, err := io.ReadAll(file)
			if err != nil || string(got) != text || file.Close() != nil {
				t.Errorf("got %d bytes of %d, %v", len(got), len(text), err)
			}
		}
	}
	none := assets.ID(strings.Repeat("0", 64))
	_, err = f.nodes[2].Assets.Open(t.Context(), none)
	wantCode(t, err, fault.NotFound)

	// What another node gives under a wrong name is not taken.
	path := filepath.Join(f.path(0), "assets", "00", string(none))
	must(t, os.Mkdir(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, []byte("something else"), 0o600))
	_, err = f.nodes[2].Assets.Open(t.Context(), none)
	wantCode(t, err, fault.Unavailable)

	must(t, f.nodes[2].Assets.Remove(t.Context(), first))
	for _, s := range f.nodes {
		_, err := s.Assets.Open(t.Context(), first)
		wantCode(t, err, fault.NotFound)
	}
	f.stop(1, true)
	_, err = f.nodes[0].Assets.Open(t.Context(), second)
	must(t, err)
	_, err = f.nodes[0].Assets.Open(t.Context(), first)
	wantCode(t, err, fault.Unavailable) // the node that is gone may have it
}

// TestAnyNodeCopiesTheStore: also one that leads nothing, for a tool that asks
// over the network, while customers buy on all of them.
func TestAnyNodeCopiesTheStore(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	stock(t, f.nodes[0], "mug", 100_000)
	f.join(1, 2)
	load := f.shop(2, "mug")
	must(t, f.nodes[0].Cluster().Drain(t.Context(), "node_2"))
	cc := commerce.ClusterConfig{Credentials: f.ca.Credentials("operator")}
	tool, err := commerce.ConnectCluster(t.Context(), f.addrs[2], cc)
	must(t, err)
	defer tool.Close()
	for i := range 2 {
		eventually(t, "some orders are placed", func() bool { return load.placed.Load() >= int64(3*i+3) })
		dir := filepath.Join(t.TempDir(), "copy")
		must(t, os.Mkdir(dir, 0o700))
		c, err := tool.Copy(t.Context(), dir)
		must(t, err)
		again := restored(t, dir, c, f.path(0)+".keys")
		commercetest.Verify(t, again)
		if l := levelOf(t, again, "mug"); l.Available < 90_000 {
			t.Errorf("in the copy: %+v", l)
		}
		must(t, again.Close())
	}
	load.stop()
	left, err := filepath.Glob(filepath.Join(f.path(2), "export-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("the node keeps %v, %v", left, err)
	}
	f.check()
}

// TestNodesRestartOneByOne: each is drained, stopped, and started with a
// new program, while customers buy.
func TestNodesRestartOneByOne(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	stock(t, f.nodes[0], "mug", 100_000)
	f.join(1, 2)
	for i := range f.nodes {
		other := f.nodes[(i+1)%3]
		name := fmt.Sprint("node_", i)
		load := f.shop(2, "mug")
		must(t, other.Cluster().Drain(t.Context(), name))
		f.stop(i, false)
		before := load.placed.Load()
		eventually(t, "orders are placed without it", func() bool { return load.placed.Load() >= before+3 })
		load.stop()
		f.open(i)
		eventually(t, "it is up and not behind", func() bool {
			status, err := other.Cluster().Status(t.Context())
			return err == nil && status[i].Reachable && !status[i].Draining && status[i].Behind == 0
		})
		if load.failed.Load() > 0 {
			t.Errorf("%d purchases failed", load.failed.Load())
		}
	}
	if a := f.audit(0); !a.Sound() {
		t.Errorf("afterwards: %+v", a)
	}
	f.check()
}

// TestAFailingLeaderIsNoAnswer has the disk of a leader fail under many who
// call through other nodes. They are served by the next leader, and nobody is
// told that a store has stopped: theirs has not.
func TestAFailingLeaderIsNoAnswer(t *testing.T) {
	t.Parallel()
	fs := faultvfs.New(t.Name())
	t.Cleanup(fs.Close)
	f := newFleet(t, 3)
	stock(t, f.nodes[0], "mug", 100_000)
	f.lend(1)
	f.open(1, commerce.WithVFS(fs.Name()))
	f.join(2)
	victim := f.nodes[1]
	eventually(t, "it leads", func() bool { return len(commerce.Leads(victim)) > 0 })

	var added, work = atomic.Int64{}, sync.WaitGroup{}
	const callers, each = 60, 10
	for i := range callers {
		work.Go(func() {
			for n := range each {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				_, err := f.nodes[i%2*2].Carts.AddLine(ctx, cart.AddLine{SKU: "mug", Quantity: 1, Key: fmt.Sprint(i, "-", n)})
				cancel()
				if err != nil {
					t.Errorf("caller %d: %v", i, err)
					return
				}
				if added.Add(1) == callers {
					fs.FailAt(1, faultvfs.Write, faultvfs.IOErr|faultvfs.Always)
				}
			}
		})
	}
	work.Wait()
	eventually(t, "it has stopped", func() bool { return !victim.Health(t.Context()).Live })
	fs.Reset()
	must(t, victim.Close())
	f.nodes[1] = nil
	f.check()
}
