package pricing_test

import (
	"slices"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// wrapping is a fee for each line that asks for gift wrap.
func wrapping() pricing.Fee {
	return pricing.Fee{ID: "gift-wrap", Name: "Gift wrap", Kind: pricing.GiftWrap, PerLine: true, Property: "gift_wrap", Amounts: euros(250)}
}

func TestFees(t *testing.T) {
	vat := zone("de", pricing.Area{Country: "DE"}, pricing.TaxRate{Name: "VAT", Rate: percent(t, "20%")},
		pricing.TaxRate{Name: "VAT", Category: "books", Rate: percent(t, "10%")})
	in := pricing.Input{
		Currency: "EUR", Address: pricing.Address{Country: "DE"}, Method: "parcel", Payments: []string{"invoice"},
		Lines: []pricing.Line{
			{SKU: "bottle", Quantity: 6, UnitPrice: 100},
			{SKU: "novel", Quantity: 1, UnitPrice: 1000, TaxCategory: "books", Properties: []string{"gift_wrap"}},
		},
	}
	deposit := pricing.Fee{ID: "deposit", Name: "Deposit", Kind: pricing.Deposit, PerLine: true, PerUnit: true, Items: skus("bottle"), Amounts: euros(25)}
	small := pricing.Fee{ID: "small", Name: "Small order", Kind: pricing.SmallOrder, BelowSubtotal: euros(2000), Amounts: euros(300)}
	paying := pricing.Fee{ID: "invoice", Name: "Paying by invoice", Kind: pricing.OnPayment, Payments: []string{"invoice"}, Rate: money.Percent(2)}
	untaxed := pricing.Fee{ID: "duty", Name: "Duty", Kind: pricing.Duty, Amounts: euros(500), Untaxed: true}
	with := func(f pricing.Fee, change func(*pricing.Fee)) pricing.Fee {
		change(&f)
		return f
	}
	for name, test := range map[string]struct {
		fees []pricing.Fee
		want []int64 // amounts
		tax  int64   // of the fees
	}{
		"by the unit":             {[]pricing.Fee{deposit}, []int64{150}, 30},
		"taxed as the line":       {[]pricing.Fee{wrapping()}, []int64{250}, 25},
		"taxed in its own way":    {[]pricing.Fee{with(wrapping(), func(f *pricing.Fee) { f.TaxCategory = "standard" })}, []int64{250}, 50},
		"small order":             {[]pricing.Fee{small}, []int64{300}, 60},
		"not so small":            {[]pricing.Fee{with(small, func(f *pricing.Fee) { f.BelowSubtotal = euros(1600) })}, nil, 0},
		"small in other money":    {[]pricing.Fee{with(small, func(f *pricing.Fee) { f.BelowSubtotal = []money.Amount{money.New(9000, "USD")} })}, nil, 0},
		"a way to pay":            {[]pricing.Fee{paying}, []int64{42}, 8}, // 2 % of 16.00 and 4.95
		"another way to pay":      {[]pricing.Fee{with(paying, func(f *pricing.Fee) { f.Payments = []string{"card"} })}, nil, 0},
		"untaxed":                 {[]pricing.Fee{untaxed}, []int64{500}, 0},
		"of goods that are there": {[]pricing.Fee{with(small, func(f *pricing.Fee) { f.Items = skus("novel") })}, []int64{300}, 60},
		"of goods that are not":   {[]pricing.Fee{with(small, func(f *pricing.Fee) { f.Items = skus("vase") })}, nil, 0},
		"paused":                  {[]pricing.Fee{with(small, func(f *pricing.Fee) { f.Paused = true })}, nil, 0},
		"elsewhere":               {[]pricing.Fee{with(small, func(f *pricing.Fee) { f.If.Countries = []string{"FR"} })}, nil, 0},
		"too few":                 {[]pricing.Fee{with(small, func(f *pricing.Fee) { f.If.MinQuantity = 8 })}, nil, 0},
		"a share of each line":    {[]pricing.Fee{with(deposit, func(f *pricing.Fee) { f.Amounts, f.Rate = nil, money.Percent(10) })}, []int64{60}, 12},
		"lines before the cart":   {[]pricing.Fee{deposit, untaxed, wrapping()}, []int64{150, 250, 500}, 55},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := rulesOf(t, pricing.Settings{}, []pricing.TaxZone{vat}, german()).WithFees(test.fees...)
			if err != nil {
				t.Fatal(err)
			}
			q, err := r.Price(in)
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			var tax, sum int64
			for _, f := range q.Fees {
				got, tax, sum = append(got, f.Amount), tax+f.Tax, sum+f.Amount
			}
			if !slices.Equal(got, test.want) || tax != test.tax || q.FeeTotal != sum || q.Total != 1600+120+100+q.Shipping.Gross+sum+tax {
				t.Errorf("got %v with a tax of %d, want %v and %d:\n%s", got, tax, test.want, test.tax, q.Explain(in.Lines))
			}
		})
	}
}

