package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/keelshop/commerce"
)

const clusterHelp = `Usage: commerce cluster COMMAND

  certs DIR NAME…     make certificates for nodes, and for an operator
  serve DIR           hold a store as one node of a cluster, until a signal
  invite NODE         make a token with which a node may join
  join DIR            make an empty directory a node of a cluster
  status              list the nodes and how they do
  audit               compare the copies of all nodes
  drain NODE          let a node hand over everything that it leads
  resume NODE         let it lead again
  upgrade             take the store to the level of its new programs
  remove NODE         take a node out of the cluster, for good
  recover DIR         make one node go on after the majority was lost for ever

"commerce cluster COMMAND --help" says more.
`

var clusterCommands = []subcommand{
	{"certs", clusterCerts},
	{"serve", clusterServe},
	{"invite", clusterInvite},
	{"join", clusterJoin},
	{"status", clusterStatus},
	{"audit", clusterAudit},
	{"drain", operate(drainHelp, (*commerce.RemoteCluster).Drain)},
	{"resume", operate(resumeHelp, (*commerce.RemoteCluster).Resume)},
	{"upgrade", clusterUpgrade},
	{"remove", clusterRemove},
	{"recover", clusterRecover},
}

func cluster(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return misused("name what to do: certs, serve, invite, join, status, audit, drain, resume, upgrade, remove or recover")
	}
	if args[0] == "--help" || args[0] == "-h" || args[0] == "help" {
		_, err := io.WriteString(stdout, clusterHelp)
		return err
	}
	for _, c := range clusterCommands {
		if c.name == args[0] {
			return c.run(ctx, args[1:], stdout, stderr)
		}
	}
	return misused("there is no command %q", args[0])
}

// identity is how a command line says who the caller is.
type identity struct{ certs, name string }

func (i *identity) flags(line commandLine, name string) {
	line.StringVar(&i.certs, "certs", "certs", "use the certificates in `DIR` (default certs)")
	line.StringVar(&i.name, "as", name, "use the certificate of `NAME`")
}

func (i identity) config() commerce.ClusterConfig {
	return commerce.ClusterConfig{
		Cert: filepath.Join(i.certs, i.name+".crt"), Key: filepath.Join(i.certs, i.name+".key"),
		Authorities: filepath.Join(i.certs, authorityName+".crt"),
	}
}

const (
	statusHelp = `Usage: commerce cluster status [flags]

Asks the node at an address about all nodes of its cluster: where each listens,
whether it answers, how many shards it has a vote in and leads, and by how many
log entries it is behind. With two votes in a shard it says so: neither of those
nodes may be away then. LEVEL is the logic level of its shards; "1 of 2" says
that its program knows a newer one (see commerce cluster upgrade).

Flags:
`
	drainHelp = `Usage: commerce cluster drain NODE [flags]

Lets a node hand over everything that it leads, and lead nothing until resume
or until it is started again. Do this before maintenance. It is refused when the
others could not go on without the node.

Flags:
`
	resumeHelp = `Usage: commerce cluster resume NODE [flags]

Lets a drained node lead again.

Flags:
`
	removeHelp = `Usage: commerce cluster remove NODE [flags]

Takes a node out of the cluster: one that is lost, or not needed any more. Of
the nodes that remain a majority must answer; otherwise nothing is done. A node
that was removed joins again only with an empty directory and a certificate with
another name.

Flags:
`
)

// remote parses a command line and connects to a cluster.
func remote(ctx context.Context, help string, args []string, stdout io.Writer, operands int) ([]string, *commerce.RemoteCluster, error) {
	var who identity
	var addr string
	line := newCommandLine(help, "addr", "certs", "as")
	line.StringVar(&addr, "addr", "127.0.0.1:7400", "ask the node that listens on `ADDR` (default 127.0.0.1:7400)")
	who.flags(line, "operator")
	rest, err := line.parse(args, stdout)
	if err != nil {
		return nil, nil, err
	}
	if len(rest) != operands {
		return nil, nil, misused("%d operands are needed, not %d", operands, len(rest))
	}
	c, err := commerce.ConnectCluster(ctx, addr, who.config())
	return rest, c, err
}

// operate is a command that does something with a node.
func operate(help string, do func(*commerce.RemoteCluster, context.Context, string) error) func(context.Context, []string, io.Writer, io.Writer) error {
	return func(ctx context.Context, args []string, stdout, _ io.Writer) error {
		rest, c, err := remote(ctx, help, args, stdout, 1)
		if err != nil {
			return err
		}
		defer c.Close()
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		return do(c, ctx, rest[0])
	}
}

func clusterRemove(ctx context.Context, args []string, stdout, _ io.Writer) error {
	rest, c, err := remote(ctx, removeHelp, args, stdout, 1)
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := c.Remove(ctx, rest[0]); err != nil {
		return err
	}
	nodes, err := c.Status(ctx)
	if err != nil {
		return fmt.Errorf("node %s is removed; asking how the others are: %w", rest[0], err)
	}
	return warnOfTwo(stdout, nodes)
}

// warnOfTwo says so when two nodes have votes: the store survives the loss of neither.
func warnOfTwo(w io.Writer, nodes []commerce.NodeStatus) error {
	var voters []string
	for _, n := range nodes {
		if n.Voter > 0 {
			voters = append(voters, n.Node)
		}
	}
	if len(voters) != 2 {
		return nil
	}
	_, err := fmt.Fprintf(w, "warning: only %s and %s have votes: while either is away nothing is written; let a third one join, or remove one\n", voters[0], voters[1])
	return err
}

func clusterStatus(ctx context.Context, args []string, stdout, _ io.Writer) error {
	_, c, err := remote(ctx, statusHelp, args, stdout, 0)
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	nodes, err := c.Status(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NODE\tADDRESS\tSTATE\tSHARDS\tVOTES\tLEADS\tBEHIND\tLEVEL")
	for _, n := range nodes {
		state := "up"
		switch {
		case !n.Reachable:
			state = "down"
		case len(n.Rebuilding) > 0:
			state = "rebuilding"
		case n.LowDisk:
			state = "disk nearly full"
		case n.Draining:
			state = "draining"
		case n.Replica:
			state = "replica"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\n", n.Node, n.Addr, state, n.Member, n.Voter, n.Leads, n.Behind, levelOf(n))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return warnOfTwo(stdout, nodes)
}
