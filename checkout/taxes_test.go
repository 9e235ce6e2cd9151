package checkout_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// taxman knows the taxes of DE alone, unless he is out.
type taxman struct{ out bool }

func (m *taxman) Taxes(_ context.Context, r pricing.TaxRequest) (pricing.TaxAnswer, error) {
	switch {
	case m.out:
		return pricing.TaxAnswer{}, errors.New("nobody is here")
	case r.Address.Country != "DE":
		return pricing.TaxAnswer{}, fault.New(fault.Invalid, "there is no country %s", r.Address.Country)
	}
	return pricing.TaxAnswer{Rows: make([][]pricing.Tax, len(r.Rows))}, nil
}

// strict has a shop sell by what a tax provider says, and not by estimates.
func (s *shop) strict(p pricing.TaxProvider) {
	s.pricing = pricing.NewService(s.engine, s.catalog, s.copies, pricing.Options{Taxes: p, StrictTaxes: true})
	s.carts = cart.NewService(s.engine, s.pricing, s.inventory, s.sealer)
	s.checkout = checkout.NewService(s.engine, s.carts, s.inventory, s.orders, s.payments)
}

// A cart whose taxes are not known can be read and changed, and says that it
// cannot be bought; an address that is corrected makes it a cart like any other.
func TestTaxesThatAreNotKnown(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	s.sells("mug", 10)
	m := new(taxman)
	s.strict(m)
	c := s.basket("mug", 1)
	to := func(country string) cart.Cart {
		t.Helper()
		got, err := s.carts.SetContact(s.ctx(), cart.SetContact{Cart: c, Contact: cart.Contact{ShippingAddress: accounts.Address{Line1: "1 Way", Country: country}}})
		s.must(err)
		return got
	}
	has := func(got cart.Cart, want ...cart.ProblemCode) {
		t.Helper()
		var codes []cart.ProblemCode
		for _, p := range got.Problems {
			codes = append(codes, p.Code)
		}
		if !slices.Equal(codes, want) || got.Total != euro(price) {
			t.Errorf("a cart for %v has the problems %v, want %v", got.Total, codes, want)
		}
	}
	has(to("XX"), cart.TaxesRefused)
	has(s.cart(c), cart.TaxesRefused)
	_, err := s.pay(c, approves)
	if refused := s.refusedFor(err); len(refused) != 1 || refused[0].Code != cart.TaxesRefused {
		t.Errorf("it is refused with %v", err)
	}
	_, err = s.carts.Freeze(s.ctx(), cart.Freeze{Cart: c, Hard: true})
	s.wants(err, fault.Invalid)
	has(to("DE"))
	m.out = true
	s.engine.Advance(24 * time.Hour) // what was said yesterday does not count
	has(s.cart(c), cart.TaxesUnknown)
	_, err = s.complete(checkout.Complete{Cart: c, PayWith: "simulator", Token: approves, Key: "once"})
	if _, ok := errors.AsType[*pricing.TaxesError](err); !ok || fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("while nobody is there: %v", err)
	}
	m.out = false
	s.engine.Advance(time.Minute)
	// Nothing was decided under the key.
	_, err = s.complete(checkout.Complete{Cart: c, PayWith: "simulator", Token: approves, Key: "once"})
	s.must(err)
}

// What is added to an order is on sale by the price that it is added at.
func TestWhatIsAddedIsOnSaleByItsList(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	s.sells("mug", 10)
	fee := pricing.Fee{ID: "box", Name: "Box", PerLine: true, PerUnit: true, Items: pricing.Selector{ExceptOnSale: true}, Amounts: []money.Amount{euro(50)}}
	_, err := s.pricing.PutFee(s.ctx(), pricing.PutFee{Fee: fee})
	s.must(err)
	r, err := s.pay(s.basket("mug", 1), approves)
	s.must(err)
	add := checkout.Change{Order: r.ID, Version: r.Version, Reason: "one more", Add: []checkout.AddedLine{{SKU: "mug", Quantity: 1}}}
	shown, err := s.checkout.Preview(s.ctx(), add)
	s.must(err)
	if shown.Added != euro(price+50) {
		t.Errorf("at its own price it makes a difference of %v", shown.Added)
	}
	_, err = s.catalog.PutPriceList(s.ctx(), catalog.PutPriceList{Code: "may", Title: "May", Sale: true, DiscountBasisPoints: 1000})
	s.must(err)
	shown, err = s.checkout.Preview(s.ctx(), add)
	s.must(err)
	if shown.Added != euro(price*9/10) {
		t.Errorf("on sale it makes a difference of %v", shown.Added)
	}
}
