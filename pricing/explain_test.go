package pricing_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

var update = flag.Bool("update", false, "write golden files anew")

func TestGoldenExplain(t *testing.T) {
	de := zone("de", pricing.Area{Country: "DE"},
		pricing.TaxRate{Name: "VAT", Rate: percent(t, "19%")}, pricing.TaxRate{Name: "VAT", Category: "books", Rate: percent(t, "7%")})
	qc := zone("ca-qc", pricing.Area{Country: "CA", Region: "QC"},
		pricing.TaxRate{Name: "GST", Rate: percent(t, "5%"), Priority: 1}, pricing.TaxRate{Name: "QST", Rate: percent(t, "9.975%"), Priority: 2})
	lines := []pricing.Line{
		{SKU: "mug", Quantity: 3, UnitPrice: 1250, WeightGrams: 400},
		{SKU: "novel", Quantity: 1, UnitPrice: 999, TaxCategory: "books", WeightGrams: 300},
	}
	promotions := []pricing.Promotion{
		with(percentOff("welcome", 10), func(p *pricing.Promotion) { p.Name, p.NeedsCode = "10 % to begin with", true }),
		with(percentOff("large", 20), func(p *pricing.Promotion) { p.NeedsCode, p.If.MinSubtotal = true, euros(100_000) }),
		with(amountOff("mugs", 100), func(p *pricing.Promotion) {
			p.Name, p.Effect.PerUnit, p.Effect.Items, p.Priority = "1 off each mug", true, skus("mug"), -1
			p.If.MinQuantity, p.If.Countries = 3, []string{"DE"}
			p.If.Currencies = []money.Currency{"EUR"}
			p.If.Channels = []string{"web"}
		}),
		{ID: "post", Name: "Half the postage", If: pricing.Conditions{Channels: []string{"web"}}, Effect: pricing.Effect{Kind: pricing.FreeShipping, Rate: money.Percent(50)}},
	}
	for name, test := range map[string]struct {
		settings pricing.Settings
		in       pricing.Input
	}{
		"added":    {pricing.Settings{}, pricing.Input{Currency: "EUR", Address: pricing.Address{Country: "DE"}, Method: "parcel", Lines: lines}},
		"included": {pricing.Settings{TaxIncluded: true}, pricing.Input{Currency: "EUR", Address: pricing.Address{Country: "DE"}, Method: "parcel", Lines: lines}},
		"quebec":   {pricing.Settings{}, pricing.Input{Currency: "CAD", Address: pricing.Address{Country: "CA", Region: "QC"}, Lines: lines}},
		"promoted": {pricing.Settings{TaxIncluded: true}, pricing.Input{
			Currency: "EUR", Address: pricing.Address{Country: "DE"}, Method: "parcel", Lines: lines, Channel: "web",
			Coupons: []pricing.Coupon{{Code: "WELCOME", Promotion: "welcome"}, {Code: "LARGE", Promotion: "large"}},
		}},
		"nowhere": {pricing.Settings{}, pricing.Input{Currency: "JPY", Method: "pigeon", Lines: lines}},
	} {
		t.Run(name, func(t *testing.T) {
			rules, err := pricing.NewRules(test.settings, []pricing.TaxZone{de, qc}, []pricing.ShippingZone{german()}, promotions...)
			if err != nil {
				t.Fatal(err)
			}
			q, err := rules.Price(test.in)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, q.Explain(test.in.Lines))
		})
	}
	rules, err := pricing.NewRules(pricing.Settings{TaxIncluded: true}, []pricing.TaxZone{de}, []pricing.ShippingZone{german()})
	if err == nil {
		rules, err = rules.WithFees(wrapping(), pricing.Fee{ID: "small", Name: "Small order", BelowSubtotal: euros(10_000), Amounts: euros(300)})
	}
	if err != nil {
		t.Fatal(err)
	}
	wrapped := slices.Clone(lines)
	wrapped[1].Properties = []string{"gift_wrap"}
	q, err := rules.Price(pricing.Input{Currency: "EUR", Address: pricing.Address{Country: "DE"}, Method: "parcel", Lines: wrapped})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "fees", q.Explain(wrapped))
}

