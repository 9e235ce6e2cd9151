package orders

import "slices"

// Status says whether the order holds.
type Status string

// PaymentStatus says where the money is.
type PaymentStatus string

// FulfilmentStatus says where the goods are.
type FulfilmentStatus string

// The words of the three axes.
const (
	Pending  Status = "pending" // its payment is not known yet
	Placed   Status = "placed"
	Canceled Status = "canceled"

	PaymentNone       PaymentStatus = "none"
	Authorized        PaymentStatus = "authorized"         // nothing captured yet
	PartiallyPaid     PaymentStatus = "partially_paid"     // less was captured than the order costs
	Paid              PaymentStatus = "paid"               // also when there is nothing to pay
	PartiallyRefunded PaymentStatus = "partially_refunded" // less is kept than the order costs
	Refunded          PaymentStatus = "refunded"           // everything that was captured
	Overcharged       PaymentStatus = "overcharged"        // more is kept than the order costs
	Voided            PaymentStatus = "voided"             // authorized once, never captured

	Unfulfilled        FulfilmentStatus = "unfulfilled"
	Partial            FulfilmentStatus = "partial"
	Fulfilled          FulfilmentStatus = "fulfilled" // everything has left
	Delivered          FulfilmentStatus = "delivered" // and arrived
	FulfilmentCanceled FulfilmentStatus = "canceled"  // with the order
)

// moves are the only ways for an order's status to change.
var moves = map[Status][]Status{
	Pending: {Placed, Canceled},
	Placed:  {Canceled},
}

// MayBecome reports whether an order's status may change from s to next.
func (s Status) MayBecome(next Status) bool {
	return slices.Contains(moves[s], next)
}

// paymentStatus derives where the money of an order is. All numbers are minor
// units of one currency, so comparing them is exact. What was granted back
// before it was captured need not be paid.
func paymentStatus(total, authorized, captured, voided, granted, refunded int64) PaymentStatus {
	kept := captured - refunded
	switch {
	case captured == 0 && authorized > voided:
		return Authorized
	case captured == 0 && voided > 0:
		return Voided
	case captured == 0 && total == 0:
		return Paid
	case captured == 0:
		return PaymentNone
	case kept == 0:
		return Refunded
	case kept > total:
		return Overcharged
	case kept == total:
		return Paid
	case refunded > 0:
		return PartiallyRefunded
	case kept >= total-granted:
		return Paid
	}
	return PartiallyPaid
}

// fulfilmentStatus derives where the goods of an order are. units are those
// that were not canceled.
func fulfilmentStatus(s Status, units, shipped, delivered int64) FulfilmentStatus {
	switch {
	case s == Canceled:
		return FulfilmentCanceled
	case shipped == 0:
		return Unfulfilled
	case shipped < units:
		return Partial
	case delivered < units:
		return Fulfilled
	}
	return Delivered
}

// derive returns the statuses that follow from the rest of an order.
func (o *Order) derive() (PaymentStatus, FulfilmentStatus) {
	return paymentStatus(o.Total.Minor(), o.Authorized.Minor(), o.Captured.Minor(), o.Voided.Minor(), o.RefundGranted.Minor(), o.Refunded.Minor()),
		fulfilmentStatus(o.Status, o.Units-o.Canceled, o.Shipped, o.Delivered)
}
