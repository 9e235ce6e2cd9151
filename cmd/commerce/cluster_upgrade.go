package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/keelshop/commerce"
)

const upgradeHelp = `Usage: commerce cluster upgrade [flags]

Takes the store to the newest logic level of the program that is asked, once all
nodes run it. Until then new programs do what old ones did. There is no way back:
older programs do not open the store any more. It is refused, naming a node, while
one runs an older program or does not answer.

With --dir it is done to a store of one node that no program has open.

Flags:
`

func clusterUpgrade(ctx context.Context, args []string, stdout, _ io.Writer) (err error) {
	var who identity
	var addr, dir string
	line := newCommandLine(upgradeHelp, "addr", "certs", "as", "dir")
	line.StringVar(&addr, "addr", "127.0.0.1:7400", "ask the node that listens on `ADDR` (default 127.0.0.1:7400)")
	line.StringVar(&dir, "dir", "", "open the store in `DIR`")
	who.flags(line, "operator")
	operands, err := line.parse(args, stdout)
	switch {
	case err != nil:
		return err
	case len(operands) != 0:
		return misused("0 operands are needed, not %d", len(operands))
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var level uint32
	if dir != "" {
		shop, failed := commerce.Open(ctx, dir)
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, shop.Close()) }()
		level, err = shop.Cluster().RaiseLevel(ctx)
	} else {
		c, failed := commerce.ConnectCluster(ctx, addr, who.config())
		if failed != nil {
			return failed
		}
		defer c.Close()
		level, err = c.RaiseLevel(ctx)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "the store is at level %d\n", level)
	return err
}

// levelOf shows the level of a node's shards, and that of its program if it is
// another.
func levelOf(n commerce.NodeStatus) string {
	if n.Level == n.Knows {
		return fmt.Sprint(n.Level)
	}
	return fmt.Sprintf("%d of %d", n.Level, n.Knows)
}
