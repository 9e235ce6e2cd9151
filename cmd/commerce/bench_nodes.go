package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/replication/peer"
)

// openNodes opens the store that bench measures, on one node or on several
// that talk over loopback. It returns those that are open also with an error.
func openNodes(ctx context.Context, dir string, f benchFlags) (shops []*commerce.Store, err error) {
	first := filepath.Join(dir, "shop")
	if f.nodes == 1 {
		shop, err := commerce.Open(ctx, first, commerce.WithShards(f.shards))
		if err != nil {
			return nil, err
		}
		return []*commerce.Store{shop}, nil
	}
	authority, err := peer.NewAuthority(time.Now(), day)
	if err != nil {
		return nil, err
	}
	for i := range f.nodes {
		name := fmt.Sprintf("node_%d", i)
		cc := commerce.ClusterConfig{Listen: "127.0.0.1:0", Credentials: authority.Credentials(name)}
		path := first
		if i > 0 {
			path = filepath.Join(dir, name)
			cc.Join = []string{shops[0].Cluster().Addr()}
			if err := copyFile(first+".keys", path+".keys"); err != nil {
				return shops, err
			}
		}
		shop, err := commerce.Open(ctx, path, commerce.WithShards(f.shards), commerce.WithCluster(cc))
		if err != nil {
			return shops, err
		}
		shops = append(shops, shop)
	}
	return shops, settled(ctx, shops[0], f)
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}

// settled waits until every node has a vote in every shard and leads its share.
func settled(ctx context.Context, shop *commerce.Store, f benchFlags) error {
	for {
		nodes, err := shop.Cluster().Status(ctx)
		if err != nil {
			return err
		}
		waits := slices.ContainsFunc(nodes, func(n commerce.NodeStatus) bool {
			return n.Voter < f.shards || n.Leads < f.shards/f.nodes
		})
		if !waits && len(nodes) == f.nodes {
			return nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
