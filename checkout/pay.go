package checkout

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// Pay makes a further payment for a placed order: for what a change of it has
// made due. The order stands whatever becomes of the payment.
type Pay struct {
	Order orders.ID
	// Tender says how. Its Amount is what is paid, and no more than is due; nil
	// is all that is due, and as much as the means of payment can.
	Tender
	// AuthorizeOnly leaves the capture for later, as with payments.Capture.
	AuthorizeOnly bool
	Key           string
}

// Paid is what a further payment came to.
type Paid struct {
	Order orders.Order
	// Payment is how it stands. While its State is payments.NeedsAction, Next
	// says what the shopper must do.
	Payment payments.Attempt
}

// TimerPay is the kind of the durable timers that finish a further payment
// whose driver died. Its subject is the payment.
const TimerPay = "checkout.pay"

// payOrder is the first phase of a further payment.
type payOrder struct {
	Order         orders.ID `cbor:"1,keyasint"`
	Tender        tender    `cbor:"2,keyasint" command:"asked"`
	AuthorizeOnly bool      `cbor:"3,keyasint,omitempty"`
	Part          part      `cbor:"4,keyasint" command:"stamped"`
}

// payBegun is its answer.
type payBegun struct {
	Payment payments.ID `cbor:"1,keyasint"`
}

// Kind returns "checkout.pay_order".
func (payOrder) Kind() command.Kind { return "checkout.pay_order" }

// Validate returns nil: Pay has checked.
func (payOrder) Validate() error { return nil }

func (c payOrder) apply(tx *command.Tx) (payBegun, error) {
	due, before, err := dueTx(tx.Tx, c.Order)
	if err != nil {
		return payBegun{}, err
	}
	if c.Part.Amount > due.Minor() {
		return payBegun{}, fault.New(fault.Unavailable, "order %s is paid by somebody else at the same time: try again", c.Order)
	}
	a := c.Tender.attempt(c.Part)
	a.Order, a.Number, a.Amount, a.Further = c.Order, before+1, money.New(c.Part.Amount, due.Currency()), true
	a.AutoCapture = !c.AuthorizeOnly
	if err := payments.CreateAttempt(tx, a); err != nil {
		return payBegun{}, err
	}
	return payBegun{Payment: a.ID}, tx.SetTimer(tx.Clock+driverMillis, TimerPay, string(a.ID))
}

// dueTx returns what nobody pays yet of a placed order, and how many payments
// it has.
func dueTx(tx *sqlite.Tx, order orders.ID) (due money.Amount, before int, err error) {
	o, err := orders.GetTx(tx, order)
	if err != nil {
		return due, 0, err
	}
	if o.Status != orders.Placed {
		return due, 0, &orders.StatusError{Order: order, Have: string(o.Status), Want: string(orders.Placed)}
	}
	return payments.DueTx(tx, o)
}

// Due returns what is to be paid for a placed order and nobody is paying yet;
// nothing or less if it is paid for. It returns an *orders.NotFoundError or an
// *orders.StatusError.
func (s *Service) Due(ctx context.Context, order orders.ID) (due money.Amount, err error) {
	slot, err := id.SlotOf(string(order))
	if err != nil {
		return due, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		due, _, err = dueTx(tx, order)
		return err
	})
	return due, err
}

