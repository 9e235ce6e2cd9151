package admin

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

// Rows of variants in the form of a new product: so many at first, so many more
// when they are asked for, and so many at most. Further ones are added later.
const (
	firstRows = 3
	moreRows  = 5
	mostRows  = 100
	optionsOf = 3 // options that the form has room for
)

type newProductPage struct {
	page
	Form       form
	Currencies []money.Currency
	Statuses   []catalog.Status
	Categories []choice
	Options    []string  // names of the fields with the options' names
	Rows       []formRow // one for each variant
}

// formRow names the fields of one variant.
type formRow struct {
	N                  int
	SKU, Stock, Suffix string
	Values             []string // of the options
}

// choice is one category to choose from, with its depth in the tree shown.
type choice struct{ ID, Title string }

func newProduct(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	return v.showNewProduct(200, f, firstRows)
}

func (v *visit) showNewProduct(status int, f form, rows int) error {
	data := newProductPage{
		page: v.page("New product", "products"), Form: f, Currencies: v.site.Currencies, Statuses: []catalog.Status{catalog.Draft, catalog.Active},
	}
	var err error
	if data.Categories, err = v.categories(); err != nil {
		return err
	}
	for i := range optionsOf {
		data.Options = append(data.Options, "option-"+strconv.Itoa(i))
	}
	for i := range rows {
		data.Rows = append(data.Rows, rowOf(i))
	}
	return v.show(status, "newproduct", data)
}

func rowOf(i int) formRow {
	n := strconv.Itoa(i)
	row := formRow{N: i + 1, SKU: "sku-" + n, Stock: "stock-" + n, Suffix: "-" + n}
	for o := range optionsOf {
		row.Values = append(row.Values, optionValue(o, i))
	}
	return row
}

func optionValue(option, row int) string { return fmt.Sprintf("value-%d-%d", option, row) }

// categories returns the whole tree as a list.
func (v *visit) categories() (list []choice, err error) {
	tree, err := v.site.shop.Catalog.Categories(v.ctx())
	if err != nil {
		return nil, err
	}
	var below func(parent catalog.CategoryID, depth int)
	below = func(parent catalog.CategoryID, depth int) {
		for _, c := range tree.Children(parent) {
			list = append(list, choice{string(c.ID), strings.Repeat("– ", depth) + c.Title})
			below(c.ID, depth+1)
		}
	}
	below("", 0)
	return list, nil
}

// createProduct makes a product with its variants and what there is of them.
func createProduct(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	rows, err := strconv.Atoi(f.Value("rows"))
	if err != nil || rows < 1 || rows > mostRows {
		return fault.New(fault.Invalid, "a form has 1 to %d variants", mostRows)
	}
	if f.Value("more") != "" {
		return v.showNewProduct(200, f, min(rows+moreRows, mostRows))
	}
	put, stock := v.readNewProduct(f, rows)
	if err := v.checkNewHandle(f, put); err != nil {
		return err
	}
	if len(f.wrongs) > 0 {
		return v.showNewProduct(422, f, rows)
	}
	p, err := v.site.shop.Catalog.PutProduct(v.ctx(), put)
	if err != nil {
		if !f.blame(err, put.Variants) {
			return err
		}
		return v.showNewProduct(422, f, rows)
	}
	for i, n := range stock {
		if err := v.receive(put.Variants[i].SKU, n); err != nil {
			return err
		}
	}
	return v.done("/products/"+string(p.ID), "saved")
}

// receive records the units that there are of a new variant.
func (v *visit) receive(sku catalog.SKU, n int64) error {
	if n == 0 {
		return nil
	}
	_, err := v.site.shop.Inventory.Receive(v.ctx(), inventory.Receive{SKU: sku, Quantity: n, Key: v.key() + "/" + string(sku)})
	return err
}

