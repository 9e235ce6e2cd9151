package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/interchange"
	"github.com/keelshop/commerce/money"
)

const importHelp = `Usage: commerce import --dir DIR [flags] FILE

Puts the products of FILE, plain or compressed with gzip, into the store in
DIR, which is made if it is not there. The format is recognized by the content:
exports of Shopify, WooCommerce, Vendure, Medusa and Spree, Icecat catalogues,
and the formats of "commerce export".

A product that is there already, by its handle, becomes what FILE says; putting
what is there changes nothing. So an import that was interrupted is resumed by
running it again. What a file says and no field holds is kept in private
metadata under "source".

Each warning, and each product that is refused, is one line on standard error
with its row. The last line of standard output is one JSON object with the
counts. The exit code is 1 if a product was refused.

Flags:
`

type importFlags struct {
	dir, format, currency, pictures string
	dryRun                          bool
	quiet                           bool
}

func importFile(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	var f importFlags
	line := newCommandLine(importHelp, "dir", "format", "currency", "dry-run", "pictures", "quiet")
	line.StringVar(&f.dir, "dir", "", "the directory `DIR` holds the store")
	line.StringVar(&f.format, "format", "", "read FILE as `NAME`: "+formatNames())
	line.StringVar(&f.currency, "currency", "", "prices are in `CODE`, as in EUR, where the file names none")
	line.BoolVar(&f.dryRun, "dry-run", false, "check everything and write nothing")
	line.StringVar(&f.pictures, "pictures", "", "fetch pictures from `web`, or from a directory by their names")
	line.BoolVar(&f.quiet, "quiet", false, "do not print warnings, only count them")
	operands, err := line.parse(args, stdout)
	switch {
	case err != nil:
		return err
	case f.dir == "":
		return misused("name the store's directory with --dir")
	case len(operands) != 1:
		return misused("name one file, not %d", len(operands))
	}
	file, err := os.Open(operands[0])
	if err != nil {
		return err
	}
	defer file.Close()
	shop, err := commerce.Open(ctx, f.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()
	told := newProgress(stderr)
	from, o, done, err := f.options(shop, file, told)
	if err != nil {
		return err
	}
	defer done()
	summary, err := interchange.Import(ctx, shop, from, o)
	told.end()
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted after %d products; the same command resumes (%w)", summary.Products, err)
		}
		return fmt.Errorf("importing %s: %w", operands[0], err)
	}
	if err := json.NewEncoder(stdout).Encode(summary); err != nil {
		return err
	}
	if summary.Refused > 0 {
		return errFound
	}
	return nil
}

// options turns the flags into what an import wants, and returns what reads the
// file and tells how far it is. done is called at the end.
func (f importFlags) options(shop *commerce.Store, file *os.File, told *progress) (io.Reader, interchange.Options, func(), error) {
	o := interchange.Options{Format: interchange.Format(f.format), Currency: money.Currency(strings.ToUpper(f.currency)), DryRun: f.dryRun}
	done := func() {}
	switch f.pictures {
	case "":
	case "web":
		o.Picture = interchange.PicturesFromWeb(shop.Assets, &http.Client{Timeout: time.Minute})
	default:
		root, err := os.OpenRoot(f.pictures)
		if err != nil {
			return nil, o, done, err
		}
		done = func() { root.Close() }
		o.Picture = interchange.PicturesFromFiles(shop.Assets, root.FS())
	}
	o.Issue = func(i interchange.Issue) {
		if i.Refused || !f.quiet {
			told.note("%s", i)
		}
	}
	info, err := file.Stat()
	if err != nil {
		return nil, o, done, err
	}
	told.begin("importing", int(info.Size()>>10))
	return &counted{from: file, told: told}, o, done, nil
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
