package pricing_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
	"pgregory.net/rapid"
)

func euros(minor int64) []money.Amount { return []money.Amount{money.New(minor, "EUR")} }

func percentOff(id string, n int64) pricing.Promotion {
	return pricing.Promotion{ID: id, Name: id, Effect: pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(n)}}
}

func amountOff(id string, minor int64) pricing.Promotion {
	return pricing.Promotion{ID: id, Name: id, Effect: pricing.Effect{Kind: pricing.AmountOff, Amounts: euros(minor)}}
}

// with returns a changed copy.
func with(p pricing.Promotion, change func(*pricing.Promotion)) pricing.Promotion {
	change(&p)
	return p
}

func skus(list ...catalog.SKU) pricing.Selector { return pricing.Selector{SKUs: list} }

// basket is 2 mugs at 10.00, a pot at 25.00 and 3 teas at 3.33.
func basket() pricing.Input {
	return pricing.Input{Currency: "EUR", Address: pricing.Address{Country: "DE"}, Lines: []pricing.Line{
		{SKU: "mug", Quantity: 2, UnitPrice: 1000, Product: "prd_1", Categories: []catalog.CategoryID{"cat_mugs", "cat_kitchen"}, Collections: []catalog.CollectionID{"col_gifts"}},
		{SKU: "pot", Quantity: 1, UnitPrice: 2500, Product: "prd_2", Categories: []catalog.CategoryID{"cat_kitchen"}, OnSale: true},
		{SKU: "tea", Quantity: 3, UnitPrice: 333, Product: "prd_3", Attributes: []catalog.Attribute{
			{Name: "Leaf", Kind: catalog.EnumAttribute, Values: []string{"green", "whole"}}, {Name: "Origin", Kind: catalog.TextAttribute, Text: "Assam"},
		}},
	}}
}

