package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/keelshop/commerce"
)

const serveHelp = `Usage: commerce cluster serve DIR --as NAME [flags]

Holds the store in DIR as the node NAME of a cluster, until it gets a signal.
It then hands over what it leads and ends. A directory that is empty becomes a
new store, or with --join a node of the store that is there. A node that joins
needs the store's keys: copy the file DIR.keys of another node first.

Flags:
`

func clusterServe(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	return serveNode(ctx, args, stdout, stderr)
}

// serveNode is clusterServe for a store that is opened with more options.
func serveNode(ctx context.Context, args []string, stdout, stderr io.Writer, more ...commerce.Option) (err error) {
	var who identity
	var how joining
	var listen, advertise, join string
	var shards int
	line := newCommandLine(serveHelp, "as", "certs", "listen", "advertise", "join", "token", "replica", "invite-only", "shards")
	line.StringVar(&listen, "listen", "127.0.0.1:7400", "listen on `ADDR` (default 127.0.0.1:7400)")
	line.StringVar(&advertise, "advertise", "", "tell other nodes `ADDR` (default: the one listened on)")
	line.StringVar(&join, "join", "", "join the nodes at `ADDRS`, separated by commas")
	line.IntVar(&shards, "shards", 0, "give a new store `N` shards")
	how.flags(line)
	line.BoolVar(&how.inviteOnly, "invite-only", false, "let nobody join who has no token; say so on every node")
	who.flags(line, "")
	operands, err := line.parse(args, stdout)
	switch {
	case err != nil:
		return err
	case len(operands) != 1:
		return misused("name one directory, not %d", len(operands))
	case who.name == "":
		return misused("name the node with --as")
	}
	cc := how.config(who.config())
	cc.Listen, cc.Advertise = listen, advertise
	if join != "" {
		cc.Join = strings.Split(join, ",")
	}
	opts := append([]commerce.Option{
		commerce.WithShards(shards), commerce.WithCluster(cc),
		commerce.WithLogger(slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelError}))),
	}, more...)
	shop, err := commerce.Open(ctx, operands[0], opts...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()
	fmt.Fprintf(stdout, "node %s of store %s listens on %s\n", who.name, shop.ID(), shop.Cluster().Addr())
	select {
	case <-ctx.Done():
		return nil
	case <-shop.Failed():
		return shop.Err()
	}
}
