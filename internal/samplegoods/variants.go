package samplegoods

import (
	"slices"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// variants returns every combination of a good's options.
func (g good) variants() []catalog.PutVariant {
	type combination struct {
		options []catalog.Option
		add     int64
	}
	all := []combination{{}}
	for _, c := range g.options {
		var next []combination
		for _, have := range all {
			for i, value := range c.values {
				option := catalog.Option{Name: c.name, Value: value}
				next = append(next, combination{append(slices.Clip(have.options), option), have.add + int64(i)*c.add})
			}
		}
		all = next
	}
	variants := make([]catalog.PutVariant, len(all))
	for i, c := range all {
		variants[i] = catalog.PutVariant{
			SKU: g.sku(c.options), Options: c.options, Prices: prices(g.price + c.add), WeightGrams: g.grams, TaxCategory: g.tax,
		}
		if g.was > 0 {
			variants[i].CompareAt = prices(g.was + c.add)
		}
	}
	return variants
}

// prices returns an amount of euro cents in every currency of the shop, at
// rates of its own and rounded to what looks like a price.
func prices(cents int64) []money.Amount {
	step := int64(10)
	if cents >= 2000 {
		step = 100
	}
	round := func(n int64) int64 { return (n + step/2) / step * step }
	return []money.Amount{money.New(cents, "EUR"), money.New(round(cents*112/100), "USD"), money.New(round(cents*87/100), "GBP")}
}

// sku spells a variant's options, as in RAIN-COAT-INK-XL.
func (g good) sku(options []catalog.Option) catalog.SKU {
	parts := []string{g.handle}
	for _, o := range options {
		parts = append(parts, strings.NewReplacer(" ", "", ".", "", "–", "-", "×", "x").Replace(o.Value))
	}
	return catalog.SKU(strings.ToUpper(strings.Join(parts, "-")))
}

func skusWith(variants []catalog.PutVariant, value string) []catalog.SKU {
	var skus []catalog.SKU
	for _, v := range variants {
		if v.Options[0].Value == value {
			skus = append(skus, v.SKU)
		}
	}
	return skus
}

// stock returns how many of the i-th variant there are: mostly plenty, now and
// then few, and sometimes none, as in a shop.
func (g good) stock(i int) int64 {
	n := int64(len(g.handle)*7+i*13) % 23
	switch {
	case n == 5 && i > 0:
		return 0
	case n < 4:
		return n + 2
	}
	return 10 + 4*n
}

// paintNames returns the colours that a good's pictures are painted in. A name
// is "" if the good has no choice of them.
func (g good) paintNames() (names []string, all []paint) {
	names = []string{""}
	if g.paint == "" {
		names = g.options[0].values
	}
	for _, name := range names {
		c := g.paint
		if p, ok := g.paints[name]; ok {
			c = p
		} else if name != "" {
			c = name
		}
		p := paint{main: colours[c], accent: 0xc4694a, back: g.back, label: g.label}
		if c == "Clay" || c == "Rust" || c == "Cherry" || c == "Jam red" {
			p.accent = 0x2f5d50
		}
		all = append(all, p)
	}
	return names, all
}
