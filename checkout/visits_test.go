package checkout_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/downloads"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/pricing"
)

// The mugs in a cart cost 50.00.
var visits = []visit{
	{name: "a card", tell: func(s *shop, c *customer) error {
		_, err := c.buy(s, byCard(approves))
		return err
	}, status: orders.Placed, kept: 5000, card: 1000, credit: 700},
	{name: "a card that is declined", tell: func(s *shop, c *customer) error {
		_, err := c.buy(s, byCard(declines))
		return err
	}, status: orders.Canceled, kept: 0, card: 1000, credit: 700},
	{name: "everything at once", tell: func(s *shop, c *customer) error {
		_, err := c.buy(s, c.gift(), checkout.Tender{PayWith: credit.StoreCredit}, part(byCard(approves), 1500), byCard(approves))
		return err
	}, status: orders.Placed, kept: 5000, card: 0, credit: 0},
	{name: "everything, and the last is declined", tell: func(s *shop, c *customer) error {
		_, err := c.buy(s, c.gift(), checkout.Tender{PayWith: credit.StoreCredit}, part(byCard(approves), 1500), byCard(declines))
		return err
	}, status: orders.Canceled, kept: 0, card: 1000, credit: 700},
	{name: "a challenge before the second card", tell: func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), part(byCard(challenges), 1500), byCard(approves))
		if err != nil || r.Status != orders.Pending {
			return err
		}
		attempts, err := s.payments.ByOrder(s.ctx(), r.ID)
		if err != nil {
			return err
		}
		_ = s.bank.Confirm(string(attempts[1].ID), true) // once
		_, err = s.checkout.Resume(s.ctx(), r.ID)
		return err
	}, status: orders.Placed, kept: 5000, card: 0, credit: 700},
	{name: "a capture in parts", tell: func(s *shop, c *customer) error {
		r, err := c.complete(s, checkout.Complete{PayWith: "simulator", Token: approves, AuthorizeOnly: true})
		if err != nil || r.Status != orders.Placed {
			return err
		}
		attempts, err := s.payments.ByOrder(s.ctx(), r.ID)
		if err != nil {
			return err
		}
		if _, err := s.payments.Capture(s.ctx(), payments.Capture{Attempt: attempts[0].ID, Amount: euro(2000), Key: c.key + "/1"}); err != nil {
			return err
		}
		if attempts[0].State == payments.Captured && attempts[0].Open().IsZero() {
			return nil
		}
		if err := s.payments.Settle(s.ctx(), r.ID); err != nil {
			return err
		}
		_, err = s.payments.Capture(s.ctx(), payments.Capture{Attempt: attempts[0].ID, Key: c.key + "/2"})
		return err
	}, status: orders.Placed, kept: 5000, card: 1000, credit: 700},
	{name: "a refund to a gift card and a card", tell: func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status != orders.Placed {
			return err
		}
		_, err = s.payments.Refund(s.ctx(), payments.Refund{Order: r.ID, Amount: euro(1700), Key: c.key + "/r"})
		return err
	}, status: orders.Placed, kept: 3300, card: 1000, credit: 700},
	{name: "an order that is canceled", tell: func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status == orders.Pending {
			return err
		}
		if _, err = s.orders.Cancel(s.ctx(), orders.Cancel{Order: r.ID, Reason: "test", Key: c.key + "/c"}); err != nil {
			return err
		}
		return s.payments.Settle(s.ctx(), r.ID)
	}, status: orders.Canceled, kept: 0, card: 1000, credit: 700},
	{name: "a change that is paid for", tell: func(s *shop, c *customer) error { return c.more(s, approves) }, status: orders.Placed, kept: 6250, card: 1000, credit: 700},
	{name: "a change whose payment is declined", tell: func(s *shop, c *customer) error { return c.more(s, declines) }, status: orders.Placed, kept: 5000, card: 1000, credit: 700},
	{name: "a change whose payment is challenged", tell: func(s *shop, c *customer) error { return c.more(s, challenges) }, status: orders.Placed, kept: 6250, card: 1000, credit: 700},
	{name: "a shopper who gives up", tell: func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), part(byCard(simulator.TokenPending), 1500), byCard(approves))
		if err != nil || r.Status != orders.Pending {
			return err
		}
		_, err = s.checkout.Abandon(s.ctx(), r.ID)
		if _, over := errors.AsType[*orders.StatusError](err); over {
			return nil
		}
		return err
	}, status: orders.Canceled, kept: 0, card: 1000, credit: 700},
	{name: "a code that each may use once", tell: func(s *shop, c *customer) error {
		if _, err := s.carts.ApplyCode(s.ctx(), cart.ApplyCode{Cart: c.cart, Code: "EACH", Key: c.key + "/code"}); err != nil {
			return err
		}
		_, err := c.buy(s, c.gift(), byCard(approves))
		return err
	}, status: orders.Placed, kept: 4500, card: 0, credit: 700},
	{name: "a kit, and goods that the cart has held", tell: func(s *shop, c *customer) error {
		for _, sku := range []catalog.SKU{"set", "ticket"} {
			if _, err := s.carts.AddLine(s.ctx(), cart.AddLine{Cart: c.cart, SKU: sku, Quantity: 2, Key: c.key + "/" + string(sku)}); err != nil {
				return err
			}
		}
		_, err := c.buy(s, byCard(approves))
		return err
	}, status: orders.Placed, kept: 5000 + 2*2*price + 2*price, card: 1000, credit: 700},
	{name: "units that are canceled", tell: func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status != orders.Placed {
			return err
		}
		if _, err := s.orders.CancelLines(s.ctx(), orders.CancelLines{Order: r.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "test", Key: c.key + "/c"}); err != nil {
			return err
		}
		return s.payments.Settle(s.ctx(), r.ID)
	}, status: orders.Placed, kept: 3750, card: 1000, credit: 700},
	{name: "a parcel of which some comes back", tell: func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status != orders.Placed {
			return err
		}
		if _, err := s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID, Key: c.key + "/s"}); err != nil {
			return err
		}
		if _, err := s.orders.Return(s.ctx(), orders.Return{Order: r.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 2}}, Reason: "test", Key: c.key + "/b"}); err != nil {
			return err
		}
		return s.payments.Settle(s.ctx(), r.ID)
	}, status: orders.Placed, kept: 2500, card: 1000, credit: 700},
	{name: "an order on terms, paid in parts", before: (*shop).trades, tell: func(s *shop, c *customer) error {
		r, err := c.complete(s, checkout.Complete{Terms: "net_30", Tenders: []checkout.Tender{c.gift()}})
		if err != nil || r.Status != orders.Placed {
			return err
		}
		if _, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: r.ID, Tender: part(byCard(approves), 1500), Key: c.key + "/1"}); err != nil {
			return err
		}
		_, err = s.checkout.Pay(s.ctx(), checkout.Pay{Order: r.ID, Tender: byCard(approves), Key: c.key + "/2"})
		return err
	}, status: orders.Placed, kept: 5000, card: 0, credit: 700},
	{name: "an order on terms that is canceled", before: (*shop).trades, tell: func(s *shop, c *customer) error {
		r, err := c.complete(s, checkout.Complete{Terms: "net_30", Tenders: []checkout.Tender{c.gift()}})
		if err != nil || r.Status != orders.Placed {
			return err
		}
		if _, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: r.ID, Tender: part(byCard(approves), 1500), Key: c.key + "/1"}); err != nil {
			return err
		}
		if _, err := s.orders.Cancel(s.ctx(), orders.Cancel{Order: r.ID, Reason: "test", Key: c.key + "/c"}); err != nil {
			return err
		}
		return s.payments.Settle(s.ctx(), r.ID)
	}, status: orders.Canceled, kept: 0, card: 1000, credit: 700},
	{name: "nothing to pay, and a change that is paid for", tell: func(s *shop, c *customer) error {
		if _, err := s.carts.ApplyCode(s.ctx(), cart.ApplyCode{Cart: c.cart, Code: "ALL", Key: c.key + "/code"}); err != nil {
			return err
		}
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status != orders.Placed {
			return err
		}
		return c.grows(s, r, byCard(approves))
	}, status: orders.Placed, kept: price, card: 1000, credit: 700},
	{name: "a file that is downloaded and paid back in part", before: (*shop).reads, tell: func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status != orders.Placed {
			return err
		}
		if err := s.downloads.DeliverTimer(s.ctx(), string(r.ID)); err != nil {
			return err
		}
		link, err := s.downloads.Link(s.ctx(), downloads.Link{Order: r.ID, Line: 1, File: 1, Key: c.key + "/link"})
		if err != nil {
			return err
		}
		got, err := s.downloads.Download(s.ctx(), downloads.Download{Token: link.Token, Key: c.key + "/read"})
		if err != nil {
			return err
		}
		s.must(got.Body.Close())
		if _, err := s.orders.GrantRefund(s.ctx(), orders.GrantRefund{Order: r.ID, Lines: []orders.RefundLine{{Line: 1, Quantity: 1}}, Reason: "one will do", Release: true, Key: c.key + "/back"}); err != nil {
			return err
		}
		return s.payments.Settle(s.ctx(), r.ID)
	}, after: func(s *shop, c *customer) {
		files, err := s.downloads.ByOrder(s.ctx(), c.order)
		if err != nil || len(files) != 1 || files[0].State != downloads.Ready || files[0].Used != 1 || files[0].Limit != 3 {
			s.Errorf("%s: the files are %+v, %v", c.key, files, err)
		}
	}, status: orders.Placed, kept: price, card: 1000, credit: 700},
	{name: "a return from request to refund", tell: func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status != orders.Placed {
			return err
		}
		if _, err := s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID, Key: c.key + "/s"}); err != nil {
			return err
		}
		back, err := s.orders.RequestReturn(s.ctx(), orders.RequestReturn{Order: r.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 3}}, Reason: orders.TooSmall, Key: c.key + "/request"})
		if err != nil {
			return err
		}
		if _, err := s.orders.DecideReturn(s.ctx(), orders.DecideReturn{Return: back.ID, State: orders.ReturnApproved, Key: c.key + "/approve"}); err != nil {
			return err
		}
		for i, came := range []orders.ReceivedLine{{Line: 1, Resellable: 1, Damaged: 1}, {Line: 1, Resellable: 1}} {
			if _, err := s.orders.ReceiveReturn(s.ctx(), orders.ReceiveReturn{Return: back.ID, Lines: []orders.ReceivedLine{came}, Refund: true, Key: fmt.Sprint(c.key, "/receive ", i)}); err != nil {
				return err
			}
		}
		return s.payments.Settle(s.ctx(), r.ID)
	}, after: func(s *shop, c *customer) {
		all, err := s.orders.Returns(s.ctx(), c.order)
		if err != nil || len(all) != 1 || all[0].State != orders.ReturnReceived || all[0].Lines[0].Received != 3 || all[0].Lines[0].Damaged != 1 {
			s.Errorf("%s: the returns are %+v, %v", c.key, all, err)
		}
	}, status: orders.Placed, kept: price, card: 1000, credit: 700},
	{name: "a refund that is granted, and then paid", tell: func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status != orders.Placed {
			return err
		}
		attempts, err := s.payments.ByOrder(s.ctx(), r.ID)
		if err != nil {
			return err
		}
		grant := func(what string, g orders.GrantRefund) (orders.Grant, error) {
			g.Order, g.Reason, g.Key = r.ID, what, c.key+"/"+what
			return s.orders.GrantRefund(s.ctx(), g)
		}
		two, err := grant("two of them", orders.GrantRefund{Lines: []orders.RefundLine{{Line: 1, Quantity: 2}}})
		if err != nil {
			return err
		}
		other, err := grant("a mistake", orders.GrantRefund{Other: euro(500)})
		if err != nil {
			return err
		}
		if _, err := s.orders.ReleaseRefund(s.ctx(), orders.ReleaseRefund{Order: r.ID, Grant: other.Number, Withdraw: true, Key: c.key + "/withdraw"}); err != nil {
			return err
		}
		_, err = s.payments.ReleaseRefund(s.ctx(), payments.ReleaseRefund{
			Order: r.ID, Grant: two.Number, To: []payments.RefundTo{{Payment: attempts[1].ID, Amount: euro(2 * price)}}, Key: c.key + "/release",
		})
		return err
	}, status: orders.Placed, kept: 2500, card: 0, credit: 700},
	{name: "a voucher that is paid days later", tell: func(s *shop, c *customer) error { return c.voucher(s, true) }, status: orders.Placed, kept: 5000, card: 0, credit: 700},
	{name: "a voucher that is never paid", tell: func(s *shop, c *customer) error { return c.voucher(s, false) }, status: orders.Canceled, kept: 0, card: 1000, credit: 700},
	{name: "a change that pays back", tell: func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status != orders.Placed {
			return err
		}
		if err := c.change(s, r, checkout.Change{Lower: []checkout.LowerLine{{Line: 1, Amount: euro(price + 100)}}}); err != nil {
			return err
		}
		return s.payments.Settle(s.ctx(), r.ID)
	}, status: orders.Placed, kept: 3650, card: 1000, credit: 700},
	{name: "a change of one thing for two", tell: func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status != orders.Placed {
			return err
		}
		if err := c.change(s, r, checkout.Change{Cancel: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Add: []checkout.AddedLine{{SKU: "cup", Quantity: 2}}}); err != nil {
			return err
		}
		if _, err = s.checkout.Pay(s.ctx(), checkout.Pay{Order: r.ID, Tender: byCard(approves), Key: c.key + "/pay"}); err != nil {
			return err
		}
		return s.payments.Settle(s.ctx(), r.ID)
	}, status: orders.Placed, kept: 6250, card: 0, credit: 700},
}

