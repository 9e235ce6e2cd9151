package documents_test

import (
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/pricing"
)

// An order is changed in all ways at once: the preview says what confirming
// comes to, and order, stock, ledger and documents agree afterwards.
func TestAnOrderIsChanged(t *testing.T) {
	s := newShop(t, commerce.WithShards(3))
	ctx := t.Context()
	_, err := s.Catalog.PutProduct(ctx, catalog.PutProduct{Title: "Spoon", Variants: []catalog.PutVariant{{SKU: "spoon", Prices: []money.Amount{euro(400)}}}})
	s.must(err)
	_, err = s.Inventory.Receive(ctx, inventory.Receive{SKU: "spoon", Quantity: 5})
	s.must(err)
	o := s.buys(checkout.Complete{}) // three mugs at 12.50, two packets of tea at 8.99, shipping at 4.95
	s.issue(o.ID, 1)
	agreed := euro(1000)
	c := checkout.Change{
		Order: o.ID, Version: o.Version, Reason: "on the phone", Key: "a",
		Add:    []checkout.AddedLine{{SKU: "spoon", Quantity: 2}, {SKU: "mug", Quantity: 1, AgreedPrice: &agreed, Reason: "the fourth"}},
		Cancel: []orders.LineQuantity{{Line: 2, Quantity: 1}}, Lower: []checkout.LowerLine{{Line: 1, Amount: euro(150)}},
		Contact: cart.Contact{Name: "Ada King", Email: "ada@example.com", ShippingAddress: accounts.Address{Name: "Ada King", Line1: "Baumwall 3", Postcode: "20459", City: "Hamburg", Country: "DE"}},
	}
	p, err := s.Checkout.Preview(ctx, c)
	if err != nil || p.Added != euro(1800) || p.Back != euro(899+150) || p.Outstanding != euro(1800-899-150) || len(p.Lines) != 2 || p.Total.Minor() != o.Total.Minor()+1800 {
		t.Fatalf("got %+v, %v", p, err)
	}
	if again, err := s.Orders.Get(ctx, o.ID); err != nil || again.Version != o.Version {
		t.Fatalf("a preview has changed the order: %+v, %v", again, err)
	}
	wrong := euro(1)
	c.Expected = &wrong
	_, err = s.Checkout.Confirm(ctx, c)
	wants(t, err, fault.Conflict)
	net := euro(1800 - 899 - 150)
	c.Expected, c.Key = &net, "b"
	got, err := s.Checkout.Confirm(ctx, c)
	if err != nil || got.Total != p.Total || len(got.Lines) != 4 || got.Lines[2].Tax != euro(128) || got.Canceled != 1 || got.Outstanding() != net || got.PaymentStatus != orders.PartiallyPaid && got.PaymentStatus != orders.PartiallyRefunded {
		t.Fatalf("got %+v, %v", got, err)
	}
	if again, err := s.Checkout.Confirm(ctx, c); err != nil || again.Total != got.Total {
		t.Errorf("asking again gives %+v, %v", again, err)
	}
	c.Key = ""
	_, err = s.Checkout.Confirm(ctx, c)
	wants(t, err, fault.Conflict) // somebody has changed it since
	if who, err := s.Orders.Contact(ctx, o.ID); err != nil || who.Name != "Ada King" {
		t.Errorf("the contact is %+v, %v", who, err)
	}
	if l, err := s.Inventory.Level(ctx, "spoon", ""); err != nil || l.Committed != 2 || l.Available != 3 {
		t.Errorf("spoons: %+v, %v", l, err)
	}
	all := s.issue(o.ID, 3)
	if all[1].Kind != documents.Invoice || all[1].Gross != euro(1800) || len(all[1].Lines) != 2 || all[2].Kind != documents.CreditNote || all[2].Gross != euro(899+150) {
		t.Errorf("got %+v", all)
	}
	if _, err := s.Orders.Ship(ctx, orders.Ship{Order: o.ID}); err != nil {
		t.Fatal(err)
	}
	changes, err := s.Orders.Changes(ctx, o.ID)
	if err != nil || len(changes) != 1 || changes[0].Added != euro(1800) || changes[0].Back != euro(1049) {
		t.Errorf("got %+v, %v", changes, err)
	}
}

