package inventory

import (
	"slices"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Demand asks for a quantity of one pool.
type Demand struct {
	Pool     PoolID      `cbor:"1,keyasint"`
	SKU      catalog.SKU `cbor:"2,keyasint,omitempty"` // for errors
	Quantity int64       `cbor:"3,keyasint"`
}

// State says what a reservation's goods are set aside for.
type State string

const (
	// Held goods wait for the outcome of a payment.
	Held State = "held"
	// Committed goods are sold and wait to be shipped.
	Committed State = "committed"
)

// Reservation is what was set aside under one name, usually an order's.
type Reservation struct {
	ID    string
	State State
	// Expires is when a hold was to end, in milliseconds by the shard's
	// clock. Whoever made the hold acts on it; nothing here does.
	Expires int64
	Lines   []ReservedLine
}

// ReservedLine is one pool's part of a reservation. Quantity includes what was
// shipped, Shipped includes what was returned.
type ReservedLine struct {
	Pool                        PoolID
	Quantity, Shipped, Returned int64
}

// ReservationTx reads a reservation with its lines in the order of their
// pools. It returns a *StateError if there is none of this name.
func ReservationTx(tx *sqlite.Tx, reservation string) (Reservation, error) {
	r := Reservation{ID: reservation}
	head := tx.One(`SELECT state, expires FROM reservations WHERE id = ?`, reservation)
	if head.Next() {
		r.State, r.Expires = State(head.Text(0)), head.Int64(1)
	}
	if err := head.Close(); err != nil {
		return r, err
	}
	if r.State == "" {
		return r, &StateError{Reservation: reservation, Want: Held}
	}
	rows := tx.Query(`SELECT pool, quantity, shipped, returned FROM reservation_lines WHERE reservation = ? ORDER BY pool`, reservation)
	for rows.Next() {
		r.Lines = append(r.Lines, ReservedLine{PoolID(rows.Text(0)), rows.Int64(1), rows.Int64(2), rows.Int64(3)})
	}
	return r, rows.Close()
}

func stateOf(tx *sqlite.Tx, reservation string) (State, error) {
	s, _, err := tx.Text(`SELECT state FROM reservations WHERE id = ?`, reservation)
	return State(s), err
}

// mustBe returns a *StateError unless the reservation is in state want.
func mustBe(tx *sqlite.Tx, reservation string, want State) error {
	have, err := stateOf(tx, reservation)
	if err == nil && have != want {
		err = &StateError{Reservation: reservation, Have: have, Want: want}
	}
	return err
}

// maxQuantity keeps sums of demands far from overflow.
const maxQuantity = 1 << 40

// merged returns the demands sorted by pool, with those of one pool added up.
func merged(demands []Demand) ([]Demand, error) {
	for _, d := range demands {
		if d.Quantity < 1 || d.Quantity > maxQuantity {
			return nil, fault.New(fault.Invalid, "the quantity of %s is %d; it must be 1 to %d", d.SKU, d.Quantity, int64(maxQuantity))
		}
	}
	if len(demands) < 2 {
		return demands, nil
	}
	sorted := slices.Clone(demands)
	slices.SortStableFunc(sorted, func(a, b Demand) int { return strings.Compare(string(a.Pool), string(b.Pool)) })
	out := sorted[:1]
	for _, d := range sorted[1:] {
		if last := &out[len(out)-1]; last.Pool == d.Pool {
			last.Quantity += d.Quantity
		} else {
			out = append(out, d)
		}
	}
	return out, nil
}