// Pay asks for the payment and returns what it came to: paid; or with a next
// action for the shopper, or because the provider has not said yet, in which
// case it is finished in the background.
//
// It returns a *DeclinedError, which leaves the order as it is, a
// *payments.AmountError if less is due, an *orders.StatusError if the order is
// not placed, or a *payments.ThrottledError before anything has begun.
func (s *Service) Pay(ctx context.Context, c Pay) (Paid, error) {
	slot, err := id.SlotOf(string(c.Order))
	if err != nil {
		return Paid{}, err
	}
	how, err := s.tenders(Complete{Tenders: []Tender{c.Tender}})
	if err != nil {
		return Paid{}, err
	}
	cmd := payOrder{Order: c.Order, Tender: how[0], AuthorizeOnly: c.AuthorizeOnly}
	c.Key = command.KeyOr(s.engine, c.Key)
	var made payBegun
	for try := 0; ; try++ {
		made, err = command.Do[payBegun](ctx, s.engine, &cmd, command.Call{Key: c.Key, Slot: slot, Prepare: func(st command.Stamp) error {
			return cmd.prepare(ctx, s, st)
		}})
		if fault.CodeOf(err) != fault.Unavailable || try == maxReprice || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return Paid{}, command.UnderKey(c.Key, err)
	}
	a, err := s.payments.Get(ctx, made.Payment)
	if err == nil && a.State == payments.Created {
		err = s.payFurther(ctx, slot, a)
	}
	if err != nil {
		return Paid{}, &command.UncertainError{Key: c.Key, Err: fault.Wrap(fault.Uncertain, err, "the payment began, booking what it came to failed")}
	}
	return s.paid(ctx, c.Key, made.Payment)
}

// prepare works out what the payment comes to.
func (c *payOrder) prepare(ctx context.Context, s *Service, st command.Stamp) error {
	o, err := s.orders.Get(ctx, c.Order)
	if err != nil {
		return err
	}
	due, err := s.Due(ctx, c.Order)
	switch {
	case err != nil:
		return err
	case !due.IsPositive():
		return fault.New(fault.Refused, "nothing is to be paid for order %s: read what is due before paying", c.Order)
	case c.Tender.Amount != nil && c.Tender.Amount.Currency() == due.Currency() && c.Tender.Amount.Minor() > due.Minor():
		return &payments.AmountError{Order: c.Order, Verb: "pay", Want: *c.Tender.Amount, Have: due}
	}
	one := begin{Tenders: []tender{c.Tender}}
	if err := one.share(ctx, s, st, due, string(o.Customer)); err != nil {
		return err
	}
	if c.Part = one.Parts[0]; c.Part.Amount == 0 {
		return fault.New(fault.Refused, "what is to pay order %s has nothing left on it: pay with something else", c.Order)
	}
	return nil
}

// paid reads what a further payment came to.
func (s *Service) paid(ctx context.Context, key string, of payments.ID) (Paid, error) {
	out, err := command.Then(ctx, key, func(ctx context.Context) (out Paid, err error) {
		if out.Payment, err = s.payments.Get(ctx, of); err != nil {
			return out, err
		}
		out.Order, err = s.orders.Get(ctx, out.Payment.Order)
		return out, err
	})
	if err == nil && declined(out.Payment) {
		err = &DeclinedError{Order: out.Order.ID, Code: string(out.Payment.Decline)}
	}
	return out, err
}

// lookAfter keeps the timer of a further payment whose news was just booked: the
// shopper gets time to act, and what is decided needs nobody any more.
func lookAfter(tx *command.Tx, a payments.Attempt) error {
	if !a.Further || !a.State.Settled() && a.State != payments.NeedsAction && a.State != payments.Pending {
		return nil
	}
	if err := tx.ClearTimers(TimerPay, string(a.ID)); err != nil || a.State.Settled() {
		return err
	}
	pause := int64(actionMillis)
	if a.State == payments.Pending {
		pause = patience(tx, a)
	}
	return tx.SetTimer(tx.Clock+pause, TimerPay, string(a.ID))
}

// PayTimer is the handler of TimerPay timers: it finishes a further payment
// whose driver died or never heard the provider's answer.
func (s *Service) PayTimer(ctx context.Context, subject string) error {
	slot, a, p, err := s.further(ctx, payments.ID(subject))
	if err != nil {
		return err
	}
	if a.State.Settled() {
		_, err = command.Do[struct{}](ctx, s.engine, &forgetPayment{Payment: a.ID}, command.Call{Slot: slot})
		return err
	}
	o, err := s.orders.Get(ctx, a.Order)
	if err != nil {
		return err
	}
	if o.Status != orders.Placed {
		return s.end(ctx, slot, p, a)
	}
	outcome, err := s.ask(ctx, p, a)
	if err != nil {
		return fmt.Errorf("asking %s about %s: %w", a.Provider, a.ID, err)
	}
	_, err = s.finish(ctx, slot, a, outcome)
	return err
}

