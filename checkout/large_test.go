package checkout_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// An order of the most lines that a cart may have keeps each share of its
// discounts. One with more discounts than an order can keep is not made, and the
// cart says so before that.
func TestEveryShareOfADiscountIsKept(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	p := catalog.PutProduct{Title: "Poster"}
	var lines []cart.AddedLine
	for i := range cart.MaxLines {
		sku := catalog.SKU(fmt.Sprintf("poster-%04d", i))
		p.Variants = append(p.Variants, catalog.PutVariant{SKU: sku, Prices: []money.Amount{euro(price + int64(i))}, Untracked: true, Options: []catalog.Option{{Name: "Number", Value: fmt.Sprint(i)}}})
		lines = append(lines, cart.AddedLine{SKU: sku, Quantity: 1})
	}
	_, err := s.catalog.PutProduct(s.ctx(), p)
	s.must(err)
	list, err := s.catalog.PutPriceList(s.ctx(), catalog.PutPriceList{Code: "may", Title: "May", Sale: true, DiscountBasisPoints: 1000})
	s.must(err)
	most := pricing.MaxShares / cart.MaxLines
	for i := range most + 1 {
		s.promotes(fmt.Sprint("p", i), nil)
	}
	var c cart.Cart
	for part := range slices.Chunk(lines, cart.MaxLines/4) {
		c, err = s.carts.AddLines(s.ctx(), cart.AddLines{Cart: c.ID, Lines: part})
		s.must(err)
	}
	if i := slices.IndexFunc(c.Problems, func(p cart.Problem) bool { return p.Code == cart.TooManyShares }); i < 0 || c.Problems[i].Bound != pricing.MaxShares {
		t.Fatalf("the problems are %+v", c.Problems)
	}
	_, err = s.pay(c.ID, approves)
	if refused := s.refusedFor(err); !slices.ContainsFunc(refused, func(p cart.Problem) bool { return p.Code == cart.TooManyShares }) {
		t.Fatalf("it is refused with %v", err)
	}
	for _, hard := range []bool{false, true} {
		_, err = s.carts.Freeze(s.ctx(), cart.Freeze{Cart: c.ID, Hard: hard})
		if limit, ok := errors.AsType[*cart.LimitError](err); !ok || limit.Max != pricing.MaxShares || fault.CodeOf(err) != fault.Refused {
			t.Errorf("hard %t: frozen, it could never be bought; got %v", hard, err)
		}
	}
	_, err = s.pricing.Remove(s.ctx(), pricing.Remove{Rule: pricing.KindPromotion, ID: "p0"})
	s.must(err)
	r, err := s.pay(c.ID, approves)
	s.must(err)
	o := s.order(r.ID)
	if n := pricing.SharesOf(o.Promotions); len(o.Promotions) != most || n != most*cart.MaxLines {
		t.Errorf("the order keeps %d shares of %d promotions", n, len(o.Promotions))
	}
	if want := "price list " + string(list.ID); o.Lines[0].PriceBy != want || o.Lines[cart.MaxLines-1].PriceBy != want {
		t.Errorf("the prices are by %q and %q", o.Lines[0].PriceBy, o.Lines[cart.MaxLines-1].PriceBy)
	}
}

// refusedFor returns the problems that a checkout was refused for.
func (s *shop) refusedFor(err error) []cart.Problem {
	s.Helper()
	if e, ok := errors.AsType[*checkout.ProblemsError](err); ok {
		return e.Problems
	}
	return nil
}
