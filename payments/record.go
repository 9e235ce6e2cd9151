package payments

import (
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// recordOperation books what a provider said about an operation. It may be
// applied any number of times: a final operation does not change.
type recordOperation struct {
	Attempt ID      `cbor:"1,keyasint"`
	Number  int     `cbor:"2,keyasint"`
	Outcome Outcome `cbor:"3,keyasint"`
}

// OperationEvent is the data of the events payment.captured, payment.voided
// and payment.refunded, and of payment.capture_failed, payment.void_failed and
// payment.refund_failed.
type OperationEvent struct {
	Order    orders.ID      `json:"order"`
	Payment  ID             `json:"payment"`
	Number   int            `json:"number"`
	Currency money.Currency `json:"currency"`
	Amount   int64          `json:"amount"` // minor units
	Decline  DeclineCode    `json:"decline,omitempty"`
}

// Kind returns "payments.record_operation".
func (recordOperation) Kind() command.Kind { return "payments.record_operation" }

// Validate refuses what is not an attempt's ID.
func (c recordOperation) Validate() error {
	_, err := slotOf(Prefix, string(c.Attempt))
	return err
}

func (c recordOperation) apply(tx *command.Tx) (struct{}, error) {
	op, err := operationTx(tx.Tx, c.Attempt, c.Number)
	if err != nil || op.State.Final() {
		return struct{}{}, err
	}
	if err := c.Outcome.check(op.Amount.Currency()); err != nil {
		return struct{}{}, err
	}
	if op.ProviderID == "" {
		op.ProviderID = c.Outcome.ProviderID
	}
	switch c.Outcome.State {
	case Unknown:
		op.State, op.retryAt = OpUnknown, 0
	case Pending, NeedsAction:
		op.State, op.retryAt = OpPending, tx.Clock+pendingPause.Milliseconds()
	default:
		err = c.finish(tx, &op)
	}
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, updateOperation(tx, op)
}

// finish books the provider's last word about an operation.
func (c recordOperation) finish(tx *command.Tx, op *Operation) error {
	a, err := AttemptTx(tx.Tx, c.Attempt)
	if err != nil {
		return err
	}
	said, was := c.Outcome, a
	// A void that comes too late tells how the payment stands, also that it was
	// declined.
	declined := op.Kind == KindVoid && said.State == Declined && !a.State.Settled()
	if op.Kind != KindRefund && (said.State.Paid() || said.State == Voided || said.State == Canceled || declined) {
		of := said
		of.ProviderID = "" // names the operation, not the payment
		if _, err := record(tx, &a, of); err != nil {
			return err
		}
	}
	letGo := op.Kind == KindVoid && a.Open().IsZero() && a.Voided.Minor() > was.Voided.Minor()
	if !op.done(said.State) && !declined && !letGo {
		if err := op.fail(tx, said); err != nil {
			return err
		}
		if op.Kind == KindVoid && said.State == Authorized {
			op.retryAt = 0 // what is known to be held now can be let go at once
		}
		return nil
	}
	op.State, op.retryAt = OpSucceeded, 0
	if op.Kind == KindRefund {
		if err := refunded(tx, &a, op, said.Amount); err != nil {
			return err
		}
	}
	return tx.Emit("payment."+string(successOf[op.Kind]), string(op.Attempt), op.event())
}

var successOf = map[OperationKind]State{KindCapture: Captured, KindVoid: Voided, KindRefund: Refunded}

// done reports whether a provider's answer means that the operation was done.
func (op *Operation) done(said State) bool {
	return said == successOf[op.Kind] || op.Kind == KindVoid && said == Canceled
}

// refunded books money that went back.
func refunded(tx *command.Tx, a *Attempt, op *Operation, amount money.Amount) error {
	if amount.Minor() > op.Amount.Minor() {
		return fault.New(fault.Conflict, "payment provider %s gave back %v for %s, which is more than the %v asked for", a.Provider, amount, op.Key(), op.Amount)
	}
	if amount.IsPositive() {
		op.Amount = amount
	}
	return gaveBack(tx, a, *op, ProviderAccount(a.Provider))
}

// How long an operation is left alone by the shard's clock.
const (
	pendingPause = time.Hour
	firstPause   = time.Minute // after a failure; four times as long after each further one
	longestPause = 24 * time.Hour
)

// fail keeps the operation as one that failed, visible for ever. What is still
// owed is planned again after a pause that grows.
func (op *Operation) fail(tx *command.Tx, said Outcome) error {
	failed, _, err := tx.Int64(`SELECT count(*) FROM operations WHERE attempt = ? AND kind = ? AND state = 'failed'`, op.Attempt, op.Kind)
	if err != nil {
		return err
	}
	op.State, op.Decline, op.Raw = OpFailed, said.Decline, said.Raw
	if op.Decline == "" {
		op.Decline = DeclineState
		if said.State == Declined {
			op.Decline = DeclineGeneric
		}
	}
	op.retryAt = tx.Clock + min(firstPause<<min(2*failed, 20), longestPause).Milliseconds()
	return tx.Emit("payment."+string(op.Kind)+"_failed", string(op.Attempt), op.event())
}

func (op *Operation) event() OperationEvent {
	return OperationEvent{
		Order: op.Order, Payment: op.Attempt, Number: op.Number,
		Currency: op.Amount.Currency(), Amount: op.Amount.Minor(), Decline: op.Decline,
	}
}
