package cart_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/cache"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// keepingShop is a shop whose carts are kept, and which prices them from scratch,
// too.
type keepingShop struct {
	*shop
	cart    cart.ID
	skus    []catalog.SKU
	list    catalog.PriceListID
	product map[catalog.SKU]catalog.ProductID
}

func newKeepingShop(t testing.TB) *keepingShop {
	t.Helper()
	s := &keepingShop{shop: newShop(t, 2), product: map[catalog.SKU]catalog.ProductID{}}
	copies, err := cache.New(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(copies.Close)
	s.engine.OnTouch = func(keys []string) {
		for _, key := range keys {
			copies.Bump(key)
		}
	}
	s.catalog = catalog.NewService(s.engine, copies)
	s.pricing = pricing.NewService(s.engine, s.catalog, copies, pricing.Options{})
	s.stock = inventory.NewService(s.engine, s.catalog, copies)
	s.carts = cart.NewService(s.engine, s.pricing, s.stock, s.sealer)
	var products []catalog.PutProduct
	var received []inventory.Receive
	for i := range 40 {
		sku := catalog.SKU(fmt.Sprint("sku-", i))
		s.skus = append(s.skus, sku)
		products = append(products, catalog.PutProduct{SKU: sku, Title: "The " + string(sku), Price: euro(int64(100 + i))})
		received = append(received, inventory.Receive{SKU: sku, Quantity: 5})
	}
	made, err := s.catalog.PutProducts(t.Context(), products)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range made {
		s.product[s.skus[i]] = p.ID
	}
	if _, err := s.stock.ReceiveMany(t.Context(), inventory.ReceiveMany{Lines: received}); err != nil {
		t.Fatal(err)
	}
	list, err := s.catalog.PutPriceList(t.Context(), catalog.PutPriceList{Code: "many", Title: "Many"})
	if err != nil {
		t.Fatal(err)
	}
	s.list = list.ID
	var lines []cart.AddedLine
	for _, sku := range s.skus[:30] {
		lines = append(lines, cart.AddedLine{SKU: sku, Quantity: 2})
	}
	s.cart = s.add(cart.AddLines{Customer: s.customer("ada@example.com"), Lines: lines}).ID
	return s
}

func (s *keepingShop) putPrice(sku catalog.SKU, minor int64, published []catalog.Publication) {
	s.Helper()
	p, err := s.catalog.PutProduct(s.Context(), catalog.PutProduct{SKU: sku, Title: "The " + string(sku), Price: euro(minor), Publications: published})
	if err == nil {
		_, err = s.stock.Receive(s.Context(), inventory.Receive{SKU: sku, Quantity: 5})
	}
	if err != nil {
		s.Fatal(err)
	}
	s.product[sku] = p.ID
}

// fromScratch prices the cart as a process would that has just begun.
func (s *keepingShop) fromScratch() (cart.Cart, *cart.Priced) {
	s.Helper()
	products := catalog.NewService(s.engine, nil)
	prices := pricing.NewService(s.engine, products, nil, pricing.Options{})
	carts := cart.NewService(s.engine, prices, inventory.NewService(s.engine, products, nil), s.sealer)
	c, err := carts.Get(s.Context(), s.cart)
	if err != nil {
		s.Fatal(err)
	}
	p, err := carts.Price(s.Context(), s.cart)
	if err != nil {
		s.Fatal(err)
	}
	return c, p
}

// TestKeptCartsAreAsFromScratch: what is kept of a cart never shows. After any
// change of the cart, the catalog, prices, rules, stock and time each answer is,
// byte for byte, what one gets who has kept nothing.
func TestKeptCartsAreAsFromScratch(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // each opens a store
		f.Value.Set("25")
		defer f.Value.Set(f.DefValue)
	}
	rapid.Check(t, func(r *rapid.T) {
		s := newKeepingShop(t)
		for range rapid.IntRange(3, 14).Draw(r, "steps") {
			s.engine.Advance(2 * time.Second) // what was said of stock may be a second old
			what := rapid.SampledFrom(keptSteps).Draw(r, "step")
			answer, err := what.do(s, r)
			if err != nil && fault.CodeOf(err) == 0 {
				r.Fatalf("%s: %v", what.name, err)
			}
			want, priced := s.fromScratch()
			if err == nil && answer.ID != "" && answer.Version == want.Version {
				same(r, what.name+", its answer", answer, want)
			}
			same(r, what.name+", read after it", s.get(s.cart), want)
			got, err := s.carts.Price(s.Context(), s.cart)
			if err != nil {
				r.Fatal(err)
			}
			same(r, what.name+", what it was priced from", []any{got.Cart, got.Input, got.Quote, got.Redemptions, got.Needs}, []any{priced.Cart, priced.Input, priced.Quote, priced.Redemptions, priced.Needs})
		}
	})
}

