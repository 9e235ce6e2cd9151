package search

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

// resolve reads what has changed: the documents to put, and those to remove.
func (f *Finder) resolve(ctx context.Context, x *index, c *changes) (puts []Document, removed []string, err error) {
	if c.empty() {
		return nil, nil, nil
	}
	for t := range c.types {
		if err := f.ofType(ctx, t, c); err != nil {
			return nil, nil, err
		}
	}
	for category := range c.categories {
		if err := f.inCategory(ctx, category, c); err != nil {
			return nil, nil, err
		}
	}
	if err := f.restocked(ctx, x, c); err != nil {
		return nil, nil, err
	}
	var found []catalog.Product
	for id := range c.products {
		p, err := f.shop.Catalog.Get(ctx, id)
		switch {
		case errors.Is(err, fault.NotFound):
			removed = append(removed, string(id))
		case err != nil:
			return nil, nil, err
		case p.Status != catalog.Active:
			removed = append(removed, string(id))
		default:
			found = append(found, p)
		}
	}
	puts, err = f.documents(ctx, found)
	return puts, removed, err
}

// inCategory adds the products of a category that has changed: they are found
// by its title and by where it is.
func (f *Finder) inCategory(ctx context.Context, category catalog.CategoryID, c *changes) error {
	for p, err := range f.shop.Catalog.All(ctx, catalog.Filter{Status: catalog.Active, Category: category}) {
		if err != nil {
			return err
		}
		c.products[p.ID] = true
	}
	return nil
}

// ofType adds the products of a type that has changed: it says how their
// attributes are used.
func (f *Finder) ofType(ctx context.Context, t catalog.ProductTypeID, c *changes) error {
	for row, err := range f.shop.Query(ctx, `SELECT id FROM products WHERE type = ? AND status = 'active'`, string(t)) {
		if err != nil {
			return err
		}
		if id, ok := row.Values[0].(string); ok {
			c.products[catalog.ProductID(id)] = true
		}
	}
	return nil
}

// restocked adds the products that a change of stock has made available or
// sold out.
func (f *Finder) restocked(ctx context.Context, x *index, c *changes) error {
	products := map[catalog.ProductID]catalog.Product{}
	read := func(id catalog.ProductID) (err error) {
		if _, have := products[id]; !have && !c.products[id] {
			var p catalog.Product
			if p, err = f.shop.Catalog.Get(ctx, id); err == nil {
				products[id] = p
			}
		}
		return err
	}
	for sku := range c.skus {
		v, err := f.shop.Catalog.BySKU(ctx, sku)
		if err == nil {
			err = read(v.Product)
		}
		for _, kit := range x.kitsWith(sku) {
			if err == nil || errors.Is(err, fault.NotFound) {
				err = read(kit)
			}
		}
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
	}
	available, err := f.available(ctx, slices.Collect(maps.Values(products)))
	if err != nil {
		return err
	}
	for id := range products {
		if was, known := x.isAvailable(string(id)); known && was != available[id] {
			c.products[id] = true
		}
	}
	return nil
}

// kitsWith returns the products with a kit that a SKU is a part of, or was.
func (x *index) kitsWith(part catalog.SKU) []catalog.ProductID {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.Clone(x.cols.kits[string(part)])
}

// isAvailable reports what the index knows of a product.
func (x *index) isAvailable(id string) (available, known bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	ord, known := x.cols.byID[id]
	return known && x.cols.available.has(ord), known
}

// documents makes what the index knows of products.
func (f *Finder) documents(ctx context.Context, products []catalog.Product) ([]Document, error) {
	tree, err := f.shop.Catalog.Categories(ctx)
	if err != nil {
		return nil, err
	}
	types, err := f.shop.Catalog.ProductTypes(ctx)
	if err != nil {
		return nil, err
	}
	available, err := f.available(ctx, products)
	if err != nil {
		return nil, err
	}
	docs := make([]Document, len(products))
	for i, p := range products {
		docs[i] = documentOf(p.In(f.options.Locale), tree, f.options.Locale, available[p.ID])
		if t, ok := types.Get(p.Type); ok {
			docs[i].setType(t)
		}
	}
	return docs, nil
}

// setType takes in what a product's type says of it and its attributes.
// Attributes that the type does not define are searched and listed.
func (d *Document) setType(t catalog.ProductType) {
	d.Type = t.Title
	for i := range d.Attributes {
		if def, ok := t.Definition(d.Attributes[i].Name); ok {
			d.Attributes[i].Unsearched, d.Attributes[i].Unlisted = !def.Searchable, !def.Facetable
		}
	}
}

