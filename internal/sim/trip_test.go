package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/pricing"
)

// What buyers want beside the goods that shoppers contend for.
const (
	ticket = catalog.SKU("ticket") // set aside in carts, for a minute
	cup    = catalog.SKU("cup")
	saucer = catalog.SKU("saucer")
	teaSet = catalog.SKU("tea-set") // two cups and a saucer
	card   = catalog.SKU("card")    // a gift card, which the shop makes once it is paid
)

// What things cost, each of them, in minor units, and the tax on them in percent.
const (
	price = 1000
	vat   = 19
)

// limits says how often each code may be used.
var limits = map[string]pricing.Limits{
	"FEW":    {Uses: 4},
	"MEMBER": {PerCustomer: 2},
	"BUDGET": {Budget: []money.Amount{euro(1000)}},
}

// furnish makes what buyers want.
func (w *world) furnish() error {
	ctx, s := w.t.Context(), w.running()[0].shop
	put := func(v catalog.PutVariant) error {
		v.Prices = []money.Amount{euro(price)}
		_, err := s.Catalog.PutProduct(ctx, catalog.PutProduct{Title: string(v.SKU), Variants: []catalog.PutVariant{v}})
		return err
	}
	err := errors.Join(put(catalog.PutVariant{SKU: ticket, Reserve: catalog.ReserveOnCart, HoldMinutes: 1}), put(catalog.PutVariant{SKU: cup}), put(catalog.PutVariant{SKU: saucer}))
	if err == nil {
		err = put(catalog.PutVariant{SKU: teaSet, Components: []catalog.Component{{SKU: cup, Quantity: 2}, {SKU: saucer, Quantity: 1}}})
	}
	if err == nil {
		worth := []catalog.GiftCardRange{{Least: euro(price), Most: euro(price)}}
		err = put(catalog.PutVariant{SKU: card, Untracked: true, Digital: &catalog.Digital{GiftCard: &catalog.GiftCard{Ranges: worth}}})
	}
	for sku, n := range map[catalog.SKU]int64{ticket: 12, cup: 40, saucer: 15} {
		if err == nil {
			_, err = s.Inventory.Receive(ctx, inventory.Receive{SKU: sku, Quantity: n, Reason: "at first"})
		}
	}
	if err == nil {
		_, err = s.Pricing.PutSettings(ctx, pricing.PutSettings{Settings: pricing.Settings{TaxIncluded: w.included, Home: pricing.Address{Country: "DE"}}})
	}
	if err == nil {
		_, err = s.Pricing.PutTaxZone(ctx, pricing.PutTaxZone{Zone: pricing.TaxZone{
			ID: "de", Areas: []pricing.Area{{Country: "DE"}}, Rates: []pricing.TaxRate{{Name: "VAT", Rate: money.Percent(vat)}},
		}})
	}
	if err == nil {
		_, err = s.Orders.SetNumbering(ctx, orders.SetNumbering{Scheme: orders.Sequence})
	}
	if err == nil {
		_, err = s.Documents.PutSettings(ctx, documents.PutSettings{Settings: documents.Settings{Invoice: documents.OnPayment}})
	}
	for code, l := range limits {
		if err == nil {
			_, err = s.Pricing.PutPromotion(ctx, pricing.PutPromotion{Promotion: pricing.Promotion{
				ID: code, Name: code, NeedsCode: true, Effect: pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(10)},
			}})
		}
		if err == nil {
			_, err = s.Pricing.PutCoupon(ctx, pricing.PutCoupon{Code: code, Promotion: code, Limits: l})
		}
	}
	if err != nil {
		return err
	}
	card, err := s.Credit.Issue(ctx, credit.Issue{Amount: euro(5000), Reason: "for all buyers"})
	w.gift = card.Code
	return err
}

func euro(minor int64) money.Amount { return money.New(minor, "EUR") }

// trip is one purchase and what becomes of it.
type trip struct {
	goods  []catalog.SKU
	units  int64
	member bool   // the buyer logs in first
	merges bool   // or, as a member, after a guest's cart was filled
	code   string // of a coupon
	gift   bool   // a gift card pays a part
	credit bool   // what the shop owes the member pays a part
	part   bool   // another card pays a part
	token  string // of the card that pays the rest
	no     bool   // the bank, or the buyer, says no in the end
	leaves bool   // the cart is left behind
	then   string // what becomes of the order
}

