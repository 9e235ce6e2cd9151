package checkout

import (
	"context"
	"errors"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// Complete buys what is in a cart.
type Complete struct {
	Cart cart.ID
	// CartVersion and ExpectedTotal are what the shopper saw. If the cart has
	// changed since, the checkout is refused with fault.Conflict. Zero values
	// do not check.
	CartVersion   int64
	ExpectedTotal *money.Amount
	// PayWith names the payment provider; it defaults to "manual".
	PayWith string
	// Token is the provider's name for the means of payment. Card numbers are
	// refused: they never come near a store.
	Token string
	// Method and Installments say more of it: see Tender.
	Method       string
	Installments int
	// Tenders are several payments, and take the place of PayWith, Token, Method
	// and Installments. Those that hold a balance are taken first, the others in
	// this order, each as far as it goes; together they must make the total. If
	// one is declined, the others are let go.
	Tenders []Tender
	// Terms place the order unpaid, on terms of the store such as net_30 (see
	// orders.SetTerms). It is paid later with Pay, also where staff records a bank
	// transfer by the provider manual. Tenders may be gift cards and store credit
	// then, which are taken first: what they leave is owed.
	Terms string
	// AuthorizeOnly leaves the capture of the money for later, as with
	// payments.Capture.
	AuthorizeOnly bool
	// OccurredAt is when the shopper bought, if not now. No clock or hold
	// uses it.
	OccurredAt time.Time
	// ExternalReference is the order's name in another system.
	ExternalReference string
	// Key makes asking again safe, after any error and any restart.
	Key string
}

// Complete runs a checkout to the end of what can be done now and returns the
// order: placed; or pending, with a NextAction for the shopper or because the
// provider has not said yet, in which case it is finished in the background.
//
// It returns an *inventory.OutOfStockError, a *DeclinedError, a
// *TotalChangedError, an *EmptyCartError, an *IncompleteError, a
// *ProblemsError, an *UncoveredError, an *orders.TermsError, a *pricing.LimitError if a promotion is
// used up, a *cart.VersionError, or a *payments.ThrottledError, before anything
// has begun, with the time to come back after. Buying a
// cart a second time returns the order that was made the first time.
func (s *Service) Complete(ctx context.Context, c Complete) (Result, error) {
	if err := s.engine.Before(ctx, &c); err != nil {
		return Result{}, err
	}
	if err := id.Check("cart", string(c.Cart)); err != nil {
		return Result{}, err
	}
	slot, err := id.SlotOf(string(c.Cart))
	if err != nil {
		return Result{}, err
	}
	if err := c.check(); err != nil {
		return Result{}, err
	}
	cmd := begin{Cart: c.Cart, Version: c.CartVersion, Expected: c.ExpectedTotal, Reference: c.ExternalReference, AuthorizeOnly: c.AuthorizeOnly, Terms: c.Terms}
	if c.Terms == "" || len(c.Tenders) > 0 {
		if cmd.Tenders, err = s.tenders(c); err != nil {
			return Result{}, err
		}
	}
	if !c.OccurredAt.IsZero() {
		cmd.OccurredAt = c.OccurredAt.UnixMilli()
	}
	if c.Key == "" {
		c.Key = command.NewKey(s.engine.Now())
	}
	made, err := s.begin(ctx, slot, &cmd, c.Key)
	s.carts.NoteLimit(err)
	if err != nil {
		return Result{}, command.UnderKey(c.Key, err)
	}
	var placed *orders.Order
	if made.Attempt != "" {
		placed, err = s.pay(ctx, slot, &cmd, made)
	}
	if err == nil && placed != nil {
		return Result{Order: *placed}, nil
	}
	var out Result
	if err == nil {
		// The order is made: the caller's haste must not hide that.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
		defer cancel()
		out, err = s.result(command.AtMost(ctx, command.OwnWrites), made.Order)
	}
	if fault.CodeOf(err) == fault.Unavailable {
		err = fault.Wrap(fault.Uncertain, err, "the checkout began, reading what it came to failed")
		return Result{}, &command.UncertainError{Key: c.Key, Err: err}
	}
	return out, err
}

func (c Complete) check() error {
	switch {
	case c.Terms != "" && (c.PayWith != "" || c.Token != "" || c.Method != "" || c.Installments != 0 || c.AuthorizeOnly):
		return fault.Wrong("pay_with", "an order on payment terms is paid later: only gift cards and credit are taken now, as tenders")
	case len(c.ExternalReference) > 255:
		return fault.Wrong("external_reference", "the external reference is longer than 255 bytes")
	case c.OccurredAt.Year() > 9999 || c.OccurredAt.Year() < 1:
		return fault.Wrong("occurred_at", "an order cannot have occurred in the year %d", c.OccurredAt.Year())
	}
	return nil
}

// begin runs the first phase. If this shard's allowance of something is short
// it borrows and tries again; if the goods cannot be had anywhere, that answer
// is recorded under the caller's key like any other.
func (s *Service) begin(ctx context.Context, slot id.Slot, cmd *begin, key string) (begun, error) {
	var made begun
	submit := func() (err error) {
		made, err = command.Do[begun](ctx, s.engine, cmd, command.Call{Key: key, Slot: slot, Prepare: func(st command.Stamp) error {
			return cmd.prepare(ctx, s, st)
		}})
		made.fresh = cmd.has(made.Attempt)
		return err
	}
	err := submit()
	for try := 1; ; try++ {
		short, isShort := errors.AsType[*inventory.ShortError](err)
		_, isStale := errors.AsType[*staleError](err)
		if _, taken := errors.AsType[*orders.TakenError](err); taken {
			isStale = true
		}
		switch {
		case !isShort && !isStale || try > maxReprice:
			return made, err
		case isStale:
			cmd.again = true
			err = submit()
			continue
		}
		cmd.SoldOut = nil
		err = s.inventory.Fill(ctx, slot, short.Lines, submit)
		if gone, ok := errors.AsType[*inventory.OutOfStockError](err); ok && cmd.SoldOut == nil {
			for _, l := range gone.Lines[:min(len(gone.Lines), maxSoldOut)] {
				cmd.SoldOut = append(cmd.SoldOut, soldOut(l))
			}
			err = submit()
		}
	}
}

// maxReprice bounds how often a checkout begins anew because the cart or what
// it takes has changed meanwhile.
const maxReprice = 16

// maxSoldOut bounds the lines that a refusal names.
const maxSoldOut = 200

// pay runs the second and third phases. An outcome that is not known leaves
// the order pending, for recovery. It returns the order if it was placed by
// this call, as far as this process knows; one that is nil has to be read.
func (s *Service) pay(ctx context.Context, slot id.Slot, cmd *begin, made begun) (*orders.Order, error) {
	if !made.fresh || made.Several {
		return nil, s.drive(ctx, slot, made.Order)
	}
	done, err := s.payNow(ctx, slot, cmd.first(made))
	if err != nil || done.order == nil || done.order.Status != orders.Placed || len(made.lines) == 0 {
		return nil, err
	}
	done.order.Lines, done.order.Fees, done.order.Deliveries = made.lines, made.fees, made.deliveries
	return done.order, nil
}

// payNow asks for one payment and books the answer. What it returns is zero if
// the answer is not known.
func (s *Service) payNow(ctx context.Context, slot id.Slot, a payments.Attempt) (finished, error) {
	outcome, err := s.payments.Pay(ctx, a)
	if err != nil {
		return finished{}, nil // unknown: the timer of Begin sees to it
	}
	done, err := s.finish(ctx, slot, a, outcome)
	if fault.CodeOf(err) == fault.Invalid {
		return finished{}, nil // what cannot be booked is no answer either: recovery asks again
	}
	return done, err
}

// drive asks for the payments of a pending order that were not asked for yet,
// one after the other, until one has no answer that lets the next one go.
func (s *Service) drive(ctx context.Context, slot id.Slot, order orders.ID) error {
	attempts, err := s.payments.ByOrder(ctx, order)
	if err != nil {
		return err
	}
	for _, a := range attempts {
		if a.State.Paid() {
			continue
		}
		if a.State != payments.Created {
			return nil // somebody is at it, or has been
		}
		done, err := s.payNow(ctx, slot, a)
		if err != nil {
			return err
		}
		if len(attempts) > 1 && (done.Status == orders.Placed || done.Status == orders.Canceled) {
			_ = s.payments.Settle(ctx, order) // what waited is captured, what is in vain let go; or the timer does it
		}
		if done.Status != orders.Pending || !done.State.Paid() {
			return nil
		}
	}
	return nil
}

// finish runs the third phase.
func (s *Service) finish(ctx context.Context, slot id.Slot, a payments.Attempt, o payments.Outcome) (finished, error) {
	// The money has moved: the caller's haste must not keep that from the log.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	return command.Do[finished](ctx, s.engine, &finish{Order: a.Order, Attempt: a.ID, Outcome: o}, command.Call{Slot: slot})
}

const finishTimeout = 10 * time.Second
