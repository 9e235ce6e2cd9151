package orders

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// DecideReturn approves or rejects a return that was asked for, or ends one
// that will not come: a shopper may take a request back, staff may end an
// approved one of which nothing was received.
type DecideReturn struct {
	Return string      `cbor:"1,keyasint"`
	State  ReturnState `cbor:"2,keyasint"`           // ReturnApproved, ReturnRejected or ReturnCanceled
	Note   string      `cbor:"3,keyasint,omitempty"` // for the shopper; needed to reject
	Payer  Payer       `cbor:"4,keyasint,omitempty"` // of the way back, to approve; defaults to the shopper
	Key    string      `cbor:"-"`
}

// Kind returns "orders.decide_return".
func (DecideReturn) Kind() command.Kind { return "orders.decide_return" }

// Validate checks the decision.
func (c DecideReturn) Validate() error {
	if _, err := slotOfReturn(c.Return); err != nil {
		return err
	}
	switch {
	case c.State != ReturnApproved && c.State != ReturnRejected && c.State != ReturnCanceled:
		return fault.Wrong("state", "a return is approved, rejected or canceled, not %.20q", c.State)
	case c.State == ReturnRejected && c.Note == "":
		return fault.Wrong("note", "to reject a return needs a note that says why")
	case len(c.Note) > maxReason:
		return fault.Wrong("note", "the note is longer than %d bytes", maxReason)
	case c.Payer != "" && c.Payer != PaidByShop && c.Payer != PaidByShopper:
		return fault.Wrong("payer", "the way back is paid by the shop or the shopper, not by %.20q", c.Payer)
	}
	return nil
}

func (c DecideReturn) apply(tx *command.Tx) (Receipt, error) {
	r, err := rmaTx(tx.Tx, c.Return)
	if err != nil {
		return Receipt{}, err
	}
	if !c.allowed(r) {
		return Receipt{}, &ReturnStateError{Return: c.Return, Have: r.State, Want: ReturnRequested}
	}
	o, err := GetTx(tx.Tx, r.Order)
	if err != nil {
		return Receipt{}, err
	}
	r.State, r.Note, r.DecidedAt = c.State, c.Note, instant(tx.At)
	if c.State == ReturnApproved {
		if r.Payer = c.Payer; r.Payer == "" {
			r.Payer = PaidByShopper
		}
	}
	if err := r.save(tx); err != nil {
		return Receipt{}, err
	}
	return r.finish(tx, &o, "order.return_"+string(c.State), r.units())
}

// allowed reports whether the return is in a state for the decision.
func (c DecideReturn) allowed(r RMA) bool {
	return r.State == ReturnRequested || c.State == ReturnCanceled && r.State == ReturnApproved && r.ReceivedAt.IsZero()
}

// DecideReturn runs the command and returns the return. It returns a
// *NoReturnError or a *ReturnStateError.
func (s *Service) DecideReturn(ctx context.Context, c DecideReturn) (RMA, error) {
	slot, err := slotOfReturn(c.Return)
	if err != nil {
		return RMA{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, s.readReturn)
}
