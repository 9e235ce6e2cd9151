package orders

// Moves is the table of moves, for its diagram.
func Moves() map[Status][]Status { return moves }

// PaymentStatusOf and FulfilmentStatusOf derive the statuses.
func PaymentStatusOf(total, authorized, captured, voided, granted, refunded int64) PaymentStatus {
	return paymentStatus(total, authorized, captured, voided, granted, refunded)
}

func FulfilmentStatusOf(s Status, units, shipped, delivered int64) FulfilmentStatus {
	return fulfilmentStatus(s, units, shipped, delivered)
}
