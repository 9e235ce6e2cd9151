package payments

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// RefundTo says how much of a refund goes to one of an order's payments.
type RefundTo struct {
	Payment ID           `cbor:"1,keyasint"`
	Amount  money.Amount `cbor:"2,keyasint"`
}

// maxRefundTo bounds the payments that a refund names.
const maxRefundTo = 64

func checkTo(to []RefundTo) error {
	if len(to) > maxRefundTo {
		return fault.Wrong("to", "a refund cannot go to %d payments", len(to))
	}
	for i, t := range to {
		if _, err := slotOf(Prefix, string(t.Payment)); err != nil {
			return fault.InField(fault.Item("to", i)+".payment", err)
		}
		if !t.Amount.IsPositive() {
			return fault.Wrong(fault.Item("to", i)+".amount", "a refund to payment %s of %v: it must be above nothing", t.Payment, t.Amount)
		}
		for _, other := range to[:i] {
			if other.Payment == t.Payment {
				return fault.Wrong(fault.Item("to", i)+".payment", "payment %s is named twice", t.Payment)
			}
		}
	}
	return nil
}

// choose writes down which payments a refund goes to, of which amount is all. A
// payment gives back no more than it has captured.
func (b *books) choose(tx *command.Tx, to []RefundTo, amount money.Amount) error {
	left := amount.Minor()
	for _, t := range to {
		a, err := b.attempt(t.Payment)
		if err != nil {
			return err
		}
		before := max(a.Chosen.Minor(), a.Refunded.Minor()+b.under(a.ID, KindRefund))
		most := money.New(min(left, a.Captured.Minor()-before), a.Amount.Currency())
		part, err := asked(a.Order, "refund", t.Amount, most)
		if err != nil {
			return err
		}
		left -= part.Minor()
		if _, err := tx.Exec(`UPDATE attempts SET chosen = ? WHERE id = ?`, before+part.Minor(), a.ID); err != nil {
			return err
		}
	}
	return nil
}

// attempt returns one of the order's attempts, or a *NotFoundError.
func (b *books) attempt(of ID) (Attempt, error) {
	for _, a := range b.attempts {
		if a.ID == of {
			return a, nil
		}
	}
	return Attempt{}, &NotFoundError{Attempt: of}
}

// ReleaseRefund has a grant paid back as orders.ReleaseRefund does, and says
// which payments it goes to.
type ReleaseRefund struct {
	Order orders.ID `cbor:"1,keyasint"`
	Grant int       `cbor:"2,keyasint"`
	// To says which payments it goes to; what they leave goes to the payments in
	// their order.
	To      []RefundTo `cbor:"3,keyasint,omitempty"`
	Version int64      `cbor:"4,keyasint,omitempty"` // of the order; 0 does not check
	Key     string     `cbor:"-"`
}

// Kind returns "payments.release_refund".
func (ReleaseRefund) Kind() command.Kind { return "payments.release_refund" }

// Validate checks the form of what is named.
func (c ReleaseRefund) Validate() error {
	if err := c.release().Validate(); err != nil {
		return err
	}
	return checkTo(c.To)
}

func (c ReleaseRefund) release() orders.ReleaseRefund {
	return orders.ReleaseRefund{Order: c.Order, Grant: c.Grant, Version: c.Version}
}

func (c ReleaseRefund) apply(tx *command.Tx) (orders.Receipt, error) {
	r, g, err := orders.ReleaseTx(tx, c.release())
	if err != nil {
		return orders.Receipt{}, err
	}
	b, err := readBooks(tx, c.Order)
	if err != nil {
		return orders.Receipt{}, err
	}
	return r, b.choose(tx, c.To, g.Amount)
}

// ReleaseRefund runs the command, asks the providers at once and returns the
// grant. It returns what orders.ReleaseRefund does, an *AmountError if a payment
// cannot give back as much or the grant is of less, and a *NotFoundError for a
// payment of another order. Nothing is released then.
func (s *Service) ReleaseRefund(ctx context.Context, c ReleaseRefund) (orders.Grant, error) {
	slot, err := slotOf("ord", string(c.Order))
	if err != nil {
		return orders.Grant{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, func(ctx context.Context, r orders.Receipt) (orders.Grant, error) {
		_ = s.Settle(ctx, c.Order) // the timer meets its error again and reports it
		all, err := s.orders.Grants(ctx, c.Order)
		if err != nil {
			return orders.Grant{}, err
		}
		return all[r.Grant-1], nil
	})
}