// abroad are the visits where goods are taxed and sent: to two places, for 4.95
// and 9.90.
var abroad = []visit{
	{name: "an order of two deliveries", before: (*shop).sendsToTwo, tell: func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status != orders.Placed {
			return err
		}
		for n := 1; n <= 2; n++ {
			if _, err := s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID, Delivery: n, Key: fmt.Sprint(c.key, "/ship ", n)}); err != nil {
				return err
			}
		}
		if _, err := s.orders.Return(s.ctx(), orders.Return{Order: r.ID, Lines: []orders.LineQuantity{{Line: 2, Quantity: 1}}, Reason: "test", Key: c.key + "/b"}); err != nil {
			return err
		}
		if _, err := s.orders.GrantRefund(s.ctx(), orders.GrantRefund{Order: r.ID, Shipping: euro(990), Delivery: 2, Reason: "late", Release: true, Key: c.key + "/late"}); err != nil {
			return err
		}
		return s.payments.Settle(s.ctx(), r.ID)
	}, after: func(s *shop, c *customer) {
		parcels, err := s.orders.Fulfilments(s.ctx(), c.order)
		if err != nil || len(parcels) != 2 || parcels[0].Delivery+parcels[1].Delivery != 3 {
			s.Errorf("%s: the parcels are %+v, %v", c.key, parcels, err)
		}
	}, status: orders.Placed, kept: 4*price + 495 - price, card: 1000, credit: 700},
	{name: "an order of two deliveries that is canceled", before: (*shop).sendsToTwo, tell: func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status == orders.Pending {
			return err
		}
		if _, err = s.orders.Cancel(s.ctx(), orders.Cancel{Order: r.ID, Reason: "test", Key: c.key + "/c"}); err != nil {
			return err
		}
		return s.payments.Settle(s.ctx(), r.ID)
	}, status: orders.Canceled, kept: 0, card: 1000, credit: 700},
}

