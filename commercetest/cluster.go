package commercetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/internal/rig"
	"github.com/keelshop/commerce/replication/peer"
)

// Cluster is a store of several nodes, all of them in this process.
type Cluster struct {
	Nodes   []*commerce.Store
	network *peer.Memory
}

// OpenCluster opens a store of several nodes, named node_0, node_1 and so on,
// that speak to each other in memory. It returns when each has a vote in every
// shard. When the test ends, every node is verified and closed.
func OpenCluster(t testing.TB, nodes int, opts ...commerce.Option) *Cluster {
	t.Helper()
	c := &Cluster{Nodes: make([]*commerce.Store, nodes), network: peer.NewMemory(1)}
	dir := t.TempDir()
	for i := range c.Nodes {
		cc := commerce.ClusterConfig{Listen: nodeName(i)}
		if i > 0 {
			cc.Join = []string{nodeName(0)}
			lendKeys(t, filepath.Join(dir, nodeName(0)), filepath.Join(dir, nodeName(i)))
		}
		c.Nodes[i] = open(t, filepath.Join(dir, nodeName(i)), append(opts[:len(opts):len(opts)],
			commerce.WithRig(rig.Rig{Node: nodeName(i), Network: c.network}), commerce.WithCluster(cc)))
	}
	c.awaitVotes(t)
	t.Cleanup(func() {
		c.network.Heal()
		for _, shop := range c.Nodes { // before any is closed: it takes a majority
			Verify(t, shop)
		}
	})
	return c
}

func nodeName(i int) string { return fmt.Sprint("node_", i) }

// Slow makes everything that is said to a node take longer by d, so that it
// lags behind; 0 is as before.
func (c *Cluster) Slow(node int, d time.Duration) {
	for i := range c.Nodes {
		if i != node {
			c.network.Slow(nodeName(i), nodeName(node), d)
		}
	}
}

// lendKeys gives a node the keys that the store was made with.
func lendKeys(t testing.TB, from, to string) {
	t.Helper()
	keys, err := os.ReadFile(from + ".keys")
	if err == nil {
		err = os.WriteFile(to+".keys", keys, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// awaitVotes returns when every node has a vote in every shard.
func (c *Cluster) awaitVotes(t testing.TB) {
	t.Helper()
	shards := len(c.Nodes[0].Status().Shards)
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	for {
		list, err := c.Nodes[0].Cluster().Status(ctx)
		ready := err == nil && len(list) == len(c.Nodes)
		for _, n := range list {
			ready = ready && n.Reachable && n.Voter == shards
		}
		if ready {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("the nodes did not become voters: %+v, %v", list, err)
		}
	}
}