// documentOf makes the document of a product whose texts are in the locale.
func documentOf(p catalog.Product, tree *catalog.Tree, locale string, available bool) Document {
	d := Document{
		ID: string(p.ID), Title: p.Title, Description: p.Description, Brand: p.Brand,
		Codes: []string{p.Handle}, CreatedAt: p.CreatedAt, Available: available,
		Publications: p.Publications,
	}
	if p.ExternalReference != "" {
		d.Codes = append(d.Codes, p.ExternalReference)
	}
	seen := map[catalog.CategoryID]bool{}
	for _, id := range p.Categories {
		for _, c := range tree.Path(id) {
			if !seen[c.ID] {
				seen[c.ID] = true
				d.Categories = append(d.Categories, Category{ID: string(c.ID), Title: c.In(locale).Title})
			}
		}
	}
	for _, a := range p.Attributes {
		d.Attributes = appendAttribute(d.Attributes, a)
	}
	listed := false
	for _, v := range p.Variants {
		d.addVariant(v)
		listed = listed || len(v.ListPrices) > 0
	}
	if listed {
		for _, v := range p.Variants {
			d.Listed = append(d.Listed, VariantPrices{v.Prices, v.ListPrices})
		}
	}
	slices.SortFunc(d.Prices, func(a, b Price) int { return compare(a.Currency, b.Currency) })
	return d
}

func compare[T ~string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (d *Document) addVariant(v catalog.Variant) {
	d.Codes = append(d.Codes, string(v.SKU))
	d.Codes = append(d.Codes, v.Barcodes...)
	for _, c := range v.Components {
		d.Parts = append(d.Parts, string(c.SKU))
	}
	for _, o := range v.Options {
		d.Attributes = appendUnique(d.Attributes, Attribute{Name: o.Name, Text: o.Value, Choice: true})
	}
	for _, a := range v.Attributes {
		d.Attributes = appendAttribute(d.Attributes, a)
	}
	for _, amount := range v.Prices {
		i := slices.IndexFunc(d.Prices, func(p Price) bool { return p.Currency == amount.Currency() })
		if i < 0 {
			d.Prices = append(d.Prices, Price{amount.Currency(), amount.Minor(), amount.Minor()})
			continue
		}
		d.Prices[i].Min = min(d.Prices[i].Min, amount.Minor())
		d.Prices[i].Max = max(d.Prices[i].Max, amount.Minor())
	}
}

// appendAttribute adds an attribute of the catalog, one value at a time.
func appendAttribute(list []Attribute, a catalog.Attribute) []Attribute {
	switch a.Kind {
	case catalog.NumberAttribute:
		text := a.Number.String()
		n, _ := strconv.ParseFloat(text, 64) // the nearest, as a range that names it is read
		return appendUnique(list, Attribute{Name: a.Name, Text: text, Number: &n, Unit: a.Unit})
	case catalog.BoolAttribute:
		text := no
		if a.Bool {
			text = yes
		}
		return appendUnique(list, Attribute{Name: a.Name, Text: text, Bool: true})
	case catalog.EnumAttribute, catalog.ReferenceAttribute:
		for _, v := range a.Values {
			list = appendUnique(list, Attribute{Name: a.Name, Text: v, Choice: true})
		}
		return list
	}
	return appendUnique(list, Attribute{Name: a.Name, Text: a.Text})
}

func appendUnique(list []Attribute, a Attribute) []Attribute {
	if slices.ContainsFunc(list, func(b Attribute) bool { return b.Name == a.Name && b.Text == a.Text }) {
		return list
	}
	return append(list, a)
}

// available tells which products could be sold now: those with a variant in
// stock or without counted stock.
func (f *Finder) available(ctx context.Context, products []catalog.Product) (map[catalog.ProductID]bool, error) {
	out := make(map[catalog.ProductID]bool, len(products))
	variants := make([]catalog.Variant, 0, len(products))
	owners := make([]catalog.ProductID, 0, len(products))
	for _, p := range products {
		if slices.ContainsFunc(p.Variants, func(v catalog.Variant) bool { return v.Untracked || v.Reserve == catalog.TrackOnly }) {
			out[p.ID] = true
			continue
		}
		for _, v := range p.Variants {
			variants, owners = append(variants, v), append(owners, p.ID)
		}
	}
	levels, err := f.shop.Inventory.AvailableOf(ctx, variants)
	if err != nil {
		return nil, err
	}
	for i, l := range levels {
		out[owners[i]] = out[owners[i]] || l.Can(1)
	}
	return out, nil
}
