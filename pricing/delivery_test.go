package pricing_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
	"pgregory.net/rapid"
)

// french is a shipping zone whose parcel costs more.
func french() pricing.ShippingZone {
	return pricing.ShippingZone{ID: "fr", Areas: []pricing.Area{{Country: "FR"}}, Methods: []pricing.ShippingMethod{
		{ID: "parcel", Name: "Colis", MinDays: 2, MaxDays: 5, Rates: rate(pricing.ByNothing, 9000, pricing.ShippingTier{Price: 990})},
		{ID: "letter", Name: "Lettre", MaxWeightGrams: 500, Rates: rate(pricing.ByNothing, 0, pricing.ShippingTier{Price: 300})},
	}}
}

func vat(t testing.TB) []pricing.TaxZone {
	return []pricing.TaxZone{
		zone("de", pricing.Area{Country: "DE"}, pricing.TaxRate{Name: "VAT", Rate: percent(t, "19%")}),
		zone("fr", pricing.Area{Country: "FR"}, pricing.TaxRate{Name: "TVA", Rate: percent(t, "20%")}),
	}
}

// twoPlaces is a cart that goes to Germany and to France: a mug at 10.00 and a
// pot at 25.00 here, two mugs there.
func twoPlaces() pricing.Input {
	return pricing.Input{
		Currency: "EUR", At: 1, Address: pricing.Address{Country: "DE"}, Method: "parcel",
		More: []pricing.Delivery{{Address: pricing.Address{Country: "FR"}, Method: "parcel"}},
		Lines: []pricing.Line{
			{SKU: "mug", Quantity: 1, UnitPrice: 1000, WeightGrams: 400},
			{SKU: "mug", Quantity: 2, UnitPrice: 1000, WeightGrams: 400, Delivery: 1},
			{SKU: "pot", Quantity: 1, UnitPrice: 2500, WeightGrams: 900},
		},
	}
}

func TestEachDeliveryIsSentAndTaxedWhereItGoes(t *testing.T) {
	r := rulesOf(t, pricing.Settings{}, vat(t), german(), french())
	q, err := r.Price(twoPlaces())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int64{190, 400, 475} {
		if q.Lines[i].Tax != want {
			t.Errorf("line %d is taxed %d, want %d", i+1, q.Lines[i].Tax, want)
		}
	}
	to := q.More[0]
	if q.Shipping.Price != 495 || q.Shipping.Tax != 94 || to.Shipping.Price != 990 || to.Shipping.Tax != 198 || to.Shipping.Name != "Colis" || to.TaxZone != "fr" || q.TaxZone != "de" {
		t.Errorf("shipping: %+v and %+v", q.Shipping, to)
	}
	if len(q.Offers) != 7 || len(to.Offers) != 2 || to.Offers[1].Reason != pricing.TooHeavy || to.Offers[0].First != "1970-01-03" {
		t.Errorf("offers: %+v and %+v", q.Offers, to.Offers)
	}
	amount, tax := q.ShippingTotal()
	if amount != 1485 || tax != 292 || q.Total != 5500+1485+q.Tax || q.Tax != 190+400+475+292 || q.TaxAdded != q.Tax {
		t.Errorf("totals: %+v", q)
	}
	in := twoPlaces()
	in.Lines[1].Quantity = 10 // goods for 100.00 to France: free there, and 35.00 stay below the 50.00 here
	if q, err = r.Price(in); err != nil || q.More[0].Shipping.Price != 0 || q.Shipping.Price != 495 {
		t.Errorf("shipping goes by what is in the delivery: %+v, %v", q, err)
	}
	in.Lines[1].Delivery = 2
	if _, err := r.Price(in); err == nil {
		t.Error("a line goes to a delivery that is not there")
	}
}

func TestDeliveriesWithoutLinesCostNothing(t *testing.T) {
	r := rulesOf(t, pricing.Settings{}, vat(t), german(), french())
	in := twoPlaces()
	in.Lines = in.Lines[1:2]
	q, err := r.Price(in)
	if err != nil || q.Shipping.Amount != 0 || q.More[0].Shipping.Amount != 990 || q.Total != 2000+990+598 {
		t.Errorf("got %+v, %v", q, err)
	}
	one := twoPlaces()
	one.More, one.Lines = nil, one.Lines[:1]
	with := one
	with.More = twoPlaces().More
	a, err := r.Price(one)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Price(with)
	if err != nil {
		t.Fatal(err)
	}
	if b.More = nil; !reflect.DeepEqual(a, b) {
		t.Errorf("an empty delivery changes what the other costs: %+v and %+v", a, b)
	}
}

