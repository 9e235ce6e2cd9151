package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/keelshop/commerce"
)

const verifyHelp = `Usage: commerce verify DIR

Checks every invariant of the store in DIR: stock, money, orders, claims,
events, and that the log replays to the same state. The store must not be open
in another process. Nothing in it is changed, except that work which a crash
left half done is finished, as whenever a store is opened.

Prints one violation a line on standard output: the rule, what breaks it, and
what was found. Exits with 0 if there is none and with 1 if there is.
`

func verify(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	operands, err := newCommandLine(verifyHelp).parse(args, stdout)
	switch {
	case err != nil:
		return err
	case len(operands) != 1:
		return misused("name one directory, not %d", len(operands))
	}
	return verifyDir(ctx, operands[0], stdout, stderr)
}

// verifyDir checks the store in a directory and prints what it finds.
func verifyDir(ctx context.Context, dir string, stdout, stderr io.Writer) error {
	started := time.Now()
	violations, err := commerce.Verify(ctx, dir)
	for _, v := range violations {
		fmt.Fprintln(stdout, v)
	}
	switch {
	case err != nil:
		return err
	case len(violations) > 0:
		fmt.Fprintf(stderr, "%s: %d violations\n", dir, len(violations))
		return errFound
	}
	fmt.Fprintf(stderr, "%s: every invariant holds (%.1f s)\n", dir, time.Since(started).Seconds())
	return nil
}
