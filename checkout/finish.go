package checkout

import (
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// finish is the third phase: it takes what a provider said, from whoever heard
// it first. It is harmless to repeat, since an outcome only moves an attempt
// forward.
type finish struct {
	Order   orders.ID        `cbor:"1,keyasint"`
	Attempt payments.ID      `cbor:"2,keyasint"`
	Outcome payments.Outcome `cbor:"3,keyasint"`
}

// finished is the answer of finish.
type finished struct {
	Status orders.Status  `cbor:"1,keyasint"`
	State  payments.State `cbor:"2,keyasint"`
}

func (finish) Kind() command.Kind { return "checkout.finish" }

// Validate returns nil: the outcome was made by this package.
func (finish) Validate() error { return nil }

func (c finish) apply(tx *command.Tx) (finished, error) {
	changed, err := payments.RecordOutcome(tx, c.Attempt, c.Outcome)
	if err != nil {
		return finished{}, err
	}
	attempt, err := payments.AttemptTx(tx.Tx, c.Attempt)
	if err != nil {
		return finished{}, err
	}
	o, err := orders.GetTx(tx.Tx, c.Order)
	if err != nil {
		return finished{}, err
	}
	out := finished{Status: o.Status, State: attempt.State}
	if !changed {
		return out, nil
	}
	switch attempt.State {
	case payments.Authorized, payments.Captured:
		out.Status, err = c.succeed(tx, o)
	case payments.Declined, payments.Voided, payments.Canceled:
		out.Status, err = c.fail(tx, o, attempt)
	case payments.NeedsAction:
		err = c.wait(tx)
	}
	return out, err
}

// succeed places a pending order.
func (c finish) succeed(tx *command.Tx, o orders.Order) (orders.Status, error) {
	if o.Status != orders.Pending {
		return o.Status, nil // RecordOutcome has asked for the money to be settled
	}
	stocked, err := holdsStock(tx, o.ID)
	if err != nil {
		return "", err
	}
	if err := place(tx, o.ID, cart.ID(o.Cart), stocked); err != nil {
		return "", err
	}
	return orders.Placed, c.clearTimers(tx)
}

// fail cancels a pending order and gives stock and cart back.
func (c finish) fail(tx *command.Tx, o orders.Order, a payments.Attempt) (orders.Status, error) {
	if o.Status != orders.Pending {
		return o.Status, nil
	}
	stocked, err := holdsStock(tx, o.ID)
	if err != nil {
		return "", err
	}
	if stocked {
		if err := inventory.Release(tx, string(o.ID)); err != nil {
			return "", err
		}
	}
	if _, err := orders.CancelTx(tx, o.ID, "payment "+string(a.State)); err != nil {
		return "", err
	}
	if err := cart.Unlock(tx, cart.ID(o.Cart), string(o.ID)); err != nil {
		return "", err
	}
	return orders.Canceled, c.clearTimers(tx)
}

// wait gives the shopper time to act.
func (c finish) wait(tx *command.Tx) error {
	if err := c.clearTimers(tx); err != nil {
		return err
	}
	return tx.SetTimer(tx.Clock+actionMillis, TimerRecover, string(c.Order))
}

// clearTimers removes the order's recovery timers, whenever they are due.
func (c finish) clearTimers(tx *command.Tx) error {
	return tx.ClearTimers(TimerRecover, string(c.Order))
}

func holdsStock(tx *command.Tx, order orders.ID) (bool, error) {
	_, found, err := tx.Int64(`SELECT 1 FROM order_lines WHERE order_id = ? AND pool <> '' LIMIT 1`, order)
	return found, err
}
