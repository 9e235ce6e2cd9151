package inventory

import "github.com/keelshop/commerce/internal/command"

// Commit turns a hold into a sale. It does nothing if that has happened, or if
// there is no such reservation, as where nothing is counted in stock.
func Commit(tx *command.Tx, reservation string) error {
	_, err := tx.Exec(`DELETE FROM holds WHERE reservation = ?`, reservation)
	return err
}

// linesOf reads what a hold has set aside. One UPDATE for each of these lines
// costs less than one for them all, which SQLite would make undoable.
func linesOf(tx *command.Tx, reservation string) ([]Demand, error) {
	rows := tx.Query(`SELECT pool, quantity FROM reservation_lines WHERE reservation = ?`, reservation)
	var out []Demand
	for rows.Next() {
		out = append(out, Demand{Pool: PoolID(rows.Text(0)), Quantity: rows.Int64(1)})
	}
	return out, rows.Close()
}

// Release ends a hold: the goods may be sold again and the reservation is
// gone. It does nothing if there is none of this name, and returns a
// *StateError if it is committed.
func Release(tx *command.Tx, reservation string) error {
	n, err := tx.Exec(`DELETE FROM holds WHERE reservation = ?`, reservation)
	if err != nil {
		return err
	}
	if n == 0 {
		have, err := stateOf(tx.Tx, reservation)
		if err == nil && have != "" {
			err = &StateError{Reservation: reservation, Have: have, Want: Held}
		}
		return err
	}
	lines, err := linesOf(tx, reservation)
	if err != nil {
		return err
	}
	if err := unhold(tx, lines); err != nil {
		return err
	}
	_, err = tx.Exec(`DELETE FROM reservation_lines WHERE reservation = ?`, reservation)
	return err
}

// Uncommit takes a sale back for what was not shipped: the goods may be sold
// again. nil demands mean all of it. A reservation that has nothing left is
// gone. It returns a *StateError if the reservation is not committed and a
// *QuantityError for more than is left to ship.
func Uncommit(tx *command.Tx, reservation string, demands []Demand) error {
	if err := mustBe(tx.Tx, reservation, Committed); err != nil {
		return err
	}
	lines, err := unshipped(tx, reservation, demands)
	if err != nil {
		return err
	}
	for _, d := range lines {
		if err := uncommit(tx, reservation, d); err != nil {
			return err
		}
	}
	return nil
}

func uncommit(tx *command.Tx, reservation string, d Demand) error {
	// A line that was not shipped from goes; the table allows no empty ones.
	gone, err := tx.Exec(`DELETE FROM reservation_lines WHERE reservation = ? AND pool = ? AND shipped = 0 AND quantity = ?`,
		reservation, d.Pool, d.Quantity)
	if err != nil {
		return err
	}
	if gone == 0 {
		n, err := tx.Exec(`UPDATE reservation_lines SET quantity = quantity - ? WHERE reservation = ? AND pool = ? AND quantity - shipped >= ?`,
			d.Quantity, reservation, d.Pool, d.Quantity)
		if err != nil {
			return err
		}
		if n == 0 {
			return tooMuch(tx, `SELECT quantity - shipped FROM reservation_lines WHERE reservation = ? AND pool = ?`, reservation, d)
		}
	}
	_, err = execOn(tx, d.Pool, `UPDATE allowances SET reserved = reserved - ?, available = available + ? WHERE pool = ?`, d.Quantity, d.Quantity, d.Pool)
	return err
}

// unshipped returns the demands merged, or everything that is left to ship if
// they are nil.
func unshipped(tx *command.Tx, reservation string, demands []Demand) ([]Demand, error) {
	if demands != nil {
		return merged(demands)
	}
	rows := tx.Query(`SELECT pool, quantity - shipped FROM reservation_lines WHERE reservation = ? AND quantity > shipped ORDER BY pool`, reservation)
	var out []Demand
	for rows.Next() {
		out = append(out, Demand{Pool: PoolID(rows.Text(0)), Quantity: rows.Int64(1)})
	}
	return out, rows.Close()
}

// tooMuch returns the *QuantityError of a demand; query tells what there is.
func tooMuch(tx *command.Tx, query, reservation string, d Demand) error {
	have, _, err := tx.Int64(query, reservation, d.Pool)
	if err != nil {
		return err
	}
	return &QuantityError{Reservation: reservation, Pool: d.Pool, Want: d.Quantity, Have: have}
}