func same(r *rapid.T, what string, got, want any) {
	a, err := json.Marshal(got)
	if err != nil {
		r.Fatal(err)
	}
	b, err := json.Marshal(want)
	if err != nil {
		r.Fatal(err)
	}
	if string(a) != string(b) || !reflect.DeepEqual(got, want) {
		at := 0
		for at < min(len(a), len(b)) && a[at] == b[at] {
			at++
		}
		from := max(at-200, 0)
		r.Fatalf("%s:\nkept    …%.400s\nscratch …%.400s", what, a[from:], b[from:])
	}
}

// keptSteps are changes of all that a cart's price follows from.
var keptSteps = []struct {
	name string
	do   func(*keepingShop, *rapid.T) (cart.Cart, error)
}{
	{"quantity", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		return s.carts.SetQuantity(s.Context(), cart.SetQuantity{Cart: s.cart, SKU: s.draw(r), Quantity: rapid.Int64Range(0, 9).Draw(r, "quantity")})
	}},
	{"add", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		l := cart.AddedLine{SKU: s.draw(r), Quantity: rapid.Int64Range(1, 3).Draw(r, "quantity")}
		switch rapid.IntRange(0, 3).Draw(r, "kind") {
		case 0:
			l.AgreedPrice, l.Reason = agreed(rapid.Int64Range(1, 90).Draw(r, "agreed")), "scratched"
		case 1:
			l.Properties = []cart.Property{{Name: "engraving", Value: rapid.SampledFrom([]string{"A", "B"}).Draw(r, "value")}}
		}
		return s.carts.AddLines(s.Context(), cart.AddLines{Cart: s.cart, Lines: []cart.AddedLine{l, {SKU: s.draw(r), Quantity: 1}}})
	}},
	{"change what is answered", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		c := s.get(s.cart) // is the caller's to change
		for i := range c.Lines {
			for p := range c.Lines[i].Properties {
				c.Lines[i].Properties[p].Value = "spoilt"
			}
			c.Lines[i].Quantity, c.Lines[i].Title = 77, "spoilt"
		}
		return cart.Cart{}, nil
	}},
	{"another process adds", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		other := cart.NewService(s.engine, s.pricing, s.stock, s.sealer)
		return other.AddLine(s.Context(), cart.AddLine{Cart: s.cart, SKU: s.draw(r), Quantity: 1})
	}},
	{"price", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		s.putPrice(s.draw(r), rapid.Int64Range(1, 300).Draw(r, "price"), nil)
		return cart.Cart{}, nil
	}},
	{"publish for an hour", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		s.putPrice(s.draw(r), 50, []catalog.Publication{{PurchasableUntil: catalog.MomentOf(s.engine.Now().Add(time.Hour))}})
		s.get(s.cart)
		s.engine.Advance(2 * time.Hour)
		return cart.Cart{}, nil
	}},
	{"archive", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		_, err := s.catalog.ArchiveProduct(s.Context(), catalog.ArchiveProduct{Product: s.product[s.draw(r)]})
		return cart.Cart{}, err
	}},
	{"list price", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		tiers := []catalog.Tier{{Price: euro(rapid.Int64Range(1, 200).Draw(r, "price"))}, {MinQuantity: 4, Price: euro(1)}}
		return cart.Cart{}, s.catalog.PutListPrices(s.Context(), catalog.PutListPrices{List: s.list, Prices: []catalog.SKUPrices{{SKU: s.draw(r), Tiers: tiers}}})
	}},
	{"a list for an hour", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		_, err := s.catalog.PutPriceList(s.Context(), catalog.PutPriceList{Code: "sale", Title: "Sale", DiscountBasisPoints: 500, Priority: 1,
			Until: catalog.MomentOf(s.engine.Now().Add(time.Hour))})
		s.get(s.cart)
		if rapid.Bool().Draw(r, "over") {
			s.engine.Advance(2 * time.Hour)
		}
		return cart.Cart{}, err
	}},
	{"groups", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		groups := []string{rapid.SampledFrom([]string{"trade", "friends"}).Draw(r, "group")}
		_, err := s.people.Update(s.Context(), accounts.Update{Customer: s.get(s.cart).Customer, Groups: &groups})
		if err == nil {
			_, err = s.catalog.PutPriceList(s.Context(), catalog.PutPriceList{Code: "trade", Title: "Trade", Groups: []string{"trade"}, DiscountBasisPoints: 1000})
		}
		return cart.Cart{}, err
	}},
	{"promotion", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		p := pricing.Promotion{ID: "p", Name: "p", Effect: pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(rapid.Int64Range(1, 20).Draw(r, "percent"))}}
		switch rapid.IntRange(0, 3).Draw(r, "kind") {
		case 0:
			p.Effect.Items.SKUs = []catalog.SKU{s.draw(r)}
		case 1:
			p.Effect.Items.ExceptOnSale = true
		case 2:
			p.Effect.Items.Attributes = []pricing.AttributeValue{{Name: "Material", Value: "iron"}}
		}
		_, err := s.pricing.PutPromotion(s.Context(), pricing.PutPromotion{Promotion: p})
		return cart.Cart{}, err
	}},
	{"taxes", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		_, err := s.pricing.PutTaxZone(s.Context(), pricing.PutTaxZone{Zone: pricing.TaxZone{ID: "de", Areas: []pricing.Area{{Country: "DE"}},
			Rates: []pricing.TaxRate{{Name: "VAT", Rate: money.Percent(rapid.Int64Range(1, 25).Draw(r, "tax"))}}}})
		return cart.Cart{}, err
	}},
	{"settings", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		_, err := s.pricing.PutSettings(s.Context(), pricing.PutSettings{Settings: pricing.Settings{TaxIncluded: rapid.Bool().Draw(r, "included"), Home: pricing.Address{Country: "DE"}}})
		return cart.Cart{}, err
	}},
	{"stock", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		count := rapid.Int64Range(0, 6).Draw(r, "count")
		_, err := s.stock.Adjust(s.Context(), inventory.Adjust{SKU: s.draw(r), Count: &count, Reason: "counted"})
		return cart.Cart{}, err
	}},
	{"contact", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		to := accounts.Address{Country: rapid.SampledFrom([]string{"DE", "FR", ""}).Draw(r, "country")}
		return s.carts.SetContact(s.Context(), cart.SetContact{Cart: s.cart, Contact: cart.Contact{Email: "ada@example.com", ShippingAddress: to}})
	}},
	{"deliveries", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		c, err := s.carts.SetDelivery(s.Context(), cart.SetDelivery{Cart: s.cart, Address: accounts.Address{Country: "FR"}})
		if err != nil || len(c.Lines) == 0 {
			return c, err
		}
		return s.carts.AssignLines(s.Context(), cart.AssignLines{Cart: s.cart, Lines: []cart.AssignedLine{{Line: c.Lines[0].ID, Delivery: c.Deliveries[len(c.Deliveries)-1].ID}}})
	}},
	{"freeze", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		return s.carts.Freeze(s.Context(), cart.Freeze{Cart: s.cart, Hard: rapid.Bool().Draw(r, "hard")})
	}},
	{"thaw", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		return s.carts.Thaw(s.Context(), cart.Thaw{Cart: s.cart})
	}},
	{"note", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		return s.carts.Annotate(s.Context(), cart.Annotate{Cart: s.cart, ExternalReference: new("A1")})
	}},
	{"time", func(s *keepingShop, r *rapid.T) (cart.Cart, error) {
		s.engine.Advance(time.Duration(rapid.SampledFrom([]int{1, 40, 90}).Draw(r, "minutes")) * time.Minute)
		return cart.Cart{}, nil
	}},
}

// draw returns a SKU, mostly one of few, so that steps meet.
func (s *keepingShop) draw(r *rapid.T) catalog.SKU {
	return rapid.SampledFrom(slices.Concat(s.skus[:3], s.skus[:3], s.skus[:3], s.skus)).Draw(r, "sku")
}