func TestShippingDiscountsAreDividedOverDeliveries(t *testing.T) {
	free := pricing.Promotion{ID: "free", Name: "Free", Effect: pricing.Effect{Kind: pricing.FreeShipping, Rate: money.Percent(100)}}
	for name, test := range map[string]struct {
		change       func(*pricing.Promotion)
		first, other int64 // discounts
	}{
		"free":        {func(*pricing.Promotion) {}, 495, 990},
		"half":        {func(p *pricing.Promotion) { p.Effect.Rate = money.Percent(50) }, 247, 495}, // 742.5 is 742; of the rest the larger remainder
		"at most one": {func(p *pricing.Promotion) { p.Effect.AtMost = euros(100) }, 33, 67},
		"not that":    {func(p *pricing.Promotion) { p.Effect.Methods = []string{"letter"} }, 0, 0},
		"home only":   {func(p *pricing.Promotion) { p.If.Countries = []string{"DE"} }, 0, 0},
		"both places": {func(p *pricing.Promotion) { p.If.Countries = []string{"DE", "FR"} }, 495, 990},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := pricing.NewRules(pricing.Settings{}, vat(t), []pricing.ShippingZone{german(), french()}, with(free, test.change))
			if err != nil {
				t.Fatal(err)
			}
			q, err := r.Price(twoPlaces())
			if err != nil || q.Shipping.Discount != test.first || q.More[0].Shipping.Discount != test.other {
				t.Fatalf("discounts %d and %d, %v", q.Shipping.Discount, q.More[0].Shipping.Discount, err)
			}
			for _, a := range q.Promotions {
				sum := int64(0)
				for _, d := range a.Deliveries {
					sum += d.Amount
				}
				if sum != a.Shipping || sum != test.first+test.other {
					t.Errorf("%+v: its deliveries come to %d", a, sum)
				}
			}
		})
	}
}

func TestDeliveriesAreExemptByThemselves(t *testing.T) {
	r := rulesOf(t, pricing.Settings{}, vat(t), german(), french())
	in := twoPlaces()
	in.More[0].TaxExempt = "FR-1"
	q, err := r.Price(in)
	if err != nil || q.TaxExempt != "" || q.More[0].TaxExempt != "FR-1" || q.Tax != 190+475+94 {
		t.Errorf("one of them: %+v, %v", q, err)
	}
	in.TaxExempt = "DE-1"
	if q, err = r.Price(in); err != nil || q.TaxExempt != "DE-1" || q.Tax != 0 {
		t.Errorf("both: %+v, %v", q, err)
	}
}

func TestGoldenExplainDeliveries(t *testing.T) {
	half := pricing.Promotion{ID: "post", Name: "Half the postage", Effect: pricing.Effect{Kind: pricing.FreeShipping, Rate: money.Percent(50)}}
	r, err := pricing.NewRules(pricing.Settings{}, vat(t), []pricing.ShippingZone{german(), french()}, half, percentOff("ten", 10))
	if err != nil {
		t.Fatal(err)
	}
	in := twoPlaces()
	q, err := r.Price(in)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "deliveries", q.Explain(in.Lines))
}

// byCountry is a tax provider for which every country has its rate.
type byCountry struct{ asked []pricing.TaxRequest }

func (b *byCountry) Taxes(_ context.Context, r pricing.TaxRequest) (a pricing.TaxAnswer, err error) {
	b.asked = append(b.asked, r)
	for _, row := range r.Rows {
		share := int64(10)
		if r.Address.Country == "FR" {
			share = 5
		}
		a.Rows = append(a.Rows, []pricing.Tax{{Name: r.Address.Country, Base: row.Amount, Amount: row.Amount / share}})
	}
	return a, nil
}

func TestProvidersAreAskedForEachDelivery(t *testing.T) {
	b := &byCountry{}
	s, _ := newServiceWith(t, pricing.Options{Taxes: b})
	fee := pricing.Fee{ID: "wrap", Name: "Wrap", PerLine: true, Amounts: euros(100)}
	r := rulesOf(t, pricing.Settings{}, vat(t), german(), french())
	r, err := r.WithFees(fee, pricing.Fee{ID: "small", Name: "Small order", Amounts: euros(200)})
	if err != nil {
		t.Fatal(err)
	}
	q, err := s.Quote(t.Context(), r, twoPlaces())
	if err != nil || len(b.asked) != 2 {
		t.Fatalf("asked %d times, %v", len(b.asked), err)
	}
	if len(b.asked[0].Rows) != 2+1+2+1 || len(b.asked[1].Rows) != 1+1+1 {
		t.Errorf("asked for %+v", b.asked)
	}
	taxes := []int64{q.Lines[0].Tax, q.Lines[1].Tax, q.Lines[2].Tax, q.Shipping.Tax, q.More[0].Shipping.Tax}
	for _, f := range q.Fees {
		taxes = append(taxes, f.Tax)
	}
	if want := []int64{100, 400, 250, 49, 198, 10, 20, 10, 20}; !reflect.DeepEqual(taxes, want) {
		t.Errorf("taxes %d, want %d", taxes, want)
	}
}

