package admin

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

type productsPage struct {
	page
	Search   string
	Products []map[string]any
	More     string
}

// listProducts lists products by handle. What is searched for is a part of a
// title or handle, or the beginning of a SKU.
func listProducts(v *visit) error {
	data := productsPage{page: v.page("Products", "products"), Search: strings.TrimSpace(v.r.FormValue("q"))}
	like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(data.Search) + "%"
	var err error
	data.Products, err = v.query(`SELECT id, handle, title, brand, status, (SELECT count(*) FROM variants v WHERE v.product = p.id) AS variants
		FROM products p WHERE handle > ? AND (? = '%%' OR title LIKE ? ESCAPE '\' OR handle LIKE ? ESCAPE '\'
			OR id IN (SELECT product FROM variants WHERE sku LIKE ? ESCAPE '\'))
		ORDER BY handle LIMIT ?`, v.r.FormValue("after"), like, like, like, like[1:], int64(pageRows+1))
	if err != nil {
		return err
	}
	if len(data.Products) > pageRows {
		data.Products = data.Products[:pageRows]
		data.More = text(data.Products[pageRows-1]["handle"])
	}
	return v.show(200, "products", data)
}

// variantRows is how many variants one page of a product shows, so that its form
// is not too long to be sent.
const variantRows = 50

type productPage struct {
	page
	Form       form
	Product    catalog.Product // without its variants
	Version    string          // that the form is made for
	Currencies []money.Currency
	Variants   []variantRow
	After      string      // the last variant of the page before, "" on the first
	More       catalog.SKU // the last of this page if there are further ones
	Statuses   []catalog.Status
	Options    []optionField // of a further variant
	New        formRow
}

type optionField struct{ Name, Field string }

type variantRow struct {
	catalog.Variant
	Prices []priceCell
	Levels []inventory.Level // at each place
}

type priceCell struct {
	Name     string // of the form's field
	Currency money.Currency
	Decimal  string // "" if there is no price
	Wrong    string
}

func showProduct(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	return v.showProduct(200, f)
}

// showProduct shows a product and one page of its variants. What was sent with f
// is shown instead of what the product has.
func (v *visit) showProduct(status int, f form) error {
	id := catalog.ProductID(v.r.PathValue("product"))
	p, err := v.site.shop.Catalog.Header(v.ctx(), id)
	if err != nil {
		return err
	}
	data := productPage{
		page: v.page(p.Title, "products"), Form: f, Product: p, Version: strconv.FormatInt(p.Version, 10), Currencies: v.site.Currencies,
		Statuses: []catalog.Status{catalog.Active, catalog.Draft, catalog.Archived}, After: v.r.FormValue("after"), New: rowOf(0),
	}
	if _, sent := f.values["title"]; sent {
		data.Product.Title, data.Product.Brand = f.values.Get("title"), f.values.Get("brand")
		data.Product.Description, data.Product.Status = f.values.Get("description"), catalog.Status(f.values.Get("status"))
	}
	if sent := f.Value("version"); sent != "" {
		data.Version = sent
	}
	variants, err := v.site.shop.Catalog.VariantsOf(v.ctx(), id, catalog.SKU(data.After), variantRows+1)
	if err != nil {
		return err
	}
	if len(variants) > variantRows {
		variants = variants[:variantRows]
		data.More = variants[variantRows-1].SKU
	}
	for _, variant := range variants {
		row, err := v.variantRow(f, variant)
		if err != nil {
			return err
		}
		data.Variants = append(data.Variants, row)
	}
	for o, name := range optionNames(variants) {
		data.Options = append(data.Options, optionField{name, optionValue(o, 0)})
	}
	return v.show(status, "product", data)
}

func (v *visit) variantRow(f form, variant catalog.Variant) (row variantRow, err error) {
	row.Variant = variant
	for _, c := range v.site.Currencies {
		cell := priceCell{Name: priceOf(variant.SKU, c), Currency: c}
		if a, ok := variant.Price(c); ok {
			cell.Decimal, _, _ = strings.Cut(a.String(), " ")
		}
		if _, sent := f.values[cell.Name]; sent {
			cell.Decimal, cell.Wrong = f.Value(cell.Name), f.Wrong(cell.Name)
		}
		row.Prices = append(row.Prices, cell)
	}
	if variant.Untracked || variant.IsKit() {
		return row, nil
	}
	row.Levels, err = v.site.shop.Inventory.LevelsByPlace(v.ctx(), variant.SKU)
	if errors.Is(err, fault.NotFound) {
		err = nil
	}
	return row, err
}

// optionNames returns the options that the variants of a product have.
func optionNames(variants []catalog.Variant) (names []string) {
	if len(variants) == 0 {
		return nil
	}
	for _, o := range variants[0].Options {
		names = append(names, o.Name)
	}
	return names
}

// priceOf names the field with the price of a variant that is there.
func priceOf(sku catalog.SKU, c money.Currency) string { return priceField("-"+string(sku), c) }

