package orders

import (
	"context"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
)

// TimerOverdue is the kind of the timers that look whether an order on terms was
// paid. Its subject is the order.
const TimerOverdue = "orders.overdue"

// OverdueEvent is the data of the event order.overdue.
type OverdueEvent struct {
	Order       ID             `json:"order"`
	Customer    string         `json:"customer"`
	Terms       string         `json:"terms"`
	DueAt       int64          `json:"due_at"` // ms since 1970 UTC
	Currency    money.Currency `json:"currency"`
	Outstanding int64          `json:"outstanding"` // minor units
}

// watch keeps the timer of an order on terms: it has one as long as it is
// placed, not paid for, and nobody was told.
func watch(tx *command.Tx, o *Order) error {
	if err := tx.ClearTimers(TimerOverdue, string(o.ID)); err != nil {
		return err
	}
	if o.Status != Placed || !o.OverdueAt.IsZero() || !o.Outstanding().IsPositive() {
		return nil
	}
	left := o.PaymentDueAt.UnixMilli() + grace.Milliseconds() - tx.At
	return tx.SetTimer(tx.Clock+max(0, left), TimerOverdue, string(o.ID))
}

// OverdueTimer handles the timers of kind TimerOverdue: an order that is unpaid
// a day after it was to be paid is said to be overdue, once.
func (s *Service) OverdueTimer(ctx context.Context, order string) error {
	slot, err := slotOf(ID(order))
	if err != nil {
		return err
	}
	_, err = command.Do[struct{}](ctx, s.engine, &noteOverdue{Order: ID(order)}, command.Call{Slot: slot})
	return err
}

// noteOverdue is what the timer does. It is harmless to repeat.
type noteOverdue struct {
	Order ID `cbor:"1,keyasint"`
}

func (noteOverdue) Kind() command.Kind { return "orders.note_overdue" }

// Validate returns nil: the order comes from a timer.
func (noteOverdue) Validate() error { return nil }

func (c noteOverdue) apply(tx *command.Tx) (struct{}, error) {
	o, err := GetTx(tx.Tx, c.Order)
	if err != nil {
		return struct{}{}, err
	}
	if err := tx.ClearTimers(TimerOverdue, string(c.Order)); err != nil {
		return struct{}{}, err
	}
	if o.Terms == "" || o.Status != Placed || !o.OverdueAt.IsZero() || !o.Outstanding().IsPositive() {
		return struct{}{}, nil
	}
	at := max(tx.At, millis(o.PaymentDueAt)+1)
	if _, err := tx.Exec(`UPDATE orders SET overdue_at = ? WHERE id = ?`, at, o.ID); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, tx.Emit("order.overdue", string(o.ID), OverdueEvent{
		Order: o.ID, Customer: string(o.Customer), Terms: o.Terms, DueAt: millis(o.PaymentDueAt),
		Currency: o.Currency, Outstanding: o.Outstanding().Minor(),
	})
}
