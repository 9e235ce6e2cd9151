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
	"github.com/keelshop/commerce/catalog/assets"
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
	// Assets is where the files that products, categories and collections name
	// are copied to: pictures and digital goods. If it is nil, only their names
	// are written, which are nothing to a store that does not have them.
	Assets assets.Store
	// Progress is told how many products are written, now and then.
	Progress func(products int)
}

// Exported counts what an export wrote.
type Exported struct {
	Format      Format `json:"format"`
	Products    int    `json:"products"`
	Variants    int    `json:"variants"`
	Categories  int    `json:"categories"`
	Collections int    `json:"collections"`
	PriceLists  int    `json:"price_lists"`
	// Assets counts how often files are named that are in ExportOptions.Assets
	// now, and AssetsMissing those that are not: there is nothing to copy them
	// to, or the store does not have them.
	Assets        int `json:"assets"`
	AssetsMissing int `json:"assets_missing"`
}

// writer writes one format.
type writer interface {
	// part writes what is no product, such as a *categoryLine.
	part(kind string, line any) error
	product(productLine) error
	close() error
}

// Export writes the catalogue of a store. JSONLines and CSV hold all of it:
// importing either into an empty store, and exporting again, gives the same
// file. Two exports of the same catalogue are
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
		return out, &UnknownFormatError{Format: o.Format, Writing: true}
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

// exporter reads a store for a writer.
type exporter struct {
	shop *commerce.Store
	to   writer
	o    ExportOptions
	out  *Exported

	tree   *catalog.Tree
	types  *catalog.ProductTypes
	codes  map[catalog.PriceListID]string
	places []inventory.Location // the main one first
	named  map[catalog.ProductID]string
}

func export(ctx context.Context, shop *commerce.Store, w writer, o ExportOptions, out *Exported) error {
	e := &exporter{shop: shop, to: w, o: o, out: out, codes: map[catalog.PriceListID]string{}, named: map[catalog.ProductID]string{}}
	for _, write := range []func(context.Context) error{e.writeTypes, e.writeLists, e.writePlaces, e.writeTree, e.writeProducts, e.writeCollections} {
		if err := write(ctx); err != nil {
			return err
		}
	}
	return nil
}

// writeProducts writes the products by their handles: IDs differ from store to
// store, handles do not.
func (e *exporter) writeProducts(ctx context.Context) error {
	collections, err := e.shop.Catalog.Collections(ctx)
	if err != nil {
		return err
	}
	for _, c := range collections.All() {
		for _, p := range c.Products {
			e.named[p] = ""
		}
	}
	type name struct {
		handle string
		id     catalog.ProductID
	}
	var names []name
	for p, err := range e.shop.Catalog.All(ctx, catalog.Filter{}) {
		if err != nil {
			return fmt.Errorf("listing the products: %w", err)
		}
		names = append(names, name{p.Handle, p.ID})
		if _, ok := e.named[p.ID]; ok {
			e.named[p.ID] = p.Handle
		}
	}
	slices.SortFunc(names, func(a, b name) int { return strings.Compare(a.handle, b.handle) })
	for _, n := range names {
		if err := e.writeProduct(ctx, n.id); err != nil {
			return fmt.Errorf("exporting product %s: %w", n.id, err)
		}
		if e.o.Progress != nil && e.out.Products%1000 == 0 {
			e.o.Progress(e.out.Products)
		}
	}
	return nil
}

func (e *exporter) writeProduct(ctx context.Context, id catalog.ProductID) error {
	p, err := e.shop.Catalog.Get(ctx, id)
	if err != nil {
		return err
	}
	l := e.line(p)
	if err := e.stock(ctx, p, l.Variants); err != nil {
		return err
	}
	if err := e.copy(ctx, l.assets()); err != nil {
		return err
	}
	e.out.Products++
	e.out.Variants += len(p.Variants)
	return e.to.product(l)
}

