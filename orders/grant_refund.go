package orders

import (
	"context"
	"strconv"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// GrantRefund decides that the shopper of a placed order gets money back, and
// why. Nothing is paid until ReleaseRefund, unless Release says so. What can be
// granted is capped by line, for shipping, of each delivery that is named and of
// all, and for the order.
type GrantRefund struct {
	Order ID `cbor:"1,keyasint"`
	// Lines say for which units or by how much less of a line.
	Lines []RefundLine `cbor:"2,keyasint,omitempty"`
	// Shipping is how much of what shipping cost, with its tax.
	Shipping money.Amount `cbor:"3,keyasint,omitempty"`
	// Delivery is the one that Shipping is of, if the order goes to several
	// places; 0 is what all of it costs to send.
	Delivery int `cbor:"10,keyasint,omitempty"`
	// Fees is how much of the fees that are on no line, with their tax. What is
	// on a line goes back with its units.
	Fees money.Amount `cbor:"9,keyasint,omitempty"`
	// Other is what is paid back for no goods, such as for a late delivery.
	Other   money.Amount `cbor:"4,keyasint,omitempty"`
	Reason  string       `cbor:"5,keyasint"`
	Release bool         `cbor:"6,keyasint,omitempty"`
	Return  string       `cbor:"7,keyasint,omitempty"` // the return whose goods it is for; "" if none
	Version int64        `cbor:"8,keyasint,omitempty"` // of the order; 0 does not check
	Key     string       `cbor:"-"`
}

// RefundLine is what is paid back for a line: for units of it, or an amount.
type RefundLine struct {
	Line     int          `cbor:"1,keyasint"`           // from 1
	Quantity int64        `cbor:"2,keyasint,omitempty"` // 0 needs an Amount
	Amount   money.Amount `cbor:"3,keyasint,omitempty"` // defaults to what was paid for Quantity
}

// GrantEvent is the data of the events order.refund_granted, .refund_released
// and .refund_withdrawn.
type GrantEvent struct {
	Order    ID             `json:"order"`
	Grant    int            `json:"grant"`
	Source   GrantSource    `json:"source"`
	Currency money.Currency `json:"currency"`
	Amount   int64          `json:"amount"` // minor units
	Reason   string         `json:"reason,omitempty"`
}

func (g Grant) event() GrantEvent {
	return GrantEvent{Order: g.Order, Grant: g.Number, Source: g.Source, Currency: g.Amount.Currency(), Amount: g.Amount.Minor(), Reason: g.Reason}
}

// Kind returns "orders.grant_refund".
func (GrantRefund) Kind() command.Kind { return "orders.grant_refund" }

// Validate requires a reason and something to pay back.
func (c GrantRefund) Validate() error {
	if _, err := slotOf(c.Order); err != nil {
		return err
	}
	quantities := make([]LineQuantity, len(c.Lines))
	for i, l := range c.Lines {
		quantities[i] = LineQuantity{Line: l.Line, Quantity: max(1, l.Quantity)}
		if l.Quantity < 0 || l.Amount.IsNegative() || l.Quantity == 0 && !l.Amount.IsPositive() {
			return fault.Wrong(fault.Item("lines", i), "line %d: say how many units, or an amount above nothing", l.Line)
		}
	}
	if err := checkLines(quantities); err != nil {
		return err
	}
	for i, a := range [...]money.Amount{c.Shipping, c.Fees, c.Other} {
		if a.IsNegative() {
			return fault.Wrong([...]string{"shipping", "fees", "other"}[i], "a refund of %v: it is not below zero", a)
		}
	}
	if len(c.Lines) == 0 && !c.Shipping.IsPositive() && !c.Fees.IsPositive() && !c.Other.IsPositive() {
		return fault.New(fault.Invalid, "a refund needs lines, shipping, fees or an amount above nothing")
	}
	if c.Delivery < 0 || c.Delivery > 0 && !c.Shipping.IsPositive() {
		return fault.Wrong("delivery", "delivery %d: it is named from 1 on, for what is paid back of its shipping", c.Delivery)
	}
	return checkReason(c.Reason)
}

func (c GrantRefund) apply(tx *command.Tx) (Receipt, error) {
	o, err := placed(tx.Tx, c.Order, c.Version)
	if err != nil {
		return Receipt{}, err
	}
	if err := c.ofReturn(tx); err != nil {
		return Receipt{}, err
	}
	lines, err := LinesTx(tx.Tx, c.Order, o.Currency)
	if err != nil {
		return Receipt{}, err
	}
	for _, l := range c.Lines {
		if l.Line <= len(lines) && lines[l.Line-1].Digital.IsGiftCard() {
			return Receipt{}, &GiftCardError{Order: o.ID, Line: l.Line, Verb: "paid back"}
		}
	}
	w, err := c.wish(o)
	if err != nil {
		return Receipt{}, err
	}
	g, err := grant(tx, &o, lines, w)
	if err != nil {
		return Receipt{}, err
	}
	return g.finish(tx, &o, "order.refund_granted")
}

// ofReturn refuses a return that is not the order's.
func (c GrantRefund) ofReturn(tx *command.Tx) error {
	if c.Return == "" {
		return nil
	}
	r, err := rmaTx(tx.Tx, c.Return)
	if err == nil && r.Order != c.Order {
		err = &NoReturnError{Return: c.Return}
	}
	return err
}

func (c GrantRefund) wish(o Order) (wish, error) {
	w := wish{source: FromOther, of: c.Return, reason: c.Reason, shipping: c.Shipping.Minor(), fees: c.Fees.Minor(), other: c.Other.Minor(), open: !c.Release}
	if c.Return != "" {
		w.source = FromReturn
	}
	if w.delivery = c.Delivery; !o.Split && c.Delivery == cart.FirstDelivery {
		w.delivery = 0 // the only one
	}
	for _, a := range []money.Amount{c.Shipping, c.Fees, c.Other} {
		if a != (money.Amount{}) && a.Currency() != o.Currency {
			return w, fault.Wrong("other.currency", "order %s is in %s, not in %s", o.ID, o.Currency, a.Currency())
		}
	}
	for _, l := range c.Lines {
		line := wishLine{line: l.Line, quantity: l.Quantity, amount: -1}
		if l.Amount != (money.Amount{}) {
			if l.Amount.Currency() != o.Currency {
				return w, fault.Wrong("lines.amount.currency", "order %s is in %s, not in %s", o.ID, o.Currency, l.Amount.Currency())
			}
			line.amount = l.Amount.Minor()
		}
		w.lines = append(w.lines, line)
	}
	return w, nil
}

// finish stores the order of a grant that has just been made or decided about.
func (g Grant) finish(tx *command.Tx, o *Order, event string) (Receipt, error) {
	if err := Save(tx, o); err != nil {
		return Receipt{}, err
	}
	if g.State == Released && g.Amount.IsPositive() {
		if err := tx.SetTimer(tx.Clock, TimerSettle, string(o.ID)); err != nil {
			return Receipt{}, err
		}
	}
	return Receipt{Order: o.ID, Version: o.Version, Grant: g.Number}, tx.Emit(event, string(o.ID), g.event())
}

// GrantRefund runs the command and returns the grant. It returns a *CapError
// or a *QuantityError if more would be paid back than is left, a *DeliveryError
// if there is no such delivery, and a *StatusError or *VersionError as Ship does.
func (s *Service) GrantRefund(ctx context.Context, c GrantRefund) (Grant, error) {
	return s.grantCommand(ctx, &c, c.Order, c.Key)
}

func (s *Service) grantCommand(ctx context.Context, c command.Command, o ID, key string) (Grant, error) {
	slot, err := slotOf(o)
	if err != nil {
		return Grant{}, err
	}
	return command.DoThen(ctx, s.engine, c, command.Call{Key: key, Slot: slot}, func(ctx context.Context, r Receipt) (Grant, error) {
		all, err := s.Grants(ctx, o)
		if err != nil {
			return Grant{}, err
		}
		return all[r.Grant-1], nil
	})
}

// Grants returns what was granted back of an order, the first grant first. It
// returns a *NotFoundError if there is no such order.
func (s *Service) Grants(ctx context.Context, o ID) (out []Grant, err error) {
	slot, err := slotOf(o)
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		order, err := GetTx(tx, o)
		if err == nil {
			out, err = GrantsTx(tx, order)
		}
		return err
	})
	return out, err
}

