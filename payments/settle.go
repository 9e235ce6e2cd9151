package payments

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// KeyLife is how long a provider surely remembers a key. After that a request
// is looked up before it may be made again.
const KeyLife = 20 * time.Hour

// maxRounds bounds how often one settling looks again.
const maxRounds = 8

// SettleTimer is the handler of TimerSettle timers; subject is an order's ID.
func (s *Service) SettleTimer(ctx context.Context, subject string) error {
	return s.Settle(ctx, orders.ID(subject))
}

// Settle makes what was done with an order's money agree with what is owed:
// it voids, refunds and captures at the providers until nothing is left that
// can be done now. It may be called at any time and by several callers at
// once. What fails or has no answer yet is taken up again by the order's
// timer; an error tells of it.
func (s *Service) Settle(ctx context.Context, o orders.ID) error {
	slot, err := slotOf("ord", string(o))
	if err != nil {
		return err
	}
	for range maxRounds {
		next, err := command.Do[planned](ctx, s.engine, &plan{Order: o}, command.Call{Slot: slot})
		if err != nil {
			return fmt.Errorf("settling order %s: %w", o, err)
		}
		if len(next.Ready) == 0 {
			return nil
		}
		var errs []error
		for _, r := range next.Ready {
			errs = append(errs, s.carryOut(ctx, r))
		}
		if err := errors.Join(errs...); err != nil {
			return fmt.Errorf("settling order %s: %w", o, err)
		}
	}
	return fault.New(fault.Unavailable, "settling order %s takes longer than usual: try again", o)
}

// carryOut asks the provider for one operation and records the answer.
func (s *Service) carryOut(ctx context.Context, r ready) error {
	slot, err := slotOf(Prefix, string(r.Attempt))
	if err != nil {
		return err
	}
	var a Attempt
	var op Operation
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		if a, err = AttemptTx(tx, r.Attempt); err != nil {
			return err
		}
		op, err = operationTx(tx, r.Attempt, r.Number)
		return err
	})
	if err != nil || op.State.Final() { // somebody else was faster
		return err
	}
	said, err := s.ask(ctx, a, op)
	if _, unanswered := errors.AsType[*NoAnswerError](err); unanswered && op.State == OpIntent {
		return errors.Join(err, s.record(ctx, op, Outcome{State: Unknown}))
	}
	if err != nil {
		return err
	}
	if err := s.record(ctx, op, said); err != nil {
		return fmt.Errorf("recording %s %s: %w", op.Kind, op.Key(), err)
	}
	return nil
}

// ask puts an operation to its provider. What the provider may have seen and
// forgotten is looked up first.
func (s *Service) ask(ctx context.Context, a Attempt, op Operation) (Outcome, error) {
	p, err := s.Provider(a.Provider)
	if err != nil {
		return Outcome{}, err
	}
	if op.State != OpIntent || s.engine.Now().Sub(op.CreatedAt) >= KeyLife {
		said, err := p.Retrieve(ctx, LookupRequest{
			Of: op.Kind, Key: op.Key(), ProviderID: op.ProviderID, PaymentKey: a.Key(), PaymentID: a.ProviderID, Token: a.Token,
		})
		if err != nil || said.State != NotFound {
			return said, err
		}
	}
	if op.Kind == KindVoid && !a.State.Settled() {
		// It may have been decided since: the books are to say what it held.
		said, err := p.Retrieve(ctx, a.LookupRequest())
		if err != nil || said.State.Settled() {
			return said, err
		}
	}
	switch op.Kind {
	case KindCapture:
		total := money.New(a.Captured.Minor()+op.Amount.Minor(), op.Amount.Currency())
		return p.Capture(ctx, CaptureRequest{Key: op.Key(), PaymentKey: a.Key(), ProviderID: a.ProviderID, Amount: op.Amount, Total: total, Final: op.Final})
	case KindVoid:
		return p.Void(ctx, VoidRequest{Key: op.Key(), PaymentKey: a.Key(), ProviderID: a.ProviderID, Token: a.Token})
	}
	return p.Refund(ctx, RefundRequest{Key: op.Key(), PaymentKey: a.Key(), ProviderID: a.ProviderID, Amount: op.Amount, Reason: op.Reason})
}

func (s *Service) record(ctx context.Context, op Operation, said Outcome) error {
	slot, err := slotOf(Prefix, string(op.Attempt))
	if err != nil {
		return err
	}
	c := recordOperation{Attempt: op.Attempt, Number: op.Number, Outcome: said}
	_, err = command.Do[struct{}](ctx, s.engine, &c, command.Call{Slot: slot})
	return err
}
