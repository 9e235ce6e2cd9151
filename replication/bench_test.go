package replication_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/replication"
)

// BenchmarkSQLite is the yardstick: one row of 200 bytes in a synced transaction of its own, nothing else.
func BenchmarkSQLite(b *testing.B) {
	c, err := sqlite.Open(filepath.Join(b.TempDir(), "yardstick.db"), sqlite.Options{Full: true})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if err := c.Script(`CREATE TABLE log (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT`); err != nil {
		b.Fatal(err)
	}
	took := make([]time.Duration, b.N)
	b.ResetTimer()
	for i := range b.N {
		from := time.Now()
		if err := c.Begin(); err != nil {
			b.Fatal(err)
		}
		if _, err := c.Tx().Exec(`INSERT INTO log (data) VALUES (?)`, make([]byte, 200)); err != nil {
			b.Fatal(err)
		}
		if err := c.Commit(); err != nil {
			b.Fatal(err)
		}
		took[i] = time.Since(from)
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
}

// BenchmarkPropose measures durable proposals of 200 bytes per second, with a machine that does nothing.
func BenchmarkPropose(b *testing.B) {
	for _, groups := range []int{1, 8} {
		for _, callers := range []int{1, 256} {
			b.Run(fmt.Sprintf("groups=%d/callers=%d", groups, callers), func(b *testing.B) {
				benchmarkPropose(b, groups, callers, 200)
			})
		}
	}
}

// BenchmarkProposeLarge is the same with entries as large as a gathered one.
func BenchmarkProposeLarge(b *testing.B) {
	for _, groups := range []int{1, 8} {
		b.Run(fmt.Sprintf("groups=%d", groups), func(b *testing.B) { benchmarkPropose(b, groups, 2*groups, 64<<10) })
	}
}

func benchmarkPropose(b *testing.B, groups, callers, size int) {
	n := start(b, replication.Config{Dir: b.TempDir()})
	var all []*replication.Group
	for i := range groups {
		all = append(all, add(b, n, uint32(i), &idle{}))
	}
	data := make([]byte, size)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	b.ReportAllocs()
	b.ResetTimer()
	var next atomic.Int64
	took := make([]time.Duration, b.N)
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				from := time.Now()
				if _, err := all[c%groups].Propose(b.Context(), data); err != nil {
					b.Error(err)
					return
				}
				took[i-1] = time.Since(from)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(took[len(took)-1].Microseconds()), "max-µs")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "proposals/s")
	b.ReportMetric(float64(b.N)*float64(size)/b.Elapsed().Seconds()/1e6, "MB/s")
}

// BenchmarkReadIndex measures what a fresh read costs before it begins.
func BenchmarkReadIndex(b *testing.B) {
	g := add(b, start(b, replication.Config{Dir: b.TempDir()}), 1, &idle{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.ReadIndex(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStart measures how long it takes until eight new groups lead, and eight that have a log.
func BenchmarkStart(b *testing.B) {
	for _, log := range []bool{false, true} {
		b.Run(fmt.Sprintf("log=%v", log), func(b *testing.B) {
			var took time.Duration
			for range b.N {
				dir := b.TempDir()
				machines := make([]*idle, 8)
				for i := range machines {
					machines[i] = &idle{}
				}
				if log {
					lead(b, dir, machines, 100)
				}
				took += lead(b, dir, machines, 0)
			}
			b.ReportMetric(float64(took.Microseconds())/float64(b.N)/1000, "ms/start")
		})
	}
}

func lead(b *testing.B, dir string, machines []*idle, proposals int) time.Duration {
	from := time.Now()
	n, err := replication.Start(b.Context(), replication.Config{Dir: dir, NodeID: "n1"})
	if err != nil {
		b.Fatal(err)
	}
	groups := make([]*replication.Group, len(machines))
	var all sync.WaitGroup // at once, so that they share their fsyncs
	for i, m := range machines {
		all.Go(func() { groups[i] = add(b, n, uint32(i), m) })
	}
	all.Wait()
	took := time.Since(from)
	for _, g := range groups {
		for range proposals {
			g.ProposeAsync(make([]byte, 100)).Wait()
		}
	}
	if err := n.Close(); err != nil {
		b.Fatal(err)
	}
	return took
}

// BenchmarkAtRest measures what three nodes cost when nothing happens, in percent of one processor. Each round is a
// second.
func BenchmarkAtRest(b *testing.B) {
	for _, groups := range []int{8, 64} {
		b.Run(fmt.Sprintf("groups=%d", groups), func(b *testing.B) {
			nodes := threeWith(b, groups)
			defer func() {
				for _, n := range nodes {
					if err := n.Close(); err != nil {
						b.Error(err)
					}
				}
			}()
			var before, after syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			time.Sleep(time.Duration(b.N) * time.Second)
			b.StopTimer()
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
				b.Fatal(err)
			}
			used := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
			b.ReportMetric(100*float64(used)/float64(b.Elapsed()), "%cpu")
		})
	}
}

// threeWith starts three nodes over TLS that all have a vote in each of some groups.
func threeWith(b *testing.B, groups int) []*replication.Node {
	network := onTCP(b)
	var nodes []*replication.Node
	all := make([][]*replication.Group, 3)
	for i, name := range []string{"a", "b", "c"} {
		n, err := replication.Start(b.Context(), replication.Config{Dir: b.TempDir(), NodeID: name, Joining: i > 0, Network: network(name)})
		if err != nil {
			b.Fatal(err)
		}
		nodes = append(nodes, n)
		for g := range groups {
			all[i] = append(all[i], add(b, n, uint32(g), &machine{}))
		}
	}
	for _, step := range []func(*replication.Group, context.Context, string) error{(*replication.Group).Add, (*replication.Group).Promote} {
		for _, g := range all[0] {
			for _, name := range []string{"b", "c"} {
				for step(g, b.Context(), name) != nil {
					time.Sleep(time.Millisecond)
				}
			}
		}
	}
	return nodes
}