// Whatever is divided over whatever deliveries: nothing is lost or made, and
// replay gives the same.
func TestDeliveriesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var promotions []pricing.Promotion
		for i := range rapid.IntRange(0, 3).Draw(t, "promotions") {
			p := percentOff(fmt.Sprint("p", i), rapid.Int64Range(1, 60).Draw(t, "percent"))
			if rapid.Bool().Draw(t, "shipping") {
				p.Effect.Kind = pricing.FreeShipping
				p.Alone = rapid.Bool().Draw(t, "alone")
			}
			promotions = append(promotions, p)
		}
		de := zone("de", pricing.Area{Country: "DE"}, pricing.TaxRate{Name: "VAT", Rate: money.Percent(19)})
		fr := zone("fr", pricing.Area{Country: "FR"}, pricing.TaxRate{Name: "TVA", Rate: money.Percent(20)}, pricing.TaxRate{Name: "Eco", Rate: money.Percent(1)})
		r, err := pricing.NewRules(pricing.Settings{TaxIncluded: rapid.Bool().Draw(t, "included"), TaxPerUnit: rapid.Bool().Draw(t, "unit")},
			[]pricing.TaxZone{de, fr}, []pricing.ShippingZone{german(), french()}, promotions...)
		if err != nil {
			t.Fatal(err)
		}
		country := rapid.SampledFrom([]string{"DE", "FR", "US", ""})
		method := rapid.SampledFrom([]string{"", "parcel", "letter", "insured"})
		in := pricing.Input{Currency: "EUR", Address: pricing.Address{Country: country.Draw(t, "country")}, Method: method.Draw(t, "method")}
		for range rapid.IntRange(0, 4).Draw(t, "more") {
			in.More = append(in.More, pricing.Delivery{Address: pricing.Address{Country: country.Draw(t, "country")}, Method: method.Draw(t, "method")})
		}
		for i := range rapid.IntRange(0, 8).Draw(t, "lines") {
			in.Lines = append(in.Lines, pricing.Line{
				SKU: catalog.SKU(fmt.Sprint("s", i)), Quantity: rapid.Int64Range(1, 9).Draw(t, "quantity"), UnitPrice: rapid.Int64Range(0, 9999).Draw(t, "price"),
				WeightGrams: rapid.Int64Range(0, 300).Draw(t, "grams"), Delivery: rapid.IntRange(0, len(in.More)).Draw(t, "delivery"),
			})
		}
		q, err := r.Price(in)
		if err != nil {
			t.Fatal(err)
		}
		again, err := r.Price(in)
		if err != nil || !reflect.DeepEqual(q, again) {
			t.Fatalf("priced again: %+v, %v", again, err)
		}
		shipping, shippingTax := q.ShippingTotal()
		net, tax, gross := int64(0), shippingTax, int64(0)
		for _, l := range q.Lines {
			net, tax, gross = net+l.Net, tax+l.Tax, gross+l.Gross
		}
		for _, s := range append([]pricing.QuotedShipping{q.Shipping}, shippings(q)...) {
			net, gross = net+s.Net, gross+s.Gross
			if s.Discount < 0 || s.Discount > s.Price || s.Net+s.Tax != s.Gross {
				t.Fatalf("shipping: %+v", s)
			}
		}
		if gross != q.Total || tax != q.Tax || net+tax != gross || q.Total != q.Subtotal-q.Discount+shipping+q.TaxAdded {
			t.Fatalf("totals do not add up: %+v", q)
		}
		off := int64(0)
		for _, a := range q.Promotions {
			off += a.Amount
		}
		given := q.Discount + q.Shipping.Discount
		for _, s := range shippings(q) {
			given += s.Discount
		}
		if off != given && len(in.Lines) > 0 {
			t.Fatalf("promotions come to %d, discounts to %d: %+v", off, given, q)
		}
	})
}

func shippings(q pricing.Quote) (out []pricing.QuotedShipping) {
	for _, d := range q.More {
		out = append(out, d.Shipping)
	}
	return out
}
