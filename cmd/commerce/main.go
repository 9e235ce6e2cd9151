// Command commerce looks after stores on disk: it verifies one, takes products
// in and out of one, puts a retailer's order file through one, and measures how
// fast one sells.
//
// Run it without arguments for the list of its commands, and with
// "commerce COMMAND --help" for what one of them does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the command failed, or found something wrong
	exitUsage  = 2 // the command line cannot be meant
)

func main() { os.Exit(mainCode()) }

func mainCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// From the second signal on, the system's own rule holds: the process
	// ends at once. A store survives that too.
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

const usage = `commerce looks after stores on disk.

Usage:

  commerce verify DIR               check every invariant of a store
  commerce import --dir DIR FILE    put a product file into a store
  commerce export --dir DIR FILE    write the catalogue of a store to a file
  commerce ledger DIR               write the ledger of a store as CSV
  commerce replay --dir DIR FILE    put a retailer's order file through a store
  commerce bench                    measure how fast a store sells
  commerce cluster COMMAND          hold a store on several nodes
  commerce backup COMMAND           back a store up, restore it, test backups
  commerce search --dir DIR WORDS   search a store as a shopper would
  commerce search-eval --dir DIR --labels FILE   measure how good its search is

Exit codes: 0 done and nothing wrong, 1 failed or something wrong, 2 usage.
"commerce COMMAND --help" says more.
`

// A subcommand is one word of the command line. Its run returns nil, a
// *usageError, or what went wrong.
type subcommand struct {
	name string
	run  func(ctx context.Context, args []string, stdout, stderr io.Writer) error
}

var subcommands = []subcommand{
	{"verify", verify},
	{"import", importFile},
	{"export", exportFile},
	{"ledger", ledger},
	{"replay", replay},
	{"bench", bench},
	{"cluster", cluster},
	{"backup", backups},
	{"search", searchStore},
	{"search-eval", searchEval},
}

// run is main with everything that it touches as a parameter.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return exitOK
	}
	for _, c := range subcommands {
		if c.name == args[0] {
			return exitCode(c, c.run(ctx, args[1:], stdout, stderr), stderr)
		}
	}
	fmt.Fprintf(stderr, "commerce: there is no command %q\n\n%s", args[0], usage)
	return exitUsage
}

// exitCode prints what a command returned and says what the process exits with.
func exitCode(c subcommand, err error, stderr io.Writer) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errFound):
		return exitFailed
	}
	if wrong, ok := errors.AsType[*usageError](err); ok {
		fmt.Fprintf(stderr, "commerce %s: %v\n\"commerce %s --help\" says more.\n", c.name, wrong, c.name)
		return exitUsage
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(stderr, "commerce %s: %s\n", c.name, strings.TrimSuffix(line, "\n"))
	}
	return exitFailed
}

// errFound says that a command did its work and has printed what is wrong.
var errFound = errors.New("something is wrong")

// usageError says that a command line cannot be meant.
type usageError struct{ problem string }

func (e *usageError) Error() string { return e.problem }

func misused(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// A commandLine is the flags of a command and its help: a text, and then the
// flags named in shown, in that order.
type commandLine struct {
	*flag.FlagSet
	text  string
	shown []string
}

func newCommandLine(text string, shown ...string) commandLine {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // exitCode prints what Parse returns
	fs.Usage = func() {}
	return commandLine{fs, text, shown}
}

func (c commandLine) printHelp(w io.Writer) {
	fmt.Fprint(w, c.text)
	for _, name := range c.shown {
		printFlag(w, c.Lookup(name))
	}
}

func printFlag(w io.Writer, f *flag.Flag) {
	value, help := flag.UnquoteUsage(f)
	fmt.Fprintf(w, "  %-20s %s\n", strings.TrimRight("--"+f.Name+" "+value, " "), strings.ReplaceAll(help, "\n", "\n"+strings.Repeat(" ", 23)))
}

// parse reads flags and operands in any order and returns the operands. It
// answers --help itself, which comes back as flag.ErrHelp.
func (c commandLine) parse(args []string, stdout io.Writer) ([]string, error) {
	var operands []string
	for {
		err := c.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			c.printHelp(stdout)
			return nil, err
		}
		if err != nil {
			return nil, misused("%v", err)
		}
		if c.NArg() == 0 {
			return operands, nil
		}
		operands = append(operands, c.Arg(0))
		args = c.Args()[1:]
	}
}

// given reports whether the command line has the flag.
func (c commandLine) given(name string) (found bool) {
	c.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}