// readNewProduct reads the form, and the stock of each variant.
func (v *visit) readNewProduct(f form, rows int) (put catalog.PutProduct, stock []int64) {
	put = catalog.PutProduct{
		Handle: f.Value("handle"), Title: f.Value("title"), Brand: f.Value("brand"), Status: catalog.Status(f.Value("status")),
		Description: strings.ReplaceAll(f.values.Get("description"), "\r\n", "\n"), Key: v.key(),
	}
	if put.Title == "" {
		f.wrong("title", "A product needs a title.")
	}
	if c := f.Value("category"); c != "" {
		put.Categories = []catalog.CategoryID{catalog.CategoryID(c)}
	}
	var names []string
	for o := range optionsOf {
		names = append(names, f.Value("option-"+strconv.Itoa(o)))
	}
	for i := range rows {
		row := rowOf(i)
		if v.emptyRow(f, row) {
			continue
		}
		variant, n := v.readVariant(f, row, names)
		for _, other := range put.Variants {
			if other.SKU == variant.SKU {
				f.wrong(row.SKU, "Another variant has this SKU.")
			}
		}
		put.Variants, stock = append(put.Variants, variant), append(stock, n)
	}
	if len(put.Variants) == 0 {
		f.wrong(rowOf(0).SKU, "A product needs a variant, and that a SKU.")
	}
	return put, stock
}

func (v *visit) emptyRow(f form, row formRow) bool {
	names := append([]string{row.SKU, row.Stock}, row.Values...)
	for _, c := range v.site.Currencies {
		names = append(names, priceField(row.Suffix, c))
	}
	for _, name := range names {
		if f.Value(name) != "" {
			return false
		}
	}
	return true
}

// readVariant reads one row. Options without a name have no values.
func (v *visit) readVariant(f form, row formRow, names []string) (variant catalog.PutVariant, stock int64) {
	variant.SKU = catalog.SKU(f.Value(row.SKU))
	if variant.SKU == "" {
		f.wrong(row.SKU, "A variant needs a SKU.")
	}
	for o, name := range names {
		field := optionValue(o, row.N-1)
		value := f.Value(field)
		switch {
		case name != "" && value == "":
			f.wrong(field, "Say its "+name+".")
		case name == "" && value != "":
			f.wrong("option-"+strconv.Itoa(o), "Name this option: variants have values of it.")
		case name != "":
			variant.Options = append(variant.Options, catalog.Option{Name: name, Value: value})
		}
	}
	for _, c := range v.site.Currencies {
		if a, ok := f.price(priceField(row.Suffix, c), c); ok {
			variant.Prices = append(variant.Prices, a)
		}
	}
	stock, err := whole(f.Value(row.Stock))
	if err != nil {
		f.wrong(row.Stock, "This is not a number of units.")
	}
	return variant, stock
}

// checkNewHandle refuses the handle of a product that is there: it would be
// replaced.
func (v *visit) checkNewHandle(f form, put catalog.PutProduct) error {
	handle, field := put.Handle, "handle"
	if handle == "" && len(put.Variants) > 0 {
		handle, field = string(put.Variants[0].SKU), "sku-0"
	}
	if handle == "" {
		return nil
	}
	_, err := v.site.shop.Catalog.ByHandle(v.ctx(), handle)
	switch {
	case err == nil:
		f.wrong(field, fmt.Sprintf("There is a product %q already.", handle))
	case fault.CodeOf(err) != fault.NotFound && fault.CodeOf(err) != fault.Invalid:
		return err
	}
	return nil
}

// blame puts an error of the catalog beside the field that it is about. It
// reports false if the error is not the form's.
func (f form) blame(err error, variants []catalog.PutVariant) bool {
	why := pan.Masked(err.Error())
	if e, ok := errors.AsType[*catalog.NameTakenError](err); ok {
		for i := range variants {
			if string(variants[i].SKU) == e.Name {
				f.wrong(f.fieldOf(variants[i].SKU), "Another product has this name.")
				return true
			}
		}
		f.wrong("handle", "Another product has this name.")
		return true
	}
	if e, ok := errors.AsType[*catalog.DuplicateOptionsError](err); ok {
		f.wrong(f.fieldOf(e.SKU), fmt.Sprintf("It has the same options as %s.", e.Other))
		return true
	}
	if fault.CodeOf(err) != fault.Invalid {
		return false
	}
	f.wrong(problem, why)
	return true
}

// fieldOf returns the name of the field that holds a SKU.
func (f form) fieldOf(sku catalog.SKU) string {
	for i := range mostRows {
		if name := rowOf(i).SKU; f.Value(name) == string(sku) {
			return name
		}
	}
	return problem
}
