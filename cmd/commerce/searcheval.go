package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/ndcg"
	"github.com/keelshop/commerce/search"
)

const searchEvalHelp = `Usage: commerce search-eval --dir DIR --labels FILE [flags]

Measures how good the results of a store's search are by people's ratings. FILE
is CSV, plain or gzip, with the columns query_id, query, product_id and rating
(0 to 3); product_id is the product's external reference, handle or SKU.

The last line of the output is a JSON object: how many queries have a rating
above 0, the mean nDCG of their first ten results with unjudged results counted
as 0 (ndcg10) and with unjudged results taken out first (ndcg10_judged), and
how long a query took in milliseconds.

Flags:
`

// searchEvalFlags is the command line of search-eval.
type searchEvalFlags struct {
	dir, labels, locale string
	perQuery            bool
}

func parseSearchEval(args []string, stdout io.Writer) (searchEvalFlags, error) {
	var f searchEvalFlags
	line := newCommandLine(searchEvalHelp, "dir", "labels", "locale", "per-query")
	line.StringVar(&f.dir, "dir", "", "search the store in `DIR`")
	line.StringVar(&f.labels, "labels", "", "read the ratings from `FILE`")
	line.StringVar(&f.locale, "locale", "en", "the catalogue is in the language of `TAG` (default en)")
	line.BoolVar(&f.perQuery, "per-query", false, "print a line for each query: both measures, the number of results,\nand its text")
	operands, err := line.parse(args, stdout)
	switch {
	case err != nil:
		return f, err
	case len(operands) > 0:
		return f, misused("search-eval takes flags only, not %q", operands[0])
	case f.dir == "":
		return f, misused("--dir is missing")
	case f.labels == "":
		return f, misused("--labels is missing")
	}
	return f, nil
}

// evaluation is what search-eval prints last.
type evaluation struct {
	Queries int     `json:"queries"`
	NDCG    float64 `json:"ndcg10"`
	Judged  float64 `json:"ndcg10_judged"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
}

func searchEval(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	f, err := parseSearchEval(args, stdout)
	if err != nil {
		return err
	}
	queries, err := readLabels(f.labels)
	if err != nil {
		return err
	}
	if _, err := os.Stat(f.dir); err != nil {
		return err // a store that is not there must not be made
	}
	shop, err := commerce.Open(ctx, f.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()
	finder, err := search.Open(ctx, shop, search.Options{Locale: f.locale})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, finder.Close()) }()
	if err := waitForIndex(ctx, shop, finder, stderr); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "%d products\n", finder.Status().Documents)
	result, err := evaluate(ctx, finder, queries, f.perQuery, stdout)
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(result)
}

func readLabels(path string) ([]ndcg.Query, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	queries, err := ndcg.Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return slices.DeleteFunc(queries, func(q ndcg.Query) bool { return !q.Rated() }), nil
}

// evalDepth is how many results are looked at: enough for ten judged ones.
const evalDepth = 200

// timings is how often the time of each query is taken.
const timings = 10

func evaluate(ctx context.Context, finder *search.Finder, queries []ndcg.Query, perQuery bool, stdout io.Writer) (evaluation, error) {
	e := evaluation{Queries: len(queries)}
	var times []time.Duration
	for _, q := range queries {
		r, err := finder.Find(ctx, search.Query{Text: q.Text, Limit: evalDepth})
		if err != nil {
			return e, err
		}
		all, judged := q.Score(labelled(q, r.Hits))
		e.NDCG += all / float64(len(queries))
		e.Judged += judged / float64(len(queries))
		if perQuery {
			fmt.Fprintf(stdout, "%.3f %.3f %6d %s\n", all, judged, r.Total, q.Text)
		}
		for range timings {
			started := time.Now()
			if _, err := finder.Find(ctx, search.Query{Text: q.Text}); err != nil {
				return e, err
			}
			times = append(times, time.Since(started))
		}
	}
	if len(times) == 0 {
		return e, errors.New("no query has a rating above 0")
	}
	slices.Sort(times)
	e.P50, e.P99 = milliseconds(percentile(times, 50)), milliseconds(percentile(times, 99))
	return e, nil
}

// percentile returns the smallest of sorted times that p percent do not exceed.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[(len(sorted)*p+99)/100-1]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// labelled returns the hits under the names that the ratings know them by.
func labelled(q ndcg.Query, hits []search.Hit) []string {
	list := make([]string, len(hits))
	for i, h := range hits {
		list[i] = string(h.Product.ID)
		for _, name := range namesOf(h.Product) {
			if _, ok := q.Ratings[name]; ok {
				list[i] = name
				break
			}
		}
	}
	return list
}

func namesOf(p catalog.Product) []string {
	names := []string{p.ExternalReference, p.Handle}
	for _, v := range p.Variants {
		names = append(names, string(v.SKU))
	}
	return names
}
