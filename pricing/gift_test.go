package pricing_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/pricing"
	"pgregory.net/rapid"
)

// giving are rules of which some give something, and a cart.
type giving struct {
	all   []pricing.Promotion
	plain bool // nothing keeps a promotion from being applied but its conditions
	in    pricing.Input
}

var worths = map[catalog.SKU]int64{"a": 900, "b": 2000, "c": 4500, "d": 333}

func drawGiving(t *rapid.T) giving {
	g := giving{plain: rapid.Bool().Draw(t, "plain"), in: pricing.Input{Currency: "EUR"}}
	some := func(label string, least int) pricing.Selector {
		return skus(rapid.SliceOfNDistinct(rapid.SampledFrom([]catalog.SKU{"a", "b", "c", "d"}), least, 2, rapid.ID).Draw(t, label)...)
	}
	for i := range rapid.IntRange(1, 5).Draw(t, "promotions") {
		p := drawPromotion(t, fmt.Sprintf("p%d", i), "EUR")
		p.NeedsCode, p.If.Items, p.Effect.Items = false, some("counted", 0), some("given", 1)
		p.If.MinQuantity = rapid.Int64Range(0, 3).Draw(t, "least")
		p.If.MinSubtotal = euros(rapid.SampledFrom([]int64{0, 900, 2000, 4500, 5000, 6500}).Draw(t, "least subtotal"))
		if rapid.IntRange(0, 2).Draw(t, "gives") > 0 {
			p.Effect = pricing.Effect{Kind: pricing.Gift, Items: some("given", 1), Get: rapid.Int64Range(1, 3).Draw(t, "get"), AtMost: p.Effect.AtMost}
		}
		if p.Group != "" {
			p.Stop = false // a gift that is applied in its stead would let others come
		}
		if g.plain {
			p.Stop, p.Alone, p.Group, p.Effect.AtMost = false, false, "", nil
		}
		g.all = append(g.all, p)
	}
	for range rapid.IntRange(1, 5).Draw(t, "lines") {
		sku := rapid.SampledFrom([]catalog.SKU{"a", "b", "c", "d"}).Draw(t, "sku")
		g.in.Lines = append(g.in.Lines, pricing.Line{SKU: sku, UnitPrice: worths[sku], Quantity: rapid.Int64Range(1, 3).Draw(t, "quantity")})
	}
	return g
}

// given returns what gifts take off the lines, in units, and whether they are
// free.
func (g giving) given(q pricing.Quote) (units []int64, free bool) {
	units, free = make([]int64, len(q.Lines)), true
	for _, a := range q.Promotions {
		if a.How.Kind != pricing.Gift {
			continue
		}
		free = free && a.How.Uncut == 0
		for _, s := range a.Shares {
			units[s.Line-1] += s.Units
		}
	}
	return units, free
}

// TestGiftsCountForNothing: every promotion that is applied is earned by what the
// shopper pays for, so that no gift pays for another or for a discount, and a cart
// with gifts costs no less than one without them and without what gives them: as
// much, if nothing but conditions keeps promotions from being applied.
func TestGiftsCountForNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGiving(t)
		q := quoteBy(t, g.in, g.all)
		given, free := g.given(q)
		if !free {
			return // what is paid in part is neither
		}
		for _, a := range q.Promotions {
			p := g.all[slices.IndexFunc(g.all, func(p pricing.Promotion) bool { return p.ID == a.Promotion })]
			units, total := int64(0), int64(0)
			for i, l := range g.in.Lines {
				if n := l.Quantity - given[i]; len(p.If.Items.SKUs) == 0 || slices.Contains(p.If.Items.SKUs, l.SKU) {
					units, total = units+n, total+n*l.UnitPrice
				}
			}
			if units < max(1, p.If.MinQuantity) || total < p.If.MinSubtotal[0].Minor() {
				t.Fatalf("%q applies to %d units for %d beside the gifts %v: %+v", p.ID, units, total, given, q.Promotions)
			}
		}
		without, bare := g.in, slices.Clone(g.all)
		without.Lines = nil
		for i, l := range g.in.Lines {
			if l.Quantity -= given[i]; l.Quantity > 0 {
				without.Lines = append(without.Lines, l)
			}
		}
		for i := range bare {
			if bare[i].Effect.Kind == pricing.Gift {
				bare[i].Effect = amountOff("", 0).Effect // where it was, and nothing
			}
		}
		costs := quoteBy(t, without, bare).Total
		if q.Total < costs || g.plain && q.Total > costs {
			t.Fatalf("it costs %d with the gifts %v, and %d without: %+v", q.Total, given, costs, q.Promotions)
		}
	})
}