// What becomes of an order that was placed.
const (
	canceled = "canceled"
	refunded = "refunded" // in part
	shipped  = "shipped"
	returned = "returned" // in part, after it was shipped
)

const (
	visa       = "pm_card_visa"
	declines   = "pm_card_chargeDeclined"
	challenges = "pm_card_threeDSecure2Required"
	refundLate = "pm_card_pendingRefund"
	undecided  = "sim_pending"
)

// anyTrip draws one.
func anyTrip(r *rand.Rand) trip {
	goods := [][]catalog.SKU{{ticket}, {teaSet}, {cup}, {ticket, teaSet}, {cup, teaSet}, {saucer}, {card}}
	t := trip{
		goods: goods[r.IntN(len(goods))], units: 1 + r.Int64N(2), member: r.IntN(3) == 0, leaves: r.IntN(8) == 0,
		gift: r.IntN(4) == 0, part: r.IntN(5) == 0, no: r.IntN(3) == 0,
		code:  []string{"", "", "FEW", "MEMBER", "BUDGET"}[r.IntN(5)],
		token: []string{visa, visa, visa, declines, challenges, undecided, refundLate}[r.IntN(7)],
		then:  []string{"", canceled, refunded, shipped, returned}[r.IntN(5)],
	}
	t.credit, t.merges = t.member && r.IntN(2) == 0, t.member && r.IntN(3) == 0
	return t
}

// allTrips are of every kind, for the time when all is well: what goes wrong is then found with every seed.
func allTrips() []trip {
	return []trip{
		{goods: []catalog.SKU{ticket}, units: 1, leaves: true},
		{goods: []catalog.SKU{cup, teaSet}, units: 1, token: visa, then: canceled},
		{goods: []catalog.SKU{teaSet}, units: 1, code: "FEW", token: visa, then: canceled},
		{goods: []catalog.SKU{teaSet}, units: 1, token: visa, then: returned},
		{goods: []catalog.SKU{ticket}, units: 1, code: "FEW", token: declines},
		{goods: []catalog.SKU{ticket}, units: 1, token: challenges, no: true},
		{goods: []catalog.SKU{cup}, units: 2, code: "BUDGET", token: undecided, then: shipped},
		{goods: []catalog.SKU{cup}, units: 2, gift: true, token: visa, then: refunded},
		{goods: []catalog.SKU{cup}, units: 2, member: true, credit: true, code: "MEMBER", token: visa, then: canceled},
		{goods: []catalog.SKU{cup}, units: 2, gift: true, part: true, token: declines},
		{goods: []catalog.SKU{cup}, units: 1, token: refundLate, then: refunded},
		{goods: []catalog.SKU{ticket, cup}, units: 1, member: true, merges: true, token: visa},
		{goods: []catalog.SKU{card}, units: 2, token: visa},
	}
}

// promise is what a buyer was told of an order, last of all.
type promise struct {
	id                orders.ID
	status            orders.Status
	shipped, returned int64
	granted           int64 // at least, in minor units
}

// byItself is for shipped: gift cards are handed over by the shop.
const byItself = -1

// keeps says what is missing of what was promised.
func (p promise) keeps(o orders.Order) error {
	if o.Status != p.status || p.shipped != byItself && o.Shipped != p.shipped || o.Returned != p.returned || o.RefundGranted.Minor() < p.granted {
		return fault.New(fault.Refused, "order %s was promised as %+v, and is %s, %d shipped, %d returned, %v granted back", o.ID, p, o.Status, o.Shipped, o.Returned, o.RefundGranted)
	}
	return nil
}

// buysAll goes on trips until the world stops.
func (c *client) buysAll() {
	for !c.stop.Load() {
		c.travel(anyTrip(c.r))
		time.Sleep(time.Duration(c.r.IntN(300)) * time.Millisecond)
	}
}

