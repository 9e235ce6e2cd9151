package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/keelshop/commerce"
)

const inviteHelp = `Usage: commerce cluster invite NODE [flags]

Prints a token with which the node NODE may join, once. Clusters served with
--invite-only let nobody in without one, also with a certificate. The node joins
through the one that is asked here.

Flags:
`

func clusterInvite(ctx context.Context, args []string, stdout, _ io.Writer) error {
	var who identity
	var addr string
	line := newCommandLine(inviteHelp, "for", "addr", "certs", "as")
	valid := line.Duration("for", time.Hour, "let the token be valid for `TIME` (default 1h, at most a week)")
	line.StringVar(&addr, "addr", "127.0.0.1:7400", "ask the node that listens on `ADDR` (default 127.0.0.1:7400)")
	who.flags(line, "operator")
	operands, err := line.parse(args, stdout)
	switch {
	case err != nil:
		return err
	case len(operands) != 1:
		return misused("name one node, not %d", len(operands))
	}
	c, err := commerce.ConnectCluster(ctx, addr, who.config())
	if err != nil {
		return err
	}
	defer c.Close()
	token, err := c.Invite(ctx, operands[0], *valid)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, token)
	return err
}

const joinHelp = `Usage: commerce cluster join DIR --as NAME --to ADDRS [flags]

Makes an empty directory a node of the store that is at an address, and waits
until it holds what the others hold. Then serve it. It needs the store's keys:
copy the file DIR.keys of another node first. ("commerce cluster serve --join"
does both in one.)

Flags:
`

// joining is how a command line says how a node takes part.
type joining struct {
	token               string
	replica, inviteOnly bool
}

func (j *joining) flags(line commandLine) {
	line.StringVar(&j.token, "token", "", "join with a `TOKEN` that commerce cluster invite has made")
	line.BoolVar(&j.replica, "replica", false, "never take a vote: answer reads, and pass writes on")
}

func (j joining) config(c commerce.ClusterConfig) commerce.ClusterConfig {
	c.Token, c.Replica, c.InviteOnly = j.token, j.replica, j.inviteOnly
	return c
}

func clusterJoin(ctx context.Context, args []string, stdout, _ io.Writer) (err error) {
	var who identity
	var how joining
	var to, listen, advertise string
	line := newCommandLine(joinHelp, "as", "certs", "to", "token", "listen", "advertise", "replica")
	line.StringVar(&to, "to", "", "join the nodes at `ADDRS`, separated by commas")
	line.StringVar(&listen, "listen", "127.0.0.1:7400", "listen on `ADDR` (default 127.0.0.1:7400)")
	line.StringVar(&advertise, "advertise", "", "tell other nodes `ADDR` (default: the one listened on)")
	how.flags(line)
	who.flags(line, "")
	operands, err := line.parse(args, stdout)
	switch {
	case err != nil:
		return err
	case len(operands) != 1:
		return misused("name one directory, not %d", len(operands))
	case who.name == "" || to == "":
		return misused("name the node with --as, and an address with --to")
	}
	if _, err := os.Stat(operands[0] + ".keys"); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the store's keys are missing: copy the file DIR.keys of another node to %s.keys", operands[0])
	}
	cc := how.config(who.config())
	cc.Listen, cc.Advertise, cc.Join = listen, advertise, strings.Split(to, ",")
	shop, err := commerce.Open(ctx, operands[0], commerce.WithCluster(cc))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()
	_, err = fmt.Fprintf(stdout, "node %s holds the store %s now: serve it\n", who.name, shop.ID())
	return err
}