// GrantOtherTx grants and releases a refund for no goods. It is called in
// apply, and stores the order.
func GrantOtherTx(tx *command.Tx, o *Order, amount money.Amount, reason string) error {
	g, err := grant(tx, o, nil, wish{source: FromOther, reason: reason, other: amount.Minor()})
	if err != nil {
		return err
	}
	_, err = g.finish(tx, o, "order.refund_granted")
	return err
}

// ReleaseRefund has a grant paid back, with Withdraw false; with Withdraw it
// takes the grant back. Either ends an open grant.
type ReleaseRefund struct {
	Order    ID     `cbor:"1,keyasint"`
	Grant    int    `cbor:"2,keyasint"`
	Withdraw bool   `cbor:"3,keyasint,omitempty"`
	Version  int64  `cbor:"4,keyasint,omitempty"` // of the order; 0 does not check
	Key      string `cbor:"-"`
}

// Kind returns "orders.release_refund".
func (ReleaseRefund) Kind() command.Kind { return "orders.release_refund" }

// Validate checks the form of what is named.
func (c ReleaseRefund) Validate() error {
	if _, err := slotOf(c.Order); err != nil {
		return err
	}
	if c.Grant < 1 {
		return fault.Wrong("grant", "grants count from 1, there is no %d", c.Grant)
	}
	return nil
}

