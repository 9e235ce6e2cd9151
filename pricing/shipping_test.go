package pricing_test

import (
	"math"
	"testing"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

func moment(t testing.TB, s string) pricing.Moment {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return pricing.At(at)
}

// period reads two days, both included; the second may be missing.
func period(t testing.TB, s string) pricing.Period {
	t.Helper()
	first, err := time.Parse(time.DateOnly, s[:10])
	if err != nil {
		t.Fatal(err)
	}
	var last time.Time
	if len(s) > 11 {
		if last, err = time.Parse(time.DateOnly, s[11:]); err != nil {
			t.Fatal(err)
		}
	}
	return pricing.Days(first, last)
}

func rate(basis pricing.Basis, freeFrom int64, tiers ...pricing.ShippingTier) []pricing.ShippingRate {
	return []pricing.ShippingRate{{Currency: "EUR", Basis: basis, FreeFrom: freeFrom, Tiers: tiers}}
}

// german is a zone with a method of each kind.
func german() pricing.ShippingZone {
	return pricing.ShippingZone{ID: "de", Areas: []pricing.Area{{Country: "DE"}}, Methods: []pricing.ShippingMethod{
		{ID: "parcel", Name: "Parcel", MinDays: 1, MaxDays: 3, Rates: rate(pricing.ByNothing, 5000, pricing.ShippingTier{Price: 495})},
		{ID: "freight", Name: "Freight", Rates: rate(pricing.ByWeight, 0,
			pricing.ShippingTier{From: 5000, Price: 2000}, pricing.ShippingTier{From: 30_000, Price: 5000, PerUnit: 10})},
		{ID: "letter", Name: "Letter", MaxWeightGrams: 500, Rates: rate(pricing.ByQuantity, 0,
			pricing.ShippingTier{From: 0, Price: 100}, pricing.ShippingTier{From: 3, Price: 150})},
		{ID: "insured", Name: "Insured", Rates: rate(pricing.ByValue, 0, pricing.ShippingTier{From: 1000, Price: 700})},
		{ID: "store", Name: "Pick up", Pickup: true, Rates: rate(pricing.ByNothing, 0, pricing.ShippingTier{})},
		{ID: "dollars", Name: "Dollars", Rates: []pricing.ShippingRate{{Currency: "USD", Tiers: []pricing.ShippingTier{{}}}}},
		{ID: "absurd", Name: "Absurd", Rates: rate(pricing.ByNothing, 0, pricing.ShippingTier{PerUnit: math.MaxInt64})},
	}}
}

func TestShippingOffers(t *testing.T) {
	r := rulesOf(t, pricing.Settings{}, nil, german())
	type offer struct {
		price  int64
		reason pricing.Reason
	}
	for name, test := range map[string]struct {
		quantity, price, grams int64
		want                   map[string]offer
	}{
		"a book": {1, 900, 400, map[string]offer{
			"parcel": {495, ""}, "freight": {0, pricing.BelowTiers}, "letter": {100, ""}, "insured": {0, pricing.BelowTiers},
			"store": {0, ""}, "dollars": {0, pricing.NoCurrency}, "absurd": {math.MaxInt64, ""},
		}},
		"four books": {4, 1250, 100, map[string]offer{
			"parcel": {0, ""}, "letter": {150, ""}, "insured": {700, ""}, "absurd": {0, pricing.OutOfRange},
		}},
		"an anvil and another": {2, 1000, 20_000, map[string]offer{
			"parcel": {495, ""}, "freight": {5020, ""}, "letter": {0, pricing.TooHeavy},
		}},
		"an anvil": {1, 1000, 20_000, map[string]offer{"freight": {2000, ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			q, err := r.Price(pricing.Input{
				Currency: "EUR", Address: pricing.Address{Country: "DE"},
				Lines: []pricing.Line{{SKU: "x", Quantity: test.quantity, UnitPrice: test.price, WeightGrams: test.grams}},
			})
			if err != nil || len(q.Offers) != len(german().Methods) {
				t.Fatalf("got %d offers, %v", len(q.Offers), err)
			}
			for _, o := range q.Offers {
				if want, ok := test.want[o.Method]; ok && (offer{o.Price, o.Reason} != want) {
					t.Errorf("%s: got %d %q, want %+v", o.Method, o.Price, o.Reason, want)
				}
			}
		})
	}
}

func TestShippingIsChargedAndTaxed(t *testing.T) {
	vat := zone("de", pricing.Area{Country: "DE"}, pricing.TaxRate{Name: "VAT", Rate: percent(t, "19%")},
		pricing.TaxRate{Name: "VAT", Category: "exempt"})
	in := pricing.Input{
		Currency: "EUR", Address: pricing.Address{Country: "DE"}, Method: "parcel",
		Lines: []pricing.Line{{SKU: "x", Quantity: 1, UnitPrice: 1000}},
	}
	q, err := rulesOf(t, pricing.Settings{}, []pricing.TaxZone{vat}, german()).Price(in)
	if err != nil || q.Shipping.Amount != 495 || q.Shipping.Tax != 94 || q.Total != 1000+190+495+94 {
		t.Errorf("tax on top: %+v, %v", q, err)
	}
	q, err = rulesOf(t, pricing.Settings{TaxIncluded: true}, []pricing.TaxZone{vat}, german()).Price(in)
	if err != nil || q.Shipping.Amount != 495 || q.Shipping.Tax != 79 || q.Total != 1495 || q.Tax != 79+160 {
		t.Errorf("tax included: %+v, %v", q, err)
	}
	z := german()
	z.Methods[0].TaxCategory = "exempt"
	if q, err = rulesOf(t, pricing.Settings{}, []pricing.TaxZone{vat}, z).Price(in); err != nil || q.Shipping.Tax != 0 {
		t.Errorf("exempt shipping: %+v, %v", q.Shipping, err)
	}
	in.Address.Country = "FR"
	if q, err = rulesOf(t, pricing.Settings{}, []pricing.TaxZone{vat}, german()).Price(in); err != nil || q.Shipping.Reason != pricing.NotInZone || q.Total != 1000 {
		t.Errorf("nothing is sent to France: %+v, %v", q, err)
	}
}

func TestPriceRefuses(t *testing.T) {
	vat := zone("de", pricing.Area{}, pricing.TaxRate{Name: "VAT", Rate: percent(t, "900%")})
	r := rulesOf(t, pricing.Settings{}, []pricing.TaxZone{vat}, german())
	for name, lines := range map[string][]pricing.Line{
		"no units":           {{Quantity: 0, UnitPrice: 1}},
		"a negative price":   {{Quantity: 1, UnitPrice: -1}},
		"a negative weight":  {{Quantity: 1, WeightGrams: -1}},
		"a line too dear":    {{Quantity: 2, UnitPrice: math.MaxInt64}},
		"a weight too large": {{Quantity: 2, WeightGrams: math.MaxInt64}},
		"a sum too large":    {{Quantity: 1, UnitPrice: math.MaxInt64 / 11}, {Quantity: 1, UnitPrice: math.MaxInt64 / 11}},
		"a tax too large":    {{Quantity: 1, UnitPrice: math.MaxInt64 / 2}},
		"too many units":     {{Quantity: math.MaxInt64}, {Quantity: math.MaxInt64}},
	} {
		if q, err := r.Price(pricing.Input{Currency: "EUR", Address: pricing.Address{Country: "DE"}, Lines: lines}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: got %+v, %v", name, q, err)
		}
	}
}

func TestChecksOfRules(t *testing.T) {
	area := []pricing.Area{{Country: "DE"}}
	method := func(change func(*pricing.ShippingMethod)) pricing.ShippingZone {
		m := pricing.ShippingMethod{ID: "m", Name: "M", Rates: rate(pricing.ByNothing, 0, pricing.ShippingTier{})}
		change(&m)
		return pricing.ShippingZone{ID: "z", Areas: area, Methods: []pricing.ShippingMethod{m}}
	}
	type checker interface{ Check() error }
	for name, bad := range map[string]checker{
		"a currency twice":       pricing.Settings{Currencies: []money.Currency{"EUR", "EUR"}},
		"no currency":            pricing.Settings{Currencies: []money.Currency{"euro"}},
		"no rounding":            pricing.Settings{TaxRounding: 77},
		"no country at home":     pricing.Settings{Home: pricing.Address{Country: "Germany"}},
		"no ID":                  pricing.TaxZone{Areas: area},
		"an ID with a space":     pricing.TaxZone{ID: "a b", Areas: area},
		"no areas":               pricing.TaxZone{ID: "z"},
		"a region alone":         pricing.TaxZone{ID: "z", Areas: []pricing.Area{{Region: "CA"}}},
		"not a country":          pricing.TaxZone{ID: "z", Areas: []pricing.Area{{Country: "de"}}},
		"postcodes of 2 lengths": pricing.TaxZone{ID: "z", Areas: []pricing.Area{{Country: "DE", PostcodeFrom: "1", PostcodeTo: "22"}}},
		"postcodes backwards":    pricing.TaxZone{ID: "z", Areas: []pricing.Area{{Country: "DE", PostcodeFrom: "3", PostcodeTo: "2"}}},
		"a spaced postcode":      pricing.TaxZone{ID: "z", Areas: []pricing.Area{{Country: "DE", PostcodeFrom: "1 2", PostcodeTo: "1 3"}}},
		"a nameless tax":         pricing.TaxZone{ID: "z", Areas: area, Rates: []pricing.TaxRate{{}}},
		"a negative tax":         pricing.TaxZone{ID: "z", Areas: area, Rates: []pricing.TaxRate{{Name: "t", Rate: percent(t, "-1%")}}},
		"a monstrous tax":        pricing.TaxZone{ID: "z", Areas: area, Rates: []pricing.TaxRate{{Name: "t", Rate: percent(t, "1000%")}}},
		"a very fine tax":        pricing.TaxZone{ID: "z", Areas: area, Rates: []pricing.TaxRate{{Name: "t", Rate: percent(t, "1.000000001%")}}},
		"a period backwards":     pricing.TaxZone{ID: "z", Areas: area, Rates: []pricing.TaxRate{{Name: "t", Period: pricing.Period{From: 2, Until: 1}}}},
		"a nameless method":      method(func(m *pricing.ShippingMethod) { m.Name = "" }),
		"days backwards":         method(func(m *pricing.ShippingMethod) { m.MinDays, m.MaxDays = 2, 1 }),
		"two rates":              method(func(m *pricing.ShippingMethod) { m.Rates = append(m.Rates, m.Rates...) }),
		"no tiers":               method(func(m *pricing.ShippingMethod) { m.Rates[0].Tiers = nil }),
		"two tiers by nothing":   method(func(m *pricing.ShippingMethod) { m.Rates[0].Tiers = []pricing.ShippingTier{{}, {From: 1}} }),
		"an unknown basis":       method(func(m *pricing.ShippingMethod) { m.Rates[0].Basis = "mood" }),
		"tiers backwards": method(func(m *pricing.ShippingMethod) {
			m.Rates = rate(pricing.ByWeight, 0, pricing.ShippingTier{From: 1}, pricing.ShippingTier{})
		}),
		"a negative price": method(func(m *pricing.ShippingMethod) { m.Rates = rate(pricing.ByNothing, 0, pricing.ShippingTier{Price: -1}) }),
		"a method twice":   pricing.ShippingZone{ID: "z", Areas: area, Methods: append(german().Methods, german().Methods...)},
	} {
		if err := bad.Check(); fault.CodeOf(err) != fault.Invalid || err == nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
