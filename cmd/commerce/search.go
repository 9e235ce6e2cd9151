package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/search"
)

const searchHelp = `Usage: commerce search --dir DIR [flags] WORDS

Searches the store in DIR as a shopper would and prints what is found, best
first: SKU, price, brand and title. The search index is made at the first time
and kept in the directory.

Flags:
`

// searchFlags is the command line of search.
type searchFlags struct {
	dir, locale, currency, text string
	limit                       int
	facets                      bool
}

func parseSearch(args []string, stdout io.Writer) (searchFlags, error) {
	var f searchFlags
	line := newCommandLine(searchHelp, "dir", "locale", "currency", "limit", "facets")
	line.StringVar(&f.dir, "dir", "", "search the store in `DIR`")
	line.StringVar(&f.locale, "locale", "en", "the catalogue is in the language of `TAG` (default en)")
	line.StringVar(&f.currency, "currency", "EUR", "show prices in `CODE` (default EUR)")
	line.IntVar(&f.limit, "limit", 10, "show `N` products (default 10)")
	line.BoolVar(&f.facets, "facets", false, "show brands and prices to filter by")
	operands, err := line.parse(args, stdout)
	switch {
	case err != nil:
		return f, err
	case f.dir == "":
		return f, misused("name the store's directory with --dir")
	case len(operands) == 0:
		return f, misused("say what to search for")
	case f.limit < 1 || f.limit > 200:
		return f, misused("--limit %d: it is 1 to 200", f.limit)
	}
	if f.text = strings.TrimSpace(strings.Join(operands, " ")); f.text == "" {
		return f, misused("say what to search for")
	}
	f.currency = strings.ToUpper(f.currency)
	if err := money.Currency(f.currency).Check(); err != nil {
		return f, misused("--currency: %v", err)
	}
	return f, nil
}

func searchStore(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	f, err := parseSearch(args, stdout)
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
	query := search.Query{Text: f.text, Limit: f.limit, Currency: money.Currency(f.currency)}
	if f.facets {
		query.Facets = []search.Facet{{Field: search.FieldBrand}, {Field: search.FieldPrice}}
	}
	found, err := finder.Find(ctx, query)
	if err != nil {
		return err
	}
	return printFound(stdout, found, query.Currency)
}

// waitForIndex waits until everything in the store can be found, and says so if
// there is something to wait for, or was something wrong.
func waitForIndex(ctx context.Context, shop *commerce.Store, finder *search.Finder, stderr io.Writer) error {
	latest, status := shop.Latest(), finder.Status()
	if status.Building || !status.Position.Includes(latest) {
		fmt.Fprintln(stderr, "waiting for the index")
	}
	if err := finder.After(ctx, latest); err != nil {
		return err
	}
	if finder.Status().Rebuilds > 0 {
		fmt.Fprintln(stderr, "the index could not be used, and was built anew")
	}
	return nil
}

// priceRange writes a range of prices: "10.00 EUR–19.99 EUR".
func priceRange(r search.PriceRange, c money.Currency) string {
	if r.Max == 0 {
		return money.New(r.Min, c).String() + " and more"
	}
	return money.New(r.Min, c).String() + "–" + money.New(r.Max, c).String()
}

func printFound(to io.Writer, found search.Result, currency money.Currency) error {
	if found.Corrected != "" {
		fmt.Fprintf(to, "for %q:\n", found.Corrected)
	}
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, h := range found.Hits {
		price := ""
		if h.Price != (money.Amount{}) {
			price = h.Price.String()
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", h.Product.Variants[0].SKU, price, h.Product.Brand, h.Product.Title)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, facet := range found.Facets {
		var values []string
		for _, v := range facet.Values {
			name := v.Value
			if facet.Field == search.FieldPrice {
				name = priceRange(v.Price, currency)
			}
			values = append(values, fmt.Sprintf("%s (%d)", name, v.Count))
		}
		fmt.Fprintf(to, "%s: %s\n", facet.Field, strings.Join(values, ", "))
	}
	fmt.Fprintf(to, "%d of %d\n", len(found.Hits), found.Total)
	return nil
}
