package inventory

import (
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// HeldUntilTx returns when a hold is to end, by the shard's clock; 0 if nothing
// is held under the name.
func HeldUntilTx(tx *sqlite.Tx, reservation string) (int64, error) {
	until, _, err := tx.Int64(`SELECT expires FROM holds WHERE reservation = ?`, reservation)
	return until, err
}

// Hold sets goods aside under the name of a reservation, all or none of them.
// until is for the caller, who ends a hold that lasts too long: see
// Reservation.Expires. A hold without demands ends like any other and leaves
// nothing.
//
// It returns a *ShortError, and has changed nothing, if this shard's allowance
// is too small; a *StateError if the reservation exists already.
func Hold(tx *command.Tx, reservation string, until int64, demands []Demand) error {
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
	have, err := stateOf(tx.Tx, reservation)
	if err != nil {
		return err
	}
	if have != "" {
		if err := unhold(tx, lines); err != nil {
			return err
		}
		return &StateError{Reservation: reservation, Have: have}
	}
	if _, err := tx.Exec(`INSERT INTO holds (reservation, slot, expires) VALUES (?, ?, ?)`, reservation, tx.Slot, until); err != nil {
		return err
	}
	for _, d := range lines {
		if _, err := tx.Exec(`INSERT INTO reservation_lines (reservation, pool, slot, quantity) VALUES (?, ?, ?, ?)`,
			reservation, d.Pool, tx.Slot, d.Quantity); err != nil {
			return err
		}
	}
	return nil
}

// short undoes the first taken lines and returns the *ShortError of them all.
func short(tx *command.Tx, lines []Demand, taken int) error {
	if err := unhold(tx, lines[:taken]); err != nil {
		return err
	}
	found, err := missing(tx.Tx, lines)
	if err != nil {
		return err
	}
	return &ShortError{Lines: found}
}

func unhold(tx *command.Tx, lines []Demand) error {
	for _, d := range lines {
		if _, err := execOn(tx, d.Pool, `UPDATE allowances SET available = available + ?, reserved = reserved - ? WHERE pool = ?`, d.Quantity, d.Quantity, d.Pool); err != nil {
			return err
		}
	}
	return nil
}

// Missing returns the lines that a Hold of the demands would find short in
// this snapshot of the shard, none if it would succeed. Large orders ask
// before they try.
func Missing(tx *sqlite.Tx, demands []Demand) ([]Short, error) {
	lines, err := merged(demands)
	if err != nil {
		return nil, err
	}
	return missing(tx, lines)
}

func missing(tx *sqlite.Tx, lines []Demand) ([]Short, error) {
	var out []Short
	for _, d := range lines {
		have, _, err := tx.Int64(`SELECT available FROM allowances WHERE pool = ?`, d.Pool)
		if err != nil {
			return nil, err
		}
		if have < d.Quantity {
			out = append(out, Short{Pool: d.Pool, SKU: d.SKU, Want: d.Quantity, Have: have, Free: d.Free})
		}
	}
	return out, nil
}
