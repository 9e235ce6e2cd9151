package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

func (s *shop) priceList(c catalog.PutPriceList) catalog.PriceList {
	s.Helper()
	l, err := s.PutPriceList(context.Background(), c)
	if err != nil {
		s.Fatal(err)
	}
	return l
}

func (s *shop) listPrices(list catalog.PriceList, sku catalog.SKU, tiers ...catalog.Tier) {
	s.Helper()
	err := s.PutListPrices(context.Background(), catalog.PutListPrices{List: list.ID, Prices: []catalog.SKUPrices{{SKU: sku, Tiers: tiers}}})
	if err != nil {
		s.Fatal(err)
	}
}

func (s *shop) price(sku catalog.SKU, ask catalog.Ask) (catalog.Price, []catalog.Considered, bool) {
	s.Helper()
	v, err := s.BySKU(context.Background(), sku)
	if err != nil {
		s.Fatal(err)
	}
	lists, err := s.PriceLists(context.Background())
	if err != nil {
		s.Fatal(err)
	}
	quick, priced := lists.Price(v, ask)
	price, steps, ok := lists.Explain(v, ask)
	if quick != price || priced != ok {
		s.Errorf("without an explanation the price is %+v, %t; with it %+v, %t", quick, priced, price, ok)
	}
	return price, steps, ok
}

