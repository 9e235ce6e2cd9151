package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/internal/onlineretail"
)

const replayHelp = `Usage: commerce replay --dir DIR [flags] FILE

Puts a retailer's order file through the store in DIR, which is made if it is
not there. FILE has the format of the UCI data set "Online Retail", plain or
compressed with gzip. Its products and their opening stock come first; then
each invoice becomes a cart, a checkout and a shipment, and each cancelled
invoice that earlier orders cover becomes returns and refunds.

Interrupt it as you like, with Ctrl-C or with kill -9: the same command goes on
where it was, and a run over a finished store changes nothing.

The last line of standard output is one JSON object with the totals. It is the
same whether the file was done in one run or in several, but for the times.
Progress goes to standard error. The exit code is 1 if the store's own books do
not agree with those totals.

Flags:
`

// replayFlags is the command line of replay.
type replayFlags struct {
	file        string
	dir         string
	shards      int
	concurrency int
	stock       int64 // of each SKU; enough says as many as the file sells
	report      string
	cpuProfile  string
}

// enough is the opening stock with which no order is short.
const enough = -1

func parseReplay(args []string, stdout io.Writer) (replayFlags, error) {
	var f replayFlags
	line := newCommandLine(replayHelp, "dir", "shards", "concurrency", "stock", "report")
	line.StringVar(&f.dir, "dir", "", "the directory `DIR` holds the store")
	line.IntVar(&f.shards, "shards", 0, fmt.Sprintf("make a new store with `N` shards (default %d)", commerce.DefaultShards))
	line.IntVar(&f.concurrency, "concurrency", 64, "serve `N` customers at a time (default 64); no total depends on it")
	line.Int64Var(&f.stock, "stock", enough, "open with `N` units of each SKU, so that lines are refused as out_of_stock\n(default: as many as the file sells). What is returned then stays unsold")
	line.StringVar(&f.report, "report", "", "write one CSV row per input line to `FILE`:\nline,invoice,fate,rule,order_id,amount")
	line.StringVar(&f.cpuProfile, "cpuprofile", "", "") // for whoever looks into its speed; not in the help
	operands, err := line.parse(args, stdout)
	if err != nil {
		return f, err
	}
	switch {
	case f.dir == "":
		return f, misused("name the store's directory with --dir")
	case len(operands) != 1:
		return f, misused("name one file, not %d", len(operands))
	case f.shards < 0 || f.shards > 256:
		return f, misused("--shards %d: a store has 1 to 256", f.shards)
	case f.concurrency < 1 || f.concurrency > 10_000:
		return f, misused("--concurrency %d: it is 1 to 10000", f.concurrency)
	case f.stock < 0 && line.given("stock"):
		return f, misused("--stock %d: it is 0 or more", f.stock)
	}
	f.file = operands[0]
	return f, nil
}

func replay(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	f, err := parseReplay(args, stdout)
	if err != nil {
		return err
	}
	if f.cpuProfile != "" {
		stop, err := profile(f.cpuProfile)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	started := time.Now()
	told := newProgress(stderr)
	plan, err := readPlan(f.file)
	if err != nil {
		return fmt.Errorf("reading %s: %w", f.file, err)
	}
	told.note("%s: %d lines, %d products, %d orders and returns", f.file, plan.Rows(), len(plan.Products), plan.Operations())
	out, err := newReportFile(f.report)
	if err != nil {
		return err
	}
	defer out.discard()
	r := &replayer{plan: plan, outcome: plan.NewOutcome(), flags: f, progress: told, partial: map[*onlineretail.PlaceOrder][]int{}}
	problems, err := r.run(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted; the same command goes on from here (%w)", err)
		}
		return err
	}
	if err := out.write(r.outcome); err != nil {
		return err
	}
	if err := printSummary(stdout, r.outcome, time.Since(started)); err != nil {
		return err
	}
	for _, p := range problems {
		fmt.Fprintln(stderr, p)
	}
	if len(problems) > 0 {
		return errFound
	}
	return nil
}

func readPlan(path string) (*onlineretail.Plan, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return onlineretail.NewPlan(f)
}

func printSummary(w io.Writer, o *onlineretail.Outcome, elapsed time.Duration) error {
	summary, err := o.Summary(elapsed)
	if err != nil {
		return err
	}
	line, err := json.Marshal(summary)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", line)
	return err
}

// profile writes a CPU profile to path until stop is called.
func profile(path string) (stop func() error, err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}
