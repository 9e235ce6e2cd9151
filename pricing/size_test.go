package pricing_test

import (
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/pricing"
)

func TestShippingGoesBySize(t *testing.T) {
	method := func(change func(*pricing.ShippingMethod)) pricing.ShippingMethod {
		m := pricing.ShippingMethod{ID: "m", Name: "M", Rates: []pricing.ShippingRate{{Currency: "EUR", Tiers: []pricing.ShippingTier{{Price: 500}}}}}
		change(&m)
		return m
	}
	tiers := func(basis pricing.Basis, from int64) func(*pricing.ShippingMethod) {
		return func(m *pricing.ShippingMethod) {
			m.Rates[0].Basis = basis
			m.Rates[0].Tiers = []pricing.ShippingTier{{Price: 500}, {From: from, Price: 900}}
		}
	}
	box := pricing.Line{SKU: "box", Quantity: 2, UnitPrice: 100, WeightGrams: 500, LengthMM: 600, WidthMM: 300, HeightMM: 200} // 36 l, girth 600 + 2 × 500
	for name, test := range map[string]struct {
		method pricing.ShippingMethod
		line   func(*pricing.Line)
		price  int64
		reason pricing.Reason
	}{
		"short enough":          {method(func(m *pricing.ShippingMethod) { m.MaxLengthMM = 600 }), nil, 500, ""},
		"too long":              {method(func(m *pricing.ShippingMethod) { m.MaxLengthMM = 599 }), nil, 0, pricing.TooLarge},
		"thin enough":           {method(func(m *pricing.ShippingMethod) { m.MaxGirthMM = 1600 }), nil, 500, ""},
		"too thick":             {method(func(m *pricing.ShippingMethod) { m.MaxGirthMM = 1599 }), nil, 0, pricing.TooLarge},
		"heavy by its volume":   {method(func(m *pricing.ShippingMethod) { m.MaxWeightGrams, m.VolumeDivisor = 14_399, 5000 }), nil, 0, pricing.TooHeavy},
		"not that heavy":        {method(func(m *pricing.ShippingMethod) { m.MaxWeightGrams, m.VolumeDivisor = 14_400, 5000 }), nil, 500, ""},
		"heavier on the scales": {method(func(m *pricing.ShippingMethod) { m.MaxWeightGrams, m.VolumeDivisor = 14_400, 5000 }), func(l *pricing.Line) { l.WeightGrams = 8000 }, 0, pricing.TooHeavy},
		"a price for weight": {method(func(m *pricing.ShippingMethod) {
			tiers(pricing.ByWeight, 14_400)(m)
			m.VolumeDivisor = 5000
		}), nil, 900, ""},
		"a price for volume":       {method(tiers(pricing.ByVolume, 72_000)), nil, 900, ""},
		"below that volume":        {method(tiers(pricing.ByVolume, 72_001)), nil, 500, ""},
		"a price for length":       {method(tiers(pricing.ByLength, 600)), nil, 900, ""},
		"nobody knows how long":    {method(tiers(pricing.ByLength, 600)), func(l *pricing.Line) { l.HeightMM = 0 }, 0, pricing.SizeUnknown},
		"whether it is short":      {method(func(m *pricing.ShippingMethod) { m.MaxLengthMM = 9000 }), func(l *pricing.Line) { l.HeightMM = 0 }, 0, pricing.SizeUnknown},
		"whether it is thin":       {method(func(m *pricing.ShippingMethod) { m.MaxGirthMM = 9000 }), func(l *pricing.Line) { l.HeightMM = 0 }, 0, pricing.SizeUnknown},
		"what its volume weighs":   {method(func(m *pricing.ShippingMethod) { m.VolumeDivisor = 5000 }), func(l *pricing.Line) { l.HeightMM = 0 }, 0, pricing.SizeUnknown},
		"nobody asks how long":     {method(func(m *pricing.ShippingMethod) { m.MaxWeightGrams = 5000 }), func(l *pricing.Line) { l.HeightMM = 0 }, 500, ""},
		"a download has no length": {method(tiers(pricing.ByLength, 600)), func(l *pricing.Line) { l.HeightMM, l.Digital = 0, true }, 500, ""},
		"what is gone has no size": {method(tiers(pricing.ByLength, 600)), func(l *pricing.Line) { l.HeightMM, l.Gone = 0, true }, 500, ""},
	} {
		t.Run(name, func(t *testing.T) {
			line := box
			if test.line != nil {
				test.line(&line)
			}
			r := rulesOf(t, pricing.Settings{}, nil, pricing.ShippingZone{ID: "z", Areas: []pricing.Area{{}}, Methods: []pricing.ShippingMethod{test.method}})
			q, err := r.Price(pricing.Input{Currency: "EUR", Lines: []pricing.Line{line}})
			if err != nil || q.Offers[0].Price != test.price || q.Offers[0].Reason != test.reason {
				t.Errorf("got %+v, %v; want %d %s", q.Offers, err, test.price, test.reason)
			}
		})
	}
}

