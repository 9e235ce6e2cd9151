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

// Attempt is one try to pay for an order, or for a part of it: an order with
// several payments has an attempt for each, which are asked for one after the
// other. It is plain data: changing it changes nothing in the store.
type Attempt struct {
	ID          ID
	Order       orders.ID
	Number      int // from 1, per order
	Provider    string
	Token       string
	Amount      money.Amount // what was asked for
	AutoCapture bool         // captured at once, not only authorized
	// WhenPlaced says that the money is captured once the order is placed: when
	// all its other payments are certain.
	WhenPlaced bool
	// Further says that the payment was made after the order was placed, for what
	// a change of it has made due.
	Further      bool
	Method       string // how it is paid in the shop's own words, as in "boleto"; "" if nobody said
	Installments int    // in how many parts the shopper pays; 0 if nobody said

	State      State
	ProviderID string // what the provider calls it; "" until known
	// What happened to the money so far, each a running total.
	// Authorized ≥ Captured + Voided and Captured ≥ Refunded, always.
	Authorized, Captured, Voided, Refunded money.Amount
	// Chosen is up to what refunds go to this payment before any other: see
	// RefundTo. Nothing leaves it to the order of the payments.
	Chosen money.Amount

	Decline DeclineCode
	Raw     string      // the provider's own word for Decline
	Next    *NextAction // while State is NeedsAction, or Pending for the shopper

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
	return PayRequest{Key: a.Key(), Order: string(a.Order), Token: a.Token, Amount: a.Amount, AutoCapture: a.AutoCapture, Installments: a.Installments}
}

// LookupRequest returns how to ask the provider how the attempt stands.
func (a Attempt) LookupRequest() LookupRequest {
	return LookupRequest{Of: KindPayment, Key: a.Key(), ProviderID: a.ProviderID, PaymentKey: a.Key(), PaymentID: a.ProviderID, Token: a.Token}
}

// VoidRequest returns how to ask the provider to end the attempt without
// money, whatever has become of it.
func (a Attempt) VoidRequest() VoidRequest {
	return VoidRequest{Key: a.Key() + "/end", PaymentKey: a.Key(), ProviderID: a.ProviderID, Token: a.Token}
}

// CheckToken refuses a payment token that looks like a card number or is too
// long to be one.
func CheckToken(token string) error {
	if len(token) > maxProviderID {
		return fault.Wrong("token", "a payment token is longer than %d bytes", maxProviderID)
	}
	return RefusePAN(token)
}

// CreateAttempt records an attempt before its provider is asked, in the
// caller's transaction. Of a it takes ID, Order, Number, Provider, Token,
// Amount, AutoCapture, WhenPlaced, Further, Method and Installments.
func CreateAttempt(tx *command.Tx, a Attempt) error {
	_, err := tx.Exec(`INSERT INTO attempts (id, order_id, slot, n, provider, token, currency, amount, auto_capture, further, method, installments, state,
		provider_id, authorized, captured, voided, refunded, decline_code, raw_code, next_action, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'created', '', 0, 0, 0, 0, '', '', '', ?, ?)`,
		a.ID, a.Order, tx.Slot, a.Number, a.Provider, a.Token, a.Amount.Currency(), a.Amount.Minor(), captureWhen(a), a.Further, a.Method, a.Installments, tx.At, tx.At)
	return err
}

// The values of the column auto_capture.
const (
	captureLater = iota
	captureAtOnce
	captureWhenPlaced
)

func captureWhen(a Attempt) int {
	switch {
	case a.AutoCapture:
		return captureAtOnce
	case a.WhenPlaced:
		return captureWhenPlaced
	}
	return captureLater
}

// Current returns the attempt that an order's checkout waits for: the first
// that holds no money yet, or the last one. attempts are those of AttemptsTx,
// at least one.
func Current(attempts []Attempt) Attempt {
	for _, a := range attempts {
		if !a.State.Paid() {
			return a
		}
	}
	return attempts[len(attempts)-1]
}

// DueTx returns what is to be paid for a placed order and nobody is paying yet,
// and how many payments it has. It may be below nothing.
func DueTx(tx *sqlite.Tx, o orders.Order) (due money.Amount, payments int, err error) {
	all, err := AttemptsTx(tx, o.ID)
	if err != nil {
		return due, 0, err
	}
	minor := o.Outstanding().Minor()
	for _, a := range all {
		if !a.State.Settled() {
			minor -= a.Amount.Minor()
		}
	}
	return money.New(minor, o.Currency), len(all), nil
}

const attemptColumns = `id, order_id, n, provider, token, currency, amount, auto_capture, state, provider_id,
	authorized, captured, voided, refunded, decline_code, raw_code, next_action, created_at, updated_at, method, installments, further, chosen`

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
		Amount: amount(6), AutoCapture: r.Int(7) == captureAtOnce, WhenPlaced: r.Int(7) == captureWhenPlaced, State: State(r.Text(8)), ProviderID: r.Text(9),
		Authorized: amount(10), Captured: amount(11), Voided: amount(12), Refunded: amount(13),
		Decline: DeclineCode(r.Text(14)), Raw: r.Text(15), CreatedAt: instant(r.Int64(17)), UpdatedAt: instant(r.Int64(18)),
		Method: r.Text(19), Installments: r.Int(20), Further: r.Bool(21), Chosen: amount(22),
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
