package credit

import (
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// operate is what is asked of a payment later, once for each key.
type operate struct {
	Key     string                 `cbor:"1,keyasint"`
	Payment string                 `cbor:"2,keyasint"` // the attempt's ID
	Of      payments.OperationKind `cbor:"3,keyasint"`
	Balance ID                     `cbor:"4,keyasint"`
	Amount  money.Amount           `cbor:"5,keyasint,omitempty"` // nothing for a void
	Final   bool                   `cbor:"6,keyasint,omitempty"` // of a capture: the rest is let go
}

// Kind returns "credit.operate".
func (operate) Kind() command.Kind { return "credit.operate" }

// Validate refuses what is not a balance's ID.
func (c operate) Validate() error {
	_, err := slotOf(c.Balance)
	return err
}

func (c operate) apply(tx *command.Tx) (payments.Outcome, error) {
	if o, found, err := answerTx(tx.Tx, c.Key); err != nil || found {
		return o, err
	}
	p, found, err := paymentTx(tx.Tx, c.Payment)
	switch {
	case err != nil:
		return payments.Outcome{}, err
	case !found && c.Of == payments.KindVoid:
		// A request to pay that arrives late does nothing.
		p = payment{id: c.Payment, state: payments.Canceled}
		if err := p.insert(tx); err != nil {
			return payments.Outcome{}, err
		}
	case !found:
		return payments.Outcome{}, fault.New(fault.NotFound, "balance %s was never asked for payment %s", c.Balance, c.Payment)
	}
	o, err := c.carryOut(tx, &p)
	if err != nil {
		return payments.Outcome{}, err
	}
	return o, insertAnswer(tx, c.Key, c.Payment, o)
}

// carryOut changes payment and balance and says what came of it.
func (c operate) carryOut(tx *command.Tx, p *payment) (payments.Outcome, error) {
	refused := payments.Outcome{State: payments.Declined, Decline: payments.DeclineState}
	n := c.Amount.Minor()
	var d change
	o := payments.Outcome{ProviderID: c.Key, Amount: c.Amount}
	switch c.Of {
	case payments.KindCapture:
		if n <= 0 || n > p.open() {
			return refused, nil
		}
		d = change{held: -n, spent: n}
		p.captured += n
		p.state, o.State, o.Amount = payments.Captured, payments.Captured, money.New(p.captured, c.Amount.Currency())
		if c.Final {
			d.held -= p.open()
			p.voided += p.open()
			o.Final = true
		}
	case payments.KindVoid:
		n = p.open()
		if n == 0 {
			return payments.Outcome{State: p.state, Decline: p.decline}, nil // it comes too late
		}
		d = change{held: -n}
		p.voided += n
		o.State = payments.Voided
		if p.captured == 0 {
			p.state = payments.Voided
		}
	case payments.KindRefund:
		if n <= 0 || n > p.captured-p.refunded {
			return refused, nil
		}
		d = change{spent: -n}
		p.refunded += n
		o.State = payments.Refunded
	}
	b, err := balanceTx(tx.Tx, p.balance)
	if err != nil {
		return payments.Outcome{}, err
	}
	if c.Amount != (money.Amount{}) && c.Amount.Currency() != b.Issued.Currency() {
		return refused, nil
	}
	if err := b.move(tx, d); err != nil {
		return payments.Outcome{}, err
	}
	return o, p.update(tx)
}
