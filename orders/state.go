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

// Place turns a pending order into a placed one.
func Place(tx *command.Tx, o ID) (Order, error) {
	out, err := move(tx, o, Placed, "")
	if err != nil {
		return Order{}, err
	}
	return out, tx.Emit("order.placed", string(o), eventOf(out))
}

// CancelTx cancels an order in the caller's transaction. Goods and money are
// the caller's to give back.
func CancelTx(tx *command.Tx, o ID, reason string) (Order, error) {
	out, err := move(tx, o, Canceled, reason)
	if err != nil {
		return Order{}, err
	}
	return out, tx.Emit("order.canceled", string(o), eventOf(out))
}

func eventOf(o Order) PlacedEvent {
	return PlacedEvent{
		Order: o.ID, Cart: o.Cart, Customer: string(o.Customer), Currency: o.Currency,
		Total: o.Total.Minor(), Units: o.Units, Reason: o.CancelReason,
	}
}

func move(tx *command.Tx, id ID, next Status, reason string) (Order, error) {
	o, err := GetTx(tx.Tx, id)
	if err != nil {
		return Order{}, err
	}
	if !o.Status.MayBecome(next) {
		return Order{}, &StatusError{Order: id, Have: string(o.Status), Want: before(next)}
	}
	o.Status = next
	at := instant(tx.At)
	if next == Placed {
		o.PlacedAt = at
	} else {
		o.CancelReason, o.CanceledAt = reason, at
	}
	return o, write(tx, &o)
}

func before(next Status) string {
	if next == Placed {
		return string(Pending)
	}
	return "pending or placed"
}

// PaymentDelta is what changed about an order's money, in minor units.
type PaymentDelta struct {
	Authorized, Captured, Voided, RefundGranted, Refunded int64
}

// RecordPayment adds a delta to what happened to an order's money. It is a
// *StatusError if more would be refunded than was captured.
func RecordPayment(tx *command.Tx, id ID, d PaymentDelta) error {
	o, err := GetTx(tx.Tx, id)
	if err != nil {
		return err
	}
	c := o.Currency
	add := func(a money.Amount, minor int64) money.Amount {
		sum, addErr := a.Add(money.New(minor, c))
		if addErr != nil && err == nil {
			err = addErr
		}
		return sum
	}
	o.Authorized = add(o.Authorized, d.Authorized)
	o.Captured = add(o.Captured, d.Captured)
	o.Voided = add(o.Voided, d.Voided)
	o.RefundGranted = add(o.RefundGranted, d.RefundGranted)
	o.Refunded = add(o.Refunded, d.Refunded)
	if err != nil {
		return err
	}
	if o.Refunded.Minor() > o.Captured.Minor() {
		return &StatusError{Order: id, Have: "captured " + o.Captured.String(), Want: "captured for at least " + o.Refunded.String()}
	}
	return write(tx, &o)
}

// write stores what may change about an order. It is the one writer of its
// statuses, which it derives from the rest.
func write(tx *command.Tx, o *Order) error {
	o.PaymentStatus = paymentStatus(o.Total.Minor(), o.Authorized.Minor(), o.Captured.Minor(), o.Voided.Minor(), o.Refunded.Minor())
	o.FulfilmentStatus = fulfilmentStatus(o.Status, o.Units, o.Shipped)
	o.Version++
	_, err := tx.Exec(`UPDATE orders SET status = ?, payment_status = ?, fulfilment_status = ?, cancel_reason = ?,
		authorized = ?, captured = ?, voided = ?, refund_granted = ?, refunded = ?, shipped = ?, returned = ?,
		placed_at = ?, canceled_at = ?, version = ? WHERE id = ?`,
		o.Status, o.PaymentStatus, o.FulfilmentStatus, o.CancelReason,
		o.Authorized.Minor(), o.Captured.Minor(), o.Voided.Minor(), o.RefundGranted.Minor(), o.Refunded.Minor(), o.Shipped, o.Returned,
		millis(o.PlacedAt), millis(o.CanceledAt), o.Version, o.ID)
	return err
}
