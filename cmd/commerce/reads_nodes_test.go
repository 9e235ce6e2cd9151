package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/internal/rig"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/replication/peer"
)

// BenchmarkReadsOnNodes reads on all nodes of a store at once. They are in one
// process, which is asked for the processor time of a read (cpu-us/op), and talk
// through memory, where every message is counted (messages/op, without those
// that go out when nobody reads). reads/s/node is what each of them does.
func BenchmarkReadsOnNodes(b *testing.B) {
	for _, nodes := range []int{1, 3, 5} {
		b.Run(fmt.Sprintf("nodes=%d", nodes), func(b *testing.B) { readOnNodes(b, nodes) })
	}
}

// shelf is what is read.
type shelf struct {
	net     *peer.Memory
	shops   []*commerce.Store
	cart    cart.ID
	order   orders.ID
	session commerce.Session
}

func readOnNodes(b *testing.B, nodes int) {
	s := openShelf(b, nodes)
	within := func(shop *commerce.Store) (context.Context, error) { return shop.Since(b.Context(), s.session) }
	for _, kind := range []struct {
		name string
		read func(shop *commerce.Store) error
	}{
		{"a product of a session", func(shop *commerce.Store) error {
			ctx, err := within(shop)
			if err != nil {
				return err
			}
			return readProduct(ctx, shop)
		}},
		{"a cart, a second old", func(shop *commerce.Store) error { return s.readCart(commerce.Stale(b.Context(), time.Second), shop) }},
		{"an order, a second old", func(shop *commerce.Store) error {
			return readOrder(commerce.Stale(b.Context(), time.Second), shop, s.order)
		}},
		{"a cart", func(shop *commerce.Store) error { return s.readCart(b.Context(), shop) }},
		{"an order", func(shop *commerce.Store) error { return readOrder(b.Context(), shop, s.order) }},
	} {
		b.Run(kind.name, func(b *testing.B) {
			const callers = 8 // on each node
			each(b, len(s.shops), len(s.shops), func(i int) error { return kind.read(s.shops[i]) })
			rest := s.atRest()
			sent, cpu := s.net.Sent(), ownTime()
			var all sync.WaitGroup
			b.ResetTimer()
			for i := range callers * len(s.shops) {
				all.Go(func() {
					for range (b.N + i) / (callers * len(s.shops)) {
						if err := kind.read(s.shops[i%len(s.shops)]); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
			b.StopTimer()
			messages := float64(s.net.Sent()-sent) - rest*b.Elapsed().Seconds()
			b.ReportMetric(max(messages, 0)/float64(b.N), "messages/op")
			b.ReportMetric(float64((ownTime()-cpu).Nanoseconds())/1000/float64(b.N), "cpu-us/op")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/float64(len(s.shops)), "reads/s/node")
		})
	}
}

func (s *shelf) readCart(ctx context.Context, shop *commerce.Store) error {
	_, err := shop.Carts.Get(ctx, s.cart)
	return err
}

// atRest returns how many messages go out in a second in which nobody reads.
func (s *shelf) atRest() float64 {
	const long = 2 * time.Second
	before := s.net.Sent()
	time.Sleep(long)
	return float64(s.net.Sent()-before) / long.Seconds()
}

func openShelf(b *testing.B, nodes int) *shelf {
	b.Helper()
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	s := &shelf{net: peer.NewMemory(1)}
	dir := b.TempDir()
	f := benchFlags{skus: readSKUs, lines: 3, nodes: nodes, shards: commerce.DefaultShards}
	for i := range nodes {
		name := fmt.Sprint("n", i)
		path := filepath.Join(dir, name)
		cc := commerce.ClusterConfig{Listen: name}
		if i > 0 {
			cc.Join = []string{"n0"}
			check(copyFile(filepath.Join(dir, "n0.keys"), path+".keys"))
		}
		shop, err := commerce.Open(b.Context(), path, commerce.WithShards(f.shards), commerce.WithCluster(cc),
			commerce.WithRig(rig.Rig{Node: name, Network: s.net}))
		check(err)
		b.Cleanup(func() { check(shop.Close()) })
		s.shops = append(s.shops, shop)
	}
	first := s.shops[0]
	check(settled(b.Context(), first, f))
	check(stockUp(b.Context(), first, f.skus))
	check(buy(b.Context(), first, rand.New(rand.NewPCG(1, 1)), f))
	for o, err := range first.Orders.All(b.Context(), orders.Filter{}) {
		check(err)
		s.order = o.ID
	}
	c, err := first.Carts.AddLines(b.Context(), cart.AddLines{Lines: []cart.AddedLine{{SKU: benchSKU(0), Quantity: 1}}})
	check(err)
	s.cart, s.session = c.ID, first.Session(b.Context())
	return s
}
