package inventory

import (
	"strconv"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// The kinds of this package's durable timers.
const (
	// TimerBook is for [Service.BookTimer].
	TimerBook = "inventory.book"
	// TimerRecall is for [Service.RecallTimer].
	TimerRecall = "inventory.recall"
)

// bookDelay is how long a shard gathers what it shipped and returned before
// it books it, in milliseconds: one booking serves all sales in between.
const bookDelay = 1000

// scheduleBooking sets the shard's timer for booking, unless one is pending.
func scheduleBooking(tx *command.Tx) error {
	due := tx.Clock + bookDelay
	n, err := tx.Exec(`INSERT OR IGNORE INTO bookings (one, due) VALUES (1, ?)`, due)
	if err != nil || n == 0 {
		return err
	}
	return tx.SetTimer(due, TimerBook, strconv.Itoa(tx.Shard))
}

// rescheduleBooking clears the shard's timer if everything is booked, and puts
// it off if it was due.
func rescheduleBooking(tx *command.Tx) error {
	due, pending, err := tx.Int64(`SELECT due FROM bookings WHERE one = 1`)
	if err != nil || !pending {
		return err
	}
	more, err := anyUnbooked(tx.Tx)
	if err != nil || more && due > tx.Clock {
		return err
	}
	if err := tx.ClearTimer(due, TimerBook, strconv.Itoa(tx.Shard)); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM bookings WHERE one = 1`); err != nil || !more {
		return err
	}
	return scheduleBooking(tx)
}

func anyUnbooked(tx *sqlite.Tx) (bool, error) {
	_, found, err := tx.Int64(`SELECT 1 FROM allowances
		WHERE given_back > booked_given_back OR shipped > booked_shipped OR returned > booked_returned LIMIT 1`)
	return found, err
}