func TestAnotherWayToSendAnOrder(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	s.addShipping("express", 995)
	s.addShipping("pickup", 0)
	o := s.buys(checkout.Complete{AuthorizeOnly: true})
	got, err := s.Checkout.Confirm(ctx, checkout.Change{Order: o.ID, Version: o.Version, Reason: "in a hurry", Shipping: "express"})
	if err != nil || got.Shipping != euro(995) || got.ShippingTax != euro(159) || got.Total.Minor() != o.Total.Minor()+500 || got.ShippingMethod != "express" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if got, err = s.Checkout.Confirm(ctx, checkout.Change{Order: o.ID, Version: got.Version, Reason: "comes by", Shipping: "pickup"}); err != nil || got.RefundGranted != euro(995) || got.ShippingMethod != "pickup" {
		t.Fatalf("got %+v, %v", got, err)
	}
	_, err = s.Checkout.Confirm(ctx, checkout.Change{Order: o.ID, Version: got.Version, Reason: "x", Shipping: "pigeon"})
	wants(t, err, fault.Refused)
}

// What a cheaper method has given back counts when the order is changed again:
// it is neither given back twice nor left out when the dear method returns.
func TestShippingIsGivenBackOnce(t *testing.T) {
	for _, included := range []bool{true, false} {
		s := newShop(t)
		ctx := t.Context()
		_, err := s.Pricing.PutSettings(ctx, pricing.PutSettings{Settings: pricing.Settings{TaxIncluded: included}})
		s.must(err)
		s.addShipping("express", 1000)
		s.addShipping("standard", 500)
		o := s.buys(checkout.Complete{AuthorizeOnly: true})
		send := func(by string) {
			t.Helper()
			c := checkout.Change{Order: o.ID, Version: o.Version, Reason: "x", Shipping: by}
			p, err := s.Checkout.Preview(ctx, c)
			s.must(err)
			if o = s.change(o.ID, c); o.Outstanding() != p.Outstanding {
				t.Errorf("sent by %s: %v is outstanding, the preview said %v", by, o.Outstanding(), p.Outstanding)
			}
		}
		send("express")
		dear := o.Outstanding()
		send("standard")
		cheap := o.Outstanding()
		if want := dear.Minor() - euro(500).Minor(); included && cheap.Minor() != want || cheap.Minor() > want {
			t.Errorf("%v is outstanding with express, %v with standard", dear, cheap)
		}
		for _, by := range []string{"standard", "express", "express", "standard", "standard", "express"} {
			want := cheap
			if by == "express" {
				want = dear
			}
			if send(by); o.Outstanding() != want {
				t.Errorf("sent by %s, %v is outstanding, want %v", by, o.Outstanding(), want)
			}
		}
	}
}

// All that was ordered may go if something else takes its place, or if a part
// of it has been sent.
func TestAllThatIsLeftIsCanceled(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	o := s.buys(checkout.Complete{})
	got := s.change(o.ID, checkout.Change{
		Add:    []checkout.AddedLine{{SKU: "tea", Quantity: 2}},
		Cancel: []orders.LineQuantity{{Line: 1, Quantity: 3}, {Line: 2, Quantity: 2}},
	})
	if got.Units-got.Canceled != 2 {
		t.Fatalf("got %+v", got)
	}
	_, err := s.Orders.Ship(ctx, orders.Ship{Order: o.ID, Lines: []orders.LineQuantity{{Line: 3, Quantity: 1}}})
	s.must(err)
	if got = s.change(o.ID, checkout.Change{Cancel: []orders.LineQuantity{{Line: 3, Quantity: 1}}}); got.Canceled != 6 {
		t.Errorf("got %+v", got)
	}
}

