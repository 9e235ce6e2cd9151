package chaos

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestFailover measures how long after the loss of a node every shard has accepted a checkout that was begun then, over
// COMMERCE_KILLS losses, with 8 shards on three nodes: by kill -9, or with COMMERCE_SILENT=1 by taking its link down, of
// which nobody hears. It asserts nothing of speed.
func TestFailover(t *testing.T) {
	kills := 0
	if _, err := fmt.Sscan(os.Getenv("COMMERCE_KILLS"), &kills); err != nil {
		t.Skip("COMMERCE_KILLS says how many nodes are to be killed")
	}
	silent := os.Getenv("COMMERCE_SILENT") != ""
	f := newFleet(t, newPlace(t, 3, silent), 8)
	f.fillShelves(1)
	f.known(request{Op: "receive", SKU: f.sku(0), N: 1_000_000, Key: "plenty"})
	var took []time.Duration
	for k := range kills {
		carts := f.cartPerShard(k)
		victim := f.nodes[k%3]
		if silent {
			ip(t, "-n %s link set eth0 down", f.place.space(victim.i))
		} else {
			victim.signal(syscall.SIGKILL)
		}
		took = append(took, f.buyAll(victim, carts, k))
		if silent {
			ip(t, "-n %s link set eth0 up", f.place.space(victim.i))
		} else {
			must(t, f.start(victim))
		}
		f.await("every node has a vote in every shard again", f.complete)
		f.await("leaders are spread again", f.spread)
	}
	slices.Sort(took)
	t.Logf("%d kills: median %v, p99 %v, most %v", kills, took[len(took)/2].Round(time.Millisecond),
		took[len(took)*99/100].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
}

// known asks until there is an answer.
func (f *fleet) known(r request) (got reply) {
	f.await("an answer comes", func() (err error) {
		for _, n := range f.nodes {
			if got, err = n.ask(r, each); err == nil && got.Error == "" {
				return nil
			}
		}
		return fmt.Errorf("%w %s", err, got.Error)
	})
	return got
}

// cartPerShard fills a cart on every shard.
func (f *fleet) cartPerShard(k int) []string {
	carts, missing := make([]string, f.shards), f.shards
	for i := 0; missing > 0; i++ {
		c := f.known(request{Op: "fill", SKU: f.sku(0), N: 1, Key: fmt.Sprintf("kill-%d-%d", k, i)}).Cart
		s, err := shardOf(f.shards, c)
		must(f.t, err)
		if carts[s] == "" {
			carts[s] = c
			missing--
		}
	}
	return carts
}

// buyAll buys all carts through the nodes that are left, and returns when the last one was bought.
func (f *fleet) buyAll(victim *node, carts []string, k int) time.Duration {
	var left []*node
	for _, n := range f.nodes {
		if n != victim {
			left = append(left, n)
		}
	}
	began := time.Now()
	var all sync.WaitGroup
	for i, c := range carts {
		all.Go(func() {
			for try := 0; ; try++ {
				got, err := left[(i+try)%len(left)].ask(request{Op: "buy", Cart: c, Key: fmt.Sprintf("buy-%d-%d", k, i)}, 10*time.Second)
				if err == nil && got.Error == "" {
					return
				}
				if err == nil && !got.Again {
					f.t.Errorf("buying: %s", got.Error)
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(began)
}

// spread reports whether every node leads something.
func (f *fleet) spread() error {
	got, err := f.nodes[0].ask(request{Op: "leads"}, each)
	if err == nil && got.N < int64(len(f.nodes)) {
		err = fmt.Errorf("%d nodes lead something", got.N)
	}
	return err
}