// Prices of shipping say their tier, carrier or threshold, fees their rate and
// what it is of, and lines where their price comes from.
func TestGoldenExplainWhatAmountsAreOf(t *testing.T) {
	tiers := func(b pricing.Basis, from, free int64) []pricing.ShippingRate {
		return []pricing.ShippingRate{{Currency: "EUR", Basis: b, FreeFrom: free, Tiers: []pricing.ShippingTier{{Price: 495}, {From: from, Price: 695, PerUnit: 20}}}}
	}
	r, err := pricing.NewRules(pricing.Settings{}, nil, []pricing.ShippingZone{{ID: "z", Areas: []pricing.Area{{}}, Methods: []pricing.ShippingMethod{
		{ID: "weight", Name: "By weight", Rates: tiers(pricing.ByWeight, 1000, 0)},
		{ID: "value", Name: "By value", Rates: tiers(pricing.ByValue, 4000, 0)},
		{ID: "length", Name: "By length", Rates: tiers(pricing.ByLength, 9000, 0)},
		{ID: "count", Name: "By number", Rates: tiers(pricing.ByQuantity, 2, 0)},
		{ID: "free", Name: "Free", Rates: tiers(pricing.ByVolume, 9000, 3000)},
		{ID: "carrier", Name: "Carrier", Carrier: "post"},
	}}})
	if err == nil {
		r, err = r.WithFees(pricing.Fee{ID: "card", Name: "Paying by card", Amounts: euros(25), Rate: percent(t, "1.5%")})
	}
	if err != nil {
		t.Fatal(err)
	}
	in := pricing.Input{Currency: "EUR", Carriers: map[string]pricing.CarrierRate{"post": {Price: 780}}, Lines: []pricing.Line{
		{SKU: "mug", Quantity: 3, UnitPrice: 1250, WeightGrams: 400, LengthMM: 100, WidthMM: 90, HeightMM: 80, PriceBy: "price list plist_1 from 3 units on"},
		{SKU: "pot", Quantity: 1, UnitPrice: 900, WeightGrams: 400, LengthMM: 200, WidthMM: 90, HeightMM: 80, PriceBy: "agreed: a scratch"},
	}}
	out := ""
	for _, in.Method = range []string{"weight", "value", "length", "count", "free", "carrier"} {
		q, err := r.Price(in)
		if err != nil {
			t.Fatal(err)
		}
		out += q.Explain(in.Lines) + "\n"
	}
	golden(t, "derivations", out)
}

