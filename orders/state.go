package orders

import (
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
)

// PlacedEvent is the data of the events order.placed and order.canceled.
type PlacedEvent struct {
	Order    ID             `json:"order"`
	Cart     string         `json:"cart"`
	Customer string         `json:"customer,omitempty"`
	Currency money.Currency `json:"currency"`
	Total    int64          `json:"total"` // minor units
	Units    int64          `json:"units"`
	Reason   string         `json:"reason,omitempty"`
}

// placedEvent is the kind of the event that an order was placed.
const placedEvent = "order.placed"

// Place turns a pending order into a placed one. Any other is a *StatusError.
// It is called in apply.
func Place(tx *command.Tx, id ID) (Order, error) {
	o, err := GetTx(tx.Tx, id)
	if err != nil {
		return Order{}, err
	}
	return o, PlaceLoaded(tx, &o)
}

// PlaceLoaded is Place for an order that the caller has read in this
// transaction and perhaps changed with Pay. It stores the order.
func PlaceLoaded(tx *command.Tx, o *Order) error {
	if !o.Status.MayBecome(Placed) {
		return &StatusError{Order: o.ID, Have: string(o.Status), Want: before(Placed)}
	}
	o.Status, o.PlacedAt = Placed, instant(tx.At)
	if err := Save(tx, o); err != nil {
		return err
	}
	if err := deliverLater(tx, o); err != nil {
		return err
	}
	return tx.Emit(placedEvent, string(o.ID), eventOf(*o))
}

// CancelTx cancels an order that is pending or placed and of which nothing has
// shipped; any other is a *StatusError. What was captured is granted back, and
// the timer of TimerSettle is set if there is money to refund or to void. Goods
// are the caller's to release. It is called in apply.
func CancelTx(tx *command.Tx, id ID, reason string) (Order, error) {
	o, err := GetTx(tx.Tx, id)
	if err != nil {
		return Order{}, err
	}
	return o, CancelLoaded(tx, &o, reason)
}

// CancelLoaded is CancelTx for an order that the caller has read in this
// transaction and perhaps changed with Pay. It stores the order.
func CancelLoaded(tx *command.Tx, o *Order, reason string) error {
	switch {
	case !o.Status.MayBecome(Canceled):
		return &StatusError{Order: o.ID, Have: string(o.Status), Want: before(Canceled)}
	case o.Shipped > 0:
		return &StatusError{Order: o.ID, Have: string(o.FulfilmentStatus), Want: string(Unfulfilled)}
	}
	o.Status, o.CancelReason, o.CanceledAt = Canceled, reason, instant(tx.At)
	if err := Save(tx, o); err != nil {
		return err
	}
	// Money to give back, or income to take off the books.
	if !o.PlacedAt.IsZero() || o.Authorized.Minor() > o.Captured.Minor()+o.Voided.Minor() || o.kept().IsPositive() {
		if err := tx.SetTimer(tx.Clock, TimerSettle, string(o.ID)); err != nil {
			return err
		}
	}
	return tx.Emit("order.canceled", string(o.ID), eventOf(*o))
}

func eventOf(o Order) PlacedEvent {
	return PlacedEvent{
		Order: o.ID, Cart: o.Cart, Customer: string(o.Customer), Currency: o.Currency,
		Total: o.Total.Minor(), Units: o.Units, Reason: o.CancelReason,
	}
}

// before names the statuses from which next can be reached.
func before(next Status) string {
	if next == Placed {
		return string(Pending)
	}
	return "pending or placed"
}

// PaymentDelta is what changed about an order's money, in minor units.
type PaymentDelta struct {
	Authorized, Captured, Voided, Refunded int64
}

// RecordPayment adds a delta to what happened to an order's money. What is
// captured for a canceled order is granted back; to set the timer that settles
// it is up to the caller. It is a *PaymentError if a sum would fall below zero or out of range, or if more
// would be refunded than was captured. It is called in apply.
func RecordPayment(tx *command.Tx, id ID, d PaymentDelta) error {
	o, err := GetTx(tx.Tx, id)
	if err != nil {
		return err
	}
	if err := o.Pay(d); err != nil {
		return err
	}
	return Save(tx, &o)
}

// Pay adds a delta to what happened to the money of an order that was read in
// this transaction. It stores nothing: see Save. It returns what RecordPayment
// does.
func (o *Order) Pay(d PaymentDelta) error {
	for _, part := range []struct {
		what string
		sum  *money.Amount
		more int64
	}{
		{"authorized", &o.Authorized, d.Authorized},
		{"captured", &o.Captured, d.Captured},
		{"voided", &o.Voided, d.Voided},
		{"refunded", &o.Refunded, d.Refunded},
	} {
		sum, err := part.sum.Add(money.New(part.more, o.Currency))
		if err != nil || sum.IsNegative() {
			return &PaymentError{Order: o.ID, What: part.what, Have: *part.sum, Change: part.more}
		}
		*part.sum = sum
	}
	if o.kept().IsNegative() {
		return &PaymentError{Order: o.ID, What: "captured and not refunded", Have: money.New(o.kept().Minor()+d.Refunded, o.Currency), Change: -d.Refunded}
	}
	return nil
}

// Save stores what may change about an order that was read in this
// transaction. It is the one writer of its statuses, which it derives from the
// rest. A canceled order owes back all that was captured, also what comes in
// late.
func Save(tx *command.Tx, o *Order) error {
	if o.Status == Canceled && o.RefundGranted.Minor() < o.Captured.Minor() {
		o.RefundGranted = o.Captured
	}
	was := o.PaymentStatus
	o.PaymentStatus, o.FulfilmentStatus = o.derive()
	if was != o.PaymentStatus {
		if err := deliverLater(tx, o); err != nil {
			return err
		}
	}
	if o.Terms != "" {
		if err := watch(tx, o); err != nil {
			return err
		}
	}
	o.Version++
	_, err := tx.Exec(`UPDATE orders SET status = ?, payment_status = ?, fulfilment_status = ?, cancel_reason = ?,
		authorized = ?, captured = ?, voided = ?, refund_granted = ?, excess_granted = ?, refunded = ?, shipped = ?, delivered = ?, returned = ?,
		placed_at = ?, canceled_at = ?, due = ?, version = ? WHERE id = ?`,
		o.Status, o.PaymentStatus, o.FulfilmentStatus, o.CancelReason,
		o.Authorized.Minor(), o.Captured.Minor(), o.Voided.Minor(), o.RefundGranted.Minor(), o.ExcessGranted.Minor(), o.Refunded.Minor(), o.Shipped, o.Delivered, o.Returned,
		millis(o.PlacedAt), millis(o.CanceledAt), o.Due, o.Version, o.ID)
	return err
}
