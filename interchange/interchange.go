// Package interchange takes catalogues in from files and writes them out: the
// product files of other shop systems as they are found, and a format of its
// own that loses nothing.
//
// An import may be run again at any time: what is there already stays as it is,
// so a run that was cut short is resumed by running it again. Nothing of a file
// is dropped. What has no field of its own stays in the product's or variant's
// private metadata under "source", by the name of its column.
package interchange

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// Format names a kind of file.
type Format string

// The formats. JSONLines and CSV are the package's own.
const (
	JSONLines   Format = "jsonl"
	CSV         Format = "csv"
	Shopify     Format = "shopify"
	WooCommerce Format = "woocommerce"
	Vendure     Format = "vendure"
	Medusa      Format = "medusa"
	Spree       Format = "spree"
	Icecat      Format = "icecat"
	// SpreeTranslations are translations of products that are there.
	SpreeTranslations Format = "spree_translations"
)

// Formats lists what Import reads.
func Formats() []Format {
	return []Format{JSONLines, CSV, Shopify, WooCommerce, Vendure, Medusa, Spree, SpreeTranslations, Icecat}
}

// Options says how to import. The zero value recognizes the format and writes.
type Options struct {
	// Format is what the file is; "" recognizes it by its content.
	Format Format
	// Currency is that of prices that name none. Shopify, WooCommerce, Vendure
	// and Icecat files never name one.
	Currency money.Currency
	// DryRun reads and checks everything and writes nothing. It does not see
	// what only the store can tell, such as a SKU of another product there, and
	// needs none.
	DryRun bool
	// Update has what is there already become what the file says. Without it
	// products, categories and whatever else is there stay as they are, with
	// all that was edited since; only what is not there is added, also variants
	// of products that are. A file of another shop leaves what it has no place
	// for even then: translations, publications, prices in other currencies,
	// and pictures unless there is a Picture.
	Update bool
	// Recount sets stock to what the file says wherever it says something.
	// Without it, only stock that was never counted is set, so that what was
	// sold since does not come back.
	Recount bool
	// Assets has the files that the own formats name by their content, such as
	// pictures, for those that the store does not have. It may be nil.
	Assets assets.Store
	// Picture fetches a picture that the file names by address or file name,
	// puts it into the store's assets and returns its ID. If it is nil or
	// fails, the name stays in the source metadata.
	Picture func(ctx context.Context, name string) (assets.ID, error)
	// Issue is told of everything that is wrong or was done differently, in
	// the order of the file.
	Issue func(Issue)
	// Progress is told how far the import is, after each batch.
	Progress func(Summary)
}

// Issue is something about one row of a file.
type Issue struct {
	Row    int    `json:"row"` // the line on which it begins, from 1
	Column string `json:"column,omitempty"`
	// Rule names what was found, as in "repeated_sku".
	Rule    string `json:"rule"`
	Message string `json:"message"`
	// Refused says that the product of this row was not taken. Otherwise the
	// issue is a warning.
	Refused bool `json:"refused"`
}

// String is the issue on one line.
func (i Issue) String() string {
	at := fmt.Sprintf("row %d", i.Row)
	if i.Column != "" {
		at += ", " + i.Column
	}
	word := "warning"
	if i.Refused {
		word = "refused"
	}
	return fmt.Sprintf("%s: %s (%s): %s", at, word, i.Rule, i.Message)
}

// Summary counts what an import did.
type Summary struct {
	Format       Format         `json:"format"`
	Rows         int            `json:"rows"`     // of products and variants; the header is none
	Products     int            `json:"products"` // taken, also if they were there already
	Variants     int            `json:"variants"`
	Kept         int            `json:"kept"`         // of Products: those that were there already and stay as they are, but for variants that they lacked
	Categories   int            `json:"categories"`   // that were put, or made since a product is in them
	Collections  int            `json:"collections"`  // that were put
	PriceLists   int            `json:"price_lists"`  // that were put
	Translations int            `json:"translations"` // that were put, from a file of translations
	Stocked      int            `json:"stocked"`      // variants whose stock was set, at each place
	StockKept    int            `json:"stock_kept"`   // variants whose stock differs and was counted before
	Pictures     int            `json:"pictures"`
	Assets       int            `json:"assets"`  // files that were copied from Options.Assets
	Refused      int            `json:"refused"` // products
	Warnings     int            `json:"warnings"`
	Rules        map[string]int `json:"rules"` // issues by rule
	// Cells with something in them: those that ended in a field, those that
	// ended in source metadata, and those of products that were refused.
	CellsTyped   int  `json:"cells_typed"`
	CellsKept    int  `json:"cells_kept"`
	CellsRefused int  `json:"cells_refused"`
	DryRun       bool `json:"dry_run"`
}