// Each kind of promotion says what it worked by, down to the remainder of its
// rounding, and those that others were applied in the stead of say why.
func TestGoldenExplainPromotions(t *testing.T) {
	lines := []pricing.Line{
		{SKU: "mug", Quantity: 3, UnitPrice: 1255, PriceBy: "price list plist_1 from 3 units on"},
		{SKU: "tea", Quantity: 5, UnitPrice: 333},
		{SKU: "pot", Quantity: 1, UnitPrice: 2999},
	}
	third, err := money.NewRate(1, 3)
	if err != nil {
		t.Fatal(err)
	}
	effect := func(id string, e pricing.Effect) pricing.Promotion {
		return pricing.Promotion{ID: id, Name: "Our " + id, Effect: e}
	}
	buyGet := effect("b3g1", pricing.Effect{Kind: pricing.BuyGet, Items: skus("tea"), Rate: money.Percent(50), Buy: 2, Get: 1})
	buyGet.If.Items = skus("tea")
	alone := func(p pricing.Promotion) pricing.Promotion { p.Alone = true; return p }
	inGroup := func(p pricing.Promotion) pricing.Promotion { p.Group = "season"; return p }
	first := func(p pricing.Promotion) pricing.Promotion { p.Priority, p.Stop = 1, true; return p }
	for _, test := range []struct {
		name       string
		promotions []pricing.Promotion
	}{
		{"percent", []pricing.Promotion{percentOff("p", 10)}},
		{"third", []pricing.Promotion{effect("third", pricing.Effect{Kind: pricing.PercentOff, Rate: third, Items: skus("pot")})}},
		{"amount", []pricing.Promotion{amountOff("a", 1000)}},
		{"per unit", []pricing.Promotion{effect("u", pricing.Effect{Kind: pricing.AmountOff, Amounts: euros(100), PerUnit: true, Items: skus("tea")})}},
		{"fixed", []pricing.Promotion{effect("f", pricing.Effect{Kind: pricing.FixedPrice, Amounts: euros(1000), Items: skus("mug")})}},
		{"buy and get", []pricing.Promotion{buyGet}},
		{"gift", []pricing.Promotion{effect("g", pricing.Effect{Kind: pricing.Gift, Items: skus("tea"), Get: 2})}},
		{"tier", []pricing.Promotion{effect("t", pricing.Effect{Kind: pricing.Tiered, Tiers: []pricing.Tier{{MinQuantity: 2, Rate: money.Percent(5)}, {MinQuantity: 8, Rate: money.Percent(7)}}})}},
		{"at most", []pricing.Promotion{effect("m", pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(50), AtMost: euros(500)})}},
		{"shipping", []pricing.Promotion{effect("s", pricing.Effect{Kind: pricing.FreeShipping, Rate: money.Percent(50)})}},
		{"group", []pricing.Promotion{inGroup(percentOff("winter", 10)), inGroup(amountOff("summer", 900))}},
		{"stop", []pricing.Promotion{first(percentOff("once", 10)), percentOff("more", 5)}},
		{"alone loses", []pricing.Promotion{alone(percentOff("single", 10)), percentOff("a", 8), percentOff("b", 5)}},
		{"alone wins", []pricing.Promotion{alone(percentOff("single", 20)), percentOff("a", 8), percentOff("b", 5), alone(percentOff("solo", 15))}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := pricing.NewRules(pricing.Settings{TaxIncluded: true}, nil, []pricing.ShippingZone{german()}, test.promotions...)
			if err != nil {
				t.Fatal(err)
			}
			in := pricing.Input{Currency: "EUR", Address: pricing.Address{Country: "DE"}, Lines: lines}
			if test.name == "shipping" {
				in.Method, in.Lines = "parcel", lines[:1]
			}
			q, err := r.Price(in)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "promotions/"+strings.ReplaceAll(test.name, " ", "-"), q.Explain(in.Lines))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// What is taken off a line is found by its number, in the order of the
// promotions, whatever the order of their shares.
func TestByLine(t *testing.T) {
	got := pricing.ByLine([]pricing.Applied{
		{Promotion: "a", Shares: []pricing.Share{{Line: 7, Amount: 3}, {Line: 1, Amount: 2}}},
		{Promotion: "b", Shipping: 5},
		{Promotion: "c", Shares: []pricing.Share{{Line: 1, Amount: 1, Units: 1}}},
	})
	told := ""
	for _, line := range []int{1, 2, 7} {
		for _, s := range got[line] {
			told += fmt.Sprintf("%d: %s %d %d; ", line, s.Of.Promotion, s.Amount, s.Units)
		}
	}
	if want := "1: a 2 0; 1: c 1 1; 7: a 3 0; "; told != want {
		t.Errorf("it is %q, want %q", told, want)
	}
}

// BenchmarkExplain explains carts of which each line has six discounts: four
// times the lines are to take four times as long.
func BenchmarkExplain(b *testing.B) {
	for _, lines := range []int{250, 1000} {
		q := pricing.Quote{Currency: "EUR", Lines: make([]pricing.QuotedLine, lines)}
		for range 6 {
			a := pricing.Applied{Promotion: "p", Name: "Some off"}
			for i := range lines {
				a.Shares = append(a.Shares, pricing.Share{Line: i + 1, Amount: 1})
			}
			q.Promotions = append(q.Promotions, a)
		}
		in := make([]pricing.Line, lines)
		b.Run(fmt.Sprint(lines), func(b *testing.B) {
			for b.Loop() {
				_ = q.Explain(in)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*lines), "ns/line")
		})
	}
}
