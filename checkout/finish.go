package checkout

import (
	"slices"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/pricing"
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

	order *orders.Order // without its lines, if this was applied in this process just now; else nil
}

func (finish) Kind() command.Kind { return "checkout.finish" }

// Validate returns nil: the outcome was made by this package.
func (finish) Validate() error { return nil }

func (c finish) apply(tx *command.Tx) (finished, error) {
	a, err := payments.AttemptTx(tx.Tx, c.Attempt)
	if err != nil {
		return finished{}, err
	}
	o, err := orders.GetTx(tx.Tx, c.Order)
	if err != nil {
		return finished{}, err
	}
	was := a
	changed, err := payments.RecordLoaded(tx, &a, &o, c.Outcome)
	if err == nil && !changed {
		err = waitOn(tx, a, &o)
	}
	if err != nil || !changed {
		return finished{Status: o.Status, State: a.State, order: &o}, err
	}
	if err := lookAfter(tx, a); err != nil {
		return finished{}, err
	}
	pending := o.Status == orders.Pending
	lost, err := unpaid(tx, a, o)
	if err != nil {
		return finished{}, err
	}
	lost = lost && a.Voided.Minor() > was.Voided.Minor() // by this news
	switch {
	case pending && a.State.Paid() && covered(o):
		err = c.succeed(tx, &o)
	case pending && a.State.Paid() && covers(a):
		err = goOn(tx, was, &o)
	case pending && a.State.Paid():
		err = c.fail(tx, &o, underpaid) // what did come goes back
	case pending && a.State == payments.Declined:
		err = c.decline(tx, &o)
	case pending && (a.State == payments.Voided || a.State == payments.Canceled):
		err = c.fail(tx, &o, "payment "+string(a.State))
	case pending && a.State == payments.NeedsAction:
		err = c.wait(tx, &o)
	case pending && a.State == payments.Pending:
		err = postpone(tx, a, &o)
	case late(was, a) && o.Status == orders.Placed:
		err = payments.GiveBackTx(tx, &o, a, money.New(a.Captured.Minor()-was.Captured.Minor(), o.Currency))
	case lost:
		err = orders.Withdraw(tx, &o, "payment "+string(a.State))
	default:
		err = orders.Save(tx, &o)
	}
	if err == nil && pending && o.Status != orders.Pending && a.Amount != o.Total {
		// The other payments are to be captured now, or to be let go.
		err = payments.SettleLater(tx, o.ID)
	}
	return finished{Status: o.Status, State: a.State, order: &o}, err
}

// underpaid is why an order is canceled whose provider took too little.
const underpaid = "underpaid"

// covered reports whether the money that is held or taken pays the order, but
// for what is left to its terms.
func covered(o orders.Order) bool {
	return o.Authorized.Minor()-o.Voided.Minor() >= o.Total.Minor()-o.OnTerms.Minor()
}

// covers reports whether a payment holds or has taken all that it was asked for.
func covers(a payments.Attempt) bool {
	return a.Authorized.Minor()-a.Voided.Minor() >= a.Amount.Minor()
}

// letGo reports whether a placed order has lost its money before anything has
// left: an authorization that ran out, or that the bank took back.
func letGo(o orders.Order) bool {
	return o.Status == orders.Placed && o.Shipped == 0 && o.Total.IsPositive() &&
		o.Captured.IsZero() && o.Voided.IsPositive() && o.Authorized == o.Voided
}

// late reports whether a further payment was given up and has brought money
// after all: what it was for may have been paid otherwise since.
func late(was, a payments.Attempt) bool {
	over := was.State == payments.Declined || was.State == payments.Canceled || was.State == payments.Voided
	return a.Further && over && a.State == payments.Captured
}

// unpaid reports whether news of a payment mean that the order's money is gone
// and with it the order. A further payment is the last of it only if the
// checkout had payments, too: an order that was free stands without.
func unpaid(tx *command.Tx, a payments.Attempt, o orders.Order) (bool, error) {
	if !letGo(o) || !a.Further {
		return letGo(o), nil
	}
	all, err := payments.AttemptsTx(tx.Tx, o.ID)
	return slices.ContainsFunc(all, func(other payments.Attempt) bool { return !other.Further }), err
}