func priced(t testing.TB, in pricing.Input, promotions ...pricing.Promotion) pricing.Quote {
	t.Helper()
	r, err := pricing.NewRules(pricing.Settings{}, nil, []pricing.ShippingZone{german()}, promotions...)
	if err != nil {
		t.Fatal(err)
	}
	q, err := r.Price(in)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func discounts(q pricing.Quote) (out []int64) {
	for _, l := range q.Lines {
		out = append(out, l.Discount)
	}
	return out
}

func TestEffects(t *testing.T) {
	third, err := money.NewRate(1, 3)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		p    pricing.Promotion
		want []int64
	}{
		"10 % off":        {percentOff("p", 10), []int64{200, 250, 100}}, // 549.9 is 550; shares 200, 250 and 99.9
		"a third off one": {with(percentOff("p", 1), func(p *pricing.Promotion) { p.Effect.Rate, p.Effect.Items = third, skus("tea") }), []int64{0, 0, 333}},
		"5 off all":       {amountOff("p", 500), []int64{182, 227, 91}}, // 181.85, 227.31, 90.84
		"5 off each kitchenware": {with(amountOff("p", 500), func(p *pricing.Promotion) {
			p.Effect.PerUnit = true
			p.Effect.Items.Categories = []catalog.CategoryID{"cat_kitchen"}
		}), []int64{1000, 500, 0}},
		"more than it costs":    {with(amountOff("p", 5000), func(p *pricing.Promotion) { p.Effect.PerUnit = true }), []int64{2000, 2500, 999}},
		"more than all costs":   {amountOff("p", 99999), []int64{2000, 2500, 999}},
		"in another currency":   {with(amountOff("p", 1), func(p *pricing.Promotion) { p.Effect.Amounts = []money.Amount{money.New(1, "USD")} }), []int64{0, 0, 0}},
		"mugs for 7":            {pricing.Promotion{ID: "p", Name: "p", Effect: pricing.Effect{Kind: pricing.FixedPrice, Amounts: euros(700), Items: skus("mug", "tea")}}, []int64{600, 0, 0}},
		"3 for 2, the cheapest": {pricing.Promotion{ID: "p", Name: "p", Effect: pricing.Effect{Kind: pricing.BuyGet, Buy: 2, Get: 1, Rate: money.Percent(100)}}, []int64{0, 0, 666}},
		"3 for 2, once":         {pricing.Promotion{ID: "p", Name: "p", Effect: pricing.Effect{Kind: pricing.BuyGet, Buy: 2, Get: 1, Times: 1, Rate: money.Percent(50)}}, []int64{0, 0, 166}},
		"a mug gets 2 teas": {pricing.Promotion{ID: "p", Name: "p", If: pricing.Conditions{Items: skus("mug")},
			Effect: pricing.Effect{Kind: pricing.BuyGet, Items: skus("tea", "mug"), Buy: 1, Get: 1, Rate: money.Percent(100)}}, []int64{0, 0, 666}},
		// Six units: two mugs, a pot and a tea are bought for the two teas that are got.
		"any 2 get a tea":       {pricing.Promotion{ID: "p", Name: "p", Effect: pricing.Effect{Kind: pricing.BuyGet, Items: skus("tea"), Buy: 2, Get: 1, Rate: money.Percent(100)}}, []int64{0, 0, 666}},
		"any 2 get a tea, once": {pricing.Promotion{ID: "p", Name: "p", Effect: pricing.Effect{Kind: pricing.BuyGet, Items: skus("tea"), Buy: 2, Get: 1, Times: 1, Rate: money.Percent(100)}}, []int64{0, 0, 333}},
		"any 6 get a tea":       {pricing.Promotion{ID: "p", Name: "p", Effect: pricing.Effect{Kind: pricing.BuyGet, Items: skus("tea"), Buy: 6, Get: 1, Rate: money.Percent(100)}}, []int64{0, 0, 0}},
		"a tier in another currency": {pricing.Promotion{ID: "p", Name: "p", Effect: pricing.Effect{Kind: pricing.Tiered, Tiers: []pricing.Tier{
			{MinQuantity: 2, Rate: money.Percent(10)}, {MinQuantity: 3, Amounts: []money.Amount{money.New(9900, "USD")}},
		}}}, []int64{200, 250, 100}},
		"a tea as a gift": {pricing.Promotion{ID: "p", Name: "p", Effect: pricing.Effect{Kind: pricing.Gift, Items: skus("tea"), Get: 1}}, []int64{0, 0, 333}},
		"the second tier": {pricing.Promotion{ID: "p", Name: "p", Effect: pricing.Effect{Kind: pricing.Tiered, Tiers: []pricing.Tier{
			{MinQuantity: 2, Rate: money.Percent(1)}, {MinSubtotal: euros(5000), Amounts: euros(100)}, {MinQuantity: 7, Rate: money.Percent(90)},
		}}}, []int64{36, 46, 18}},
		"at most 1":           {with(percentOff("p", 50), func(p *pricing.Promotion) { p.Effect.AtMost = euros(100) }), []int64{36, 46, 18}},
		"not what is on sale": {with(percentOff("p", 10), func(p *pricing.Promotion) { p.Effect.Items.ExceptOnSale = true }), []int64{200, 0, 100}},
		"but mugs":            {with(percentOff("p", 10), func(p *pricing.Promotion) { p.Effect.Items.ExceptCategories = []catalog.CategoryID{"cat_mugs"} }), []int64{0, 250, 100}},
		"whole leaves": {with(percentOff("p", 10), func(p *pricing.Promotion) {
			p.Effect.Items.Attributes = []pricing.AttributeValue{{Name: "Leaf", Value: "whole"}}
		}), []int64{0, 0, 100}},
		"from Assam": {with(percentOff("p", 10), func(p *pricing.Promotion) {
			p.Effect.Items.Attributes = []pricing.AttributeValue{{Name: "Origin", Value: "Assam"}}
		}), []int64{0, 0, 100}},
		"a product": {with(percentOff("p", 10), func(p *pricing.Promotion) { p.Effect.Items.Products = []catalog.ProductID{"prd_2"} }), []int64{0, 250, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			q := priced(t, basket(), test.p)
			if got := discounts(q); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v; %+v", got, test.want, q.Promotions)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	p := percentOff("p", 10)
	for name, test := range map[string]struct {
		change func(*pricing.Promotion)
		in     func(*pricing.Input)
		want   bool
	}{
		"none":            {func(p *pricing.Promotion) {}, nil, true},
		"paused":          {func(p *pricing.Promotion) { p.Paused = true }, nil, false},
		"not yet":         {func(p *pricing.Promotion) { p.Period.From = 2 }, func(in *pricing.Input) { in.At = 1 }, false},
		"from now on":     {func(p *pricing.Promotion) { p.Period.From = 2 }, func(in *pricing.Input) { in.At = 2 }, true},
		"over":            {func(p *pricing.Promotion) { p.Period.Until = 2 }, func(in *pricing.Input) { in.At = 2 }, false},
		"enough":          {func(p *pricing.Promotion) { p.If.MinSubtotal = euros(5499) }, nil, true},
		"not enough":      {func(p *pricing.Promotion) { p.If.MinSubtotal = euros(5500) }, nil, false},
		"not enough mugs": {func(p *pricing.Promotion) { p.If.MinQuantity, p.If.Items = 3, skus("mug") }, nil, false},
		"enough mugs":     {func(p *pricing.Promotion) { p.If.MinQuantity, p.If.Items = 2, skus("mug") }, nil, true},
		"no cups":         {func(p *pricing.Promotion) { p.If.Items = skus("cup") }, nil, false},
		"gifts":           {func(p *pricing.Promotion) { p.If.Items.Collections = []catalog.CollectionID{"col_gifts"} }, nil, true},
		"no gifts":        {func(p *pricing.Promotion) { p.If.Items.Collections = []catalog.CollectionID{"col_sale"} }, nil, false},
		"too few besides gifts": {func(p *pricing.Promotion) {
			p.If.MinQuantity, p.If.Items.ExceptCollections = 5, []catalog.CollectionID{"col_gifts"}
		}, nil, false},
		"in dollars":            {func(p *pricing.Promotion) { p.If.Currencies = []money.Currency{"USD"} }, nil, false},
		"in Germany":            {func(p *pricing.Promotion) { p.If.Countries = []string{"DE"} }, nil, true},
		"in France":             {func(p *pricing.Promotion) { p.If.Countries = []string{"FR"} }, nil, false},
		"on the web":            {func(p *pricing.Promotion) { p.If.Channels = []string{"web"} }, func(in *pricing.Input) { in.Channel = "web" }, true},
		"in the shop":           {func(p *pricing.Promotion) { p.If.Channels = []string{"pos"} }, func(in *pricing.Input) { in.Channel = "web" }, false},
		"friends":               {func(p *pricing.Promotion) { p.If.Groups = []string{"friends"} }, func(in *pricing.Input) { in.LoggedIn, in.Groups = true, []string{"a", "friends"} }, true},
		"strangers":             {func(p *pricing.Promotion) { p.If.Groups = []string{"friends"} }, func(in *pricing.Input) { in.LoggedIn = true }, false},
		"guests":                {func(p *pricing.Promotion) { p.If.LoggedIn = true }, nil, false},
		"the first order":       {func(p *pricing.Promotion) { p.If.FirstOrder = true }, func(in *pricing.Input) { in.LoggedIn = true }, true},
		"the second order":      {func(p *pricing.Promotion) { p.If.FirstOrder = true }, func(in *pricing.Input) { in.LoggedIn, in.HasBought = true, true }, false},
		"twice for each, guest": {func(p *pricing.Promotion) { p.Limits.PerCustomer = 2 }, nil, false},
		"without its code":      {func(p *pricing.Promotion) { p.NeedsCode = true }, nil, false},
		"with its code":         {func(p *pricing.Promotion) { p.NeedsCode = true }, func(in *pricing.Input) { in.Coupons = []pricing.Coupon{{Code: "C", Promotion: "p"}} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			in := basket()
			if test.in != nil {
				test.in(&in)
			}
			if q := priced(t, in, with(p, test.change)); (len(q.Promotions) == 1) != test.want {
				t.Errorf("applied: %+v", q.Promotions)
			}
		})
	}
}

func TestStacking(t *testing.T) {
	group := func(p pricing.Promotion, g string) pricing.Promotion { p.Group = g; return p }
	first := func(p pricing.Promotion, n int) pricing.Promotion { p.Priority = n; return p }
	stop := func(p pricing.Promotion) pricing.Promotion { p.Stop = true; return p }
	alone := func(p pricing.Promotion) pricing.Promotion { p.Alone = true; return p }
	for name, test := range map[string]struct {
		all   []pricing.Promotion
		want  string
		total int64
	}{
		"one after the other, by ID":      {[]pricing.Promotion{percentOff("b", 10), amountOff("a", 499)}, "a b ", 4500},
		"one after the other, by rank":    {[]pricing.Promotion{first(percentOff("b", 10), 1), amountOff("a", 499)}, "b a ", 4450},
		"the best of a group":             {[]pricing.Promotion{group(percentOff("a", 10), "g"), group(percentOff("b", 20), "g"), percentOff("c", 50)}, "b c ", 2199},
		"the first of equals in a group":  {[]pricing.Promotion{group(percentOff("b", 10), "g"), group(percentOff("a", 10), "g")}, "a ", 4949},
		"nothing after a stop":            {[]pricing.Promotion{stop(percentOff("a", 10)), percentOff("b", 50)}, "a ", 4949},
		"a stop without effect":           {[]pricing.Promotion{stop(with(percentOff("a", 10), func(p *pricing.Promotion) { p.Effect.Items = skus("cup") })), percentOff("b", 50)}, "b ", 2749},
		"alone, as it is better":          {[]pricing.Promotion{percentOff("a", 10), percentOff("b", 10), alone(percentOff("c", 20))}, "c ", 4399},
		"not alone, as that is worse":     {[]pricing.Promotion{percentOff("a", 10), percentOff("b", 10), alone(percentOff("c", 15))}, "a b ", 4454},
		"not alone, as that is no better": {[]pricing.Promotion{percentOff("a", 10), alone(percentOff("c", 10))}, "a ", 4949},
	} {
		t.Run(name, func(t *testing.T) {
			q := priced(t, basket(), test.all...)
			names := ""
			for _, a := range q.Promotions {
				names += a.Promotion + " "
			}
			if names != test.want || q.Total != test.total {
				t.Errorf("got %sfor %d, want %sfor %d", names, q.Total, test.want, test.total)
			}
		})
	}
}

func TestShippingDiscounts(t *testing.T) {
	free := pricing.Promotion{ID: "s", Name: "Free shipping", Effect: pricing.Effect{Kind: pricing.FreeShipping, Rate: money.Percent(100), Methods: []string{"parcel"}}}
	half := pricing.Promotion{ID: "t", Name: "Half", Effect: pricing.Effect{Kind: pricing.FreeShipping, Rate: money.Percent(50)}}
	in := pricing.Input{Currency: "EUR", Address: pricing.Address{Country: "DE"}, Method: "parcel", Lines: []pricing.Line{{SKU: "mug", Quantity: 1, UnitPrice: 5000}}}
	// Goods for 50.00 are sent free; for 45.00 they are not.
	if q := priced(t, in, free); len(q.Promotions) != 0 || q.Shipping.Price != 0 {
		t.Errorf("nothing to take off: %+v", q)
	}
	q := priced(t, in, percentOff("p", 10), half)
	if q.Shipping.Price != 495 || q.Shipping.Discount != 248 || q.Total != 4500+247 || len(q.Promotions) != 2 {
		t.Errorf("half the shipping: %+v", q.Shipping)
	}
	if q = priced(t, in, percentOff("p", 10), free); q.Shipping.Discount != 495 || q.Shipping.Amount != 0 || q.Total != 4500 || q.Promotions[1].Shipping != 495 {
		t.Errorf("free shipping: %+v", q)
	}
	in.Method = "letter"
	if q = priced(t, in, free); q.Shipping.Discount != 0 {
		t.Errorf("another method: %+v", q.Shipping)
	}
	// Shipping counts for which is the better deal.
	in.Method, in.Lines[0].UnitPrice = "parcel", 1000
	q = priced(t, in, percentOff("p", 40), with(free, func(p *pricing.Promotion) { p.Alone = true }))
	if len(q.Promotions) != 1 || q.Promotions[0].Promotion != "s" {
		t.Errorf("4.95 off shipping is more than 4.00 off goods: %+v", q.Promotions)
	}
	// 5.50 off goods for 55.00 is more than 5.00 off, but then they are not sent free.
	in.Lines[0].UnitPrice = 5500
	alone := func(p *pricing.Promotion) { p.Alone = true }
	q = priced(t, in, percentOff("p", 10), with(amountOff("q", 500), alone))
	if len(q.Promotions) != 1 || q.Promotions[0].Promotion != "q" || q.Total != 5000 {
		t.Errorf("50.00 is less than 49.50 and 4.95 for shipping: %+v, total %d", q.Promotions, q.Total)
	}
	// One that takes nothing off does not stand in for others.
	nothing := with(percentOff("n", 10), func(p *pricing.Promotion) { p.Alone, p.Effect.Items = true, skus("cup") })
	in.Lines[0].UnitPrice = 5000
	if q = priced(t, in, percentOff("p", 1), nothing); len(q.Promotions) != 1 || q.Promotions[0].Promotion != "p" {
		t.Errorf("a promotion without effect: %+v", q.Promotions)
	}
}

func TestCodesSayWhatBecameOfThem(t *testing.T) {
	code := func(p pricing.Promotion) pricing.Promotion { p.NeedsCode = true; return p }
	in := basket()
	in.At = 100
	for _, id := range []string{"good", "old", "large", "mine", "friends", "lesser", "gone"} {
		in.Coupons = append(in.Coupons, pricing.Coupon{Code: "CODE-" + id, Promotion: id})
	}
	q := priced(t, in,
		code(with(percentOff("good", 20), func(p *pricing.Promotion) { p.Group = "g" })),
		code(with(percentOff("old", 10), func(p *pricing.Promotion) { p.Period.Until = 50 })),
		code(with(percentOff("large", 10), func(p *pricing.Promotion) { p.If.MinSubtotal = euros(99999) })),
		code(with(percentOff("mine", 10), func(p *pricing.Promotion) { p.Limits.PerCustomer = 1 })),
		code(with(percentOff("friends", 10), func(p *pricing.Promotion) { p.If.Countries = []string{"FR"} })),
		code(with(percentOff("lesser", 10), func(p *pricing.Promotion) { p.Group = "g" })),
	)
	want := []pricing.CodeReason{"", pricing.CodeExpired, pricing.CodeMinimum, pricing.CodeNotLoggedIn, pricing.CodeIneligible, pricing.CodeCombination, pricing.CodeInvalid}
	for i, c := range q.Codes {
		if c.Reason != want[i] || c.Code != in.Coupons[i].Code {
			t.Errorf("%s: got %q, want %q", c.Code, c.Reason, want[i])
		}
	}
	if len(q.Promotions) != 1 || q.Promotions[0].Code != "CODE-good" || len(q.Codes) != len(want) {
		t.Errorf("applied: %+v", q.Promotions)
	}
}

func TestChecksOfPromotions(t *testing.T) {
	for name, change := range map[string]func(*pricing.Promotion){
		"no ID":             func(p *pricing.Promotion) { p.ID = "" },
		"no name":           func(p *pricing.Promotion) { p.Name = "" },
		"backwards":         func(p *pricing.Promotion) { p.Period = pricing.Period{From: 2, Until: 1} },
		"no effect":         func(p *pricing.Promotion) { p.Effect = pricing.Effect{} },
		"nothing off":       func(p *pricing.Promotion) { p.Effect.Rate = money.Rate{} },
		"more than all":     func(p *pricing.Promotion) { p.Effect.Rate = money.Percent(101) },
		"less than nothing": func(p *pricing.Promotion) { p.Effect.Rate = money.Percent(-1) },
		"no amount":         func(p *pricing.Promotion) { p.Effect = pricing.Effect{Kind: pricing.AmountOff} },
		"a negative amount": func(p *pricing.Promotion) { p.Effect = pricing.Effect{Kind: pricing.AmountOff, Amounts: euros(-1)} },
		"two amounts":       func(p *pricing.Promotion) { p.Effect.AtMost = append(euros(1), euros(2)...) },
		"buy nothing": func(p *pricing.Promotion) {
			p.Effect = pricing.Effect{Kind: pricing.BuyGet, Get: 1, Rate: money.Percent(1)}
		},
		"an unnamed gift":     func(p *pricing.Promotion) { p.Effect = pricing.Effect{Kind: pricing.Gift, Get: 1} },
		"no tiers":            func(p *pricing.Promotion) { p.Effect = pricing.Effect{Kind: pricing.Tiered} },
		"a tier of nothing":   func(p *pricing.Promotion) { p.Effect = pricing.Effect{Kind: pricing.Tiered, Tiers: []pricing.Tier{{}}} },
		"a negative quantity": func(p *pricing.Promotion) { p.If.MinQuantity = -1 },
		"not a country":       func(p *pricing.Promotion) { p.If.Countries = []string{"Germany"} },
		"a negative limit":    func(p *pricing.Promotion) { p.Limits.Uses = -1 },
		"a negative budget":   func(p *pricing.Promotion) { p.Limits.Budget = euros(-1) },
		"a negative minimum":  func(p *pricing.Promotion) { p.If.MinSubtotal = euros(-1) },
	} {
		if err := with(percentOff("p", 1), change).Check(); fault.CodeOf(err) != fault.Invalid || err == nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// promoted are rules with promotions, and something to price by them.
type promoted struct {
	rules *pricing.Rules
	in    pricing.Input
	all   []pricing.Promotion
}

func drawPromoted(t *rapid.T, currency money.Currency) (p promoted) {
	base := drawRules(t, currency)
	for i := range rapid.IntRange(0, 6).Draw(t, "promotions") {
		p.all = append(p.all, drawPromotion(t, fmt.Sprintf("p%d", i), currency))
	}
	r, err := pricing.NewRules(base.Settings, base.TaxZones(), base.ShippingZones(), p.all...)
	if err == nil {
		p.rules, err = r.WithFees(base.Fees()...)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.in = drawInput(t, r)
	p.in.LoggedIn = rapid.Bool().Draw(t, "logged in")
	for i := range rapid.IntRange(0, 4).Draw(t, "codes") {
		p.in.Coupons = append(p.in.Coupons, pricing.Coupon{
			Code: fmt.Sprintf("CODE%d", i), Promotion: fmt.Sprintf("p%d", rapid.IntRange(0, 6).Draw(t, "of")),
			Revoked: rapid.IntRange(0, 5).Draw(t, "revoked") == 0, Spent: rapid.IntRange(0, 5).Draw(t, "spent") == 0,
			Limits: pricing.Limits{PerCustomer: rapid.Int64Range(0, 1).Draw(t, "per customer")},
		})
	}
	return p
}

// check fails the test unless the quote adds up, no discount exceeds its base,
// the applied promotions account for all of it, gift cards are sold in full, and
// what takes a code has one that is good.
func (p promoted) check(t rapid.TB) {
	t.Helper()
	q, err := p.rules.Price(p.in)
	if err != nil {
		t.Fatal(err)
	}
	checkQuote(t, p.rules, p.in, q)
	off, given := make([]int64, len(q.Lines)), make([]int64, len(q.Lines))
	for _, g := range p.in.Given {
		given[g.Line-1] += g.Amount
	}
	shipping := int64(0)
	for _, a := range q.Promotions {
		sum := a.Shipping
		for _, s := range a.Shares {
			off[s.Line-1] += s.Amount
			sum += s.Amount
		}
		shipping += a.Shipping
		if sum != a.Amount || a.Amount <= 0 {
			t.Fatalf("%+v does not account for what it takes off", a)
		}
		i := slices.IndexFunc(p.all, func(of pricing.Promotion) bool { return of.ID == a.Promotion })
		good := slices.ContainsFunc(p.in.Coupons, func(c pricing.Coupon) bool {
			return c.Code == a.Code && c.Promotion == a.Promotion && !c.Revoked && !c.Spent && (c.Limits.PerCustomer == 0 || p.in.LoggedIn)
		})
		if i >= 0 && p.all[i].NeedsCode && !good || a.Code != "" && !good {
			t.Fatalf("%+v applies with the codes %+v", a, p.in.Coupons)
		}
	}
	if !slices.Equal(off, append([]int64{}, discounts(q)...)) || shipping != q.Shipping.Discount {
		t.Fatalf("the promotions take off %v and %d of shipping: %+v", off, shipping, q)
	}
	for i, l := range p.in.Lines {
		if l.Voucher && off[i] != given[i] {
			t.Fatalf("of the gift card in line %d %d are taken off, of which %d were given", i+1, off[i], given[i])
		}
	}
	again, err := p.rules.Price(p.in)
	if err != nil || !reflect.DeepEqual(q, again) {
		t.Fatal("the same input was priced in two ways")
	}
}

// Whatever promotions and codes there are, quotes add up.
func TestPromotedQuotesAddUp(t *testing.T) {
	currencies := money.Currencies()
	rapid.Check(t, func(t *rapid.T) {
		drawPromoted(t, rapid.SampledFrom(currencies).Draw(t, "currency")).check(t)
	})
}

// TestQuotesAddUpInEveryCurrency leaves none to chance.
func TestQuotesAddUpInEveryCurrency(t *testing.T) {
	for i, c := range money.Currencies() {
		drawn := rapid.Custom(func(t *rapid.T) promoted { return drawPromoted(t, c) })
		for n := range 4 {
			drawn.Example(4*i + n).check(t)
		}
		if t.Failed() {
			t.Fatalf("in %s", c)
		}
	}
}

func drawPromotion(t *rapid.T, id string, currency money.Currency) pricing.Promotion {
	amount := func(minor int64) []money.Amount { return []money.Amount{money.New(minor, currency)} }
	some := func(label string) pricing.Selector {
		return pricing.Selector{SKUs: rapid.SliceOfNDistinct(rapid.SampledFrom([]catalog.SKU{"a", "b", "c"}), 0, 2, rapid.ID).Draw(t, label)}
	}
	rate := money.Percent(rapid.Int64Range(1, 100).Draw(t, "rate"))
	amounts := amount(rapid.OneOf(rapid.Int64Range(0, 500), rapid.Int64Range(0, 1_000_000)).Draw(t, "amount"))
	p := pricing.Promotion{
		ID: id, Name: id, Priority: rapid.IntRange(0, 2).Draw(t, "priority"), Group: rapid.SampledFrom([]string{"", "", "g"}).Draw(t, "group"),
		Stop: rapid.IntRange(0, 5).Draw(t, "stop") == 0, Alone: rapid.IntRange(0, 3).Draw(t, "alone") == 0,
		If:     pricing.Conditions{Items: some("counted"), MinQuantity: rapid.Int64Range(0, 5).Draw(t, "least")},
		Effect: pricing.Effect{Items: some("given"), Rate: rate, Amounts: amounts, PerUnit: rapid.Bool().Draw(t, "per unit"), Buy: 2, Get: 1},
	}
	p.Effect.Kind = rapid.SampledFrom([]pricing.EffectKind{
		pricing.PercentOff, pricing.AmountOff, pricing.FixedPrice, pricing.BuyGet, pricing.FreeShipping, pricing.Tiered, pricing.Gift,
	}).Draw(t, "kind")
	if p.Effect.Kind == pricing.Tiered {
		p.Effect.Tiers = []pricing.Tier{{Rate: rate}, {MinQuantity: 4, Amounts: amounts}}
	}
	if p.Effect.Kind == pricing.Gift {
		p.Effect.Items = skus("a")
	}
	p.NeedsCode = rapid.IntRange(0, 2).Draw(t, "needs code") == 0
	if rapid.IntRange(0, 3).Draw(t, "capped") == 0 {
		p.Effect.AtMost = amount(rapid.Int64Range(0, 300).Draw(t, "at most"))
	}
	return p
}

func offShipping(id string, n int64) pricing.Promotion {
	return pricing.Promotion{ID: id, Name: id, Effect: pricing.Effect{Kind: pricing.FreeShipping, Rate: money.Percent(n)}}
}

// TestGroupsAndStopReachAcrossGoodsAndShipping: of a group the best applies,
// wherever it is, and who stops the others stops them everywhere.
func TestGroupsAndStopReachAcrossGoodsAndShipping(t *testing.T) {
	in := basket() // 54.99; a parcel costs 4.95 below 50.00
	in.Lines, in.Method = in.Lines[:1], "parcel"
	in.Lines[0].Quantity = 1 // 10.00
	grouped := func(p pricing.Promotion) pricing.Promotion {
		return with(p, func(p *pricing.Promotion) { p.Group = "one" })
	}
	first := func(p pricing.Promotion) pricing.Promotion {
		return with(p, func(p *pricing.Promotion) { p.Priority, p.Stop = 5, true })
	}
	for name, c := range map[string]struct {
		promotions []pricing.Promotion
		goods, off int64 // discounts
	}{
		"no group":                          {[]pricing.Promotion{amountOff("a", 100), offShipping("b", 100)}, 100, 495},
		"shipping is better":                {[]pricing.Promotion{grouped(amountOff("a", 100)), grouped(offShipping("b", 100))}, 0, 495},
		"goods are better":                  {[]pricing.Promotion{grouped(amountOff("a", 600)), grouped(offShipping("b", 100))}, 600, 0},
		"shipping comes first and stops":    {[]pricing.Promotion{amountOff("a", 100), first(offShipping("b", 100))}, 0, 495},
		"goods come first and stop":         {[]pricing.Promotion{first(amountOff("a", 100)), offShipping("b", 100)}, 100, 0},
		"nothing to stop for":               {[]pricing.Promotion{amountOff("a", 100), first(with(offShipping("b", 100), func(p *pricing.Promotion) { p.Effect.Methods = []string{"letter"} }))}, 100, 0},
		"two on shipping, the second stops": {[]pricing.Promotion{offShipping("b", 50), with(offShipping("c", 100), func(p *pricing.Promotion) { p.Priority, p.Stop = -1, true })}, 0, 495},
	} {
		q := priced(t, in, c.promotions...)
		if q.Discount != c.goods || q.Shipping.Discount != c.off {
			t.Errorf("%s: %d off goods and %d off shipping, want %d and %d", name, q.Discount, q.Shipping.Discount, c.goods, c.off)
		}
	}
}

// TestTaxesThatCannotBeCombined are refused when they are put, also if they
// meet only at some time, and not when a cart is read.
func TestTaxesThatCannotBeCombined(t *testing.T) {
	rate := func(name, r string, from, until pricing.Moment) pricing.TaxRate {
		parsed, err := money.ParseRate(r)
		if err != nil {
			t.Fatal(err)
		}
		return pricing.TaxRate{Name: name, Rate: parsed, Priority: len(name), Compound: len(name) > 1, Period: pricing.Period{From: from, Until: until}}
	}
	zone := func(rates ...pricing.TaxRate) pricing.TaxZone {
		return pricing.TaxZone{ID: "z", Areas: []pricing.Area{{Country: "DE"}}, Rates: rates}
	}
	fine := []string{"0.12345677", "0.12345679", "0.12345683"}
	for name, c := range map[string]struct {
		zone pricing.TaxZone
		ok   bool
	}{
		"two":               {zone(rate("a", "5%", 0, 0), rate("bb", "9.975%", 0, 0)), true},
		"too fine together": {zone(rate("a", fine[0], 0, 0), rate("bb", fine[1], 0, 0), rate("ccc", fine[2], 0, 0)), false},
		"one after another": {zone(rate("a", fine[0], 0, 10), rate("bb", fine[1], 10, 20), rate("ccc", fine[2], 20, 0)), true},
		"for a moment":      {zone(rate("a", fine[0], 0, 11), rate("bb", fine[1], 0, 20), rate("ccc", fine[2], 10, 0)), false},
	} {
		if err := c.zone.Check(); (err == nil) != c.ok || err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	many := zone()
	for i := range 17 {
		many.Rates = append(many.Rates, pricing.TaxRate{Name: fmt.Sprint("tax ", i), Rate: money.Percent(1)})
	}
	if err := many.Check(); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("17 taxes on one row: got %v", err)
	}
}

// What is got is the most that can be, when no unit is bought and got.
func TestWhatIsGotIsNotBought(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.Int64Range(0, 12)
		bought, shared, own := few.Draw(t, "only bought"), few.Draw(t, "bought or got"), few.Draw(t, "only got")
		e := pricing.Effect{Kind: pricing.BuyGet, Items: skus("b", "c"), Rate: money.Percent(100),
			Buy: few.Draw(t, "buy") + 1, Get: few.Draw(t, "get") + 1, Times: few.Draw(t, "times")}
		in := pricing.Input{Currency: "EUR"}
		for sku, n := range map[catalog.SKU]int64{"a": bought, "b": shared, "c": own} {
			if n > 0 {
				in.Lines = append(in.Lines, pricing.Line{SKU: sku, Quantity: n, UnitPrice: 100})
			}
		}
		r, err := pricing.NewRules(pricing.Settings{}, nil, nil, pricing.Promotion{ID: "p", Name: "p", If: pricing.Conditions{Items: skus("a", "b")}, Effect: e})
		if err != nil {
			t.Fatal(err)
		}
		q, err := r.Price(in)
		if err != nil {
			t.Fatal(err)
		}
		most := int64(0)
		for got := range shared + 1 {
			times := (bought + shared - got) / e.Buy
			if e.Times > 0 {
				times = min(times, e.Times)
			}
			most = max(most, min(times*e.Get, own+got))
		}
		if q.Discount != 100*most {
			t.Fatalf("%d units are got, and %d can be", q.Discount/100, most)
		}
	})
}
