package payments

import (
	"strconv"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// OperationKind says what is asked of a provider.
type OperationKind string

// The kinds. KindPayment is the attempt itself and never an Operation's.
const (
	KindPayment OperationKind = "payment"
	KindCapture OperationKind = "capture"
	KindVoid    OperationKind = "void"
	KindRefund  OperationKind = "refund"
)

// OperationState says how far an operation has come.
type OperationState string

// The states of an operation. OpSucceeded and OpFailed are final; what failed
// and is still owed is asked for again by another operation.
const (
	OpIntent    OperationState = "intent"  // recorded; the provider may or may not have been asked
	OpUnknown   OperationState = "unknown" // asked, without an answer
	OpPending   OperationState = "pending" // the provider is still working on it
	OpSucceeded OperationState = "succeeded"
	OpFailed    OperationState = "failed"
)

// Final reports whether nothing more comes of the operation.
func (s OperationState) Final() bool { return s == OpSucceeded || s == OpFailed }

// Operation is something that is asked of a provider after the payment. It is
// plain data: changing it changes nothing in the store.
type Operation struct {
	Attempt    ID
	Number     int // from 1, per attempt
	Order      orders.ID
	Kind       OperationKind
	Amount     money.Amount
	State      OperationState
	ProviderID string
	Decline    DeclineCode // why it failed
	Raw        string      // the provider's own word for Decline
	Reason     string      // why it was asked for
	Final      bool        // of a capture: what it leaves is let go

	CreatedAt, UpdatedAt time.Time

	retryAt int64 // shard clock, ms; the state is not looked at before
}

// Key returns the idempotency key under which the provider is asked.
func (op Operation) Key() string { return string(op.Attempt) + "/" + strconv.Itoa(op.Number) }

// due reports whether the provider is to be asked now.
func (op Operation) due(clock int64) bool { return !op.State.Final() && op.retryAt <= clock }

// insertOperation records an operation before the provider is asked, and sees
// to it that somebody will ask.
func insertOperation(tx *command.Tx, op Operation) error {
	_, err := tx.Exec(`INSERT INTO operations (attempt, n, order_id, slot, kind, currency, amount, state,
		provider_id, decline_code, raw_code, reason, final, retry_at, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, 'intent', '', '', '', ?, ?, 0, ?, ?)`,
		op.Attempt, op.Number, op.Order, tx.Slot, op.Kind, op.Amount.Currency(), op.Amount.Minor(), op.Reason, op.Final, tx.At, tx.At)
	if err != nil {
		return err
	}
	return SettleLater(tx, op.Order)
}

func updateOperation(tx *command.Tx, op Operation) error {
	_, err := tx.Exec(`UPDATE operations SET amount = ?, state = ?, provider_id = ?, decline_code = ?, raw_code = ?, retry_at = ?, updated_at = ?
		WHERE attempt = ? AND n = ?`,
		op.Amount.Minor(), op.State, op.ProviderID, op.Decline, op.Raw, op.retryAt, tx.At, op.Attempt, op.Number)
	return err
}

const selectOperation = `SELECT attempt, n, order_id, kind, currency, amount, state, provider_id,
	decline_code, raw_code, reason, retry_at, created_at, updated_at, final FROM operations`

// OperationsTx returns what was asked of providers after the payments of an
// order, by attempt and number.
func OperationsTx(tx *sqlite.Tx, o orders.ID) ([]Operation, error) {
	rows := tx.Query(selectOperation+` WHERE order_id = ? ORDER BY attempt, n`, o)
	var out []Operation
	for rows.Next() {
		out = append(out, scanOperation(rows))
	}
	return out, rows.Close()
}

func operationTx(tx *sqlite.Tx, a ID, n int) (Operation, error) {
	rows := tx.Query(selectOperation+` WHERE attempt = ? AND n = ?`, a, n)
	if !rows.Next() {
		if err := rows.Close(); err != nil {
			return Operation{}, err
		}
		return Operation{}, fault.New(fault.NotFound, "payment %s has no operation %d", a, n)
	}
	op := scanOperation(rows)
	return op, rows.Close()
}

func scanOperation(r *sqlite.Rows) Operation {
	return Operation{
		Attempt: ID(r.Text(0)), Number: r.Int(1), Order: orders.ID(r.Text(2)), Kind: OperationKind(r.Text(3)),
		Amount: money.New(r.Int64(5), money.Currency(r.Text(4))), State: OperationState(r.Text(6)), ProviderID: r.Text(7),
		Decline: DeclineCode(r.Text(8)), Raw: r.Text(9), Reason: r.Text(10), retryAt: r.Int64(11),
		CreatedAt: instant(r.Int64(12)), UpdatedAt: instant(r.Int64(13)), Final: r.Bool(14),
	}
}
