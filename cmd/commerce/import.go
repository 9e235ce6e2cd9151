package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/interchange"
	"github.com/keelshop/commerce/money"
)

const importHelp = `Usage: commerce import --dir DIR [flags] FILE

Puts the products of FILE, plain or compressed with gzip, into the store in
DIR, which is made if it is not there. The format is recognized by the content:
exports of Shopify, WooCommerce, Vendure, Medusa and Spree, Icecat catalogues,
and the formats of "commerce export".

What is there already stays as it is, with all that was edited since, and stock
that was counted before stays as it was sold down: only what is not there is
added. So an import that was interrupted is resumed by running it again. With
--update, products that are there, by their handles, become what FILE says; with
--recount, so does their stock. What a file says and no field holds is kept in
private metadata under "source".

Each warning, and each product that is refused, is one line on standard error
with its row. The last line of standard output is one JSON object with the
counts, and with the error if the import failed. The exit code is 1 then, and if
a product was refused.

Flags:
`

type importFlags struct {
	dir, format, currency, pictures, assets string
	dryRun, update, recount, quiet          bool
}

func importFile(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	var f importFlags
	line := newCommandLine(importHelp, "dir", "format", "currency", "dry-run", "update", "recount", "pictures", "assets", "quiet")
	line.StringVar(&f.dir, "dir", "", "the directory `DIR` holds the store")
	line.StringVar(&f.format, "format", "", "read FILE as `NAME`: "+formatNames())
	line.StringVar(&f.currency, "currency", "", "prices are in `CODE`, as in EUR, where the file names none")
	line.BoolVar(&f.dryRun, "dry-run", false, "check everything and write nothing")
	line.BoolVar(&f.update, "update", false, "have products that are there become what FILE says")
	line.BoolVar(&f.recount, "recount", false, "set the stock to what FILE says even where it was counted before")
	line.StringVar(&f.pictures, "pictures", "", "fetch pictures from `web`, or from a directory by their names")
	line.StringVar(&f.assets, "assets", "", "the directory `DIR` has the files that \"commerce export --assets DIR\" wrote")
	line.BoolVar(&f.quiet, "quiet", false, "do not print warnings and hints, only count them")
	operands, err := line.parse(args, stdout)
	switch {
	case err != nil:
		return err
	case f.dir == "":
		return misused("name the store's directory with --dir")
	case len(operands) != 1:
		return misused("name one file, not %d", len(operands))
	}
	summary, err := f.run(ctx, operands[0], stderr)
	report := struct {
		interchange.Summary
		Error string `json:"error,omitempty"`
	}{Summary: summary}
	if err != nil {
		report.Error = err.Error()
	}
	if err := errors.Join(err, json.NewEncoder(stdout).Encode(report)); err != nil {
		return err
	}
	if summary.Refused > 0 {
		return errFound
	}
	return nil
}

// run imports a file. What can be known without the store is checked before
// there is one.
func (f importFlags) run(ctx context.Context, name string, stderr io.Writer) (sum interchange.Summary, err error) {
	told := newProgress(stderr)
	o := interchange.Options{
		Format: interchange.Format(f.format), Currency: money.Currency(strings.ToUpper(f.currency)), DryRun: f.dryRun, Update: f.update, Recount: f.recount,
		Issue: func(i interchange.Issue) {
			if i.Refused || !f.quiet {
				told.note("%s", i)
			}
		},
	}
	sum = interchange.Summary{Format: o.Format, DryRun: o.DryRun, Rules: map[string]int{}}
	file, err := os.Open(name)
	if err != nil {
		return sum, err
	}
	defer file.Close()
	size, err := check(file, o)
	if err != nil {
		return sum, fmt.Errorf("importing %s: %w", name, err)
	}
	var shop *commerce.Store
	if !f.dryRun {
		pictures, err := f.directories(&o)
		if err != nil {
			return sum, err
		}
		if pictures != nil {
			defer pictures.Close()
		}
		if shop, err = commerce.Open(ctx, f.dir); err != nil {
			return sum, err
		}
		switch {
		case f.pictures == "web":
			o.Picture = interchange.PicturesFromWeb(shop.Assets, interchange.WebOptions{})
		case pictures != nil:
			o.Picture = interchange.PicturesFromFiles(shop.Assets, pictures.FS())
		}
	}
	told.begin("KiB read", int(size>>10))
	sum, err = interchange.Import(ctx, shop, &counted{from: file, told: told}, o)
	told.end()
	if sum.Kept > 0 && !f.quiet {
		told.note("%d products were there and stay as they are: --update has them become what the file says", sum.Kept)
	}
	if sum.StockKept > 0 && !f.quiet {
		told.note("the stock of %d variants differs and stays as it was counted: --recount sets it to what the file says", sum.StockKept)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		err = fmt.Errorf("interrupted after %d products; the same command resumes (%w)", sum.Products, err)
	case err != nil:
		err = fmt.Errorf("importing %s: %w", name, err)
	}
	if shop != nil {
		err = errors.Join(err, shop.Close())
	}
	return sum, err
}

// check finds out whether a file can be imported at all, and how large it is. A
// pipe is not looked at: what is read of it is gone.
func check(file *os.File, o interchange.Options) (size int64, err error) {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0, err
	}
	if err := interchange.Check(file, o); err != nil {
		return 0, err
	}
	_, err = file.Seek(0, io.SeekStart)
	return info.Size(), err
}

// directories opens the directories of files, and returns that of the pictures,
// nil if there is none.
func (f importFlags) directories(o *interchange.Options) (*os.Root, error) {
	if f.assets != "" {
		if _, err := os.Stat(f.assets); err != nil {
			return nil, err
		}
		o.Assets = assets.Dir(f.assets)
	}
	if f.pictures == "" || f.pictures == "web" {
		return nil, nil
	}
	return os.OpenRoot(f.pictures)
}

// counted tells how many KiB of a file were read.
type counted struct {
	from io.Reader
	told *progress
	n    int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	before := c.n >> 10
	c.n += int64(n)
	for range c.n>>10 - before {
		c.told.step()
	}
	return n, err
}

func formatNames() string {
	var names []string
	for _, f := range interchange.Formats() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}
