package inventory

import "github.com/keelshop/commerce/internal/command"

// Ship records that goods have left. nil demands mean all that is left to
// ship. It returns a *StateError if the reservation is not committed and a
// *QuantityError for more than is left.
func Ship(tx *command.Tx, reservation string, demands []Demand) error {
	if err := mustBe(tx.Tx, reservation, Committed); err != nil {
		return err
	}
	lines, err := unshipped(tx, reservation, demands)
	if err != nil || len(lines) == 0 {
		return err
	}
	for _, d := range lines {
		n, err := tx.Exec(`UPDATE reservation_lines SET shipped = shipped + ? WHERE reservation = ? AND pool = ? AND quantity - shipped >= ?`,
			d.Quantity, reservation, d.Pool, d.Quantity)
		if err != nil {
			return err
		}
		if n == 0 {
			return tooMuch(tx, `SELECT quantity - shipped FROM reservation_lines WHERE reservation = ? AND pool = ?`, reservation, d)
		}
		if _, err := execOn(tx, d.Pool, `UPDATE allowances SET reserved = reserved - ?, shipped = shipped + ? WHERE pool = ?`, d.Quantity, d.Quantity, d.Pool); err != nil {
			return err
		}
	}
	return scheduleBooking(tx)
}

// Return records that shipped goods came back. With restock they can be sold
// again once they are booked; without, they are gone. It returns a *StateError
// if the reservation is not committed and a *QuantityError for more than was
// shipped and not returned.
func Return(tx *command.Tx, reservation string, demands []Demand, restock bool) error {
	if err := mustBe(tx.Tx, reservation, Committed); err != nil {
		return err
	}
	lines, err := merged(demands)
	if err != nil || len(lines) == 0 {
		return err
	}
	for _, d := range lines {
		n, err := tx.Exec(`UPDATE reservation_lines SET returned = returned + ? WHERE reservation = ? AND pool = ? AND shipped - returned >= ?`,
			d.Quantity, reservation, d.Pool, d.Quantity)
		if err != nil {
			return err
		}
		if n == 0 {
			return tooMuch(tx, `SELECT shipped - returned FROM reservation_lines WHERE reservation = ? AND pool = ?`, reservation, d)
		}
		if !restock {
			continue
		}
		if _, err := execOn(tx, d.Pool, `UPDATE allowances SET returned = returned + ? WHERE pool = ?`, d.Quantity, d.Pool); err != nil {
			return err
		}
	}
	if !restock {
		return nil
	}
	return scheduleBooking(tx)
}