// Whatever the catalog takes can be priced, in any number.
func TestWhatTheCatalogTakesHasAPrice(t *testing.T) {
	rate := pricing.ShippingRate{Currency: "EUR", Basis: pricing.ByVolume, Tiers: []pricing.ShippingTier{{Price: 500}, {From: 1 << 40, Price: 900}}}
	r := rulesOf(t, pricing.Settings{}, nil, pricing.ShippingZone{ID: "z", Areas: []pricing.Area{{}}, Methods: []pricing.ShippingMethod{{ID: "m", Name: "M", Rates: []pricing.ShippingRate{rate}}}})
	cube := pricing.Line{SKU: "cube", Quantity: 1_000_000, LengthMM: catalog.MaxMM, WidthMM: catalog.MaxMM, HeightMM: catalog.MaxMM}
	q, err := r.Price(pricing.Input{Currency: "EUR", Lines: []pricing.Line{cube, cube}})
	if err != nil || q.Offers[0].Price != 900 {
		t.Errorf("got %+v, %v", q.Offers, err)
	}
	cube.LengthMM++
	if _, err = r.Price(pricing.Input{Currency: "EUR", Lines: []pricing.Line{cube}}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("what is longer has a price: %v", err)
	}
}

func TestShippingSaysWhenItArrives(t *testing.T) {
	friday := moment(t, "2026-03-06T15:30:00Z")
	for name, test := range map[string]struct {
		change      func(*pricing.ShippingMethod)
		first, last string
	}{
		"days":              {func(*pricing.ShippingMethod) {}, "2026-03-07", "2026-03-09"},
		"working days":      {func(m *pricing.ShippingMethod) { m.WorkingDays = true }, "2026-03-09", "2026-03-11"},
		"after the cut-off": {func(m *pricing.ShippingMethod) { m.CutOffHour = 15 }, "2026-03-08", "2026-03-10"},
		"both":              {func(m *pricing.ShippingMethod) { m.WorkingDays, m.CutOffHour = true, 15 }, "2026-03-10", "2026-03-12"},
		"weeks":             {func(m *pricing.ShippingMethod) { m.WorkingDays, m.MinDays, m.MaxDays = true, 5, 11 }, "2026-03-13", "2026-03-23"},
		"not known":         {func(m *pricing.ShippingMethod) { m.MinDays, m.MaxDays = 0, 0 }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := pricing.ShippingMethod{ID: "m", Name: "M", MinDays: 1, MaxDays: 3, Rates: rate(pricing.ByNothing, 0, pricing.ShippingTier{Price: 500})}
			test.change(&m)
			r := rulesOf(t, pricing.Settings{}, nil, pricing.ShippingZone{ID: "z", Areas: []pricing.Area{{}}, Methods: []pricing.ShippingMethod{m}})
			q, err := r.Price(pricing.Input{Currency: "EUR", At: friday, Lines: []pricing.Line{{SKU: "a", Quantity: 1}}})
			if err != nil || q.Offers[0].First != test.first || q.Offers[0].Last != test.last {
				t.Errorf("got %+v, %v; want %s to %s", q.Offers, err, test.first, test.last)
			}
		})
	}
}

func TestExemptionsHaveAreasAndDates(t *testing.T) {
	e := pricing.Exemption{Certificate: "NY-4711", Areas: []pricing.Area{{Country: "US", Region: "NY"}}, Period: period(t, "2026-01-01/2026-12-31")}
	at := moment(t, "2026-03-06T15:30:00Z")
	if err := e.Check(); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]bool{
		"there":     e.Holds(pricing.Address{Country: "US", Region: "NY"}, at),
		"elsewhere": !e.Holds(pricing.Address{Country: "US", Region: "CA"}, at),
		"too late":  !e.Holds(pricing.Address{Country: "US", Region: "NY"}, moment(t, "2027-03-06T15:30:00Z")),
		"nowhere":   (pricing.Exemption{Certificate: "x"}).Check() != nil,
		"no number": (pricing.Exemption{Areas: []pricing.Area{{}}}).Check() != nil,
	} {
		if !got {
			t.Error(name)
		}
	}
	r := rulesOf(t, pricing.Settings{}, []pricing.TaxZone{zone("ny", pricing.Area{Country: "US"}, pricing.TaxRate{Name: "Sales tax", Rate: percent(t, "8%")})})
	in := pricing.Input{Currency: "USD", Address: pricing.Address{Country: "US"}, TaxExempt: "NY-4711", Lines: []pricing.Line{{SKU: "a", Quantity: 1, UnitPrice: 1000}}}
	q, err := r.Price(in)
	if err != nil || q.Total != 1000 || q.Tax != 0 || q.TaxExempt != "NY-4711" {
		t.Errorf("%v:\n%s", err, q.Explain(in.Lines))
	}
}