// opens makes the shop of the visits.
func (s *shop) opens() {
	s.sells("mug", 10_000)
	s.sells("cup", 10_000)
	s.kit("set", "cup", 2, "mug", 1)
	s.sellsBy(catalog.ReserveOnCart, "ticket", 10_000)
	s.promotes("each", needsCode)
	s.coupon("EACH", "each", pricing.Limits{PerCustomer: 1, Uses: 10_000})
	s.promotes("all", func(p *pricing.Promotion) {
		p.NeedsCode, p.Effect = true, pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(100)}
	})
	s.coupon("ALL", "all", pricing.Limits{})
	_, err := s.orders.SetTerms(s.ctx(), orders.SetTerms{Terms: []orders.Terms{{Name: "net_30", Days: 30, Groups: []string{"trade"}}}})
	s.must(err)
	file, err := s.files.Put(s.ctx(), strings.NewReader("a novel"))
	s.must(err)
	_, err = s.catalog.PutProduct(s.ctx(), catalog.PutProduct{Title: "A novel", Variants: []catalog.PutVariant{{SKU: "novel", Prices: []money.Amount{euro(price)}, Untracked: true,
		Digital: &catalog.Digital{Files: []catalog.File{{Asset: file, Name: "novel.txt"}}, Downloads: 3}}}})
	s.must(err)
}

