package credit

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// Adjust puts more into a balance, or takes some out of it, by hand.
type Adjust struct {
	Balance ID           `cbor:"1,keyasint"`
	Amount  money.Amount `cbor:"2,keyasint"` // below nothing takes out
	Reason  string       `cbor:"3,keyasint"` // must be given
	Key     string       `cbor:"-"`
}

// Kind returns "credit.adjust".
func (Adjust) Kind() command.Kind { return "credit.adjust" }

// Validate refuses nothing at all, and a change without a reason.
func (c Adjust) Validate() error {
	if _, err := slotOf(c.Balance); err != nil {
		return err
	}
	switch {
	case c.Amount.IsZero() || c.Amount.Minor() > payments.MaxAmount || c.Amount.Minor() < -payments.MaxAmount:
		return fault.Wrong("amount", "a balance cannot be adjusted by %v", c.Amount)
	case c.Reason == "":
		return fault.Wrong("reason", "say why the balance is adjusted")
	}
	return checkReason(c.Reason)
}

func (c Adjust) apply(tx *command.Tx) (struct{}, error) {
	b, err := balanceTx(tx.Tx, c.Balance)
	if err != nil {
		return struct{}{}, err
	}
	if b.Issued.Currency() != c.Amount.Currency() {
		return struct{}{}, fault.Wrong("amount", "the balance is in %s, not in %s", b.Issued.Currency(), c.Amount.Currency())
	}
	return struct{}{}, put(tx, c.Balance, "credit.adjusted", c.Amount.Minor(), c.Reason)
}

// Adjust runs the command and returns the balance. It is a *ShortError if it
// does not hold what is taken out; what payments hold stays.
func (s *Service) Adjust(ctx context.Context, c Adjust) (Balance, error) {
	slot, err := slotOf(c.Balance)
	if err != nil {
		return Balance{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, func(ctx context.Context, _ struct{}) (Balance, error) {
		return s.Get(ctx, c.Balance)
	})
}
