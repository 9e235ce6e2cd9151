package checkout_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/pricing"
)

// fees charges for gift wrap, for paying by hand, and for small orders.
func (s *shop) fees() {
	s.Helper()
	for _, f := range []pricing.Fee{
		{ID: "wrap", Name: "Gift wrap", Kind: pricing.GiftWrap, PerLine: true, PerUnit: true, Property: "gift_wrap", Amounts: []money.Amount{euro(200)}},
		{ID: "by-hand", Name: "Paying by hand", Kind: pricing.OnPayment, Payments: []string{"manual"}, Amounts: []money.Amount{euro(300)}},
		{ID: "small", Name: "Small order", Kind: pricing.SmallOrder, BelowSubtotal: []money.Amount{euro(10_000)}, Amounts: []money.Amount{euro(100)}},
	} {
		_, err := s.pricing.PutFee(s.ctx(), pricing.PutFee{Fee: f})
		s.must(err)
	}
}

// Fees are in the cart's total, the order's and the ledger, with their tax; what
// is on a line goes back with its units, the rest when it is granted.
func TestFeesGoIntoTheOrder(t *testing.T) {
	for _, included := range []bool{false, true} {
		s := newShop(t, 2)
		s.sells("mug", 5)
		s.rules(included)
		s.fees()
		c, err := s.carts.AddLines(s.ctx(), cart.AddLines{Lines: []cart.AddedLine{
			{SKU: "mug", Quantity: 2, Properties: []cart.Property{{Name: "gift_wrap", Value: "red"}}}, {SKU: "mug", Quantity: 1},
		}})
		s.must(err)
		s.deliver(c.ID)
		c, err = s.carts.SetPayment(s.ctx(), cart.SetPayment{Cart: c.ID, Payment: "manual"})
		s.must(err)
		if len(c.Fees) != 3 || c.FeeTotal != euro(800) || c.Fees[0].Line != c.Lines[0].ID || c.Total.Minor() != 3750+800+495+c.TaxAdded.Minor() {
			t.Fatalf("included %t: the cart has %+v, %v in all of %v", included, c.Fees, c.FeeTotal, c.Total)
		}
		// Who pays in another way is not charged for paying by hand.
		r, err := s.complete(checkout.Complete{Cart: c.ID, PayWith: "simulator", Token: approves})
		s.must(err)
		if r.FeeTotal != euro(500) || r.OwnFees != euro(100) || len(r.Fees) != 2 || r.Lines[0].Fees != euro(400) || r.Lines[1].Fees != euro(0) {
			t.Fatalf("included %t: the order has %+v, %v in all", included, r.Fees, r.FeeTotal)
		}
		if l := r.Lines[0]; l.Net.Minor()+l.Tax.Minor() != l.Gross.Minor() || included && l.Gross != euro(2900) || !included && l.Net != euro(2900) {
			t.Errorf("included %t: the line is %+v", included, l)
		}
		books := s.books(r.ID)
		if books[payments.Fees] != -r.NetFees().Minor() || books[payments.Sales] != -r.NetGoods().Minor() || books["provider:simulator"] != r.Total.Minor() {
			t.Errorf("included %t: the ledger has %v", included, books)
		}
		// A wrapped mug is canceled: half of the line goes back, with its wrap.
		o, err := s.orders.CancelLines(s.ctx(), orders.CancelLines{Order: r.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "x"})
		s.must(err)
		if o.RefundGranted.Minor() != r.Lines[0].Gross.Minor()/2 {
			t.Errorf("included %t: %v of %v are granted", included, o.RefundGranted, r.Lines[0].Gross)
		}
		g, err := s.orders.GrantRefund(s.ctx(), orders.GrantRefund{Order: r.ID, Fees: r.GrossFees(), Reason: "x", Release: true})
		s.must(err)
		if g.Fees != r.GrossFees() || g.Tax != r.OwnFeesTax {
			t.Errorf("included %t: the grant is %+v", included, g)
		}
		_, err = s.orders.GrantRefund(s.ctx(), orders.GrantRefund{Order: r.ID, Fees: euro(1), Reason: "x", Release: true})
		if as[*orders.CapError](s, err).What != "fees" {
			t.Errorf("included %t: fees are paid back twice: %v", included, err)
		}
		s.must(s.payments.Settle(s.ctx(), r.ID))
		if books = s.books(r.ID); books[payments.Receivable] != 0 || books["provider:simulator"] != s.order(r.ID).Total.Minor()-s.order(r.ID).RefundGranted.Minor() {
			t.Errorf("included %t: the ledger has %v", included, books)
		}
	}
}