func priceField(suffix string, c money.Currency) string { return "price" + suffix + "-" + string(c) }

// changeProduct writes what the form shows and leaves the rest as it is, also
// the variants on other pages. It is refused if somebody else has changed the
// product meanwhile.
func changeProduct(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	p, err := v.site.shop.Catalog.Get(v.ctx(), catalog.ProductID(v.r.PathValue("product")))
	if err != nil {
		return err
	}
	put := p.Put()
	put.Key = v.key()
	if put.Version, err = v.version(); err != nil {
		return err
	}
	put.Title, put.Brand = v.r.PostFormValue("title"), v.r.PostFormValue("brand")
	put.Description = strings.ReplaceAll(v.r.PostFormValue("description"), "\r\n", "\n") // as browsers send lines
	put.Status = catalog.Status(v.r.PostFormValue("status"))
	if f.Value("title") == "" {
		f.wrong("title", "A product needs a title.")
	}
	for i := range put.Variants {
		v.readPrices(f, &put.Variants[i])
	}
	if len(f.wrongs) == 0 {
		_, err := v.site.shop.Catalog.PutProduct(v.ctx(), put)
		if err != nil && !f.blame(err, nil) {
			return err
		}
	}
	if len(f.wrongs) > 0 {
		return v.showProduct(422, f)
	}
	return v.done(v.productPath(), "saved")
}

// productPath is the page of a product that a form was on.
func (v *visit) productPath() string {
	path := "/products/" + v.r.PathValue("product")
	if after := v.r.FormValue("after"); after != "" {
		path += "?" + url.Values{"after": {after}}.Encode()
	}
	return path
}

// readPrices reads the prices of a variant in the currencies of the form. Those
// in others stay, and all of a variant that the form does not show.
func (v *visit) readPrices(f form, variant *catalog.PutVariant) {
	var prices, before []money.Amount
	for _, a := range variant.Prices {
		if _, shown := f.values[priceOf(variant.SKU, a.Currency())]; !shown {
			prices = append(prices, a)
		}
	}
	for _, c := range v.site.Currencies {
		if a, ok := f.price(priceOf(variant.SKU, c), c); ok {
			prices = append(prices, a)
		}
	}
	variant.Prices = prices
	for _, a := range variant.CompareAt { // it needs a price below it
		for _, p := range prices {
			if p.Currency() == a.Currency() && p.Minor() < a.Minor() {
				before = append(before, a)
			}
		}
	}
	variant.CompareAt = before
}

// addVariant adds a variant behind the others of a product.
func addVariant(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	id := catalog.ProductID(v.r.PathValue("product"))
	put := catalog.PutVariants{Product: id, Key: v.key()}
	if put.Version, err = v.version(); err != nil {
		return err
	}
	p, err := v.site.shop.Catalog.Header(v.ctx(), id)
	if err != nil {
		return err
	}
	first, err := v.site.shop.Catalog.VariantsOf(v.ctx(), id, "", 1)
	if err != nil {
		return err
	}
	variant, stock := v.readVariant(f, rowOf(0), optionNames(first))
	if p.Version == put.Version { // or it is the same form again
		_, err := v.site.shop.Catalog.BySKU(v.ctx(), variant.SKU)
		switch code := fault.CodeOf(err); {
		case err == nil:
			f.wrong("sku-0", "There is a variant with this SKU already.")
		case code != fault.NotFound && code != fault.Invalid:
			return err
		}
	}
	if put.Variants = []catalog.PutVariant{variant}; len(f.wrongs) == 0 {
		_, err := v.site.shop.Catalog.PutVariants(v.ctx(), put)
		if err != nil && !f.blame(err, put.Variants) {
			return err
		}
	}
	if len(f.wrongs) > 0 {
		return v.showProduct(422, f)
	}
	if err := v.receive(variant.SKU, stock); err != nil {
		return err
	}
	return v.done(v.productPath(), "saved")
}

// changeStock adds a delivery, or corrects what is on hand to what was counted.
func changeStock(v *visit) error {
	sku, place := catalog.SKU(v.r.PostFormValue("sku")), inventory.Location(v.r.PostFormValue("place"))
	n, err := strconv.ParseInt(strings.TrimSpace(v.r.PostFormValue("quantity")), 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "%q is not a quantity", v.r.PostFormValue("quantity"))
	}
	switch v.r.PostFormValue("how") {
	case "receive":
		_, err = v.site.shop.Inventory.Receive(v.ctx(), inventory.Receive{SKU: sku, Location: place, Quantity: n, Key: v.key()})
	case "count":
		_, err = v.site.shop.Inventory.Adjust(v.ctx(), inventory.Adjust{SKU: sku, Location: place, Count: &n, Reason: "counted by staff", Key: v.key()})
	default:
		err = fault.New(fault.Invalid, "stock is received or counted")
	}
	if err != nil {
		return err
	}
	return v.done("/products/"+v.r.PathValue("product"), "stocked")
}