// travel goes on one trip, as far as there are answers.
func (c *client) travel(t trip) {
	key := c.key()
	if t.member && !c.logIn() {
		return
	}
	basket, ok := c.fill(t, key)
	if !ok || t.leaves {
		return
	}
	buy := checkout.Complete{Cart: basket, Key: key, Tenders: c.tenders(t, key)}
	var r checkout.Result
	err := c.insist(func(ctx context.Context, s *commerce.Store) (err error) {
		r, err = s.Checkout.Complete(ctx, buy)
		return err
	})
	for range 8 { // until it is decided, or is left to the shop
		if err != nil || r.Status != orders.Pending {
			break
		}
		r, err = c.resume(r, t)
	}
	c.add("client %d, %s: %+v is %s %s: %v", c.id, key, t, r.ID, r.Status, err)
	if d, ok := errors.AsType[*checkout.DeclinedError](err); ok {
		c.told(promise{id: d.Order, status: orders.Canceled})
	}
	if err != nil {
		c.unlessRefused("buying", err)
		return
	}
	if r.Status == orders.Placed {
		p := promise{id: r.ID, status: orders.Placed}
		if sells(r.Order, card) {
			p.shipped = byItself
		}
		c.told(p)
		if p.shipped != byItself {
			c.goOn(t, r.Order, key)
		}
	}
}

func sells(o orders.Order, sku catalog.SKU) bool {
	return slices.ContainsFunc(o.Lines, func(l orders.Line) bool { return l.SKU == sku })
}

// logIn makes the client a customer whom the shop owes something, once.
func (c *client) logIn() bool {
	if c.customer != "" {
		return true
	}
	key := fmt.Sprint("login-", c.id)
	var who accounts.Customer
	err := c.insist(func(ctx context.Context, s *commerce.Store) (err error) {
		who, err = s.Accounts.Register(ctx, accounts.Register{Email: seal.Personal(key + "@example.com"), Key: key})
		return err
	})
	if err == nil { // who was made is there, on whichever node
		err = c.insist(func(ctx context.Context, s *commerce.Store) error {
			_, err := s.Accounts.ByEmail(ctx, seal.Personal(key+"@example.com"))
			return err
		})
	}
	if err == nil {
		err = c.insist(func(ctx context.Context, s *commerce.Store) error {
			_, err := s.Credit.Grant(ctx, credit.Grant{Customer: who.ID, Amount: euro(1500), Reason: "welcome", Key: key})
			return err
		})
	}
	c.unexpected("becoming a customer", err)
	if err == nil {
		c.customer = who.ID
	}
	return err == nil
}

// fill puts goods and a code into a cart.
func (c *client) fill(t trip, key string) (cart.ID, bool) {
	add := cart.AddLines{Key: key}
	for _, sku := range t.goods {
		add.Lines = append(add.Lines, cart.AddedLine{SKU: sku, Quantity: t.units})
	}
	if t.member && !t.merges {
		add.Customer = c.customer
	}
	var got cart.Cart
	err := c.insist(func(ctx context.Context, s *commerce.Store) (err error) {
		got, err = s.Carts.AddLines(ctx, add)
		return err
	})
	if err == nil && t.merges {
		err = c.insist(func(ctx context.Context, s *commerce.Store) error {
			mine, err := s.Carts.Merge(ctx, got.ID, c.customer)
			if err == nil {
				got = mine
			}
			return err
		})
	}
	if err == nil && t.code != "" {
		err = c.insist(func(ctx context.Context, s *commerce.Store) error {
			_, err := s.Carts.ApplyCode(ctx, cart.ApplyCode{Cart: got.ID, Code: t.code, Key: key})
			return err
		})
		if _, refused := errors.AsType[*cart.CodeError](err); refused {
			err = nil // it is bought without
		}
	}
	c.unlessRefused("filling a cart", err)
	return got.ID, err == nil
}

// tenders says how a trip is paid.
func (c *client) tenders(t trip, key string) (list []checkout.Tender) {
	if t.gift {
		list = append(list, checkout.Tender{PayWith: credit.GiftCards, Token: c.gift, Amount: new(euro(700))})
	}
	if t.credit {
		list = append(list, checkout.Tender{PayWith: credit.StoreCredit, Amount: new(euro(600))})
	}
	if t.part {
		list = append(list, checkout.Tender{PayWith: c.bank.Name(), Token: visa, Amount: new(euro(250))})
	}
	return append(list, checkout.Tender{PayWith: c.bank.Name(), Token: t.token})
}