func TestDocumentsFollowWhatIsAdded(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	settings, err := s.Documents.Settings(ctx)
	s.must(err)
	settings.Invoice = documents.OnPayment
	_, err = s.Documents.PutSettings(ctx, documents.PutSettings{Settings: settings, Version: settings.Version})
	s.must(err)
	o := s.buys(checkout.Complete{})
	s.must(s.Documents.Follow(ctx))
	s.change(o.ID, checkout.Change{Add: []checkout.AddedLine{{SKU: "tea", Quantity: 1}}})
	s.must(s.Documents.Follow(ctx))
	if all, err := s.Documents.ByOrder(ctx, o.ID); err != nil || len(all) != 2 || all[1].Gross != euro(899) {
		t.Errorf("got %+v, %v", all, err)
	}
}

// What is added to an order that cost nothing is not paid yet, and goes off the
// books again if the order is canceled.
func TestAFreeOrderIsChanged(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	s.addShipping("pickup", 0)
	_, err := s.Catalog.PutProduct(ctx, catalog.PutProduct{Title: "Sample", Variants: []catalog.PutVariant{{SKU: "sample", Prices: []money.Amount{euro(0)}}}})
	s.must(err)
	_, err = s.Inventory.Receive(ctx, inventory.Receive{SKU: "sample", Quantity: 5})
	s.must(err)
	o := s.orders(checkout.Complete{}, "pickup", cart.AddedLine{SKU: "sample", Quantity: 1})
	if o = s.change(o.ID, checkout.Change{Add: []checkout.AddedLine{{SKU: "mug", Quantity: 1}}}); o.Outstanding() != euro(1250) {
		t.Fatalf("got %+v", o)
	}
	commercetest.Verify(t, s.Store)
	_, err = s.Orders.Cancel(ctx, orders.Cancel{Order: o.ID, Reason: "x"})
	s.must(err)
	left := map[payments.Account]int64{}
	for range 100 {
		clear(left)
		for p, err := range s.Payments.Ledger(ctx, payments.Filter{Order: o.ID}) {
			s.must(err)
			if left[p.Account] += p.Amount.Minor(); left[p.Account] == 0 {
				delete(left, p.Account)
			}
		}
		if len(left) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("the books still say %v", left)
}

// change confirms a change of an order as it is now: what earlier changes gave
// back is paid in the background, which is a version more.
func (s *shop) change(o orders.ID, c checkout.Change) orders.Order {
	s.Helper()
	c.Order, c.Reason = o, "x"
	for range 20 {
		now, err := s.Orders.Get(s.Context(), o)
		s.must(err)
		c.Version = now.Version
		got, err := s.Checkout.Confirm(s.Context(), c)
		if fault.CodeOf(err) == fault.Conflict {
			continue
		}
		s.must(err)
		return got
	}
	s.Fatalf("order %s does not come to rest", o)
	return orders.Order{}
}

func TestChangesThatAreRefused(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	o := s.buys(checkout.Complete{})
	dollars := money.New(1, "USD")
	for name, test := range map[string]struct {
		change checkout.Change
		code   fault.Code
	}{
		"nothing":         {checkout.Change{}, fault.Invalid},
		"too many units":  {checkout.Change{Cancel: []orders.LineQuantity{{Line: 1, Quantity: 4}}}, fault.Refused},
		"no such line":    {checkout.Change{Cancel: []orders.LineQuantity{{Line: 9, Quantity: 1}}}, fault.Refused},
		"twice":           {checkout.Change{Cancel: []orders.LineQuantity{{Line: 1, Quantity: 1}, {Line: 1, Quantity: 1}}}, fault.Invalid},
		"below nothing":   {checkout.Change{Lower: []checkout.LowerLine{{Line: 1, Amount: euro(3751)}}}, fault.Refused},
		"another money":   {checkout.Change{Lower: []checkout.LowerLine{{Line: 1, Amount: dollars}}}, fault.Invalid},
		"unknown":         {checkout.Change{Add: []checkout.AddedLine{{SKU: "unicorn", Quantity: 1}}}, fault.NotFound},
		"none":            {checkout.Change{Add: []checkout.AddedLine{{SKU: "mug"}}}, fault.Invalid},
		"sold out":        {checkout.Change{Add: []checkout.AddedLine{{SKU: "mug", Quantity: 98}}}, fault.Refused},
		"another version": {checkout.Change{Version: 99, Cancel: []orders.LineQuantity{{Line: 1, Quantity: 1}}}, fault.Conflict},
	} {
		c := test.change
		c.Order, c.Reason = o.ID, "x"
		if c.Version == 0 {
			c.Version = o.Version
		}
		if _, err := s.Checkout.Confirm(ctx, c); fault.CodeOf(err) != test.code {
			t.Errorf("%s: got %v", name, err)
		}
	}
	all := checkout.Change{Order: o.ID, Version: o.Version, Reason: "x", Cancel: []orders.LineQuantity{{Line: 1, Quantity: 3}, {Line: 2, Quantity: 2}}}
	_, err := s.Checkout.Preview(ctx, all)
	wants(t, err, fault.Refused)
	_, err = s.Checkout.Confirm(ctx, all)
	wants(t, err, fault.Refused) // nothing would be left
	_, err = s.Checkout.Confirm(ctx, checkout.Change{Order: o.ID, Reason: "x", Cancel: []orders.LineQuantity{{Line: 1, Quantity: 1}}})
	wants(t, err, fault.Invalid) // no version
	if again, err := s.Orders.Get(ctx, o.ID); err != nil || again.Version != o.Version || again.Total != o.Total {
		t.Errorf("a refusal has changed the order: %+v, %v", again, err)
	}
}

// A method that is taxed otherwise takes the place of the old one whole: what
// was due for that goes back with its tax, and the taxes of the order add up.
func TestAWayToSendThatIsTaxedOtherwise(t *testing.T) {
	for _, included := range []bool{true, false} {
		s := newShop(t)
		_, err := s.Pricing.PutSettings(t.Context(), pricing.PutSettings{Settings: pricing.Settings{TaxIncluded: included}})
		s.must(err)
		s.addShipping("books", 505)
		s.methods[len(s.methods)-1].TaxCategory = "food"
		s.addShipping("express", 995)
		o := s.buys(checkout.Complete{AuthorizeOnly: true})
		was := o.ShippingTax
		dues := map[string]money.Amount{"parcel": o.Outstanding()}
		taxes := map[string]int64{"parcel": o.Tax.Minor()}
		for i, by := range []string{"books", "express", "parcel", "books", "books", "parcel", "express"} {
			c := checkout.Change{Order: o.ID, Version: o.Version, Reason: "x", Shipping: by}
			p, err := s.Checkout.Preview(t.Context(), c)
			s.must(err)
			if o = s.change(o.ID, c); o.Outstanding() != p.Outstanding {
				t.Errorf("%d, %s: %v is outstanding, the preview said %v", i, by, o.Outstanding(), p.Outstanding)
			}
			grants, err := s.Orders.Grants(t.Context(), o.ID)
			s.must(err)
			tax := o.Tax.Minor()
			for _, g := range grants {
				tax -= g.Tax.Minor()
			}
			if due, known := dues[by]; known && (due != o.Outstanding() || taxes[by] != tax) {
				t.Errorf("%d, %s: %v is outstanding with a tax of %d, it was %v and %d", i, by, o.Outstanding(), tax, due, taxes[by])
			}
			dues[by], taxes[by] = o.Outstanding(), tax
			sum := int64(0)
			for _, x := range o.Taxes {
				sum += x.Amount
			}
			if sum != o.Tax.Minor() {
				t.Errorf("%d, %s: the taxes add up to %d of %v", i, by, sum, o.Tax)
			}
			if i == 0 && (grants[0].ShippingTax != was || o.ShippingMethod != by) {
				t.Errorf("the first method's tax was %v, %v goes back", was, grants[0].ShippingTax)
			}
		}
	}
}
