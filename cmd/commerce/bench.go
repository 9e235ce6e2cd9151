package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"golang.org/x/sync/errgroup"
)

const benchHelp = `Usage: commerce bench [flags]

Makes a new store, fills its catalog and its stock, and lets callers buy: each
fills a cart with random products and checks it out, again and again. Prints
how many orders were placed in a second of the given time, and how long a
caller waited for them.

Everything is durable as always. The store is removed afterwards.

Flags:
`

// benchFlags is the command line of bench.
type benchFlags struct {
	dir     string
	shards  int
	callers int
	seconds int
	warmup  int
	skus    int
	lines   int
	nodes   int
}

func parseBench(args []string, stdout io.Writer) (benchFlags, error) {
	var f benchFlags
	line := newCommandLine(benchHelp, "dir", "shards", "callers", "seconds", "warmup", "skus", "lines", "nodes")
	line.StringVar(&f.dir, "dir", os.TempDir(), "make the store in `DIR`, on the disk to be measured\n(default: the system's temporary directory)")
	line.IntVar(&f.shards, "shards", commerce.DefaultShards, fmt.Sprintf("open it with `N` shards (default %d)", commerce.DefaultShards))
	line.IntVar(&f.callers, "callers", 64, "let `N` callers buy at a time (default 64)")
	line.IntVar(&f.seconds, "seconds", 10, "buy for `N` seconds (default 10)")
	line.IntVar(&f.warmup, "warmup", 5, "buy for `N` seconds before that, so that shards have lent each other\nthe stock they need (default 5)")
	line.IntVar(&f.skus, "skus", 1000, "put `N` products into the catalog (default 1000)")
	line.IntVar(&f.lines, "lines", 3, "fill each cart with `N` lines (default 3)")
	line.IntVar(&f.nodes, "nodes", 1, "hold the store on `N` nodes, all in this process (default 1)")
	operands, err := line.parse(args, stdout)
	if err != nil {
		return f, err
	}
	if len(operands) > 0 {
		return f, misused("bench takes flags only, not %q", operands[0])
	}
	for _, b := range []struct {
		name           string
		have, min, max int
	}{
		{"shards", f.shards, 1, 256}, {"callers", f.callers, 1, 10_000}, {"seconds", f.seconds, 1, 3600},
		{"warmup", f.warmup, 0, 3600}, {"skus", f.skus, 1, 1_000_000}, {"lines", f.lines, 1, 100}, {"nodes", f.nodes, 1, 7},
	} {
		if b.have < b.min || b.have > b.max {
			return f, misused("--%s %d: it is %d to %d", b.name, b.have, b.min, b.max)
		}
	}
	return f, nil
}

func bench(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	f, err := parseBench(args, stdout)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(f.dir, "commerce-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	shops, err := openNodes(ctx, dir, f)
	defer func() {
		for _, shop := range shops {
			err = errors.Join(err, shop.Close())
		}
	}()
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "putting %d products\n", f.skus)
	if err := stockUp(ctx, shops[0], f.skus); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "%d callers buy for %d s, after a warm-up of %d s\n", f.callers, f.seconds, f.warmup)
	if _, err := buyAll(ctx, shops, f, f.warmup); err != nil {
		return err
	}
	started := time.Now()
	waits, err := buyAll(ctx, shops, f, f.seconds)
	if err != nil {
		return err
	}
	return printWaits(stdout, waits, time.Since(started))
}

func benchSKU(i int) catalog.SKU { return catalog.SKU(fmt.Sprintf("bench-%06d", i)) }

// stockUp makes a catalog whose stock no benchmark can sell.
func stockUp(ctx context.Context, shop *commerce.Store, n int) error {
	const plenty = 1_000_000_000
	puts := make([]catalog.PutProduct, n)
	stock := inventory.ReceiveMany{Lines: make([]inventory.Receive, n)}
	for i := range n {
		puts[i] = catalog.PutProduct{SKU: benchSKU(i), Title: fmt.Sprintf("Product %d", i), Price: money.New(int64(100+i%5000), "EUR")}
		stock.Lines[i] = inventory.Receive{SKU: benchSKU(i), Quantity: plenty}
	}
	if _, err := shop.Catalog.PutProducts(ctx, puts); err != nil {
		return err
	}
	if _, err := shop.Inventory.ReceiveMany(ctx, stock); err != nil {
		return err
	}
	return spreadStock(ctx, shop, n)
}

// spreadStock brings some of every product to every shard, as a shop that has
// been selling for a while has it.
func spreadStock(ctx context.Context, shop *commerce.Store, n int) error {
	skus := make([]catalog.SKU, n)
	for i := range skus {
		skus[i] = benchSKU(i)
	}
	shards := len(shop.Status().Shards)
	for part := range slices.Chunk(skus, 500) {
		variants, err := shop.Catalog.Variants(ctx, part)
		if err != nil {
			return err
		}
		short := make([]inventory.Short, len(variants))
		for i, v := range variants {
			short[i] = inventory.Short{Pool: inventory.PoolOf(v.ID, ""), SKU: v.SKU, Want: 1}
		}
		for shard := range shards {
			home := id.Slot(shard*id.Slots/shards) + 1
			if err := shop.Inventory.Fill(ctx, home, short, func() error { return nil }); err != nil {
				return err
			}
		}
	}
	return nil
}

// buyAll lets the callers buy for some seconds and returns how long each
// purchase took.
func buyAll(ctx context.Context, shops []*commerce.Store, f benchFlags, seconds int) ([]time.Duration, error) {
	waits := make([][]time.Duration, f.callers)
	until := time.Now().Add(time.Duration(seconds) * time.Second)
	group, ctx := errgroup.WithContext(ctx)
	for i := range f.callers {
		group.Go(func() error {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for {
				started := time.Now()
				if started.After(until) {
					return nil
				}
				if err := buy(ctx, shops[i%len(shops)], random, f); err != nil {
					return err
				}
				waits[i] = append(waits[i], time.Since(started))
			}
		})
	}
	err := group.Wait()
	return slices.Concat(waits...), err
}

// buy is one purchase: a cart with its lines, and its checkout.
func buy(ctx context.Context, shop *commerce.Store, random *rand.Rand, f benchFlags) error {
	lines := make([]cart.AddedLine, f.lines)
	for i := range lines {
		lines[i] = cart.AddedLine{SKU: benchSKU(random.IntN(f.skus)), Quantity: 1}
	}
	basket, err := shop.Carts.AddLines(ctx, cart.AddLines{Lines: lines})
	if err != nil {
		return err
	}
	order, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: basket.ID, PayWith: payWith})
	if err == nil && order.Status != orders.Placed {
		err = fmt.Errorf("order %s is %s, not placed", order.ID, order.Status)
	}
	return err
}

func printWaits(w io.Writer, waits []time.Duration, elapsed time.Duration) error {
	if len(waits) == 0 {
		return errors.New("nothing was bought in the given time")
	}
	slices.Sort(waits)
	at := func(percent int) float64 {
		return waits[min(len(waits)*percent/100, len(waits)-1)].Seconds() * 1000
	}
	_, err := fmt.Fprintf(w, "%.0f checkouts/s  p50 %.1f ms  p99 %.1f ms  (%d orders in %.1f s, each with its cart)\n",
		float64(len(waits))/elapsed.Seconds(), at(50), at(99), len(waits), elapsed.Seconds())
	return err
}