// The fee of a way to pay is charged by what the order is paid with.
func TestPayingCostsWhatItIsPaidWith(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	s.fees()
	c := s.basket("mug", 1)
	shown := s.cart(c).Total
	_, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: c, ExpectedTotal: &shown, PayWith: "manual"})
	s.wants(err, fault.Conflict)
	r, err := s.complete(checkout.Complete{Cart: c, PayWith: "manual"})
	s.must(err)
	if r.Total != euro(price+300+100) {
		t.Errorf("it costs %v: %+v", r.Total, r.Fees)
	}
}

// A list of prices without tax serves traders in a store whose prices contain
// it: both kinds of lines may be in one order.
func TestLinesContainTheirTaxOrNot(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	s.sells("cup", 5)
	s.rules(true)
	list, err := s.catalog.PutPriceList(s.ctx(), catalog.PutPriceList{Code: "trade", Title: "Trade", Prices: catalog.TaxOnTop})
	s.must(err)
	err = s.catalog.PutListPrices(s.ctx(), catalog.PutListPrices{List: list.ID, Prices: []catalog.SKUPrices{{SKU: "cup", Tiers: []catalog.Tier{{Price: euro(1000)}}}}})
	s.must(err)
	c, err := s.carts.AddLines(s.ctx(), cart.AddLines{Lines: []cart.AddedLine{{SKU: "mug", Quantity: 1}, {SKU: "cup", Quantity: 2}}})
	s.must(err)
	c = s.deliver(c.ID)
	if c.Total != euro(price+2380+495) || c.TaxAdded != euro(380) || c.Lines[1].Prices != catalog.TaxOnTop {
		t.Fatalf("the cart comes to %v, %v on top: %+v", c.Total, c.TaxAdded, c.Lines)
	}
	r, err := s.complete(checkout.Complete{Cart: c.ID, ExpectedTotal: &c.Total, PayWith: "simulator", Token: approves})
	s.must(err)
	if r.Total != c.Total || r.TaxAdded != euro(380) || r.Lines[1].TaxIncluded || !r.Lines[0].TaxIncluded || r.Lines[1].Gross != euro(2380) {
		t.Errorf("got %+v", r.Order)
	}
	o, err := s.orders.CancelLines(s.ctx(), orders.CancelLines{Order: r.ID, Lines: []orders.LineQuantity{{Line: 2, Quantity: 1}}, Reason: "x"})
	if err != nil || o.RefundGranted != euro(1190) {
		t.Errorf("%v are granted, %v", o.RefundGranted, err)
	}
}