// UnknownFormatError says that the content of a file was not recognized.
type UnknownFormatError struct {
	Format  Format // "" if none was named
	Writing bool   // it may be one that is read
}

func (e *UnknownFormatError) Error() string {
	var names []string
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	if e.Format == "" {
		return "the file's format is not recognized by its first lines: name one of " + strings.Join(names, ", ") + " (--format on the command line)"
	}
	if e.Writing {
		return fmt.Sprintf("%q is no format that is written: those are %s, %s and %s", e.Format, JSONLines, CSV, Shopify)
	}
	return fmt.Sprintf("there is no format %q: the formats are %s", e.Format, strings.Join(names, ", "))
}

// Unwrap returns fault.Invalid.
func (e *UnknownFormatError) Unwrap() error { return fault.Invalid }

// CurrencyError says that a file's prices name no currency and the caller
// named none either.
type CurrencyError struct{ Format Format }

func (e *CurrencyError) Error() string {
	return fmt.Sprintf("prices in files of the format %s name no currency: say which it is (--currency on the command line)", e.Format)
}

// Unwrap returns fault.Invalid.
func (e *CurrencyError) Unwrap() error { return fault.Invalid }

// Import reads a file, plain or gzip, into a store, which may be nil for a dry
// run. Memory is bounded by the batch, except for the names of SKUs, which are watched for repetitions, and
// WooCommerce files, whose variations may stand far from their products.
//
// It returns the summary also with an error, up to where it came. The errors
// are an *UnknownFormatError, a *CurrencyError, what reading the file gives,
// and what the store returns for reasons other than the product at hand.
func Import(ctx context.Context, shop *commerce.Store, file io.Reader, o Options) (Summary, error) {
	l := &loader{shop: shop, options: o, summary: Summary{Format: o.Format, Rules: map[string]int{}, DryRun: o.DryRun}, skus: map[[16]byte]int{}}
	records, err := open(file, &l.options)
	l.summary.Format = l.options.Format
	if err != nil {
		return l.summary, err
	}
	err = l.run(ctx, records)
	return l.summary, err
}

// Check returns the error that an import would begin with: the file is of no
// known format, or its prices name no currency. It reads the beginning only.
func Check(file io.Reader, o Options) error {
	_, err := open(file, &o)
	return err
}

// Products returns the products of a file, plain or gzip, as Import would put
// them, without a store: categories, product types, stock and what is refused are
// left out, and pictures are not fetched. Options are those of Import. After an
// error it ends.
func Products(file io.Reader, o Options) iter.Seq2[catalog.PutProduct, error] {
	return func(yield func(catalog.PutProduct, error) bool) {
		all, err := open(file, &o)
		if err != nil {
			yield(catalog.PutProduct{}, err)
			return
		}
		for r, err := range all {
			switch {
			case err != nil:
				yield(catalog.PutProduct{}, err)
				return
			case r.part != nil || r.refused():
			case !yield(r.put, nil):
				return
			}
		}
	}
}

// records is what a format's reader yields: one record per product. An error
// ends it: the rest of the file cannot be read.
type records = iter.Seq2[*record, error]

// namesNoCurrency lists the formats that need Options.Currency.
var namesNoCurrency = map[Format]bool{Shopify: true, WooCommerce: true, Vendure: true, Icecat: true}

// open recognizes the format and returns the reader of the file.
func open(file io.Reader, o *Options) (records, error) {
	if o.Format != "" && !slices.Contains(Formats(), o.Format) {
		return nil, &UnknownFormatError{Format: o.Format}
	}
	text, err := plain(file)
	if err != nil {
		return nil, err
	}
	if o.Format == "" {
		if o.Format, err = recognize(text); err != nil {
			return nil, err
		}
	}
	if namesNoCurrency[o.Format] && o.Currency == "" {
		return nil, &CurrencyError{Format: o.Format}
	}
	if o.Currency != "" {
		if err := o.Currency.Check(); err != nil {
			return nil, err
		}
	}
	switch o.Format {
	case JSONLines:
		return readJSONLines(text), nil
	case Icecat:
		return readIcecat(text, o.Currency), nil
	}
	t, err := newTable(text)
	if err != nil {
		return nil, err
	}
	switch o.Format {
	case CSV:
		return readCSV(t), nil
	case Shopify:
		return readShopify(t, o.Currency), nil
	case WooCommerce:
		return readWooCommerce(t, o.Currency), nil
	case Vendure:
		return readVendure(t, o.Currency), nil
	case Medusa:
		return readMedusa(t), nil
	case Spree:
		return readSpree(t, o.Currency), nil
	case SpreeTranslations:
		return readSpreeTranslations(t), nil
	}
	return nil, &UnknownFormatError{Format: o.Format}
}
