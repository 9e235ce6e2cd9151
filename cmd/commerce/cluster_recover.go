package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/keelshop/commerce"
)

const recoverHelp = `Usage: commerce cluster recover DIR [--confirm STORE]

Makes one node go on alone after the majority of its cluster was lost for ever:
disks that are destroyed, machines that will not come back. DIR is the node's
directory; nothing may have it open.

Without --confirm it only looks: how far the logs in DIR reach, which nodes there
were, and whether something answers at their addresses. When several nodes are
left, look at each, and recover the one that has more: in each shard the higher
term, and if those are equal the higher index.

With --confirm and the ID of the store the node becomes the only one. Writes that
were confirmed by lost nodes and had not come to this one are lost. While a
majority can still come back, wait for it instead: nothing is lost then.

Then every invariant is checked, before anybody is served: what went from one
shard to another may be missing on one side. Exit code 1 says that something is
wrong, and prints it, one violation a line, as commerce verify does.

Afterwards serve DIR as before, without --join, and let other nodes join it with
empty directories and other names.

Flags:
`

func clusterRecover(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var how commerce.Recover
	line := newCommandLine(recoverHelp, "confirm", "others-are-gone", "without-vote")
	line.StringVar(&how.Store, "confirm", "", "go ahead; `STORE` is the ID of the store")
	line.BoolVar(&how.OthersAreGone, "others-are-gone", false, "go ahead although something answers at the address of\nanother node, which will never run again with what it holds")
	line.BoolVar(&how.WithoutVote, "without-vote", false, "go ahead although the node has no vote in some shard, as a\nreplica, and no node with votes is left")
	operands, err := line.parse(args, stdout)
	switch {
	case err != nil:
		return err
	case len(operands) != 1:
		return misused("name one directory, not %d", len(operands))
	}
	if !line.given("confirm") {
		s, err := commerce.InspectSurvivor(ctx, operands[0])
		if err != nil {
			return err
		}
		return showSurvivor(stdout, s)
	}
	s, err := commerce.RecoverCluster(ctx, operands[0], how)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(stdout, "node %s is the only one of store %s now\n", s.Node, s.Store); err != nil {
		return err
	}
	if err := verifyDir(ctx, operands[0], stdout, stderr); err != nil {
		if !errors.Is(err, errFound) {
			err = fmt.Errorf("it is recovered, and could not be checked: run \"commerce verify %s\" before you serve it: %w", operands[0], err)
		}
		return err
	}
	_, err = fmt.Fprintf(stdout, "serve %s without --join, and let others join\n", operands[0])
	return err
}

func showSurvivor(stdout io.Writer, s commerce.Survivor) error {
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "store %s, node %s\n\nSHARD\tTERM\tINDEX\tVOTE\n", s.Store, s.Node)
	for _, sh := range s.Shards {
		vote := "yes"
		if !sh.Voter {
			vote = "no"
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%s\n", sh.Shard, sh.Term, sh.Last, vote)
	}
	if s.Older != "" {
		fmt.Fprintf(w, "\nthis directory lacks what the node has confirmed: see %s\n", s.Older)
	}
	fmt.Fprintln(w, "\nOTHER NODE\tADDRESS\tSTATE")
	for _, o := range s.Others {
		state := "does not answer"
		if o.Answers {
			state = "something answers there"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", o.Node, o.Addr, state)
	}
	return w.Flush()
}
