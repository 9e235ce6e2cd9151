package main

import (
	"compress/gzip"
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

const exportHelp = `Usage: commerce export --dir DIR --format NAME FILE

Writes the catalogue of the store in DIR to FILE, compressed if its name ends in
.gz. The formats:

  jsonl    JSON Lines, everything
  csv      one row per variant, for a spreadsheet; JSON where there is no column
  shopify  a file that Shopify imports, with the prices of --currency

Pictures and digital goods are named by their content; --assets writes the files
themselves, and "commerce import --assets" reads them. What is in DIR already is
not written again.

An export of an unchanged catalogue is the same file every time. FILE appears
when it is complete. The last line of standard output is one JSON object with
the counts.

Flags:
`

func exportFile(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	var dir, format, currency, files string
	line := newCommandLine(exportHelp, "dir", "format", "currency", "assets")
	line.StringVar(&dir, "dir", "", "the directory `DIR` holds the store")
	line.StringVar(&format, "format", "jsonl", "write `NAME`: jsonl, csv or shopify")
	line.StringVar(&currency, "currency", "", "prices of a Shopify file are in `CODE`, as in EUR")
	line.StringVar(&files, "assets", "", "write pictures and digital goods into the directory `DIR`")
	operands, err := line.parse(args, stdout)
	switch {
	case err != nil:
		return err
	case dir == "":
		return misused("name the store's directory with --dir")
	case len(operands) != 1:
		return misused("name one file, not %d", len(operands))
	}
	if _, err := os.Stat(dir); err != nil {
		return err // Open would make a store of it
	}
	shop, err := commerce.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()
	var done interchange.Exported
	err = writeWhole(operands[0], func(w io.Writer) error {
		o := interchange.ExportOptions{Format: interchange.Format(format), Currency: money.Currency(strings.ToUpper(currency))}
		if files != "" {
			o.Assets = assets.Dir(files)
		}
		done, err = interchange.Export(ctx, shop, w, o)
		return err
	})
	if err != nil {
		return err
	}
	if done.AssetsMissing > 0 {
		fmt.Fprintf(stderr, "%d times a picture or digital good is named whose file was not written: --assets DIR writes those that the store has\n", done.AssetsMissing)
	}
	return json.NewEncoder(stdout).Encode(done)
}

// writeWhole writes a file under another name and renames it when it is
// complete and synced.
func writeWhole(name string, write func(io.Writer) error) (err error) {
	partial := name + ".partial"
	f, err := os.Create(partial)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			err = errors.Join(err, os.Remove(partial))
		}
	}()
	if !strings.HasSuffix(name, ".gz") {
		err = write(f)
	} else {
		z := gzip.NewWriter(f)
		if err = write(z); err == nil {
			err = z.Close()
		}
	}
	if err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(partial, name)
}