// line is the line of a product, without its stock.
func (e *exporter) line(p catalog.Product) productLine {
	kind, _ := e.types.Get(p.Type)
	l := productLine{
		Type: "product", Handle: p.Handle, ProductType: kind.Code, FormerHandles: p.FormerHandles, Title: p.Title, Description: p.Description, Brand: p.Brand,
		Status: p.Status, Media: p.Media, Attributes: p.Attributes, SEO: p.SEO, Translations: p.Translations,
		Publications: p.Publications, ExternalReference: p.ExternalReference, Metadata: p.Metadata, PrivateMetadata: p.PrivateMetadata,
	}
	for _, id := range p.Categories {
		if c, ok := e.tree.Get(id); ok { // one that is being removed is not there
			l.Categories = append(l.Categories, c.Handle)
		}
	}
	for _, v := range p.Variants {
		l.Variants = append(l.Variants, e.variant(v))
	}
	return l
}

func (e *exporter) variant(v catalog.Variant) variantLine {
	line := variantLine{
		SKU: v.SKU, Prices: v.Prices, CompareAt: v.CompareAt, Attributes: v.Attributes, Untracked: v.Untracked, Barcodes: v.Barcodes,
		WeightGrams: v.WeightGrams, LengthMM: v.LengthMM, WidthMM: v.WidthMM, HeightMM: v.HeightMM, TaxCategory: v.TaxCategory,
		Components: v.Components, Reserve: v.Reserve, HoldMinutes: v.HoldMinutes, Digital: v.Digital,
		Metadata: v.Metadata, PrivateMetadata: v.PrivateMetadata,
	}
	for _, o := range v.Options {
		line.Options = append(line.Options, optionLine(o))
	}
	for _, p := range v.ListPrices {
		if code := e.codes[p.List]; code != "" {
			line.ListPrices = append(line.ListPrices, listPriceLine{List: code, MinQuantity: p.MinQuantity, Price: p.Price})
		}
	}
	slices.SortStableFunc(line.ListPrices, func(a, b listPriceLine) int { return strings.Compare(a.List, b.List) })
	return line
}

// stock fills in what is counted of a product's variants, at each place.
func (e *exporter) stock(ctx context.Context, p catalog.Product, lines []variantLine) error {
	var skus []catalog.SKU
	var index []int
	for i, v := range p.Variants {
		if !v.Untracked && !v.IsKit() {
			skus, index = append(skus, v.SKU), append(index, i)
		}
	}
	if len(skus) == 0 {
		return nil
	}
	for _, at := range e.places {
		levels, err := e.shop.Inventory.Levels(ctx, skus, at)
		if err != nil {
			return fmt.Errorf("reading the stock at %s: %w", at, err)
		}
		for i, level := range levels {
			v := &lines[index[i]]
			policy := policyLine(level.Policy)
			switch {
			case at == inventory.Main:
				v.Stock, v.Policy = &level.OnHand, policy
			case level.OnHand > 0 || policy != (policyLine{}):
				v.StockAt = append(v.StockAt, stockLine{Place: at, OnHand: level.OnHand, Policy: policy})
			}
		}
	}
	return nil
}

// copy copies files that were named.
func (e *exporter) copy(ctx context.Context, list []assets.ID) error {
	for _, id := range list {
		if e.o.Assets == nil {
			e.out.AssetsMissing++
			continue
		}
		_, err := copyAsset(ctx, e.o.Assets, e.shop.Assets, id)
		if errors.Is(err, fault.NotFound) {
			e.out.AssetsMissing++
			continue
		}
		if err != nil {
			return fmt.Errorf("copying the file %s: %w", id, err)
		}
		e.out.Assets++
	}
	return nil
}

// jsonWriter writes JSONLines.
type jsonWriter struct{ enc *json.Encoder }

func (w *jsonWriter) part(_ string, line any) error { return w.enc.Encode(line) }
func (w *jsonWriter) product(p productLine) error   { return w.enc.Encode(p) }
func (w *jsonWriter) close() error                  { return nil }
