package payments

import (
	"context"
	"errors"
	"fmt"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/internal/command"
)

// Pay asks the attempt's provider for the money, with the attempt's key. It is
// for the checkout, and records no outcome. Asking again for the same attempt
// charges nobody twice, while the provider knows the key.
//
// A *NoAnswerError or any other error means that the outcome is not known.
func (s *Service) Pay(ctx context.Context, a Attempt) (Outcome, error) {
	p, err := s.Provider(a.Provider)
	if err != nil {
		return Outcome{}, err
	}
	request := a.PayRequest()
	request.Store = s.mark()
	if err := s.unlock(ctx, &request); err != nil {
		return withoutMethod(ctx, p, a, err)
	}
	preparer, ok := p.(Preparer)
	if !ok {
		return p.Pay(ctx, request)
	}
	if request.ProviderID = a.ProviderID; request.ProviderID == "" {
		prepared, err := preparer.Prepare(ctx, request)
		if err != nil || prepared.State != Unknown {
			return prepared, err
		}
		known, err := s.identify(ctx, a, prepared.ProviderID)
		if err != nil {
			return Outcome{}, err
		}
		if known.State != Created && known.State != Unknown {
			return Outcome{State: known.State}, nil // somebody has decided meanwhile
		}
		request.ProviderID = known.ProviderID
	}
	return preparer.Pay(ctx, request)
}

// identify writes down what the provider calls an attempt.
func (s *Service) identify(ctx context.Context, a Attempt, name string) (identified, error) {
	slot, err := slotOf(Prefix, string(a.ID))
	if err != nil {
		return identified{}, err
	}
	known, err := command.Do[identified](ctx, s.engine, &identify{Attempt: a.ID, ProviderID: name}, command.Call{Slot: slot})
	if err != nil {
		return identified{}, fmt.Errorf("writing down what %s calls payment %s: %w", a.Provider, a.ID, err)
	}
	return known, nil
}

// identify writes down what the provider calls an attempt that has no outcome
// yet, before the money can move.
type identify struct {
	Attempt    ID     `cbor:"1,keyasint"`
	ProviderID string `cbor:"2,keyasint"`
}

// identified is the answer of identify: how the attempt stands. Unless State
// is Created or Unknown, the attempt has been decided and must not be paid.
type identified struct {
	State      State  `cbor:"1,keyasint"`
	ProviderID string `cbor:"2,keyasint"`
}

// Kind returns "payments.identify".
func (identify) Kind() command.Kind { return "payments.identify" }

// Validate refuses what is not an attempt's ID.
func (c identify) Validate() error {
	_, err := slotOf(Prefix, string(c.Attempt))
	return err
}

func (c identify) apply(tx *command.Tx) (identified, error) {
	a, err := AttemptTx(tx.Tx, c.Attempt)
	if err != nil {
		return identified{}, err
	}
	if a.ProviderID == "" && (a.State == Created || a.State == Unknown) {
		a.ProviderID = c.ProviderID
		err = updateAttempt(tx, &a)
	}
	return identified{State: a.State, ProviderID: a.ProviderID}, err
}

// withoutMethod says what a payment has come to whose means of payment was
// removed. An earlier request may have reached the provider: only if it did not
// is the payment declined, since nobody can ask for it any more.
func withoutMethod(ctx context.Context, p Provider, a Attempt, why error) (Outcome, error) {
	_, removed := errors.AsType[*NoMethodError](why)
	_, erased := errors.AsType[*accounts.ErasedError](why)
	if !removed && !erased {
		return Outcome{}, why
	}
	said, err := p.Retrieve(ctx, a.LookupRequest())
	switch {
	case err != nil:
		return Outcome{}, err
	case said.State == NotFound:
		return Outcome{State: Declined, Decline: DeclineUnsupported, Raw: "method_removed"}, nil
	case !said.State.Settled():
		return Outcome{}, fmt.Errorf("payment %s is not decided: %w", a.ID, why)
	}
	return said, nil
}
