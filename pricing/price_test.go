package pricing_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
	"pgregory.net/rapid"
)

func percent(t testing.TB, s string) money.Rate {
	t.Helper()
	r, err := money.ParseRate(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func rulesOf(t testing.TB, s pricing.Settings, taxes []pricing.TaxZone, shipping ...pricing.ShippingZone) *pricing.Rules {
	t.Helper()
	r, err := pricing.NewRules(s, taxes, shipping)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func zone(id string, area pricing.Area, rates ...pricing.TaxRate) pricing.TaxZone {
	return pricing.TaxZone{ID: id, Areas: []pricing.Area{area}, Rates: rates}
}

// A line of 3 at 1.08 with 19 % costs 3.86 when the tax of the line is
// rounded, and 3.87 when that of a unit is.
func TestTaxIsRoundedForTheLineOrForTheUnit(t *testing.T) {
	de := zone("de", pricing.Area{Country: "DE"}, pricing.TaxRate{Name: "VAT", Rate: percent(t, "19%")})
	for _, test := range []struct {
		settings pricing.Settings
		want     int64
	}{
		{pricing.Settings{}, 386},
		{pricing.Settings{TaxPerUnit: true}, 387},
	} {
		r := rulesOf(t, test.settings, []pricing.TaxZone{de})
		q, err := r.Price(pricing.Input{
			Currency: "EUR", Address: pricing.Address{Country: "DE"}, Lines: []pricing.Line{{SKU: "a", Quantity: 3, UnitPrice: 108}},
		})
		if err != nil || q.Total != test.want {
			t.Errorf("%+v: got %d, %v; want %d", test.settings, q.Total, err, test.want)
		}
	}
}

// Taxes and discounts are rounded each in its own way: a tenth of 1.05, of 1.15
// and of 1.06 is half a cent, half a cent and more than that.
func TestTaxesAndDiscountsAreRoundedAsTheStoreSays(t *testing.T) {
	de := zone("de", pricing.Area{Country: "DE"}, pricing.TaxRate{Name: "VAT", Rate: percent(t, "10%")})
	units := []int64{105, 115, 106}
	shares := map[money.Rounding][]int64{
		money.HalfEven: {10, 12, 11}, money.HalfUp: {11, 12, 11}, money.HalfDown: {10, 11, 11}, money.Down: {10, 11, 10}, money.Up: {11, 12, 11},
	}
	for mode, want := range shares {
		for i, unit := range units {
			in := pricing.Input{Currency: "EUR", Address: pricing.Address{Country: "DE"}, Lines: []pricing.Line{{SKU: "a", Quantity: 1, UnitPrice: unit}}}
			q, err := rulesOf(t, pricing.Settings{TaxRounding: mode, PriceRounding: money.Ceiling}, []pricing.TaxZone{de}).Price(in)
			if err != nil || q.Tax != want[i] {
				t.Errorf("%v: the tax on %d is %d, %v; want %d", mode, unit, q.Tax, err, want[i])
			}
			r, err := pricing.NewRules(pricing.Settings{TaxRounding: money.Ceiling, PriceRounding: mode}, nil, nil, percentOff("tenth", 10))
			if err != nil {
				t.Fatal(err)
			}
			if q, err = r.Price(in); err != nil || q.Discount != want[i] {
				t.Errorf("%v: the discount on %d is %d, %v; want %d", mode, unit, q.Discount, err, want[i])
			}
		}
	}
}

func TestSeveralTaxesOnALine(t *testing.T) {
	gst := pricing.TaxRate{Name: "GST", Rate: percent(t, "5%"), Priority: 1}
	qst := pricing.TaxRate{Name: "QST", Rate: percent(t, "9.975%"), Priority: 2}
	oldQST := qst
	oldQST.Compound, oldQST.Rate = true, percent(t, "9.5%")
	for name, test := range map[string]struct {
		rates    []pricing.TaxRate
		included bool
		price    int64
		want     []int64 // taxes
		total    int64
	}{
		"both on the price":    {[]pricing.TaxRate{qst, gst}, false, 10000, []int64{500, 998}, 11498},
		"one on the other":     {[]pricing.TaxRate{gst, oldQST}, false, 10000, []int64{500, 998}, 11498}, // 10500 × 9.5 % = 997.5
		"both in the price":    {[]pricing.TaxRate{gst, qst}, true, 11498, []int64{500, 998}, 11498},
		"compound in a price":  {[]pricing.TaxRate{gst, oldQST}, true, 11498, []int64{500, 998}, 11498},
		"nothing at 0":         {[]pricing.TaxRate{{Name: "VAT"}}, true, 100, []int64{0}, 100},
		"two of nothing":       {[]pricing.TaxRate{{Name: "A"}, {Name: "B"}}, true, 100, []int64{0, 0}, 100},
		"no taxes in the zone": {nil, false, 100, nil, 100},
	} {
		t.Run(name, func(t *testing.T) {
			r := rulesOf(t, pricing.Settings{TaxIncluded: test.included}, []pricing.TaxZone{zone("qc", pricing.Area{Country: "CA", Region: "QC"}, test.rates...)})
			q, err := r.Price(pricing.Input{
				Currency: "CAD", Address: pricing.Address{Country: "CA", Region: "qc"}, Lines: []pricing.Line{{SKU: "a", Quantity: 1, UnitPrice: test.price}},
			})
			if err != nil {
				t.Fatal(err)
			}
			var taxes []int64
			for _, tax := range q.Lines[0].Taxes {
				taxes = append(taxes, tax.Amount)
			}
			if !reflect.DeepEqual(taxes, test.want) || q.Total != test.total {
				t.Errorf("got %v and %d, want %v and %d", taxes, q.Total, test.want, test.total)
			}
		})
	}
}

func TestTheClosestZoneCounts(t *testing.T) {
	vat := pricing.TaxRate{Name: "VAT", Rate: percent(t, "10%")}
	zones := []pricing.TaxZone{
		zone("world", pricing.Area{}, vat),
		zone("es", pricing.Area{Country: "ES"}, vat),
		zone("es-canaries", pricing.Area{Country: "ES", PostcodeFrom: "35", PostcodeTo: "35"}, vat),
		zone("es-canaries-2", pricing.Area{Country: "ES", PostcodeFrom: "38000", PostcodeTo: "38999"}, vat),
		zone("us-ny", pricing.Area{Country: "US", Region: "NY"}, vat),
		zone("us-ny-city", pricing.Area{Country: "US", Region: "NY", PostcodeFrom: "10001", PostcodeTo: "10282"}, vat),
		zone("us-zip", pricing.Area{Country: "US", PostcodeFrom: "10001", PostcodeTo: "10282"}, vat),
		zone("gb-ni", pricing.Area{Country: "GB", PostcodeFrom: "BT", PostcodeTo: "BT"}, vat),
	}
	r := rulesOf(t, pricing.Settings{Home: pricing.Address{Country: "ES"}}, zones)
	for _, test := range []struct {
		country, region, postcode, want string
	}{
		{"ES", "", "28001", "es"}, {"ES", "", "35001", "es-canaries"}, {"ES", "TF", "38 001", "es-canaries-2"}, {"ES", "", "3", "es"},
		{"US", "NY", "10001-1234", "us-ny-city"}, {"US", "ny", "14201", "us-ny"}, {"US", "", "10010", "us-zip"}, {"US", "CA", "90210", "world"},
		{"GB", "", "bt1 1aa", "gb-ni"}, {"GB", "", "SW1A 1AA", "world"}, {"FR", "", "", "world"}, {"", "", "", "es"},
	} {
		q, err := r.Price(pricing.Input{Currency: "EUR", Address: pricing.Address{Country: test.country, Region: test.region, Postcode: test.postcode}})
		if err != nil || q.TaxZone != test.want {
			t.Errorf("%v: got %q, %v", test, q.TaxZone, err)
		}
	}
	if !r.NeedsAddress("ES") || !r.NeedsAddress("US") || r.NeedsAddress("FR") || r.NeedsAddress("") {
		t.Error("the address is asked for where it does not matter, or not where it does")
	}
}

func TestRatesHaveDatesAndCategories(t *testing.T) {
	day := func(s string) pricing.Period { return period(t, s) }
	de := zone("de", pricing.Area{Country: "DE"},
		pricing.TaxRate{Name: "USt", Rate: percent(t, "19%"), Period: day("2007-01-01/2020-06-30")},
		pricing.TaxRate{Name: "USt", Rate: percent(t, "16%"), Period: day("2020-07-01/2020-12-31")},
		pricing.TaxRate{Name: "USt", Rate: percent(t, "19%"), Period: day("2021-01-01/")},
		pricing.TaxRate{Name: "USt", Category: "books", Rate: percent(t, "7%"), Period: day("2021-01-01/")},
	)
	r := rulesOf(t, pricing.Settings{}, []pricing.TaxZone{de})
	for _, test := range []struct {
		at, category string
		want         int64
	}{
		{"2020-06-30T23:59:59Z", "", 1900}, {"2020-07-01T00:00:00Z", "", 1600}, {"2020-12-31T23:59:59Z", "", 1600},
		{"2021-01-01T00:00:00Z", "", 1900}, {"2006-12-31T23:59:59Z", "", 0},
		{"2024-01-01T00:00:00Z", "books", 700}, {"2020-08-01T00:00:00Z", "books", 1600}, {"2024-01-01T00:00:00Z", "toys", 1900},
	} {
		q, err := r.Price(pricing.Input{
			Currency: "EUR", At: moment(t, test.at), Address: pricing.Address{Country: "DE"},
			Lines: []pricing.Line{{SKU: "a", Quantity: 1, UnitPrice: 10000, TaxCategory: test.category}},
		})
		if err != nil || q.Tax != test.want {
			t.Errorf("%v: got %d, %v", test, q.Tax, err)
		}
	}
}

// Whatever is priced: net + tax = gross in each row, the rows add up, no minor
// unit is lost, and the same input gives the same quote.
func TestQuotesAddUp(t *testing.T) {
	currencies := money.Currencies()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRules(t, rapid.SampledFrom(currencies).Draw(t, "currency"))
		in := drawInput(t, r)
		q, err := r.Price(in)
		if err != nil {
			t.Fatal(err)
		}
		checkQuote(t, r, in, q)
		again, err := r.Price(in)
		if err != nil || !reflect.DeepEqual(q, again) || q.Explain(in.Lines) != again.Explain(in.Lines) {
			t.Fatalf("the same input was priced in two ways: %+v and %+v", q, again)
		}
	})
}

func checkQuote(t rapid.TB, r *pricing.Rules, in pricing.Input, q pricing.Quote) {
	t.Helper()
	var subtotal, discount, tax, gross int64
	added := int64(0)
	row := func(what string, included bool, amount, net, rowTax, rowGross int64, taxes []pricing.Tax) {
		sum := int64(0)
		for _, x := range taxes {
			sum += x.Amount
			if x.Amount < 0 {
				t.Fatalf("%s has a tax of %d", what, x.Amount)
			}
		}
		base := net
		if included {
			base = rowGross
		} else {
			added += rowTax
		}
		if net+rowTax != rowGross || sum != rowTax || amount != base || net < 0 {
			t.Fatalf("%s of %d: net %d + tax %d (%v) = gross %d", what, amount, net, rowTax, taxes, rowGross)
		}
		tax += rowTax
		gross += rowGross
	}
	for i, l := range q.Lines {
		if l.Total != in.Lines[i].Quantity*in.Lines[i].UnitPrice || l.Discount < 0 || l.Discount > l.Total {
			t.Fatalf("line %d: %+v of %+v", i, l, in.Lines[i])
		}
		for _, g := range in.Given {
			if g.Line == i+1 && l.Discount < g.Amount {
				t.Fatalf("line %d has a discount of %d, of which %d was given", i+1, l.Discount, g.Amount)
			}
		}
		if in.Lines[i].Voucher && l.Tax != 0 {
			t.Fatalf("the gift card of line %d is taxed by %d", i+1, l.Tax)
		}
		subtotal += l.Total
		discount += l.Discount
		row("a line", l.TaxIncluded, l.Total-l.Discount, l.Net, l.Tax, l.Gross, l.Taxes)
	}
	s := q.Shipping
	if s.Discount < 0 || s.Discount > s.Price || s.Amount != s.Price-s.Discount {
		t.Fatalf("shipping: %+v", s)
	}
	row("shipping", q.TaxIncluded, s.Amount, s.Net, s.Tax, s.Gross, s.Taxes)
	fees := int64(0)
	for _, f := range q.Fees {
		included := q.TaxIncluded
		if f.Line > 0 {
			included = q.Lines[f.Line-1].TaxIncluded
		}
		row("a fee", included, f.Amount, f.Net, f.Tax, f.Gross, f.Taxes)
		fees += f.Amount
	}
	total := subtotal - discount + fees + s.Amount + added
	if q.Subtotal != subtotal || q.Discount != discount || q.FeeTotal != fees || q.Tax != tax || q.TaxAdded != added || q.Total != gross || q.Total != total {
		t.Fatalf("%+v: the rows come to %d − %d, tax %d, gross %d", q, subtotal, discount, tax, gross)
	}
	sums := int64(0)
	for _, x := range q.TaxSums() {
		sums += x.Amount
	}
	if sums != tax {
		t.Fatalf("the sums of the taxes are %d, the tax is %d", sums, tax)
	}
}

func drawRate(t *rapid.T) money.Rate {
	r, err := money.NewRate(rapid.Int64Range(0, 50_000).Draw(t, "rate"), 100_000)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func drawRules(t *rapid.T, c money.Currency) *pricing.Rules {
	s := pricing.Settings{
		Currencies:  []money.Currency{c},
		TaxIncluded: rapid.Bool().Draw(t, "included"), TaxPerUnit: rapid.Bool().Draw(t, "per unit"),
		TaxRounding:   money.Rounding(rapid.IntRange(0, int(money.Ceiling)).Draw(t, "rounding")),
		PriceRounding: money.Rounding(rapid.IntRange(0, int(money.Ceiling)).Draw(t, "price rounding")),
	}
	z := pricing.TaxZone{ID: "z", Areas: []pricing.Area{{Country: "XX"}}}
	for range rapid.IntRange(0, 4).Draw(t, "rates") {
		z.Rates = append(z.Rates, pricing.TaxRate{
			Name: "tax", Rate: drawRate(t), Category: rapid.SampledFrom([]string{"", "books"}).Draw(t, "category"),
			Priority: rapid.IntRange(0, 2).Draw(t, "priority"), Compound: rapid.Bool().Draw(t, "compound"),
		})
	}
	m := pricing.ShippingMethod{ID: "post", Name: "Post", Rates: []pricing.ShippingRate{{
		Currency: c, FreeFrom: rapid.Int64Range(0, 5000).Draw(t, "free from"),
		Tiers: []pricing.ShippingTier{{Price: rapid.Int64Range(0, 999).Draw(t, "shipping"), PerUnit: rapid.Int64Range(0, 9).Draw(t, "per unit")}},
	}}}
	rules, err := pricing.NewRules(s, []pricing.TaxZone{z}, []pricing.ShippingZone{{ID: "z", Areas: []pricing.Area{{}}, Methods: []pricing.ShippingMethod{m}}})
	if err != nil {
		t.Fatal(err)
	}
	var fees []pricing.Fee
	for i := range rapid.IntRange(0, 3).Draw(t, "fees") {
		f := pricing.Fee{
			ID: fmt.Sprintf("f%d", i), Name: "Fee", PerLine: rapid.Bool().Draw(t, "per line"), Untaxed: rapid.Bool().Draw(t, "untaxed"),
			Amounts: []money.Amount{money.New(rapid.Int64Range(0, 999).Draw(t, "fee"), c)}, Rate: money.Percent(rapid.Int64Range(0, 20).Draw(t, "share")),
		}
		f.PerUnit = f.PerLine && rapid.Bool().Draw(t, "per unit")
		if rapid.Bool().Draw(t, "of one") {
			f.Items.SKUs = []catalog.SKU{"a"}
		}
		fees = append(fees, f)
	}
	if rules, err = rules.WithFees(fees...); err != nil {
		t.Fatal(err)
	}
	return rules
}

func drawInput(t *rapid.T, r *pricing.Rules) pricing.Input {
	in := pricing.Input{
		Currency: r.Settings.Currencies[0], Address: pricing.Address{Country: rapid.SampledFrom([]string{"XX", "YY", ""}).Draw(t, "country")},
		Method: rapid.SampledFrom([]string{"", "post", "pigeon"}).Draw(t, "method"),
	}
	for range rapid.IntRange(0, 6).Draw(t, "lines") {
		in.Lines = append(in.Lines, pricing.Line{
			SKU:         catalog.SKU(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "sku")),
			Quantity:    rapid.OneOf(rapid.Int64Range(1, 9), rapid.Int64Range(1, 1_000_000)).Draw(t, "quantity"),
			UnitPrice:   rapid.OneOf(rapid.Int64Range(0, 999), rapid.Int64Range(0, 1_000_000_000)).Draw(t, "price"),
			TaxCategory: rapid.SampledFrom([]string{"", "books"}).Draw(t, "category"),
			WeightGrams: rapid.Int64Range(0, 9999).Draw(t, "grams"),
			Prices:      rapid.SampledFrom([]catalog.PriceTax{"", "", catalog.TaxIn, catalog.TaxOnTop}).Draw(t, "prices"),
			Voucher:     rapid.IntRange(0, 5).Draw(t, "voucher") == 0,
		})
	}
	for i, l := range in.Lines {
		if rapid.IntRange(0, 3).Draw(t, "given") == 0 {
			in.Given = append(in.Given, pricing.Given{Line: i + 1, Name: "by hand", Amount: rapid.Int64Range(0, l.Quantity*l.UnitPrice).Draw(t, "amount")})
		}
	}
	return in
}

// TestGivenDiscounts: what was given comes off first, promotions take theirs of
// the rest, and more than a line costs cannot be given.
func TestGivenDiscounts(t *testing.T) {
	rules, err := pricing.NewRules(pricing.Settings{}, nil, nil, pricing.Promotion{ID: "ten", Name: "10 %", Effect: pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(10)}})
	if err != nil {
		t.Fatal(err)
	}
	in := pricing.Input{Currency: "EUR", Lines: []pricing.Line{{SKU: "a", Quantity: 2, UnitPrice: 500}, {SKU: "b", Quantity: 1, UnitPrice: 300}}}
	for _, c := range []struct {
		given    []pricing.Given
		discount int64
		refused  *pricing.GivenError
	}{
		{discount: 130},
		{given: []pricing.Given{{Line: 1, Name: "scratched", Amount: 400}}, discount: 400 + 90},
		{given: []pricing.Given{{Line: 1, Name: "scratched", Amount: 400}, {Line: 1, Name: "late", Amount: 600}, {Line: 2, Name: "late", Amount: 0}}, discount: 1000 + 30},
		{given: []pricing.Given{{Line: 1, Name: "scratched", Amount: 400}, {Line: 1, Name: "late", Amount: 601}}, refused: &pricing.GivenError{Line: 1, Name: "late", Amount: 601, Left: 600}},
		{given: []pricing.Given{{Line: 2, Name: "late", Amount: -1}}, refused: &pricing.GivenError{Line: 2, Name: "late", Amount: -1, Left: 300}},
		{given: []pricing.Given{{Line: 3, Name: "late", Amount: 1}}, refused: &pricing.GivenError{Line: 3, Name: "late", Amount: 1}},
	} {
		in.Given = c.given
		q, err := rules.Price(in)
		if e, ok := errors.AsType[*pricing.GivenError](err); ok && c.refused != nil {
			if *e != *c.refused || !errors.Is(err, fault.Invalid) {
				t.Errorf("%+v: got %+v", c.given, e)
			}
			continue
		}
		if err != nil || c.refused != nil || q.Discount != c.discount {
			t.Errorf("%+v: a discount of %d, %v", c.given, q.Discount, err)
		}
		off := int64(0)
		for _, a := range q.Promotions {
			off += a.Amount
		}
		if off != q.Discount {
			t.Errorf("%+v: %+v are the discounts of %d", c.given, q.Promotions, q.Discount)
		}
	}
}
