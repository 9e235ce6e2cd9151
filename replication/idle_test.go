//go:build unix

package replication_test

import (
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/keelshop/commerce/replication"
)

// TestIdleGroups measures what 64 groups on three nodes cost that have nothing
// to do, all in this process, over TCP with TLS.
func TestIdleGroups(t *testing.T) {
	if os.Getenv("COMMERCE_LONG") == "" {
		t.Skip("it measures for half a minute: set COMMERCE_LONG=1")
	}
	const groups, seconds = 64, 30
	network := onTCP(t)
	names := []string{"a", "b", "c"}
	first := make([]*replication.Group, groups)
	for i, name := range names {
		n := start(t, replication.Config{Dir: t.TempDir(), NodeID: name, Joining: i > 0, Network: network(name)})
		for id := range groups {
			g := add(t, n, uint32(id), &machine{})
			if i == 0 {
				first[id] = g
			}
		}
	}
	do := func(what func() error) {
		t.Helper()
		for what() != nil {
			time.Sleep(10 * time.Millisecond)
		}
	}
	for _, g := range first {
		for _, name := range names[1:] {
			do(func() error { return g.Add(t.Context(), name) })
		}
		for _, name := range names[1:] {
			do(func() error { return g.Promote(t.Context(), name) })
		}
	}
	time.Sleep(3 * time.Second)
	before := processor(t)
	time.Sleep(seconds * time.Second)
	used := processor(t) - before
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%d groups on 3 nodes: %.1f %% of a core, %d MiB of heap, %d goroutines",
		groups, 100*used.Seconds()/seconds, m.HeapAlloc>>20, runtime.NumGoroutine())
}

// processor returns how long the processor has worked for this process.
func processor(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
