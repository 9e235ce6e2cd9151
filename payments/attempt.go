package payments

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// Attempt is one try to pay for an order. It is plain data: changing it
// changes nothing in the store.
type Attempt struct {
	ID          ID
	Order       orders.ID
	Number      int // from 1, per order
	Provider    string
	Token       string
	Amount      money.Amount // what was asked for
	AutoCapture bool         // captured at once, not only authorized

	State      State
	ProviderID string // what the provider calls it; "" until known
	// What happened to the money so far, each a running total.
	// Authorized ≥ Captured + Voided and Captured ≥ Refunded, always.
	Authorized, Captured, Voided, Refunded money.Amount

	Decline DeclineCode
	Raw     string      // the provider's own word for Decline
	Next    *NextAction // while State is NeedsAction

	CreatedAt, UpdatedAt time.Time
}

// Key returns the idempotency key under which the provider is asked.
func (a Attempt) Key() string { return string(a.ID) }

// Open returns the money that is authorized and neither captured nor voided.
func (a Attempt) Open() money.Amount {
	return money.New(a.Authorized.Minor()-a.Captured.Minor()-a.Voided.Minor(), a.Amount.Currency())
}

// PayRequest returns what to ask the attempt's provider, if it is not a Preparer.
func (a Attempt) PayRequest() PayRequest {
	return PayRequest{Key: a.Key(), Order: string(a.Order), Token: a.Token, Amount: a.Amount, AutoCapture: a.AutoCapture}
}

// LookupRequest returns how to ask the provider how the attempt stands.
func (a Attempt) LookupRequest() LookupRequest {
	return LookupRequest{Of: KindPayment, Key: a.Key(), ProviderID: a.ProviderID, PaymentKey: a.Key(), PaymentID: a.ProviderID}
}

// VoidRequest returns how to ask the provider to end the attempt without
// money, whatever has become of it.
func (a Attempt) VoidRequest() VoidRequest {
	return VoidRequest{Key: a.Key() + "/end", PaymentKey: a.Key(), ProviderID: a.ProviderID}
}

// CheckToken refuses a payment token that looks like a card number or is too
// long to be one.
func CheckToken(token string) error {
	if len(token) > maxProviderID {
		return fault.New(fault.Invalid, "a payment token is longer than %d bytes", maxProviderID)
	}
	return RefusePAN(token)
}

// CreateAttempt records an attempt before its provider is asked, in the
// caller's transaction. Of a it takes ID, Order, Number, Provider, Token,
// Amount and AutoCapture.
func CreateAttempt(tx *command.Tx, a Attempt) error {
	_, err := tx.Exec(`INSERT INTO attempts (id, order_id, slot, n, provider, token, currency, amount, auto_capture, state,
		provider_id, authorized, captured, voided, refunded, decline_code, raw_code, next_action, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'created', '', 0, 0, 0, 0, '', '', '', ?, ?)`,
		a.ID, a.Order, tx.Slot, a.Number, a.Provider, a.Token, a.Amount.Currency(), a.Amount.Minor(), a.AutoCapture, tx.At, tx.At)
	return err
}

const attemptColumns = `id, order_id, n, provider, token, currency, amount, auto_capture, state, provider_id,
	authorized, captured, voided, refunded, decline_code, raw_code, next_action, created_at, updated_at`

// AttemptTx returns an attempt, or a *NotFoundError.
func AttemptTx(tx *sqlite.Tx, a ID) (Attempt, error) {
	rows := tx.Query(`SELECT `+attemptColumns+` FROM attempts WHERE id = ?`, a)
	if !rows.Next() {
		if err := rows.Close(); err != nil {
			return Attempt{}, err
		}
		return Attempt{}, &NotFoundError{Attempt: a}
	}
	out, err := scanAttempt(rows)
	if err != nil {
		return Attempt{}, err
	}
	return out, rows.Close()
}

// AttemptsTx returns the attempts to pay for an order, the first one first.
func AttemptsTx(tx *sqlite.Tx, o orders.ID) ([]Attempt, error) {
	rows := tx.Query(`SELECT `+attemptColumns+` FROM attempts WHERE order_id = ? ORDER BY n`, o)
	var out []Attempt
	for rows.Next() {
		a, err := scanAttempt(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Close()
}

// scanAttempt reads a row of attemptColumns. It closes rows when it fails.
func scanAttempt(r *sqlite.Rows) (Attempt, error) {
	c := money.Currency(r.Text(5))
	amount := func(col int) money.Amount { return money.New(r.Int64(col), c) }
	a := Attempt{
		ID: ID(r.Text(0)), Order: orders.ID(r.Text(1)), Number: r.Int(2), Provider: r.Text(3), Token: r.Text(4),
		Amount: amount(6), AutoCapture: r.Bool(7), State: State(r.Text(8)), ProviderID: r.Text(9),
		Authorized: amount(10), Captured: amount(11), Voided: amount(12), Refunded: amount(13),
		Decline: DeclineCode(r.Text(14)), Raw: r.Text(15), CreatedAt: instant(r.Int64(17)), UpdatedAt: instant(r.Int64(18)),
	}
	if next := r.Text(16); next != "" {
		a.Next = new(NextAction)
		if err := json.Unmarshal([]byte(next), a.Next); err != nil {
			r.Close()
			return Attempt{}, fault.Wrap(fault.Broken, err, "reading the next action of payment %s", a.ID)
		}
	}
	return a, nil
}

func encodeNext(n *NextAction) (string, error) {
	if n == nil {
		return "", nil
	}
	b, err := json.Marshal(n)
	if err != nil {
		return "", fmt.Errorf("encoding a next action: %w", err)
	}
	return string(b), nil
}

func instant(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