// resume ends what an order waits for, and asks how it stands.
func (c *client) resume(r checkout.Result, t trip) (checkout.Result, error) {
	err := c.insist(func(ctx context.Context, s *commerce.Store) error {
		attempts, err := s.Payments.ByOrder(ctx, r.ID)
		for _, a := range attempts {
			c.bank.decide(string(a.ID), !t.no)
		}
		return err
	})
	if err == nil {
		err = c.insist(func(ctx context.Context, s *commerce.Store) (err error) {
			if t.no && r.NextAction != nil && c.r.IntN(2) == 0 {
				if got, err := s.Checkout.Abandon(ctx, r.ID); err == nil {
					r = got
					return nil
				}
			}
			got, err := s.Checkout.Resume(ctx, r.ID)
			if err == nil {
				r = got
			}
			return err
		})
	}
	return r, err
}

// goOn does what becomes of a placed order, and looks whether it shows.
func (c *client) goOn(t trip, o orders.Order, key string) {
	p := c.promised[o.ID]
	half := money.New(o.Total.Minor()/2, o.Currency)
	steps := map[string][]func(ctx context.Context, s *commerce.Store) error{
		canceled: {func(ctx context.Context, s *commerce.Store) error {
			_, err := s.Orders.Cancel(ctx, orders.Cancel{Order: o.ID, Reason: "changed their mind", Key: key})
			p.status = orders.Canceled
			return err
		}},
		refunded: {func(ctx context.Context, s *commerce.Store) error {
			_, err := s.Payments.Refund(ctx, payments.Refund{Order: o.ID, Amount: half, Reason: "late", Key: key})
			p.granted = half.Minor()
			return err
		}},
		shipped: {func(ctx context.Context, s *commerce.Store) error {
			_, err := s.Orders.Ship(ctx, orders.Ship{Order: o.ID, Key: key})
			p.shipped = o.Units
			return err
		}},
	}
	steps[returned] = append(steps[returned], steps[shipped][0], func(ctx context.Context, s *commerce.Store) error {
		_, err := s.Orders.Return(ctx, orders.Return{Order: o.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "broken", Key: key})
		p.returned = 1
		return err
	})
	for _, step := range steps[t.then] {
		before := p
		c.promised[o.ID] = promise{} // nobody knows until there is an answer
		err := c.insist(step)
		c.add("client %d, %s: %s is %s: %v", c.id, key, o.ID, t.then, err)
		if _, early := errors.AsType[*payments.AmountError](err); early { // some of it is captured later
			c.told(before)
			return
		}
		c.unexpected("changing an order", err)
		if err != nil {
			return
		}
		c.told(p)
	}
}

// told keeps a promise in mind, and looks on another node, by any kind of read, whether it shows there.
func (c *client) told(p promise) {
	c.promised[p.id] = p
	how := c.anyRead()
	time.Sleep(how.after)
	err := c.on(func(ctx context.Context, s *commerce.Store) error {
		if c.r.IntN(4) > 0 { // or as is usual, which is fresh
			var err error
			if ctx, err = how.bound(ctx, s); err != nil {
				return err
			}
		}
		return p.shows(ctx, s, c.r.IntN(3) == 0)
	})
	c.unexpected("looking for what was promised "+how.name, err)
}

// shows reads an order and its payments, or the order from the list of all.
func (p promise) shows(ctx context.Context, s *commerce.Store, listed bool) error {
	if !listed {
		o, err := s.Orders.Get(ctx, p.id)
		if err != nil {
			return err
		}
		attempts, err := s.Payments.ByOrder(ctx, p.id)
		if err == nil && len(attempts) == 0 {
			err = fault.New(fault.Refused, "order %s has no payment", p.id)
		}
		return errors.Join(err, p.keeps(o))
	}
	for o, err := range s.Orders.All(ctx, orders.Filter{}) {
		if err != nil {
			return err
		}
		if o.ID == p.id {
			return p.keeps(o)
		}
	}
	return &orders.NotFoundError{Order: p.id}
}

// unlessRefused makes an answer a violation that a buyer does not have to expect.
func (c *client) unlessRefused(doing string, err error) {
	_, short := errors.AsType[*inventory.OutOfStockError](err)
	_, used := errors.AsType[*pricing.LimitError](err)
	_, declined := errors.AsType[*checkout.DeclinedError](err)
	_, broken := errors.AsType[*checkout.ProblemsError](err)
	_, uncovered := errors.AsType[*checkout.UncoveredError](err)
	if short || used || declined || broken || uncovered || fault.CodeOf(err) == fault.Conflict {
		return
	}
	c.unexpected(doing, err)
}
