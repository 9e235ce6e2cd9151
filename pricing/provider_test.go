package pricing_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// bureau is a provider of taxes and rates that counts how often it is asked.
type bureau struct {
	asked int
	last  pricing.TaxRequest
	fail  error
	hang  bool
	tax   func(pricing.TaxRow) int64
}

func (b *bureau) Taxes(ctx context.Context, r pricing.TaxRequest) (pricing.TaxAnswer, error) {
	b.asked++
	b.last = r
	if b.hang {
		<-ctx.Done()
		return pricing.TaxAnswer{}, ctx.Err()
	}
	var a pricing.TaxAnswer
	for _, row := range r.Rows {
		a.Rows = append(a.Rows, []pricing.Tax{{Name: "City tax", Base: row.Amount, Amount: b.tax(row)}})
	}
	return a, b.fail
}

func (b *bureau) Rates(_ context.Context, r pricing.RateRequest) (map[string]pricing.CarrierRate, error) {
	b.asked++
	return map[string]pricing.CarrierRate{"post": {Price: r.Grams, MinDays: 2, MaxDays: 3}}, b.fail
}

func tenth(r pricing.TaxRow) int64 { return r.Amount / 10 }

func (b *bureau) input() pricing.Input {
	return pricing.Input{
		Currency: "EUR", At: pricing.At(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)), Address: pricing.Address{Country: "DE"}, Method: "parcel",
		Lines: []pricing.Line{{SKU: "mug", Quantity: 2, UnitPrice: 1000, WeightGrams: 400, TaxCategory: "ware"}},
	}
}

func TestATaxProviderIsAskedOnce(t *testing.T) {
	b := &bureau{tax: tenth}
	s, e := newServiceWith(t, pricing.Options{Taxes: b})
	r := rulesOf(t, pricing.Settings{}, []pricing.TaxZone{zone("de", pricing.Area{Country: "DE"}, pricing.TaxRate{Name: "VAT", Rate: money.Percent(19)})}, german())
	for range 3 {
		q, err := s.Quote(t.Context(), r, b.input())
		if err != nil || q.Tax != 200+49 || q.Total != 2000+495+249 || q.Estimated || q.Lines[0].Taxes[0].Name != "City tax" {
			t.Fatalf("got %+v, %v", q, err)
		}
	}
	want := []pricing.TaxRow{{SKU: "mug", Category: "ware", Quantity: 2, Amount: 2000}, {Quantity: 1, Amount: 495}}
	if b.asked != 1 || !slices.Equal(b.last.Rows, want) || b.last.Day != "2026-03-01" || b.last.Address.Country != "DE" {
		t.Errorf("asked %d times, last %+v", b.asked, b.last)
	}
	in := b.input()
	in.Lines[0].Quantity = 3
	before := b.asked
	if q, err := s.Quote(t.Context(), r, in); err != nil || q.Tax != 300+49 || b.asked != before+1 {
		t.Errorf("another cart: %+v, %v", q, err)
	}

	// One that fails is left alone for a while; the zones stand in for it.
	b.fail, in.Lines[0].Quantity = errors.New("out of office"), 4
	for range 3 {
		q, err := s.Quote(t.Context(), r, in)
		if err != nil || !q.Estimated || q.Tax != 760+94 {
			t.Errorf("estimated: %+v, %v", q, err)
		}
	}
	if b.asked != before+2 {
		t.Errorf("a provider that fails was asked %d times", b.asked-before-1)
	}
	b.fail = nil
	e.Advance(time.Minute)
	if q, err := s.Quote(t.Context(), r, in); err != nil || q.Estimated || q.Tax != 400+49 {
		t.Errorf("back again: %+v, %v", q, err)
	}
}

