package chaos

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/internal/historytest"
)

func TestMain(m *testing.M) {
	if given := os.Getenv("CHAOS_NODE"); given != "" {
		var s settings
		if err := json.Unmarshal([]byte(given), &s); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitOpen)
		}
		os.Exit(runNode(s, os.Stdin, os.Stdout))
	}
	if given := os.Getenv("CHAOS_PROXY"); given != "" {
		listen, target, _ := strings.Cut(given, " ")
		os.Exit(runProxy(listen, target, os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// TestChaos: processes are killed and stopped, and the network is bad, while clients shop. By default a few seconds on
// loopback; COMMERCE_CHAOS=10m takes that long, in network namespaces, with COMMERCE_NODES=3 or 5, and COMMERCE_LOOPBACK=1
// stays on loopback.
func TestChaos(t *testing.T) {
	long, nodes, clients, pause, harsh := 4*time.Second, 3, 3, 60*time.Millisecond, false
	if text := os.Getenv("COMMERCE_CHAOS"); text != "" {
		var err error
		long, err = time.ParseDuration(text)
		must(t, err)
		pause, harsh, clients = 20*time.Millisecond, true, 4
	}
	if text := os.Getenv("COMMERCE_NODES"); text != "" {
		_, err := fmt.Sscan(text, &nodes)
		must(t, err)
	}
	f := newFleet(t, newPlace(t, nodes, harsh && os.Getenv("COMMERCE_LOOPBACK") == ""), 2)
	// Histories that get too long cannot be judged: each shift has its own goods and carts.
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	total, orders := 0, map[string]bool{}
	for end := time.Now().Add(long); time.Now().Before(end) && !t.Failed(); {
		var book historytest.History
		f.shift(&book, r, min(time.Until(end), 30*time.Second), clients, pause, harsh)
		total += book.Check(t, initial, 1)
		for _, id := range book.Confirmed() {
			orders[id] = true
		}
	}
	f.check(orders)
	t.Logf("%v, %d operations, %d orders; faults: %v", time.Since(f.began).Round(time.Second), total, len(orders), f.faults())
}

// shift is a while of shopping and trouble, at the end of which all is well.
func (f *fleet) shift(book *historytest.History, r *rand.Rand, long time.Duration, clients int, pause time.Duration, harsh bool) {
	baskets := f.fillShelves(clients)
	var stop atomic.Bool
	var all sync.WaitGroup
	for i := range clients {
		c := &client{fleet: f, book: book, id: i + 1, r: rand.New(rand.NewPCG(r.Uint64(), 0)), pause: pause, stop: &stop, carts: baskets}
		all.Go(c.shop)
	}
	f.plague(r, long, harsh)
	f.await("every node has a vote in every shard again", func() error { f.revive(); return f.complete() })
	for _, n := range f.nodes {
		f.await(fmt.Sprintf("node %d sells", n.i), func() error {
			got, err := n.ask(request{Op: "fill", SKU: f.sku(0), N: 1}, each)
			if err == nil && got.Error != "" {
				err = fmt.Errorf("%s", got.Error)
			}
			return err
		})
	}
	stop.Store(true)
	all.Wait()
}

// fillShelves makes the goods, and a cart for each client.
func (f *fleet) fillShelves(clients int) (baskets []string) {
	f.shifts++
	n := f.nodes[0]
	do := func(r request) reply {
		var got reply
		f.await("the shelves are filled", func() (err error) {
			if got, err = n.ask(r, each); err == nil && got.Error != "" {
				err = fmt.Errorf("%s", got.Error)
			}
			return err
		})
		return got
	}
	for i := range goods {
		do(request{Op: "put", SKU: f.sku(i), Key: "put " + f.sku(i)})
		do(request{Op: "receive", SKU: f.sku(i), N: initial, Key: "receive " + f.sku(i)})
	}
	for i := range clients {
		baskets = append(baskets, do(request{Op: "fill", SKU: f.sku(0), N: 1, Key: fmt.Sprint("basket ", f.shifts, " ", i)}).Cart)
	}
	return baskets
}

// check compares what the nodes hold, and verifies their files when they have ended.
func (f *fleet) check(confirmed map[string]bool) {
	f.await("all nodes hold the same", func() error {
		var first []string
		for _, n := range f.nodes {
			got, err := n.ask(request{Op: "digest"}, 10*time.Second)
			if err != nil || got.Error != "" {
				return fmt.Errorf("%w %s", err, got.Error)
			}
			if first == nil {
				first = got.List
			}
			if !slices.Equal(first, got.List) {
				return fmt.Errorf("%v and %v", first, got.List)
			}
		}
		return nil
	})
	for _, n := range f.nodes {
		got, err := n.ask(request{Op: "orders"}, time.Minute)
		if err != nil || got.Error != "" {
			f.t.Errorf("node %d: listing orders: %v %s", n.i, err, got.Error)
			continue
		}
		held := map[string]bool{}
		for _, id := range got.List {
			held[id] = true
		}
		for id := range confirmed {
			if !held[id] {
				f.t.Errorf("node %d does not have order %s, which was confirmed", n.i, id)
			}
		}
	}
	for _, n := range f.nodes {
		n.end()
	}
	for _, n := range f.nodes {
		found, err := commerce.Verify(f.t.Context(), n.settings.Dir)
		must(f.t, err)
		for _, v := range found {
			f.t.Errorf("node %d: %s", n.i, v)
		}
	}
}

func (f *fleet) faults() string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(f.counts)) {
		list = append(list, fmt.Sprintf("%d × %s", f.counts[k], k))
	}
	return strings.Join(list, ", ")
}
