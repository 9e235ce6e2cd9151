package checkout

import (
	"cmp"
	"errors"
	"slices"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/pricing"
)

// begin is the first phase.
type begin struct {
	Cart       cart.ID       `cbor:"1,keyasint"`
	Version    int64         `cbor:"2,keyasint,omitempty"` // of the cart; 0 does not check
	Expected   *money.Amount `cbor:"3,keyasint,omitempty"`
	Tenders    []tender      `cbor:"4,keyasint" command:"asked"`
	OccurredAt int64         `cbor:"6,keyasint,omitempty"`
	Reference  string        `cbor:"7,keyasint,omitempty" command:"asked"`
	// AuthorizeOnly leaves the capture for later.
	AuthorizeOnly bool `cbor:"11,keyasint,omitempty"`
	// Terms are those that what Tenders leave is owed on; "" is paid now.
	Terms string `cbor:"13,keyasint,omitempty" command:"asked"`

	Order orders.ID `cbor:"8,keyasint" command:"stamped"`
	// Parts are what each of Tenders pays.
	Parts []part `cbor:"9,keyasint" command:"stamped"`
	// SoldOut says that what was short cannot be had anywhere, so that being
	// short is final.
	SoldOut []soldOut `cbor:"10,keyasint,omitempty" command:"stamped"`
	// Priced is what the cart costs, worked out just before.
	Priced priced `cbor:"12,keyasint" command:"stamped"`
	// Offered are the store's terms by the name of Terms; nil without.
	Offered *orders.Terms `cbor:"14,keyasint,omitempty" command:"stamped"`

	again bool // what it was priced by had changed
}

// soldOut is what could be had of a pool anywhere.
type soldOut struct {
	Pool inventory.PoolID `cbor:"1,keyasint"`
	SKU  catalog.SKU      `cbor:"2,keyasint"`
	Want int64            `cbor:"3,keyasint"`
	Have int64            `cbor:"4,keyasint"`
	Free bool             `cbor:"5,keyasint,omitempty"`
}

// begun is the recorded answer of begin.
type begun struct {
	Order   orders.ID    `cbor:"1,keyasint"`
	Attempt payments.ID  `cbor:"2,keyasint,omitempty"` // the first; "" if there is nothing to pay, or nothing more to do
	Total   money.Amount `cbor:"3,keyasint,omitempty"` // to pay
	Several bool         `cbor:"4,keyasint,omitempty"` // there are more attempts than that one

	fresh bool          // this very call has made the attempt
	lines []orders.Line // of the order, if it was made in this process just now
	fees  []orders.Fee

	deliveries []orders.Delivery
}

func (begin) Kind() command.Kind { return "checkout.begin" }

// Validate returns nil: Complete has checked.
func (begin) Validate() error { return nil }

func (c begin) apply(tx *command.Tx) (begun, error) {
	shopping, err := cart.GetTx(tx.Tx, c.Cart)
	if err != nil {
		return begun{}, err
	}
	if shopping.Order != "" && (shopping.Status == cart.Locking || shopping.Status == cart.Completed) {
		// A second click: the order that is being made is the answer.
		return begun{Order: orders.ID(shopping.Order)}, nil
	}
	lines, err := cart.LinesTx(tx.Tx, c.Cart, shopping.Currency)
	if err != nil {
		return begun{}, err
	}
	if err := c.check(shopping, lines); err != nil {
		return begun{}, err
	}
	if err := cart.MayLock(shopping.Cart, c.Version); err != nil {
		return begun{}, err
	}
	if err := c.mayBeFirst(tx, shopping.Customer); err != nil {
		return begun{}, err
	}
	if terms := c.owed(); terms != nil {
		if err := orders.MayOwe(tx, *terms, shopping.Customer, money.New(c.Priced.Total-c.paid(), shopping.Currency)); err != nil {
			return begun{}, err
		}
	}
	n, demands := c.order(shopping, lines)
	if len(c.Priced.Deliveries) > 0 {
		if n.Deliveries, err = c.deliveries(tx, shopping); err != nil {
			return begun{}, err
		}
		n.ShippingMethod, n.ShippingName = n.Deliveries[0].ShippingMethod, n.Deliveries[0].ShippingName
	}
	uses, err := pricing.Redeem(tx, string(c.Order), string(shopping.Customer), shopping.Currency, c.Priced.Redemptions)
	if err != nil {
		return begun{}, err
	}
	demands = append(demands, uses...)
	n.Due = tx.Clock + driverMillis
	if shopping.HeldUntil > 0 {
		if err := cart.LetGo(tx, shopping); err != nil {
			return begun{}, err
		}
	}
	if len(demands) > 0 {
		if err := c.hold(tx, shopping.Currency, demands); err != nil {
			return begun{}, err
		}
	}
	// Only now, since what has changed nothing costs little to refuse.
	if err := cart.Lock(tx, shopping.Cart, c.Version, string(c.Order)); err != nil {
		return begun{}, err
	}
	o, err := orders.Insert(tx, n)
	if err != nil {
		return begun{}, err
	}
	if n.Total == n.OnTerms {
		return begun{Order: c.Order}, place(tx, &o)
	}
	made, err := c.attempts(tx, n)
	made.lines, made.fees, made.deliveries = o.Lines, o.Fees, o.Deliveries
	return made, err
}

