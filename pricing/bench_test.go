package pricing_test

import (
	"fmt"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// BenchmarkPrice prices carts with tax and shipping under promotions of all
// sorts, of which about half are met.
func BenchmarkPrice(b *testing.B) {
	for _, lines := range []int{1, 10, 100, 1000} {
		for _, promotions := range []int{0, 20, 200} {
			b.Run(fmt.Sprintf("lines=%d/promotions=%d", lines, promotions), func(b *testing.B) {
				r, in := benchRules(b, promotions), benchInput(lines)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := r.Price(in); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func benchRules(b *testing.B, promotions int) *pricing.Rules {
	b.Helper()
	de := zone("de", pricing.Area{Country: "DE"}, pricing.TaxRate{Name: "VAT", Rate: money.Percent(19)},
		pricing.TaxRate{Name: "VAT", Category: "books", Rate: money.Percent(7)})
	var all []pricing.Promotion
	for i := range promotions {
		p := percentOff(fmt.Sprintf("p%03d", i), 1)
		switch i % 8 {
		case 0:
			p.Effect.Items = skus("sku-1", "sku-3")
		case 1:
			p.If.MinSubtotal = euros(1 << 40)
		case 2:
			p.Effect.Items.Categories = []catalog.CategoryID{"cat_2"}
		case 3:
			p.Effect = pricing.Effect{Kind: pricing.BuyGet, Buy: 2, Get: 1, Times: 1, Rate: money.Percent(10), Items: pricing.Selector{}}
			p.If.Items.Categories = []catalog.CategoryID{"cat_1"}
		case 4:
			p.NeedsCode = true
		case 5:
			p.Group = "best"
		case 6:
			p.If.Groups = []string{"friends"}
		case 7:
			p.Effect = pricing.Effect{Kind: pricing.AmountOff, Amounts: euros(10)}
		}
		all = append(all, p)
	}
	r, err := pricing.NewRules(pricing.Settings{}, []pricing.TaxZone{de}, []pricing.ShippingZone{german()}, all...)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func benchInput(lines int) pricing.Input {
	in := pricing.Input{Currency: "EUR", Address: pricing.Address{Country: "DE"}, Method: "parcel"}
	for i := range lines {
		in.Lines = append(in.Lines, pricing.Line{
			SKU: catalog.SKU(fmt.Sprintf("sku-%d", i)), Quantity: int64(1 + i%3), UnitPrice: int64(999 + 37*i), WeightGrams: 250,
			Categories: []catalog.CategoryID{catalog.CategoryID(fmt.Sprintf("cat_%d", i%5)), "cat_all"},
		})
	}
	return in
}