// opensAbroad makes the shop of the visits abroad.
func (s *shop) opensAbroad() {
	s.sells("mug", 10_000)
	s.rules(true)
	s.alsoIn()
}

// trades lets the customer buy on terms.
func (s *shop) trades(c *customer) {
	trade := []string{"trade"}
	_, err := s.people.Update(s.ctx(), accounts.Update{Customer: c.who, Groups: &trade})
	s.must(err)
}

// reads gives the customer a cart of two novels instead.
func (s *shop) reads(c *customer) {
	novels, err := s.carts.AddLines(s.ctx(), cart.AddLines{Customer: c.who, Lines: []cart.AddedLine{{SKU: "novel", Quantity: 2}}})
	s.must(err)
	c.cart = novels.ID
}

// sendsToTwo sends two of the mugs home and two to France.
func (s *shop) sendsToTwo(c *customer) {
	s.deliver(c.cart)
	got, err := s.carts.SetDelivery(s.ctx(), cart.SetDelivery{Cart: c.cart, Address: accounts.Address{Line1: "Rue Cachée 7", City: "Paris", Country: "FR"}})
	s.must(err)
	_, err = s.carts.AssignLines(s.ctx(), cart.AssignLines{Cart: c.cart, Lines: []cart.AssignedLine{{Line: got.Lines[0].ID, Delivery: 2, Quantity: 2}}})
	s.must(err)
	_, err = s.carts.SetShipping(s.ctx(), cart.SetShipping{Cart: c.cart, Delivery: 2, Method: "parcel"})
	s.must(err)
}