// A customer with a certificate buys without tax, and what is added later has
// none either.
func TestAnExemptOrderHasNoTax(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	s.rules(false)
	who, err := s.people.Register(s.ctx(), accounts.Register{Email: "ada@example.com"})
	s.must(err)
	s.must(s.pricing.PutExemption(s.ctx(), pricing.PutExemption{Customer: who.ID, Exemption: pricing.Exemption{Certificate: "DE-1", Areas: []pricing.Area{{Country: "DE"}}}}))
	c, err := s.carts.AddLine(s.ctx(), cart.AddLine{Customer: who.ID, SKU: "mug", Quantity: 1})
	s.must(err)
	s.deliver(c.ID)
	r, err := s.complete(checkout.Complete{Cart: c.ID, PayWith: "simulator", Token: approves})
	s.must(err)
	if r.Total != euro(price+495) || !r.Tax.IsZero() || r.TaxExempt != "DE-1" {
		t.Fatalf("got %v with a tax of %v, exempt by %q", r.Total, r.Tax, r.TaxExempt)
	}
	o, err := s.checkout.Confirm(s.ctx(), checkout.Change{Order: r.ID, Version: r.Version, Reason: "x", Add: []checkout.AddedLine{{SKU: "mug", Quantity: 1}}})
	if err != nil || o.Total != euro(2*price+495) || !o.Tax.IsZero() {
		t.Errorf("afterwards it is %v with a tax of %v, %v", o.Total, o.Tax, err)
	}
}

// Fees on each of many lines do not keep a cart from being bought, up to a bound
// that is told.
func TestManyFeesAreBought(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 400)
	put := func(from, to int) {
		for i := from; i < to; i++ {
			_, err := s.pricing.PutFee(s.ctx(), pricing.PutFee{Fee: pricing.Fee{
				ID: fmt.Sprint("fee-", i), Name: strings.Repeat("long ", 39), Kind: pricing.Surcharge, PerLine: true, Amounts: []money.Amount{euro(1)},
			}})
			s.must(err)
		}
	}
	put(0, 8)
	basket := func() cart.ID {
		var lines []cart.AddedLine
		for i := range 200 {
			lines = append(lines, cart.AddedLine{SKU: "mug", Quantity: 1, Properties: []cart.Property{{Name: "note", Value: fmt.Sprint(i)}}})
		}
		c, err := s.carts.AddLines(s.ctx(), cart.AddLines{Lines: lines})
		s.must(err)
		return c.ID
	}
	r, err := s.complete(checkout.Complete{Cart: basket(), PayWith: "simulator", Token: approves})
	s.must(err)
	if last := r.Fees[len(r.Fees)-1]; len(r.Fees) != 1600 || r.FeeTotal != euro(1600) || last.Fee != "fee-7" || last.Line != 200 || len(last.Name) < 190 {
		t.Errorf("the order has %d fees, %v in all", len(r.Fees), r.FeeTotal)
	}
	put(8, 21)
	_, err = s.complete(checkout.Complete{Cart: basket(), PayWith: "simulator", Token: approves})
	s.wants(err, fault.Refused)
}