// check refuses a cart that cannot be bought, or not for that price.
func (c begin) check(shopping cart.Stored, lines []cart.Line) error {
	total := money.New(c.Priced.Total, shopping.Currency)
	switch {
	case c.Version != 0 && c.Version != shopping.Version:
		return nil // Lock says so
	case len(lines) == 0:
		return &EmptyCartError{Cart: c.Cart}
	case c.Priced.Version != shopping.Version:
		return &staleError{Cart: c.Cart}
	case len(c.Priced.Problems) > 0:
		return &ProblemsError{Cart: c.Cart, Problems: c.Priced.Problems}
	case len(c.Priced.Missing) > 0:
		return &IncompleteError{Cart: c.Cart, Missing: c.Priced.Missing}
	case len(c.Priced.Lacking) > 0:
		return c.outOf(c.Priced.Lacking, shopping.Currency)
	case total.Minor() > payments.MaxAmount:
		return fault.New(fault.Refused, "the total %v is more than the %d minor units that can be paid at once: buy the goods in several orders", total, int64(payments.MaxAmount))
	case c.Expected != nil && *c.Expected != total:
		return &TotalChangedError{Cart: c.Cart, Want: *c.Expected, Have: total, Changes: c.Priced.Changes}
	case c.Offered == nil && c.paid() != total.Minor():
		return &UncoveredError{Cart: c.Cart, Total: total, Covered: money.New(c.paid(), shopping.Currency)}
	}
	return nil
}

// mayBeFirst refuses a price that is for a customer's first order if they have
// bought, or are buying, another cart since it was worked out: it is priced
// again.
func (c begin) mayBeFirst(tx *command.Tx, customer accounts.CustomerID) error {
	if !slices.ContainsFunc(c.Priced.Redemptions, func(r pricing.Redemption) bool { return r.FirstOrder }) {
		return nil
	}
	bought, err := cart.HasBoughtTx(tx.Tx, customer, c.Cart)
	if err == nil && bought {
		err = &staleError{Cart: c.Cart}
	}
	return err
}

// owed returns the terms on which a part of the order is owed; nil if there are
// none, or all of it is paid.
func (c begin) owed() *orders.Terms {
	if paid := c.paid(); paid > 0 && paid == c.Priced.Total {
		return nil
	}
	return c.Offered
}

