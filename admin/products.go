package admin

import (
	"errors"
	"fmt"
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

type productPage struct {
	page
	Product    catalog.Product
	Currencies []money.Currency
	Variants   []variantRow
	Statuses   []catalog.Status
}

type variantRow struct {
	catalog.Variant
	Prices []priceCell
	Levels []inventory.Level // at each place
}

type priceCell struct {
	Name     string // of the form's field
	Currency money.Currency
	Decimal  string // "" if there is no price
}

func showProduct(v *visit) error {
	p, err := v.site.shop.Catalog.Get(v.ctx(), catalog.ProductID(v.r.PathValue("product")))
	if err != nil {
		return err
	}
	data := productPage{
		page: v.page(p.Title, "products"), Product: p, Currencies: v.site.Currencies,
		Statuses: []catalog.Status{catalog.Active, catalog.Draft, catalog.Archived},
	}
	for i, variant := range p.Variants {
		row := variantRow{Variant: variant}
		for _, c := range v.site.Currencies {
			cell := priceCell{Name: priceField(i, c), Currency: c}
			if a, ok := variant.Price(c); ok {
				cell.Decimal, _, _ = strings.Cut(a.String(), " ")
			}
			row.Prices = append(row.Prices, cell)
		}
		if !variant.Untracked && !variant.IsKit() {
			row.Levels, err = v.site.shop.Inventory.LevelsByPlace(v.ctx(), variant.SKU)
			if err != nil && !errors.Is(err, fault.NotFound) {
				return err
			}
		}
		data.Variants = append(data.Variants, row)
	}
	return v.show(200, "product", data)
}

func priceField(variant int, c money.Currency) string {
	return "price-" + strconv.Itoa(variant) + "-" + string(c)
}

// changeProduct writes what the form shows and leaves the rest as it is. It is
// refused if somebody else has changed the product meanwhile.
func changeProduct(v *visit) error {
	p, err := v.site.shop.Catalog.Get(v.ctx(), catalog.ProductID(v.r.PathValue("product")))
	if err != nil {
		return err
	}
	put := p.Put()
	put.Key = v.key()
	if put.Version, err = strconv.ParseInt(v.r.PostFormValue("version"), 10, 64); err != nil {
		return fault.New(fault.Invalid, "the form does not say which version it was made for")
	}
	put.Title, put.Brand = v.r.PostFormValue("title"), v.r.PostFormValue("brand")
	put.Description = strings.ReplaceAll(v.r.PostFormValue("description"), "\r\n", "\n") // as browsers send lines
	put.Status = catalog.Status(v.r.PostFormValue("status"))
	for i := range put.Variants {
		if err := v.readPrices(i, &put.Variants[i]); err != nil {
			return err
		}
	}
	if _, err := v.site.shop.Catalog.PutProduct(v.ctx(), put); err != nil {
		return err
	}
	return v.done("/products/"+string(p.ID), "saved")
}

// readPrices reads the prices of a variant in the currencies of the form. Those
// in others stay.
func (v *visit) readPrices(i int, variant *catalog.PutVariant) error {
	var prices, before []money.Amount
	for _, a := range variant.Prices {
		if _, shown := v.r.PostForm[priceField(i, a.Currency())]; !shown {
			prices = append(prices, a)
		}
	}
	for _, c := range v.site.Currencies {
		field := strings.TrimSpace(v.r.PostFormValue(priceField(i, c)))
		if field == "" {
			continue
		}
		a, err := money.ParseDecimal(field, c)
		if err != nil {
			return fmt.Errorf("reading the price of %s: %w", variant.SKU, err)
		}
		prices = append(prices, a)
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
	return nil
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