// One request that is refused, or fails, is no reason to keep others waiting.
func TestOneBadRequestDoesNotCloseAProvider(t *testing.T) {
	nowhere, down := "00000", false
	b := &bureau{tax: tenth}
	refuse := fault.New(fault.Invalid, "there is no postcode 00000")
	for _, c := range []struct {
		name  string
		err   error
		code  fault.Code
		asked int // of three times
	}{
		{"it refuses the request", refuse, fault.Invalid, 3},
		{"it fails", errors.New("index out of range"), fault.Unavailable, 1},
	} {
		p := &picky{bureau: b, fails: func(r pricing.TaxRequest) error {
			if down || r.Address.Postcode == nowhere {
				return c.err
			}
			return nil
		}}
		s, e := newServiceWith(t, pricing.Options{Taxes: p, StrictTaxes: true})
		r := rulesOf(t, pricing.Settings{}, []pricing.TaxZone{zone("de", pricing.Area{Country: "DE"}, pricing.TaxRate{Name: "VAT", Rate: money.Percent(19)})}, german())
		quote := func(postcode string) error {
			in := b.input()
			in.Address.Postcode = postcode
			q, err := s.Quote(t.Context(), r, in)
			if err == nil && q.Tax != 249 {
				t.Errorf("%s: a tax of %d", c.name, q.Tax)
			}
			return err
		}
		for range 3 {
			if err := quote(nowhere); fault.CodeOf(err) != c.code {
				t.Errorf("%s: got %v", c.name, err)
			}
		}
		if p.failed != c.asked {
			t.Errorf("%s: it was asked %d times of three, want %d", c.name, p.failed, c.asked)
		}
		if err := quote("10115"); err != nil {
			t.Errorf("%s: the next shopper is told %v", c.name, err)
		}
		if c.err == refuse {
			continue
		}
		// Several that fail in a row are the provider's failure.
		down, p.failed = true, 0
		for _, postcode := range []string{"10117", "10119", "10178", "10179", "10243"} {
			if err := quote(postcode); fault.CodeOf(err) != fault.Unavailable {
				t.Errorf("%s: got %v", c.name, err)
			}
		}
		if p.failed != 3 {
			t.Errorf("a provider that is down was asked %d times of five, want 3", p.failed)
		}
		down = false
		if err := quote("10247"); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("one that was down a moment ago: %v", err)
		}
		e.Advance(11 * time.Second)
		if err := quote("10247"); err != nil {
			t.Errorf("one that is back: %v", err)
		}
	}
}

// picky is a bureau that does not answer everything.
type picky struct {
	*bureau
	fails  func(pricing.TaxRequest) error
	failed int
}

func (p *picky) Taxes(ctx context.Context, r pricing.TaxRequest) (pricing.TaxAnswer, error) {
	if err := p.fails(r); err != nil {
		p.failed++
		return pricing.TaxAnswer{}, err
	}
	return p.bureau.Taxes(ctx, r)
}

func TestABadAnswerIsNone(t *testing.T) {
	for name, b := range map[string]*bureau{
		"a negative tax": {tax: func(pricing.TaxRow) int64 { return -1 }},
		"too much tax":   {tax: func(r pricing.TaxRow) int64 { return r.Amount + 1 }},
		"no time":        {hang: true},
	} {
		s, _ := newServiceWith(t, pricing.Options{Taxes: b, StrictTaxes: true, Deadline: time.Millisecond})
		q, err := s.Quote(t.Context(), rulesOf(t, pricing.Settings{TaxIncluded: true}, nil), b.input())
		if fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("%s: got %+v, %v", name, q, err)
		}
	}
}

func TestCarriersSayWhatTheyCharge(t *testing.T) {
	b := &bureau{}
	s, _ := newServiceWith(t, pricing.Options{Rates: b})
	z := pricing.ShippingZone{ID: "de", Areas: []pricing.Area{{Country: "DE"}}, Methods: []pricing.ShippingMethod{
		{ID: "parcel", Name: "Parcel", Carrier: "post", MaxWeightGrams: 1000}, {ID: "bike", Name: "Bike", Carrier: "messenger"},
	}}
	r := rulesOf(t, pricing.Settings{}, nil, z)
	q, err := s.Quote(t.Context(), r, b.input())
	if err != nil || q.Shipping.Amount != 800 || q.Offers[0].MaxDays != 3 || q.Offers[1].Reason != pricing.CarrierSilent {
		t.Errorf("got %+v, %v", q, err)
	}
	in := b.input()
	in.Lines[0].Quantity = 3
	if q, err = s.Quote(t.Context(), r, in); err != nil || q.Shipping.Reason != pricing.TooHeavy {
		t.Errorf("a heavier parcel: %+v, %v", q.Shipping, err)
	}
	b.fail, in.Lines[0].Quantity = errors.New("out of office"), 1
	if q, err = s.Quote(t.Context(), r, in); err != nil || q.Shipping.Reason != pricing.CarrierSilent || q.Shipping.Amount != 0 {
		t.Errorf("a carrier that does not answer: %+v, %v", q.Shipping, err)
	}
}

// A product that went after its variant was read leaves the line as the variant
// knows it: one without units could not be priced.
func TestALineOutlivesItsProduct(t *testing.T) {
	s, _ := newServiceWith(t, pricing.Options{})
	r := rulesOf(t, pricing.Settings{}, nil)
	r, err := r.WithFees(pricing.Fee{ID: "f", Name: "F", PerLine: true, Items: pricing.Selector{Categories: []catalog.CategoryID{"cat_1"}}, Amounts: euros(10)})
	if err != nil {
		t.Fatal(err)
	}
	v := catalog.Variant{SKU: "mug", Product: "prd_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", TaxCategory: "books"}
	l, err := s.Describe(t.Context(), r, &v, "EUR", 3, 500)
	if fault.CodeOf(err) != fault.NotFound || l.SKU != "mug" || l.Quantity != 3 || l.UnitPrice != 500 || l.TaxCategory != "books" {
		t.Errorf("got %+v, %v", l, err)
	}
}