func quoteBy(t rapid.TB, in pricing.Input, all []pricing.Promotion) pricing.Quote {
	t.Helper()
	r, err := pricing.NewRules(pricing.Settings{}, nil, nil, all...)
	if err != nil {
		t.Fatal(err)
	}
	q, err := r.Price(in)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// TestWhatGiftsGive goes through rules that are easily got wrong.
func TestWhatGiftsGive(t *testing.T) {
	gives := func(id string, least, units int64, of ...catalog.SKU) pricing.Promotion {
		return pricing.Promotion{ID: id, Name: id, If: pricing.Conditions{MinSubtotal: euros(least)},
			Effect: pricing.Effect{Kind: pricing.Gift, Items: skus(of...), Get: units}}
	}
	grouped := func(p pricing.Promotion) pricing.Promotion {
		return with(p, func(p *pricing.Promotion) { p.Group = "g" })
	}
	counting := func(p pricing.Promotion, of ...catalog.SKU) pricing.Promotion {
		return with(p, func(p *pricing.Promotion) { p.If.Items = skus(of...) })
	}
	line := func(sku catalog.SKU, units, price int64) pricing.Line {
		return pricing.Line{SKU: sku, Quantity: units, UnitPrice: price}
	}
	for name, c := range map[string]struct {
		promotions []pricing.Promotion
		lines      []pricing.Line
		total      int64
		due        string // the promotion and units of each gift that is due
	}{
		"two do not pay for each other": {[]pricing.Promotion{gives("a", 2000, 1, "tea"), gives("b", 2000, 1, "mug")},
			[]pricing.Line{line("tea", 1, 2000), line("mug", 1, 2000)}, 2000, ""},
		"nor for a discount": {[]pricing.Promotion{gives("a", 4500, 1, "tea"), with(amountOff("b", 1000), func(p *pricing.Promotion) { p.If.MinSubtotal = euros(5000) })},
			[]pricing.Line{line("mug", 1, 4500), line("tea", 1, 900)}, 4500, ""},
		"an amount off is not spread over it": {[]pricing.Promotion{gives("a", 5000, 1, "tea"), with(amountOff("b", 1000), func(p *pricing.Promotion) { p.Priority = 1 })},
			[]pricing.Line{line("mug", 1, 5000), line("tea", 1, 1000)}, 4000, ""},
		"the cheapest is given, and the other counts": {[]pricing.Promotion{counting(gives("a", 5000, 1, "tea", "cup"), "mug", "tea")},
			[]pricing.Line{line("tea", 1, 5000), line("cup", 1, 300)}, 5000, ""},
		"none gives itself":      {[]pricing.Promotion{gives("a", 0, 1, "tea")}, []pricing.Line{line("tea", 1, 5000)}, 5000, ""},
		"any goods do beside it": {[]pricing.Promotion{gives("a", 0, 1, "tea")}, []pricing.Line{line("tea", 2, 5000)}, 5000, ""},
		"of a group the one that is had": {[]pricing.Promotion{grouped(gives("a", 2000, 1, "tea")), grouped(gives("b", 2000, 2, "pot"))},
			[]pricing.Line{line("mug", 1, 5000), line("pot", 1, 700)}, 5000, "b 1 "},
		"of a group the larger one": {[]pricing.Promotion{grouped(gives("a", 2000, 1, "tea")), grouped(gives("b", 5000, 2, "tea"))},
			[]pricing.Line{line("mug", 1, 5000), line("tea", 2, 900)}, 5000, ""},
		"what was not given counts": {[]pricing.Promotion{grouped(gives("a", 2000, 1, "tea")), grouped(with(amountOff("b", 1000), func(p *pricing.Promotion) { p.Effect.Items = skus("mug") })),
			with(amountOff("c", 500), func(p *pricing.Promotion) { p.If.MinSubtotal = euros(5000) })},
			[]pricing.Line{line("mug", 1, 4500), line("tea", 1, 900)}, 3900, ""},
		"one that is not had does not make another cost": {[]pricing.Promotion{gives("a", 6500, 1, "pot"), gives("b", 900, 1, "mug")},
			[]pricing.Line{line("tea", 4, 900), line("mug", 1, 4500)}, 3600, ""},
		"a part of a line": {[]pricing.Promotion{gives("a", 1000, 1, "tea"), with(percentOff("b", 10), func(p *pricing.Promotion) { p.Priority = 1 })},
			[]pricing.Line{line("tea", 3, 900)}, 1620, ""},
		"and then off the rest": {[]pricing.Promotion{gives("a", 1000, 1, "tea"), percentOff("b", 10)},
			[]pricing.Line{line("tea", 3, 900)}, 1620, ""},
	} {
		q := quoteBy(t, pricing.Input{Currency: "EUR", Lines: c.lines}, c.promotions)
		due := ""
		for _, g := range q.Gifts {
			due += fmt.Sprintf("%s %d ", g.Promotion, g.Units)
		}
		if q.Total != c.total || due != c.due {
			t.Errorf("%s: it costs %d, want %d; due is %q, want %q: %+v", name, q.Total, c.total, due, c.due, q.Promotions)
		}
	}
}

// TestDueGiftsAreFree: where nothing but conditions keeps promotions from being
// applied, and no gift is among what the cart has or another gives, whatever is due
// can be added for nothing, and the cart then costs the same as before.
func TestDueGiftsAreFree(t *testing.T) {
	due := 0
	rapid.Check(t, func(t *rapid.T) {
		g := drawGiving(t)
		if !g.plain || g.overlaps() {
			return
		}
		r, err := pricing.NewRules(pricing.Settings{}, nil, nil, g.all...)
		if err != nil {
			t.Fatal(err)
		}
		before := quoteBy(t, g.in, g.all)
		for _, gift := range before.Gifts {
			due++
			sku := rapid.SampledFrom(gift.SKUs).Draw(t, "choice")
			more := g.in
			more.Lines = append(slices.Clone(g.in.Lines), pricing.Line{SKU: sku, UnitPrice: worths[sku], Quantity: gift.Units})
			q, ok, err := r.Spares(&before, more, sku)
			if err != nil || !ok || q.Total != before.Total {
				t.Fatalf("%d become %d with %d of %q that %q gives (%v, %v): %+v", before.Total, q.Total, gift.Units, sku, gift.Promotion, ok, err, q.Promotions)
			}
		}
	})
	if due == 0 {
		t.Error("nothing was ever due")
	}
}

// overlaps reports whether something may be given that is in the cart, or twice.
func (g giving) overlaps() bool {
	seen := map[catalog.SKU]bool{}
	for _, l := range g.in.Lines {
		seen[l.SKU] = true
	}
	for _, p := range g.all {
		if p.Effect.Kind != pricing.Gift {
			continue
		}
		for _, sku := range p.Effect.Items.SKUs {
			if seen[sku] {
				return true
			}
			seen[sku] = true
		}
	}
	return false
}
