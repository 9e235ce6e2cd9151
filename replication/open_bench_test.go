package replication_test

import (
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce/replication"
)

func BenchmarkX(b *testing.B) {
	for range b.N {
		dir := b.TempDir()
		t0 := time.Now()
		n, _ := replication.Start(b.Context(), replication.Config{Dir: dir, NodeID: "n1"})
		t1 := time.Now()
		for i := range uint32(8) {
			n.AddGroup(b.Context(), i, &idle{})
		}
		t2 := time.Now()
		n.Close()
		t3 := time.Now()
		n, _ = replication.Start(b.Context(), replication.Config{Dir: dir, NodeID: "n1"})
		t4 := time.Now()
		var wg sync.WaitGroup
		for i := range uint32(8) {
			wg.Go(func() { n.AddGroup(b.Context(), i, &idle{applied: 3}) })
		}
		wg.Wait()
		t5 := time.Now()
		n.Close()
		b.Logf("create %v, 8 groups one by one %v, close %v, open %v, 8 groups at once %v", t1.Sub(t0), t2.Sub(t1), t3.Sub(t2), t4.Sub(t3), t5.Sub(t4))
	}
}

func BenchmarkY(b *testing.B) {
	dir := b.TempDir()
	n, _ := replication.Start(b.Context(), replication.Config{Dir: dir, NodeID: "n1", SnapshotBytes: 1 << 40})
	var fs []replication.Future
	for i := range uint32(4) {
		g, _ := n.AddGroup(b.Context(), i, &idle{})
		for range 1000 {
			fs = append(fs, g.ProposeAsync(make([]byte, 60<<10)))
		}
	}
	for _, f := range fs {
		if _, err := f.Wait(); err != nil {
			b.Fatal(err)
		}
	}
	t0 := time.Now()
	n.Close()
	t1 := time.Now()
	n, err := replication.Start(b.Context(), replication.Config{Dir: dir, NodeID: "n1"})
	b.Logf("close %v; open 240 MB: %v %v", t1.Sub(t0), time.Since(t1), err)
	n.Close()
}