func (c *customer) buy(s *shop, tenders ...checkout.Tender) (checkout.Result, error) {
	return c.complete(s, checkout.Complete{Tenders: tenders})
}

func (c *customer) complete(s *shop, buy checkout.Complete) (checkout.Result, error) {
	buy.Cart, buy.Key = c.cart, c.key
	r, err := s.checkout.Complete(s.ctx(), buy)
	if r.ID != "" {
		c.order = r.ID
	}
	if d, ok := errors.AsType[*checkout.DeclinedError](err); ok {
		c.order, err = d.Order, nil
	}
	return r, err
}

func byCard(token string) checkout.Tender {
	return checkout.Tender{PayWith: "simulator", Token: token}
}

func part(t checkout.Tender, minor int64) checkout.Tender {
	t.Amount = amount(minor)
	return t
}

func (c *customer) gift() checkout.Tender {
	return checkout.Tender{PayWith: credit.GiftCards, Token: c.card.Code}
}

// more lives through a change of an order and a further payment for it.
func (c *customer) more(s *shop, token string) error {
	r, err := c.complete(s, checkout.Complete{PayWith: "simulator", Token: approves})
	if err != nil || r.Status != orders.Placed {
		return err
	}
	return c.grows(s, r, byCard(token))
}

// grows adds a mug to an order and pays for it.
func (c *customer) grows(s *shop, r checkout.Result, by checkout.Tender) error {
	if err := c.change(s, r, checkout.Change{Add: []checkout.AddedLine{{SKU: "mug", Quantity: 1}}}); err != nil {
		return err
	}
	p, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: r.ID, Tender: by, Key: c.key + "/pay"})
	if err == nil && p.Payment.State == payments.NeedsAction {
		_ = s.bank.Confirm(string(p.Payment.ID), true) // once
		_, err = s.checkout.Resume(s.ctx(), r.ID)
	}
	return err
}

// change changes an order, once.
func (c *customer) change(s *shop, r checkout.Result, change checkout.Change) error {
	done, err := s.orders.Changes(s.ctx(), r.ID)
	if err != nil || len(done) > 0 {
		return err
	}
	change.Order, change.Version, change.Reason, change.Key = r.ID, r.Version, "test", c.key+"/change"
	_, err = s.checkout.Confirm(s.ctx(), change)
	return err
}

// voucher has a gift card pay a part and the rest be paid elsewhere, or not, of
// which the bank tells.
func (c *customer) voucher(s *shop, paid bool) error {
	r, err := c.buy(s, c.gift(), byCard(simulator.TokenVoucher))
	if err != nil || r.Status != orders.Pending {
		return err
	}
	attempts, err := s.payments.ByOrder(s.ctx(), r.ID)
	if err != nil || attempts[1].State != payments.Pending {
		return err
	}
	_ = s.bank.Decide(string(attempts[1].ID), paid) // once
	return s.checkout.Webhook(s.ctx(), "simulator", payments.WebhookRequest{Body: fmt.Appendf(nil, "evt_%s %[1]s", attempts[1].ID)})
}
