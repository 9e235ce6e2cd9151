package onlineretail

import (
	"maps"
	"slices"
	"strings"

	"github.com/keelshop/commerce/money"
)

// Product is what the file says about one SKU.
type Product struct {
	SKU   string
	Title string // the description that most rows give, the first of them when several do; the SKU when none does

	// Service says that the SKU has no stock; see IsService.
	Service bool

	// UnitsSold is the sum of the quantities on accepted sale rows: with this much opening stock, and no return put
	// back on sale, no order is short.
	UnitsSold int64

	// Prices are the unit prices on accepted sale rows, rising. Empty when none was accepted.
	Prices []money.Amount

	// UsualPrice is the one on most accepted sale rows, the lowest of them when several are. The zero Amount, which
	// has no currency, when none was accepted.
	UsualPrice money.Amount
}

// survey gathers the products while the file is read.
type survey struct {
	bySKU map[string]*product
}

// product is a Product in the making.
type product struct {
	Product
	descriptions map[string]*description
	prices       map[int64]int // rows at each price in pence
}

type description struct {
	text  string
	rows  int
	first int // the number of the first row that has it
}

func newSurvey() *survey { return &survey{bySKU: make(map[string]*product)} }

// see returns the product of a row and counts its description.
func (s *survey) see(row *Row) *product {
	p := s.bySKU[row.SKU]
	if p == nil {
		sku := strings.Clone(row.SKU)
		p = &product{
			Product:      Product{SKU: sku, Service: IsService(sku)},
			descriptions: make(map[string]*description),
			prices:       make(map[int64]int),
		}
		s.bySKU[sku] = p
	}
	p.describe(row)
	return p
}

func (p *product) describe(row *Row) {
	text := strings.TrimSpace(row.Description)
	if text == "" {
		return
	}
	d := p.descriptions[text]
	if d == nil {
		d = &description{text: strings.Clone(text), first: row.Number}
		p.descriptions[d.text] = d
	}
	d.rows++
}

// description returns the text of a row that see has counted, in memory shared by all rows that have it.
func (p *product) description(row *Row) string {
	if d := p.descriptions[strings.TrimSpace(row.Description)]; d != nil {
		return d.text
	}
	return ""
}

// sold counts an accepted sale row.
func (p *product) sold(row *Row) {
	p.UnitsSold += row.Quantity
	p.prices[row.UnitPrice.Minor()]++
}

// products returns what was gathered, in the order of the SKUs.
func (s *survey) products() []Product {
	all := make([]Product, 0, len(s.bySKU))
	for _, sku := range slices.Sorted(maps.Keys(s.bySKU)) {
		all = append(all, s.bySKU[sku].finish())
	}
	return all
}

func (p *product) finish() Product {
	p.Title = p.SKU
	var best description
	for _, d := range p.descriptions {
		if d.rows > best.rows || d.rows == best.rows && d.first < best.first {
			best, p.Title = *d, d.text
		}
	}
	most := 0
	for _, pence := range slices.Sorted(maps.Keys(p.prices)) {
		price := money.New(pence, Currency)
		p.Prices = append(p.Prices, price)
		if rows := p.prices[pence]; rows > most {
			most, p.UsualPrice = rows, price
		}
	}
	return p.Product
}
