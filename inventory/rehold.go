package inventory

import (
	"github.com/keelshop/commerce/internal/command"
)

// Rehold makes a hold be of just these demands, or begins it, and has it last
// until another time. Without demands it ends. What it has and keeps is never
// let go in between. It reports whether anything is held then.
//
// Of pools that must does not report, it takes no more than it has if there is
// no more. For the others it returns a *ShortError, and the caller must return
// it. It returns a *StateError if the reservation is committed.
func Rehold(tx *command.Tx, reservation string, until int64, demands []Demand, must func(PoolID) bool) (held bool, err error) {
	lines, err := merged(demands)
	if err != nil {
		return false, err
	}
	if have, err := stateOf(tx.Tx, reservation); err != nil || have == Committed {
		if err == nil {
			err = &StateError{Reservation: reservation, Have: have, Want: Held}
		}
		return false, err
	}
	had, err := linesOf(tx, reservation)
	if err != nil {
		return false, err
	}
	lines, err = rehold(tx, lines, had, must)
	if err != nil {
		return false, err
	}
	if _, err := tx.Exec(`DELETE FROM reservation_lines WHERE reservation = ?`, reservation); err != nil {
		return false, err
	}
	if len(lines) == 0 {
		_, err := tx.Exec(`DELETE FROM holds WHERE reservation = ?`, reservation)
		return false, err
	}
	for _, d := range lines {
		if _, err := tx.Exec(`INSERT INTO reservation_lines (reservation, pool, slot, quantity) VALUES (?, ?, ?, ?)`,
			reservation, d.Pool, tx.Slot, d.Quantity); err != nil {
			return false, err
		}
	}
	_, err = tx.Exec(`INSERT INTO holds (reservation, slot, expires) VALUES (?, ?, ?) ON CONFLICT (reservation) DO UPDATE SET expires = excluded.expires`,
		reservation, tx.Slot, until)
	return true, err
}

// Extend makes a hold last until another time. It does nothing if there is
// none.
func Extend(tx *command.Tx, reservation string, until int64) error {
	_, err := tx.Exec(`UPDATE holds SET expires = ? WHERE reservation = ?`, until, reservation)
	return err
}

// rehold moves the allowances from what a hold had to what it is to have, and
// returns what it has then.
func rehold(tx *command.Tx, lines, had []Demand, must func(PoolID) bool) (kept []Demand, err error) {
	before := make(map[PoolID]int64, len(had))
	for _, d := range had {
		before[d.Pool] = d.Quantity
	}
	var short []Demand
	for _, d := range lines {
		more := d.Quantity - before[d.Pool]
		n, err := execOn(tx, d.Pool, `UPDATE allowances SET available = available - ?, reserved = reserved + ? WHERE pool = ? AND available >= ?`, more, more, d.Pool, more)
		switch {
		case err != nil:
			return nil, err
		case n == 0 && must(d.Pool):
			d.Quantity = more
			short = append(short, d)
		case n == 0:
			d.Quantity = before[d.Pool]
		}
		delete(before, d.Pool)
		if d.Quantity > 0 {
			kept = append(kept, d)
		}
	}
	if len(short) > 0 {
		found, err := missing(tx.Tx, short)
		if err != nil {
			return nil, err
		}
		return nil, &ShortError{Lines: found}
	}
	for _, d := range had {
		if _, gone := before[d.Pool]; !gone {
			continue
		}
		if err := unhold(tx, []Demand{d}); err != nil {
			return nil, err
		}
	}
	return kept, nil
}
