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
	// Free says that the goods are sold whether they are there or not.
	Free bool `cbor:"4,keyasint,omitempty"`
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
	// Expires is when a hold is to end, in milliseconds by the shard's clock; 0
	// once it is committed. Whoever made the hold acts on it; nothing here does.
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
	var held bool
	var err error
	if r.Expires, held, err = tx.Int64(`SELECT expires FROM holds WHERE reservation = ?`, reservation); err != nil {
		return r, err
	}
	rows := tx.Query(`SELECT pool, quantity, shipped, returned FROM reservation_lines WHERE reservation = ? ORDER BY pool`, reservation)
	for rows.Next() {
		r.Lines = append(r.Lines, ReservedLine{PoolID(rows.Text(0)), rows.Int64(1), rows.Int64(2), rows.Int64(3)})
	}
	switch {
	case held:
		r.State = Held
	case len(r.Lines) > 0:
		r.State = Committed
	}
	if err := rows.Close(); err != nil || r.State != "" {
		return r, err
	}
	return r, &StateError{Reservation: reservation, Want: Held}
}

// Reserved reports whether there is a reservation of this name.
func Reserved(tx *sqlite.Tx, reservation string) (bool, error) {
	state, err := stateOf(tx, reservation)
	return state != "", err
}

func stateOf(tx *sqlite.Tx, reservation string) (State, error) {
	s, _, err := tx.Text(`SELECT iif(EXISTS (SELECT 1 FROM holds WHERE reservation = ?1), 'held',
		iif(EXISTS (SELECT 1 FROM reservation_lines WHERE reservation = ?1), 'committed', ''))`, reservation)
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
			return nil, fault.Wrong("quantity", "the quantity of %s is %d; it must be 1 to %d", d.SKU, d.Quantity, int64(maxQuantity))
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
			last.Free = last.Free || d.Free
		} else {
			out = append(out, d)
		}
	}
	return out, nil
}