// order makes the order of the cart's lines, and what it takes from stock.
func (c begin) order(shopping cart.Stored, lines []cart.Line) (orders.New, []inventory.Demand) {
	n := orders.New{
		ID: c.Order, Cart: string(c.Cart), Customer: shopping.Customer, Currency: shopping.Currency,
		Subtotal: c.Priced.Subtotal, Discount: c.Priced.Discount, Shipping: c.Priced.Shipping, ShippingTax: c.Priced.ShippingTax,
		Tax: c.Priced.Tax, Total: c.Priced.Total, TaxIncluded: c.Priced.TaxIncluded, TaxAdded: c.Priced.TaxAdded, TaxExempt: c.Priced.TaxExempt, Fees: c.Priced.newFees(), Taxes: c.Priced.Taxes,
		ShippingMethod: shopping.ShippingMethod, ShippingName: c.Priced.ShippingName, Promotions: c.Priced.Promotions, PassedOver: c.Priced.PassedOver,
		OccurredAt: c.OccurredAt, ExternalReference: c.Reference, Terms: c.owed(),
		Contact: shopping.Contact, ContactSubject: shopping.ContactSubject,
		ShippingCountry: shopping.ShippingCountry, BillingCountry: shopping.BillingCountry,
		Lines: make([]orders.NewLine, len(lines)),
	}
	if n.Terms != nil {
		n.OnTerms = c.Priced.Total - c.paid()
	}
	demands := make([]inventory.Demand, 0, len(lines))
	for i, l := range lines {
		n.Lines[i] = orders.NewLine{
			SKU: l.SKU, Variant: l.Variant, Title: l.Title, Quantity: l.Quantity,
			UnitPrice: c.Priced.Lines[i].UnitPrice, Total: c.Priced.Lines[i].UnitPrice * l.Quantity,
			Discount: c.Priced.Lines[i].Discount, Tax: c.Priced.Lines[i].Tax, TaxIncluded: c.Priced.Lines[i].TaxIncluded, Reason: l.Reason, PriceBy: c.Priced.priceBy(i), Properties: l.Properties,
			Digital: c.Priced.Lines[i].Digital, Delivery: int(l.Delivery),
		}
		switch {
		case c.Priced.Lines[i].Apart:
			demands = append(demands, takes(&n.Lines[i], c.Priced.Lines[i].Parts)...)
		case !l.Untracked:
			pool := inventory.PoolOf(l.Variant, "")
			n.Lines[i].Pool = pool
			demands = append(demands, inventory.Demand{Pool: pool, SKU: l.SKU, Quantity: l.Quantity})
		}
	}
	return n, demands
}

// hold takes the goods from this shard's allowances.
func (c begin) hold(tx *command.Tx, currency money.Currency, demands []inventory.Demand) error {
	err := inventory.Hold(tx, string(c.Order), tx.Clock+cmp.Or(c.Priced.HoldMillis, actionMillis), demands)
	if short, ok := errors.AsType[*inventory.ShortError](err); ok {
		if gone := c.gone(short.Lines); len(gone) > 0 {
			return c.outOf(gone, currency)
		}
	}
	return err
}

// gone returns those of the short lines that cannot be had anywhere. What was
// known to be gone and is not short is not asked for any more, since the cart
// was priced anew.
func (c begin) gone(short []inventory.Short) (gone []soldOut) {
	for _, l := range c.SoldOut {
		if slices.ContainsFunc(short, func(s inventory.Short) bool { return s.Pool == l.Pool }) {
			gone = append(gone, l)
		}
	}
	return gone
}

// outOf says what cannot be had: the use of a promotion, or goods.
func (c begin) outOf(gone []soldOut, currency money.Currency) error {
	err := &inventory.OutOfStockError{SKU: gone[0].SKU, Want: gone[0].Want, Have: gone[0].Have}
	for _, l := range gone {
		if used := pricing.UsedUp(l.Pool, l.Have, currency, c.Priced.Redemptions); used != nil {
			return used
		}
		err.Lines = append(err.Lines, inventory.Short(l))
	}
	return err
}

// place places an order whose payment is settled or not needed.
func place(tx *command.Tx, o *orders.Order) error {
	if err := inventory.Commit(tx, string(o.ID)); err != nil {
		return err
	}
	if err := orders.PlaceLoaded(tx, o); err != nil {
		return err
	}
	if err := payments.PostSale(tx, *o); err != nil {
		return err
	}
	return cart.Complete(tx, cart.ID(o.Cart), string(o.ID))
}
