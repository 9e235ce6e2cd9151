package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

const auditHelp = `Usage: commerce cluster audit [flags]

Compares the copies of all nodes, shard by shard, at one moment. Nodes do so by
themselves every hour. A node whose copy differs from those of a majority stops
serving that shard and gets a new copy. Exit code 1: not all copies are the same.

Flags:
`

func clusterAudit(ctx context.Context, args []string, stdout, _ io.Writer) error {
	_, c, err := remote(ctx, auditHelp, args, stdout, 0)
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	a, err := c.Audit(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SHARD\tENTRY\tALIKE\tREBUILT\tNOT ASKED\t")
	for _, s := range a.Shards {
		note := ""
		if s.Undecided {
			note = "copies differ and no majority agrees: run commerce verify on each node's directory"
		}
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\n", s.Shard, s.Entry, strings.Join(s.Agree, ","), strings.Join(s.Differ, ","), strings.Join(s.Missing, ","), note)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if !a.Sound() {
		return errFound
	}
	return nil
}