func TestPriceLists(t *testing.T) {
	s := newShop(t, 3)
	day := func(n int) time.Time { return time.Date(2026, 5, n, 0, 0, 0, 0, time.UTC) }
	c := mug()
	c.SKU, c.Price = "", money.Amount{}
	c.Variants = []catalog.PutVariant{{SKU: "MUG", Prices: []money.Amount{eur(1250), money.New(1400, "USD")}, CompareAt: []money.Amount{eur(1500)}}}
	s.must(c)
	trade := s.priceList(catalog.PutPriceList{Code: "trade", Title: "Trade", Groups: []string{"trade"}, Priority: 10})
	s.listPrices(trade, "MUG", catalog.Tier{Price: eur(1100)}, catalog.Tier{MinQuantity: 10, Price: eur(1000)}, catalog.Tier{MinQuantity: 100, Price: eur(900)})
	sale := s.priceList(catalog.PutPriceList{Code: "may", Title: "Sale in May", Sale: true, Priority: 5, DiscountBasisPoints: 1000,
		From: catalog.MomentOf(day(10)), Until: catalog.MomentOf(day(20)), Channels: []string{"", "web"}})
	till := s.priceList(catalog.PutPriceList{Code: "till", Title: "Till", Channels: []string{"till"}, Markets: []string{"AT"}})
	s.listPrices(till, "MUG", catalog.Tier{MinQuantity: 3, Price: eur(1240)})
	s.priceList(catalog.PutPriceList{Code: "later", Title: "Not ready", Status: catalog.Draft, Priority: 99, DiscountBasisPoints: 9999})
	traders := []string{"vip", "trade"}
	for name, test := range map[string]struct {
		ask       catalog.Ask
		amount    money.Amount
		list      catalog.PriceListID
		tier      int64
		compareAt money.Amount
		outcomes  []catalog.Outcome
	}{
		"own price": {catalog.Ask{At: day(1), Currency: "EUR"}, eur(1250), "", 0, eur(1500),
			[]catalog.Outcome{catalog.NotActive, catalog.OtherGroup, catalog.NotBegun, catalog.OtherChannel, catalog.Won}},
		"trade":         {catalog.Ask{At: day(1), Currency: "EUR", Groups: traders}, eur(1100), trade.ID, 1, money.Amount{}, []catalog.Outcome{catalog.NotActive, catalog.Won, catalog.NotReached, catalog.NotReached, catalog.NotReached}},
		"nine":          {catalog.Ask{At: day(1), Currency: "EUR", Groups: traders, Quantity: 9}, eur(1100), trade.ID, 1, money.Amount{}, nil},
		"ten":           {catalog.Ask{At: day(1), Currency: "EUR", Groups: traders, Quantity: 10}, eur(1000), trade.ID, 10, money.Amount{}, nil},
		"many":          {catalog.Ask{At: day(1), Currency: "EUR", Groups: traders, Quantity: 5000}, eur(900), trade.ID, 100, money.Amount{}, nil},
		"sale begins":   {catalog.Ask{At: day(10), Currency: "EUR"}, eur(1125), sale.ID, 0, eur(1250), nil},
		"sale in USD":   {catalog.Ask{At: day(10), Currency: "USD", Channel: "web"}, money.New(1260, "USD"), sale.ID, 0, money.New(1400, "USD"), nil},
		"sale is over":  {catalog.Ask{At: day(20), Currency: "EUR"}, eur(1250), "", 0, eur(1500), []catalog.Outcome{catalog.NotActive, catalog.OtherGroup, catalog.Over, catalog.OtherChannel, catalog.Won}},
		"till":          {catalog.Ask{At: day(1), Currency: "EUR", Channel: "till", Market: "AT", Quantity: 3}, eur(1240), till.ID, 3, money.Amount{}, nil},
		"too few":       {catalog.Ask{At: day(1), Currency: "EUR", Channel: "till", Market: "AT"}, eur(1250), "", 0, eur(1500), []catalog.Outcome{catalog.NotActive, catalog.OtherGroup, catalog.NotBegun, catalog.BelowQuantity, catalog.Won}},
		"other market":  {catalog.Ask{At: day(1), Currency: "EUR", Channel: "till", Market: "DE", Quantity: 3}, eur(1250), "", 0, eur(1500), []catalog.Outcome{catalog.NotActive, catalog.OtherGroup, catalog.NotBegun, catalog.OtherMarket, catalog.Won}},
		"trade in USD":  {catalog.Ask{At: day(1), Currency: "USD", Groups: traders}, money.New(1400, "USD"), "", 0, money.Amount{}, []catalog.Outcome{catalog.NotActive, catalog.NoListPrice, catalog.NotBegun, catalog.OtherChannel, catalog.Won}},
		"none in a yen": {catalog.Ask{At: day(10), Currency: "JPY"}, money.Amount{}, "", 0, money.Amount{}, []catalog.Outcome{catalog.NotActive, catalog.OtherGroup, catalog.NoListPrice, catalog.OtherChannel, catalog.NoListPrice}},
	} {
		got, steps, ok := s.price("MUG", test.ask)
		want := catalog.Price{Amount: test.amount, List: test.list, MinQuantity: test.tier, CompareAt: test.compareAt}
		if got != want || ok != (test.amount != money.Amount{}) {
			t.Errorf("%s: got %+v, %t; want %+v", name, got, ok, want)
		}
		var outcomes []catalog.Outcome
		for _, c := range steps {
			outcomes = append(outcomes, c.Outcome)
		}
		if test.outcomes != nil && !slices.Equal(outcomes, test.outcomes) {
			t.Errorf("%s: the lists went %v, want %v", name, outcomes, test.outcomes)
		}
	}
	s.listPrices(sale, "MUG", catalog.Tier{Price: eur(1300)})
	if got, steps, _ := s.price("MUG", catalog.Ask{At: day(10), Currency: "EUR"}); got.Amount != eur(1250) || steps[2].Outcome != catalog.NotCheaper {
		t.Errorf("a sale made it dearer: %+v, %+v", got, steps)
	}
	s.listPrices(trade, "MUG")
	if got, _, _ := s.price("MUG", catalog.Ask{At: day(1), Currency: "EUR", Groups: traders}); got.Amount != eur(1250) {
		t.Errorf("taken off the list: %+v", got)
	}
	lists, err := s.PriceLists(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	version := lists.Version()
	if again := s.priceList(catalog.PutPriceList{Code: "till", Title: "Till", Channels: []string{"till"}, Markets: []string{"AT"}}); again.Version != 1 || again.ID != till.ID {
		t.Errorf("putting the same counted: %+v", again)
	}
	s.priceList(catalog.PutPriceList{ID: till.ID, Code: "till-2", Title: "Till", Status: catalog.Archived})
	if lists, err = s.PriceLists(t.Context()); err != nil || lists.Version() != version+1 {
		t.Errorf("version %d became %d, %v", version, lists.Version(), err)
	}
	if l, ok := lists.ByCode("till-2"); !ok || l.Status != catalog.Archived || l.Version != 2 {
		t.Errorf("got %+v", l)
	}
}

func TestRefusedPriceLists(t *testing.T) {
	s := newShop(t, 3)
	s.must(mug())
	a := s.priceList(catalog.PutPriceList{Code: "a", Title: "A"})
	b := s.priceList(catalog.PutPriceList{Code: "b", Title: "B"})
	unknown := catalog.PriceListID("plist_01KAJ3W7Q8Z5D4F6G7H8J9K0M1")
	put := func(c catalog.PutPriceList) error { _, err := s.PutPriceList(t.Context(), c); return err }
	prices := func(list catalog.PriceListID, p ...catalog.SKUPrices) error {
		return s.PutListPrices(t.Context(), catalog.PutListPrices{List: list, Prices: p})
	}
	for name, test := range map[string]struct {
		err  error
		want fault.Code
	}{
		"no code":          {put(catalog.PutPriceList{Title: "X"}), fault.Invalid},
		"no title":         {put(catalog.PutPriceList{Code: "x"}), fault.Invalid},
		"ends early":       {put(catalog.PutPriceList{Code: "x", Title: "X", From: 2, Until: 1}), fault.Invalid},
		"status":           {put(catalog.PutPriceList{Code: "x", Title: "X", Status: "open"}), fault.Invalid},
		"discount":         {put(catalog.PutPriceList{Code: "x", Title: "X", DiscountBasisPoints: 10_001}), fault.Invalid},
		"unknown":          {put(catalog.PutPriceList{ID: unknown, Code: "x", Title: "X"}), fault.NotFound},
		"taken":            {put(catalog.PutPriceList{ID: b.ID, Code: "a", Title: "X"}), fault.Conflict},
		"old":              {put(catalog.PutPriceList{Code: "a", Title: "X", Version: 3}), fault.Conflict},
		"unknown list":     {prices(unknown), fault.NotFound},
		"not a list":       {prices("x"), fault.Invalid},
		"unknown SKU":      {prices(a.ID, catalog.SKUPrices{SKU: "CUP"}), fault.NotFound},
		"SKU twice":        {prices(a.ID, catalog.SKUPrices{SKU: "MUG"}, catalog.SKUPrices{SKU: "MUG"}), fault.Invalid},
		"tier twice":       {prices(a.ID, catalog.SKUPrices{SKU: "MUG", Tiers: []catalog.Tier{{Price: eur(1)}, {MinQuantity: 1, Price: eur(2)}}}), fault.Invalid},
		"negative tier":    {prices(a.ID, catalog.SKUPrices{SKU: "MUG", Tiers: []catalog.Tier{{MinQuantity: -1, Price: eur(1)}}}), fault.Invalid},
		"negative price":   {prices(a.ID, catalog.SKUPrices{SKU: "MUG", Tiers: []catalog.Tier{{Price: eur(-1)}}}), fault.Invalid},
		"unknown currency": {prices(a.ID, catalog.SKUPrices{SKU: "MUG", Tiers: []catalog.Tier{{Price: money.New(1, "xxx")}}}), fault.Invalid},
	} {
		if fault.CodeOf(test.err) != test.want {
			t.Errorf("%s: got %v, want %s", name, test.err, test.want)
		}
	}
}

func TestManyListPricesAtOnce(t *testing.T) {
	s := newShop(t, 3)
	list := s.priceList(catalog.PutPriceList{Code: "trade", Title: "Trade"})
	puts := append(manyMugs(500), shirt("S", "M"))
	if _, err := s.PutProducts(t.Context(), puts); err != nil {
		t.Fatal(err)
	}
	var prices []catalog.SKUPrices
	for _, p := range puts[:500] {
		prices = append(prices, catalog.SKUPrices{SKU: p.SKU, Tiers: []catalog.Tier{{Price: eur(7)}}})
	}
	prices = append(prices, catalog.SKUPrices{SKU: "SHIRT-S", Tiers: []catalog.Tier{{Price: eur(8)}}}, catalog.SKUPrices{SKU: "SHIRT-M", Tiers: []catalog.Tier{{Price: eur(9)}}})
	before := s.engine.Submitted()
	for range 2 {
		if err := s.PutListPrices(t.Context(), catalog.PutListPrices{List: list.ID, Prices: prices}); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.engine.Submitted() - before; n > 8 {
		t.Errorf("it took %d commands", n)
	}
	p, err := s.ByHandle(t.Context(), "shirt")
	if err != nil || p.Version != 2 {
		t.Fatalf("got %+v, %v: both variants are one change, and setting the same again is none", p, err)
	}
	for i, want := range []money.Amount{eur(8), eur(9)} {
		if got := p.Variants[i].ListPrices; len(got) != 1 || got[0].Price != want || got[0].List != list.ID || got[0].MinQuantity != 1 {
			t.Errorf("got %+v", got)
		}
	}
	s.must(shirt("M", "S")) // putting the product does not take it off its lists
	if got, _, _ := s.price("SHIRT-M", catalog.Ask{Currency: "EUR"}); got.Amount != eur(9) {
		t.Errorf("got %+v", got)
	}
}

// TestPriorPrices lets a price change at random and compares the lowest of 30
// days with a model that remembers everything.
func TestPriorPrices(t *testing.T) {
	s := newShop(t, 2)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		c := mug()
		c.SKU = catalog.SKU(fmt.Sprintf("MUG-%d", run))
		type change struct {
			at     time.Time
			amount int64 // -1: no price
		}
		var past []change
		for range rapid.IntRange(1, 8).Draw(rt, "changes") {
			s.engine.Advance(time.Duration(rapid.IntRange(1, 40).Draw(rt, "hours")) * 12 * time.Hour)
			now := change{s.engine.Now(), int64(rapid.IntRange(-1, 5).Draw(rt, "price"))}
			c.Price = eur(now.amount)
			if now.amount < 0 {
				c.Price = money.Amount{}
			}
			if _, err := s.PutProduct(t.Context(), c); err != nil {
				rt.Fatal(err)
			}
			if len(past) == 0 || past[len(past)-1].amount != now.amount {
				past = append(past, now)
			}
		}
		lowest := func(before time.Time) int64 {
			low := int64(-1)
			for i, c := range past {
				end := before
				if i+1 < len(past) {
					end = past[i+1].at
				}
				if c.amount >= 0 && c.at.Before(before) && end.After(before.AddDate(0, 0, -30)) && (low < 0 || c.amount < low) {
					low = c.amount
				}
			}
			return low
		}
		v, err := s.BySKU(t.Context(), c.SKU)
		if err != nil {
			rt.Fatal(err)
		}
		if last := past[len(past)-1]; last.amount >= 0 {
			want := lowest(last.at)
			if prior, ok := v.PriorPrice("EUR"); ok != (want >= 0) || ok && prior != eur(want) {
				rt.Fatalf("the prior price of %v is %v, %t; want %d", past, prior, ok, want)
			}
		}
		before := s.engine.Now().Add(time.Duration(rapid.IntRange(-60, 60).Draw(rt, "before")) * 24 * time.Hour)
		want := lowest(before)
		if got, ok, err := s.LowestPrice(t.Context(), c.SKU, "EUR", before); err != nil || ok != (want >= 0) || ok && got != eur(want) {
			rt.Fatalf("the lowest price of %v in the 30 days before %v is %v, %t, %v; want %d", past, before, got, ok, err, want)
		}
	})
}