// succeed places the order.
func (c finish) succeed(tx *command.Tx, o *orders.Order) error {
	if err := place(tx, o); err != nil {
		return err
	}
	return clearTimer(tx, o)
}

// fail cancels the order and gives stock and cart back.
func (c finish) fail(tx *command.Tx, o *orders.Order, reason string) error {
	if err := inventory.Release(tx, string(o.ID)); err != nil {
		return err
	}
	if err := pricing.Unredeem(tx, string(o.ID)); err != nil {
		return err
	}
	if err := clearTimer(tx, o); err != nil {
		return err
	}
	if err := orders.CancelLoaded(tx, o, reason); err != nil {
		return err
	}
	return cart.Unlock(tx, cart.ID(o.Cart), string(o.ID))
}

// decline is fail for a shopper who may try another card: their cart sets aside
// again what it did before.
func (c finish) decline(tx *command.Tx, o *orders.Order) error {
	if err := c.fail(tx, o, "payment "+string(payments.Declined)); err != nil {
		return err
	}
	return cart.HoldAgain(tx, cart.ID(o.Cart))
}

// wait gives the shopper time to act.
func (c finish) wait(tx *command.Tx, o *orders.Order) error {
	if err := clearTimer(tx, o); err != nil {
		return err
	}
	until, err := inventory.HeldUntilTx(tx.Tx, string(o.ID))
	if err != nil {
		return err
	}
	o.Due = tx.Clock + actionMillis
	if until > 0 {
		o.Due = max(until, tx.Clock+driverMillis)
	}
	if err := orders.Save(tx, o); err != nil {
		return err
	}
	return tx.SetTimer(o.Due, TimerRecover, string(o.ID))
}

// goOn has the other payments asked for soon, also if whoever does it dies now:
// the order may have been given the time of a voucher that was just paid. News
// of what was paid before says nothing of the payment that the order waits for.
func goOn(tx *command.Tx, was payments.Attempt, o *orders.Order) error {
	soon := tx.Clock + driverMillis
	if was.State.Paid() || o.Due <= soon {
		return orders.Save(tx, o)
	}
	if err := clearTimer(tx, o); err != nil {
		return err
	}
	o.Due = soon
	if err := orders.Save(tx, o); err != nil {
		return err
	}
	return tx.SetTimer(o.Due, TimerRecover, string(o.ID))
}

// waitOn goes on looking after a payment of which the provider has nothing new
// to tell because it has not decided yet.
func waitOn(tx *command.Tx, a payments.Attempt, o *orders.Order) error {
	switch {
	case a.State != payments.Pending:
		return nil
	case a.Further:
		return lookAfter(tx, a)
	case o.Status == orders.Pending && o.Due <= tx.Clock:
		return postpone(tx, a, o)
	}
	return nil
}

// postpone gives a provider time that has not decided, and a shopper who has a
// voucher to pay.
func postpone(tx *command.Tx, a payments.Attempt, o *orders.Order) error {
	if err := clearTimer(tx, o); err != nil {
		return err
	}
	o.Due = tx.Clock + patience(tx, a)
	if err := orders.Save(tx, o); err != nil {
		return err
	}
	return tx.SetTimer(o.Due, TimerRecover, string(o.ID))
}

// patience is how long a pending payment is not asked about: its provider tells
// when it has decided, so this is for news that got lost.
func patience(tx *command.Tx, a payments.Attempt) int64 {
	if a.Next == nil {
		return pendingMillis
	}
	return min(max(a.Next.ExpiresAt-tx.At, pendingMillis), longestMillis)
}

// clearTimer removes the timer that looks after a pending order.
func clearTimer(tx *command.Tx, o *orders.Order) error {
	return tx.ClearTimer(o.Due, TimerRecover, string(o.ID))
}
