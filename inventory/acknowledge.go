package inventory

import "github.com/keelshop/commerce/internal/command"

// acknowledge tells a shard what of it the authorities have booked. The
// shard's timer for booking goes when nothing is left to book.
type acknowledge struct {
	Shard int      `cbor:"1,keyasint"`
	Lines []totals `cbor:"2,keyasint,omitempty"`
}

func (acknowledge) Kind() command.Kind { return "inventory.acknowledge" }

func (c acknowledge) Validate() error { return validateTotals(c.Lines) }

func (c acknowledge) apply(tx *command.Tx) (struct{}, error) {
	if err := meantFor(tx, c.Shard); err != nil {
		return struct{}{}, err
	}
	for _, l := range c.Lines {
		_, err := execOn(tx, l.Pool, `UPDATE allowances SET booked_given_back = max(booked_given_back, ?),
			booked_shipped = max(booked_shipped, ?), booked_returned = max(booked_returned, ?) WHERE pool = ?`,
			l.GivenBack, l.Shipped, l.Returned, l.Pool)
		if err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, rescheduleBooking(tx)
}
