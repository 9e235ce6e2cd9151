package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/orders"
)

// processorTime returns how much of the processors a process has used so far.
func processorTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Skip("this needs /proc: ", err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
	var ticks int64
	for _, f := range fields[11:13] { // user and system, in hundredths of a second
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

func ownTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it has no way to fail
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkReadsOnFollowers reads on a node that leads nothing, while the nodes
// that lead are processes of their own: on one node alone, and as the third and
// the fifth of a store. own-us/op is the processor time of a read here,
// others-us/op what all other nodes together spend meanwhile, their life at
// rest included.
func BenchmarkReadsOnFollowers(b *testing.B) {
	for _, nodes := range []int{1, 3, 5} {
		b.Run(fmt.Sprintf("nodes=%d", nodes), func(b *testing.B) {
			shop, others, order := readers(b, nodes)
			for _, kind := range []struct {
				name string
				read func() error
			}{
				{"a product", func() error { return readProduct(b.Context(), shop) }},
				{"a product, fresh", func() error { return readProduct(commerce.Fresh(b.Context()), shop) }},
				{"an order, a second old", func() error { return readOrder(commerce.Stale(b.Context(), time.Second), shop, order) }},
				{"an order", func() error { return readOrder(b.Context(), shop, order) }},
			} {
				b.Run(kind.name, func(b *testing.B) {
					spent := func() (all time.Duration) {
						for _, n := range others {
							all += processorTime(b, n.Process.Pid)
						}
						return all
					}
					own, there := ownTime(), spent()
					var all sync.WaitGroup
					b.ResetTimer()
					const callers = 16
					for i := range callers {
						all.Go(func() {
							for range (b.N + i) / callers {
								if err := kind.read(); err != nil {
									b.Error(err)
									return
								}
							}
						})
					}
					all.Wait()
					b.StopTimer()
					per := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(b.N) }
					b.ReportMetric(per(ownTime()-own), "own-us/op")
					b.ReportMetric(per(spent()-there), "others-us/op")
					b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
				})
			}
		})
	}
}

const readSKUs = 200

func readProduct(ctx context.Context, shop *commerce.Store) error {
	_, err := shop.Catalog.BySKU(ctx, benchSKU(rand.IntN(readSKUs)))
	return err
}

func readOrder(ctx context.Context, shop *commerce.Store, id orders.ID) error {
	_, err := shop.Orders.Get(ctx, id)
	return err
}

// readers opens the last of some nodes here, drained, with a catalog and an
// order.
func readers(b *testing.B, n int) (shop *commerce.Store, others []*served, order orders.ID) {
	b.Helper()
	dir := b.TempDir()
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	var opts []commerce.Option
	if n > 1 {
		others, opts = servedNodes(b, dir, n)
	}
	shop, err := commerce.Open(b.Context(), filepath.Join(dir, "reader"), opts...)
	check(err)
	b.Cleanup(func() { check(shop.Close()) })
	check(stockUp(b.Context(), shop, readSKUs))
	f := benchFlags{skus: readSKUs, lines: 3, nodes: n, shards: commerce.DefaultShards}
	check(buy(b.Context(), shop, rand.New(rand.NewPCG(1, 1)), f))
	for o, err := range shop.Orders.All(b.Context(), orders.Filter{}) {
		check(err)
		order = o.ID
	}
	if n > 1 {
		for ready := false; !ready; time.Sleep(100 * time.Millisecond) {
			list, err := shop.Cluster().Status(b.Context())
			check(err)
			ready = len(list) == n
			for _, s := range list {
				ready = ready && s.Voter == f.shards
			}
		}
		check(shop.Cluster().Drain(b.Context(), shop.Status().Node))
	}
	return shop, others, order
}

// servedNodes starts all nodes but the last and returns how that one joins.
func servedNodes(b *testing.B, dir string, n int) (others []*served, opts []commerce.Option) {
	b.Helper()
	certs := filepath.Join(dir, "certs")
	names := []string{"cluster", "certs", certs, "reader", "operator"}
	for i := range n - 1 {
		names = append(names, fmt.Sprint("n", i+1))
	}
	succeed(b, names...)
	first := filepath.Join(dir, "n1")
	var join []string
	for i := range n - 1 {
		name := fmt.Sprint("n", i+1)
		args := []string{filepath.Join(dir, name), "--as", name, "--certs", certs, "--listen", "127.0.0.1:0"}
		if i > 0 {
			if err := copyFile(first+".keys", filepath.Join(dir, name)+".keys"); err != nil {
				b.Fatal(err)
			}
			args = append(args, "--join", join[0])
		}
		others = append(others, serve(b, args...))
		join = append(join, others[i].addr)
	}
	if err := copyFile(first+".keys", filepath.Join(dir, "reader.keys")); err != nil {
		b.Fatal(err)
	}
	cc := identity{certs: certs, name: "reader"}.config()
	cc.Listen, cc.Join = "127.0.0.1:0", join
	return others, []commerce.Option{commerce.WithCluster(cc)}
}