func TestProductsOfAPage(t *testing.T) {
	s := newShop(t, 3)
	list := s.priceList(catalog.PutPriceList{Code: "trade", Title: "Trade", Groups: []string{"trade"}})
	p := s.must(shirt("S", "M"))
	s.listPrices(list, "SHIRT-M", catalog.Tier{Price: eur(2000)})
	m := s.must(mug())
	d := s.must(catalog.PutProduct{SKU: "DRAFT", Title: "Draft", Status: catalog.Draft})
	var ids []catalog.ProductID
	for id, err := range s.IDs(t.Context(), catalog.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if want := []catalog.ProductID{p.ID, m.ID, d.ID}; len(ids) != 3 || !slices.IsSorted(ids) || slices.ContainsFunc(want, func(id catalog.ProductID) bool { return !slices.Contains(ids, id) }) {
		t.Fatalf("got %v", ids)
	}
	order := []catalog.ProductID{m.ID, "prd_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", p.ID, d.ID}
	page, err := s.Products(t.Context(), order, catalog.Ask{Currency: "EUR", Groups: []string{"trade"}})
	if err != nil || len(page) != 3 {
		t.Fatalf("got %+v, %v", page, err)
	}
	if got := page[0]; got.Product.ID != m.ID || got.From.Amount != eur(1250) || got.Many || !got.Offer.Purchasable {
		t.Errorf("got %+v", got)
	}
	if got := page[1]; got.From.Amount != eur(2000) || got.From.List != list.ID || !got.Many {
		t.Errorf("got %+v", got)
	}
	if got := page[2].Offer; got.Visible || got.Priced || !slices.Equal(got.WhyNot, []catalog.Reason{catalog.IsDraft, catalog.NoPriceInCurrency}) {
		t.Errorf("got %+v", got)
	}
	if _, err := s.Products(t.Context(), []catalog.ProductID{"x"}, catalog.Ask{}); !errors.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

// BenchmarkListingPage prices 48 products of three variants for a customer,
// with 20 lists of which three are for them, and tiers.
func BenchmarkListingPage(b *testing.B) {
	s := newShop(b, 8)
	products, err := s.PutProducts(b.Context(), manyShirts(48))
	if err != nil {
		b.Fatal(err)
	}
	for i := range 20 {
		list := s.priceList(catalog.PutPriceList{Code: fmt.Sprint(i), Title: "List", Groups: []string{fmt.Sprintf("group-%d", i/3)}, Priority: int64(20 - i)})
		var prices []catalog.SKUPrices
		for j, p := range products {
			if j%4 == i%4 {
				prices = append(prices, catalog.SKUPrices{SKU: p.Variants[0].SKU, Tiers: []catalog.Tier{{Price: eur(2000)}, {MinQuantity: 10, Price: eur(1900)}}})
			}
		}
		if err := s.PutListPrices(b.Context(), catalog.PutListPrices{List: list.ID, Prices: prices}); err != nil {
			b.Fatal(err)
		}
	}
	ids := make([]catalog.ProductID, len(products))
	for i, p := range products {
		ids[i] = p.ID
	}
	ask := catalog.Ask{Currency: "EUR", Groups: []string{"group-5"}, At: s.engine.Now(), Quantity: 1}
	b.ReportAllocs()
	for b.Loop() {
		page, err := s.Products(b.Context(), ids, ask)
		if err != nil || len(page) != 48 || !page[47].Offer.Priced {
			b.Fatal(page, err)
		}
	}
}
