package inventory

import "github.com/keelshop/commerce/internal/command"

// AddSold adds goods to a sale, as when something is added to an order that was
// placed. A sale of nothing that is counted has no reservation yet; it gets one,
// committed. It returns a *ShortError, and has changed nothing, if this shard's
// allowance is too small, and a *StateError if the reservation is a hold.
func AddSold(tx *command.Tx, reservation string, demands []Demand) error {
	have, err := stateOf(tx.Tx, reservation)
	if err != nil {
		return err
	}
	if have == Held {
		return &StateError{Reservation: reservation, Have: have, Want: Committed}
	}
	lines, err := merged(demands)
	if err != nil {
		return err
	}
	for i, d := range lines {
		n, err := execOn(tx, d.Pool, `UPDATE allowances SET available = available - ?, reserved = reserved + ? WHERE pool = ? AND available >= ?`,
			d.Quantity, d.Quantity, d.Pool, d.Quantity)
		if err != nil {
			return err
		}
		if n == 0 {
			return short(tx, lines, i)
		}
	}
	for _, d := range lines {
		if _, err := tx.Exec(`INSERT INTO reservation_lines (reservation, pool, slot, quantity) VALUES (?, ?, ?, ?)
			ON CONFLICT (reservation, pool) DO UPDATE SET quantity = quantity + excluded.quantity`, reservation, d.Pool, tx.Slot, d.Quantity); err != nil {
			return err
		}
	}
	return nil
}