func TestFeesThatCannotBe(t *testing.T) {
	for name, f := range map[string]pricing.Fee{
		"no name":             {ID: "a", Amounts: euros(1)},
		"no ID":               {Name: "A", Amounts: euros(1)},
		"nothing":             {ID: "a", Name: "A"},
		"units of a cart":     {ID: "a", Name: "A", Amounts: euros(1), PerUnit: true},
		"property of a cart":  {ID: "a", Name: "A", Amounts: euros(1), Property: "wrap"},
		"below zero":          {ID: "a", Name: "A", Amounts: euros(-1)},
		"kind":                {ID: "a", Name: "A", Amounts: euros(1), Kind: "whim"},
		"taxed and not taxed": {ID: "a", Name: "A", Amounts: euros(1), Untaxed: true, TaxCategory: "books"},
		"more than all":       {ID: "a", Name: "A", Rate: money.Percent(101)},
	} {
		if err := f.Check(); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A store that sells with tax in its prices has a list for traders without it:
// both may be in one cart.
func TestPricesContainTheirTaxByLine(t *testing.T) {
	r := rulesOf(t, pricing.Settings{TaxIncluded: true}, []pricing.TaxZone{zone("de", pricing.Area{Country: "DE"}, pricing.TaxRate{Name: "VAT", Rate: percent(t, "20%")})})
	in := pricing.Input{Currency: "EUR", Address: pricing.Address{Country: "DE"}, Lines: []pricing.Line{
		{SKU: "a", Quantity: 1, UnitPrice: 1200},
		{SKU: "b", Quantity: 1, UnitPrice: 1000, Prices: catalog.TaxOnTop},
		{SKU: "c", Quantity: 1, UnitPrice: 600, Prices: catalog.TaxIn},
	}}
	q, err := r.Price(in)
	if err != nil || q.Total != 3000 || q.Tax != 500 || q.TaxAdded != 200 || q.Lines[1].TaxIncluded || q.Lines[1].Gross != 1200 {
		t.Errorf("%v:\n%s", err, q.Explain(in.Lines))
	}
	golden(t, "mixed", q.Explain(in.Lines))
}

func TestFeesAreRules(t *testing.T) {
	s, _ := newService(t)
	ctx := t.Context()
	if _, err := s.PutFee(ctx, pricing.PutFee{Fee: wrapping()}); err != nil {
		t.Fatal(err)
	}
	r, err := s.PutFee(ctx, pricing.PutFee{Fee: pricing.Fee{ID: "handling", Name: "Handling", Amounts: euros(100)}})
	if err != nil || len(r.Fees()) != 2 || r.Fees()[0].Property != "gift_wrap" {
		t.Fatalf("got %+v, %v", r.Fees(), err)
	}
	if r, err = s.Remove(ctx, pricing.Remove{Rule: pricing.KindFee, ID: "gift-wrap"}); err != nil || len(r.Fees()) != 1 {
		t.Fatalf("got %+v, %v", r.Fees(), err)
	}
	if goods, fees := r.ForAdded(); len(goods.Fees()) != 0 || fees != nil {
		t.Error("what is added to an order that was placed would be charged what its cart was")
	}
	if r, err = s.PutFee(ctx, pricing.PutFee{Fee: wrapping()}); err != nil {
		t.Fatal(err)
	}
	if goods, fees := r.ForAdded(); len(goods.Fees()) != 0 || len(fees.Fees()) != 1 {
		t.Error("what is added to an order that was placed is charged what lines are, beside its price")
	}
}