func (c ReleaseRefund) apply(tx *command.Tx) (Receipt, error) {
	r, _, err := ReleaseTx(tx, c)
	return r, err
}

// ReleaseTx is ReleaseRefund within a command of another package. It is called
// in apply.
func ReleaseTx(tx *command.Tx, c ReleaseRefund) (Receipt, Grant, error) {
	o, err := placed(tx.Tx, c.Order, c.Version)
	if err != nil {
		return Receipt{}, Grant{}, err
	}
	all, err := GrantsTx(tx.Tx, o)
	if err != nil {
		return Receipt{}, Grant{}, err
	}
	if c.Grant > len(all) {
		return Receipt{}, Grant{}, fault.New(fault.NotFound, "order %s has no grant %d", c.Order, c.Grant)
	}
	g := all[c.Grant-1]
	if g.State != Granted {
		return Receipt{}, Grant{}, &StatusError{Order: c.Order, Have: "through with grant " + strconv.Itoa(c.Grant) + ", which is " + string(g.State), Want: string(Granted)}
	}
	event := "order.refund_released"
	g.State, g.DecidedAt = Released, instant(tx.At)
	if c.Withdraw {
		g.State, event = Withdrawn, "order.refund_withdrawn"
	}
	if err := g.owe(&o); err != nil {
		return Receipt{}, Grant{}, err
	}
	if _, err := tx.Exec(`UPDATE refund_grants SET state = ?, decided_at = ?, excess = ? WHERE order_id = ? AND n = ?`, g.State, tx.At, g.Excess.Minor(), c.Order, c.Grant); err != nil {
		return Receipt{}, Grant{}, err
	}
	r, err := g.finish(tx, &o, event)
	return r, g, err
}

// ReleaseRefund runs the command and returns the grant. It returns
// fault.NotFound if there is no such grant and a *StatusError if it is not open
// or the order not placed.
func (s *Service) ReleaseRefund(ctx context.Context, c ReleaseRefund) (Grant, error) {
	return s.grantCommand(ctx, &c, c.Order, c.Key)
}