// payFurther asks for a further payment, which may have been begun long ago: an
// order that was canceled since is not paid any more.
func (s *Service) payFurther(ctx context.Context, slot id.Slot, a payments.Attempt) error {
	o, err := s.orders.Get(ctx, a.Order)
	if err != nil {
		return err
	}
	if o.Status == orders.Placed {
		_, err = s.payNow(ctx, slot, a)
		return err
	}
	p, err := s.payments.Provider(a.Provider)
	if err != nil {
		return err
	}
	return s.end(ctx, slot, p, a)
}

// end lets go of a further payment. The provider has the last word: if the
// payment went through after all, that is booked.
func (s *Service) end(ctx context.Context, slot id.Slot, p payments.Provider, a payments.Attempt) error {
	outcome, err := p.Void(ctx, a.VoidRequest())
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "asking %s to let go of payment %s", a.Provider, a.ID)
	}
	_, err = s.finish(ctx, slot, a, outcome)
	return err
}

// further reads a further payment and finds its provider.
func (s *Service) further(ctx context.Context, of payments.ID) (slot id.Slot, a payments.Attempt, p payments.Provider, err error) {
	if a, err = s.payments.Get(ctx, of); err != nil {
		return slot, a, nil, err
	}
	if slot, err = id.SlotOf(string(of)); err != nil {
		return slot, a, nil, err
	}
	if !a.Further {
		return slot, a, nil, fault.New(fault.Refused, "payment %s belongs to the checkout of order %s: resume or abandon that", of, a.Order)
	}
	p, err = s.payments.Provider(a.Provider)
	return slot, a, p, err
}

// resumeFurther asks about the further payments of an order that are not
// decided.
func (s *Service) resumeFurther(ctx context.Context, slot id.Slot, attempts []payments.Attempt) error {
	for _, a := range attempts {
		if !a.Further || a.State.Settled() {
			continue
		}
		p, err := s.payments.Provider(a.Provider)
		if err != nil {
			return err
		}
		outcome, err := p.Retrieve(ctx, a.LookupRequest())
		if err != nil || outcome.State == payments.NotFound {
			continue // the timer goes on
		}
		if _, err := s.finish(ctx, slot, a, outcome); err != nil {
			return err
		}
	}
	return nil
}

// AbandonPayment gives a further payment up that is not decided, so that what it
// was for can be paid in another way. The provider has the last word: if the
// payment went through after all, it stands. It returns a *payments.NotFoundError,
// and fault.Refused for a payment of a checkout: see Abandon.
func (s *Service) AbandonPayment(ctx context.Context, of payments.ID) (Paid, error) {
	slot, a, p, err := s.further(ctx, of)
	if err != nil {
		return Paid{}, err
	}
	if !a.State.Settled() {
		if err := s.end(ctx, slot, p, a); err != nil {
			return Paid{}, err
		}
	}
	out, err := s.paid(ctx, "", of)
	if declined(out.Payment) {
		err = nil // that it was declined is as good
	}
	return out, err
}

// forgetPayment removes the timer of a further payment that is decided.
type forgetPayment struct {
	Payment payments.ID `cbor:"1,keyasint"`
}

// Kind returns "checkout.forget_payment".
func (forgetPayment) Kind() command.Kind { return "checkout.forget_payment" }

// Validate returns nil: PayTimer has checked.
func (forgetPayment) Validate() error { return nil }

func (c forgetPayment) apply(tx *command.Tx) (struct{}, error) {
	a, err := payments.AttemptTx(tx.Tx, c.Payment)
	if err != nil || !a.State.Settled() {
		return struct{}{}, err
	}
	return struct{}{}, tx.ClearTimers(TimerPay, string(c.Payment))
}
