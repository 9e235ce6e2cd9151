package sim

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// TestSimulation runs seeds: a few by default, those of SIM_SEEDS="7 8 9", or for as long as SIM_FOR=1h says.
func TestSimulation(t *testing.T) {
	var total summary
	began := time.Now()
	for seed := range seeds(t) {
		total.add(simulate(t, variant(seed, 20*time.Second)))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%v in %v", total, time.Since(began).Round(time.Second))
}

// TestSevenNodes: the largest cluster, of which three may be away, in a short trouble. On the way to seven it had four, five
// and six votes.
func TestSevenNodes(t *testing.T) {
	c := variant(1, 2*time.Second)
	c.nodes, c.shards, c.clients, c.buyers, c.search = 7, 1, 1, 1, false
	t.Log(simulate(t, c))
}

// seeds yields the seeds to run.
func seeds(t *testing.T) func(func(uint64) bool) {
	limit, start := time.Duration(0), time.Now()
	first := uint64(1)
	if text := os.Getenv("SIM_FOR"); text != "" {
		var err error
		if limit, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
		first = uint64(start.UnixNano())
	}
	var chosen []uint64
	for _, word := range strings.Fields(os.Getenv("SIM_SEEDS")) {
		seed, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		chosen = append(chosen, seed)
	}
	return func(yield func(uint64) bool) {
		if len(chosen) > 0 {
			slices.Values(chosen)(yield)
			return
		}
		for i := uint64(0); i < 2 || time.Since(start) < limit; i++ {
			if !yield(first + i) {
				return
			}
		}
	}
}

// summary is what came of runs.
type summary struct {
	runs, operations, doubts, orders int
	faults                           map[string]int
	virtual                          time.Duration
}

func (s *summary) add(o summary) {
	s.runs, s.operations, s.doubts, s.orders = s.runs+1, s.operations+o.operations, s.doubts+o.doubts, s.orders+o.orders
	s.virtual += o.virtual
	if s.faults == nil {
		s.faults = map[string]int{}
	}
	for k, n := range o.faults {
		s.faults[k] += n
	}
}

// String is one line for people.
func (s summary) String() string {
	var faults []string
	for _, k := range slices.Sorted(maps.Keys(s.faults)) {
		faults = append(faults, fmt.Sprintf("%d × %s", s.faults[k], k))
	}
	return fmt.Sprintf("%d runs, %v of virtual time, %d operations of which %d are in doubt, %d orders; faults: %s",
		s.runs, s.virtual.Round(time.Second), s.operations, s.doubts, s.orders, strings.Join(faults, ", "))
}

// simulate runs one seed and returns what came of it.
func simulate(t *testing.T, c config) (s summary) {
	var w *world
	defer func() {
		if t.Failed() {
			w.keep(t, c.seed)
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w = newWorld(t, c)
		w.add("%+v", c)
		w.live()
		s.virtual = time.Since(began)
	})
	s.operations = w.book.Check(t, initial, 1)
	s.doubts, s.orders, s.faults = w.book.Doubts(), len(w.book.Confirmed()), w.counts
	return s
}

// live is a whole run: the cluster is made, trouble comes and goes, and everything is checked.
func (w *world) live() {
	defer func() {
		for _, n := range w.nodes {
			w.quit(n)
		}
	}()
	if !w.found() {
		return
	}
	all := w.fillShelves()
	var shopping sync.WaitGroup
	for i := range w.clients + w.buyers {
		c := &client{
			world: w, id: i + 1, r: rand.New(rand.NewPCG(w.seed, uint64(100+i))),
			doubted: map[money.Amount]bool{}, promised: map[orders.ID]promise{},
		}
		w.shoppers = append(w.shoppers, c)
		if i < w.clients {
			shopping.Go(func() { c.shop(all) })
		} else {
			shopping.Go(c.buysAll)
		}
	}
	var letters sync.WaitGroup
	letters.Go(w.bank.deliver)
	w.plague()
	w.heal()
	w.stop.Store(true)
	shopping.Wait()
	w.calm()
	w.bank.settle()
	letters.Wait()
	if !w.t.Failed() {
		w.check()
	}
}

// calm is the time after all trouble, in which everything that buyers do works. Only the bank loses its answer to each
// refund, and does not say at once how a payment stands.
func (w *world) calm() {
	w.bank.SetFaults(func(c simulator.Call) simulator.Fault {
		switch {
		case c.Of == payments.KindRefund && !c.Lookup && c.Attempt == 1:
			return simulator.LostAnswer
		case c.Of == payments.KindPayment && c.Lookup && c.Attempt <= 2: // when a webhook came, and when its timer is due
			return simulator.Unreached
		}
		return simulator.None
	})
	var buying sync.WaitGroup
	for i, c := range w.shoppers {
		buying.Go(func() {
			for j, t := range allTrips() {
				if j%len(w.shoppers) == i {
					c.travel(t)
				}
			}
		})
	}
	buying.Wait()
}

// found makes the cluster.
func (w *world) found() bool {
	for _, n := range w.nodes {
		if err := w.open(w.t.Context(), n); err != nil {
			w.t.Error(err)
			return false
		}
	}
	return w.eventually("all nodes have votes", soon, w.complete)
}

// fillShelves makes the goods, and a cart for each client.
func (w *world) fillShelves() (all []cart.ID) {
	ctx, s := w.t.Context(), w.running()[0].shop
	put := func(sku catalog.SKU, units int64) {
		_, err := s.Catalog.PutProduct(ctx, catalog.PutProduct{SKU: sku, Title: string(sku), Price: euro(price)})
		if err == nil && units > 0 {
			_, err = s.Inventory.Receive(ctx, inventory.Receive{SKU: sku, Quantity: units, Reason: "at first"})
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	for i := range goods {
		put(sku(i), initial)
	}
	put("common", 1)
	if err := w.furnish(); err != nil {
		w.t.Fatal(err)
	}
	for i := range w.clients {
		put(catalog.SKU(fmt.Sprint("priced-", i+1)), 0)
		c, err := s.Carts.AddLine(ctx, cart.AddLine{SKU: sku(0), Quantity: 1})
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, c.ID)
	}
	return all
}

// purchase buys one unit.
func purchase(ctx context.Context, s *commerce.Store, what catalog.SKU, key, provider string) (checkout.Result, error) {
	c, err := s.Carts.AddLine(ctx, cart.AddLine{SKU: what, Quantity: 1, Key: key})
	if err != nil {
		return checkout.Result{}, err
	}
	return s.Checkout.Complete(ctx, checkout.Complete{Cart: c.ID, Key: key, PayWith: provider, Token: "pm_card_visa"})
}