// What is added to an order is charged what is charged on lines, and goes back
// with its goods; what the order was charged once, it is not charged again.
func TestWhatIsAddedIsChargedFees(t *testing.T) {
	for _, included := range []bool{false, true} {
		s := newShop(t, 2)
		s.sells("mug", 9)
		s.rules(included)
		s.fees()
		for _, f := range []pricing.Fee{
			{ID: "bottle", Name: "Bottle deposit", Kind: pricing.Deposit, PerLine: true, PerUnit: true, Untaxed: true, Amounts: []money.Amount{euro(25)}},
			{ID: "bulky", Name: "Bulky goods", PerLine: true, If: pricing.Conditions{MinQuantity: 3}, Amounts: []money.Amount{euro(119)}}, // with the goods of before
		} {
			_, err := s.pricing.PutFee(s.ctx(), pricing.PutFee{Fee: f})
			s.must(err)
		}
		c := s.basket("mug", 2)
		s.deliver(c)
		r, err := s.complete(checkout.Complete{Cart: c, PayWith: "simulator", Token: approves})
		s.must(err)
		if r.FeeTotal != euro(50+100) || len(r.Fees) != 2 {
			t.Fatalf("included %t: the order has %+v", included, r.Fees)
		}
		change := checkout.Change{Order: r.ID, Version: r.Version, Reason: "two more", Add: []checkout.AddedLine{{SKU: "mug", Quantity: 2}}}
		shown, err := s.checkout.Preview(s.ctx(), change)
		s.must(err)
		tax := int64(0)
		if !included {
			tax = 475 + 23 // 19 % of 25.00 and of 1.19
		}
		if shown.Added != euro(2*price+50+119+tax) || shown.Lines[0].Fees != euro(169) {
			t.Errorf("included %t: it would cost %v more: %+v", included, shown.Added, shown.Lines)
		}
		change.Expected = &shown.Added
		o, err := s.checkout.Confirm(s.ctx(), change)
		s.must(err)
		if o.FeeTotal != euro(150+169) || len(o.Fees) != 4 || o.Fees[3].Line != 2 || o.Fees[3].Number != 4 || o.Total.Minor() != r.Total.Minor()+shown.Added.Minor() || o.Lines[1].Gross != shown.Added {
			t.Errorf("included %t: the order has %+v, and is %v", included, o.Fees, o.Total)
		}
		sums, taxes := int64(0), int64(0)
		for _, sum := range o.Taxes {
			sums += sum.Amount
		}
		for _, l := range o.Lines {
			taxes += l.Tax.Minor()
		}
		if sums != o.Tax.Minor() || taxes+o.ShippingTax.Minor()+o.OwnFeesTax.Minor() != sums {
			t.Errorf("included %t: a tax of %v is %+v", included, o.Tax, o.Taxes)
		}
		s.must(s.payments.Settle(s.ctx(), r.ID))
		o, err = s.orders.CancelLines(s.ctx(), orders.CancelLines{Order: r.ID, Lines: []orders.LineQuantity{{Line: 2, Quantity: 2}}, Reason: "x"})
		if err != nil || o.RefundGranted != shown.Added {
			t.Errorf("included %t: %v of %v go back, %v", included, o.RefundGranted, shown.Added, err)
		}
	}
}

// What is added to an order is charged the fees on goods of its category, and
// none that leaves them out.
func TestFeesOfACategoryAreOnWhatIsAdded(t *testing.T) {
	s := newShop(t, 2)
	bottles, err := s.catalog.PutCategory(s.ctx(), catalog.PutCategory{Handle: "bottles", Title: "Bottles"})
	s.must(err)
	for sku, in := range map[catalog.SKU][]catalog.CategoryID{"water": {bottles.ID}, "mug": nil} {
		_, err := s.catalog.PutProduct(s.ctx(), catalog.PutProduct{SKU: sku, Title: string(sku), Price: euro(price), Categories: in})
		s.must(err)
		s.receive(sku, 9, "")
	}
	for _, f := range []pricing.Fee{
		{ID: "deposit", Name: "Deposit", Kind: pricing.Deposit, Items: pricing.Selector{Categories: []catalog.CategoryID{bottles.ID}}, Amounts: []money.Amount{euro(25)}},
		{ID: "wrapping", Name: "Wrapping", Items: pricing.Selector{ExceptCategories: []catalog.CategoryID{bottles.ID}}, Amounts: []money.Amount{euro(40)}},
	} {
		f.PerLine, f.PerUnit, f.Untaxed = true, true, true
		_, err := s.pricing.PutFee(s.ctx(), pricing.PutFee{Fee: f})
		s.must(err)
	}
	r, err := s.complete(checkout.Complete{Cart: s.basket("water", 1), PayWith: "simulator", Token: approves})
	s.must(err)
	if r.FeeTotal != euro(25) {
		t.Fatalf("the order has %+v", r.Fees)
	}
	shown, err := s.checkout.Preview(s.ctx(), checkout.Change{
		Order: r.ID, Version: r.Version, Reason: "more", Add: []checkout.AddedLine{{SKU: "water", Quantity: 2}, {SKU: "mug", Quantity: 1}},
	})
	s.must(err)
	if shown.Lines[0].Fees != euro(50) || shown.Lines[1].Fees != euro(40) || shown.Added != euro(3*price+90) {
		t.Errorf("it would cost %v more: %+v", shown.Added, shown.Lines)
	}
}
