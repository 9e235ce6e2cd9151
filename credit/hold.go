package credit

import (
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// hold is a request to pay: it sets a part of a balance aside, or takes it at
// once. The same payment is asked for once only, and one that was ended before
// it came does nothing.
type hold struct {
	Payment string       `cbor:"1,keyasint"` // the attempt's ID
	Order   string       `cbor:"2,keyasint"`
	Balance ID           `cbor:"3,keyasint"`
	Amount  money.Amount `cbor:"4,keyasint"`
	AtOnce  bool         `cbor:"5,keyasint,omitempty"`
}

// Kind returns "credit.hold".
func (hold) Kind() command.Kind { return "credit.hold" }

// Validate refuses what is not above nothing.
func (c hold) Validate() error {
	if _, err := slotOf(c.Balance); err != nil {
		return err
	}
	if !c.Amount.IsPositive() {
		return fault.Wrong("amount", "a payment cannot be of %v", c.Amount)
	}
	return nil
}

func (c hold) apply(tx *command.Tx) (payments.Outcome, error) {
	p, found, err := paymentTx(tx.Tx, c.Payment)
	switch {
	case err != nil:
		return payments.Outcome{}, err
	case found && p.balance == "": // ended before it came
		return p.outcome(c.Amount.Currency()), nil
	case found:
		return c.again(tx, p)
	}
	p = payment{id: c.Payment, order: c.Order, balance: c.Balance, asked: c.Amount.Minor(), atOnce: c.AtOnce}
	b, err := balanceTx(tx.Tx, c.Balance)
	if _, none := err.(*NotFoundError); none {
		p.state, p.decline = payments.Declined, payments.DeclineIncorrectDetails
		return p.outcome(c.Amount.Currency()), p.insert(tx)
	}
	if err != nil {
		return payments.Outcome{}, err
	}
	if p.decline = c.refuses(tx, b); p.decline != "" {
		p.state = payments.Declined
		return p.outcome(c.Amount.Currency()), p.insert(tx)
	}
	d := change{held: p.asked}
	p.state, p.authorized = payments.Authorized, p.asked
	if c.AtOnce {
		d = change{spent: p.asked}
		p.state, p.captured = payments.Captured, p.asked
	}
	if err := b.move(tx, d); err != nil {
		return payments.Outcome{}, err
	}
	return p.outcome(c.Amount.Currency()), p.insert(tx)
}

// again answers a payment that was asked for before, with the same fields.
func (c hold) again(tx *command.Tx, p payment) (payments.Outcome, error) {
	same := p.balance == c.Balance && p.order == c.Order && p.asked == c.Amount.Minor() && p.atOnce == c.AtOnce
	if same && p.authorized+p.captured > 0 {
		b, err := balanceTx(tx.Tx, c.Balance)
		if err != nil {
			return payments.Outcome{}, err
		}
		same = b.Issued.Currency() == c.Amount.Currency()
	}
	if !same {
		return payments.Outcome{}, fault.New(fault.Conflict, "payment %s was asked for with other fields", c.Payment)
	}
	return p.outcome(c.Amount.Currency()), nil
}

// refuses says why a balance does not pay, "" if it does.
func (c hold) refuses(tx *command.Tx, b Balance) payments.DeclineCode {
	switch {
	case b.Issued.Currency() != c.Amount.Currency():
		return payments.DeclineUnsupported
	case b.Disabled:
		return payments.DeclineGeneric
	case !b.ExpiresAt.IsZero() && tx.At >= millis(b.ExpiresAt):
		return payments.DeclineExpired
	case b.Left.Minor() < c.Amount.Minor():
		return payments.DeclineInsufficientFunds
	}
	return ""
}
