package interchange

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

// ExportOptions says how to export.
type ExportOptions struct {
	// Format is JSONLines, CSV or Shopify.
	Format Format
	// Currency is that of the prices in a Shopify file, which has room for one.
	Currency money.Currency
	// Progress is told how many products are written, now and then.
	Progress func(products int)
}

// Exported counts what an export wrote.
type Exported struct {
	Format     Format `json:"format"`
	Products   int    `json:"products"`
	Variants   int    `json:"variants"`
	Categories int    `json:"categories"`
}

// writer writes one format.
type writer interface {
	productType(typeLine) error
	category(categoryLine) error
	product(productLine) error
	close() error
}

// Export writes the catalogue of a store. JSONLines holds all of it, and CSV
// all but the categories' own texts: importing either into an empty store, and
// exporting again, gives the same file. Two exports of the same catalogue are
// equal, whatever happened in between. Of what changes while it runs, a product
// may be written as before or as after.
//
// It returns an *UnknownFormatError for formats that are only read.
func Export(ctx context.Context, shop *commerce.Store, to io.Writer, o ExportOptions) (Exported, error) {
	out := Exported{Format: o.Format}
	buffered := bufio.NewWriterSize(to, 64<<10)
	var w writer
	switch o.Format {
	case JSONLines:
		w = &jsonWriter{enc: json.NewEncoder(buffered)}
	case CSV:
		w = newCSVWriter(buffered)
	case Shopify:
		if o.Currency == "" {
			return out, &CurrencyError{Format: Shopify}
		}
		w = newShopifyWriter(buffered, o.Currency)
	default:
		return out, &UnknownFormatError{Format: o.Format}
	}
	if err := export(ctx, shop, w, o, &out); err != nil {
		return out, err
	}
	if err := w.close(); err != nil {
		return out, fmt.Errorf("writing the export: %w", err)
	}
	if err := buffered.Flush(); err != nil {
		return out, fmt.Errorf("writing the export: %w", err)
	}
	return out, nil
}

func export(ctx context.Context, shop *commerce.Store, w writer, o ExportOptions, out *Exported) error {
	tree, err := shop.Catalog.Categories(ctx)
	if err != nil {
		return fmt.Errorf("reading the categories: %w", err)
	}
	handle := func(id catalog.CategoryID) string {
		c, _ := tree.Get(id)
		return c.Handle
	}
	types, err := writeTypes(ctx, shop, w)
	if err != nil {
		return err
	}
	if err := writeTree(tree, "", handle, w, out); err != nil {
		return err
	}
	// IDs differ from store to store, handles do not.
	type name struct {
		handle string
		id     catalog.ProductID
	}
	var names []name
	for p, err := range shop.Catalog.All(ctx, catalog.Filter{}) {
		if err != nil {
			return fmt.Errorf("listing the products: %w", err)
		}
		names = append(names, name{p.Handle, p.ID})
	}
	slices.SortFunc(names, func(a, b name) int { return strings.Compare(a.handle, b.handle) })
	for _, n := range names {
		p, err := shop.Catalog.Get(ctx, n.id)
		if err != nil {
			return fmt.Errorf("reading product %s: %w", n.id, err)
		}
		stock, err := stockOf(ctx, shop, p)
		if err != nil {
			return err
		}
		kind, _ := types.Get(p.Type)
		if err := w.product(lineOf(p, handle, kind.Code, stock)); err != nil {
			return fmt.Errorf("writing product %s: %w", n.id, err)
		}
		out.Products++
		out.Variants += len(p.Variants)
		if o.Progress != nil && out.Products%1000 == 0 {
			o.Progress(out.Products)
		}
	}
	return nil
}

// writeTypes writes the product types and returns them.
func writeTypes(ctx context.Context, shop *commerce.Store, w writer) (*catalog.ProductTypes, error) {
	types, err := shop.Catalog.ProductTypes(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the product types: %w", err)
	}
	for _, t := range types.All() {
		if err := w.productType(typeLine{Type: "product_type", Code: t.Code, Title: t.Title, Attributes: t.Attributes}); err != nil {
			return nil, fmt.Errorf("writing product type %s: %w", t.ID, err)
		}
	}
	return types, nil
}

// writeTree writes the categories below one, parents first.
func writeTree(tree *catalog.Tree, parent catalog.CategoryID, handle func(catalog.CategoryID) string, w writer, out *Exported) error {
	for _, c := range tree.Children(parent) {
		err := w.category(categoryLine{
			Type: "category", Handle: c.Handle, Parent: handle(c.Parent), Position: c.Position, Title: c.Title, Description: c.Description,
			SEO: c.SEO, Media: c.Media, Translations: c.Translations, Metadata: c.Metadata, PrivateMetadata: c.PrivateMetadata,
		})
		if err != nil {
			return fmt.Errorf("writing category %s: %w", c.ID, err)
		}
		out.Categories++
		if err := writeTree(tree, c.ID, handle, w, out); err != nil {
			return err
		}
	}
	return nil
}

// stockOf returns what is on hand of each variant, -1 where nothing was ever
// counted.
func stockOf(ctx context.Context, shop *commerce.Store, p catalog.Product) ([]int64, error) {
	out := make([]int64, len(p.Variants))
	for i, v := range p.Variants {
		out[i] = -1
		if v.Untracked || v.IsKit() {
			continue
		}
		level, err := shop.Inventory.Level(ctx, v.SKU, inventory.Main)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return nil, fmt.Errorf("reading the stock of %s: %w", v.SKU, err)
		}
		if err == nil && level.Version > 0 {
			out[i] = level.OnHand
		}
	}
	return out, nil
}

// jsonWriter writes JSONLines.
type jsonWriter struct{ enc *json.Encoder }

func (w *jsonWriter) productType(t typeLine) error  { return w.enc.Encode(t) }
func (w *jsonWriter) category(c categoryLine) error { return w.enc.Encode(c) }
func (w *jsonWriter) product(p productLine) error   { return w.enc.Encode(p) }
func (w *jsonWriter) close() error                  { return nil }
