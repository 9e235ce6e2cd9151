package orders

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// prefix begins the ID of every order.
const prefix = "ord"

// An order's own number is the beginning of its ID: the 16 characters that say
// when and where it was made, and 23 random bits. It is there from the start,
// costs no row and no counter, and finds the order by the table's key.
const (
	numberHead = prefix + "_0" // the first character of a time is 0 until the year 3084
	numberLen  = 16
)

// NewID returns the ID of a new order. What follows the part that is its number
// is a keyed hash of that part: no two orders share a number without sharing
// their ID, which the table refuses, and who has read a number cannot tell the
// ID from it.
func NewID(e command.Engine, st command.Stamp) ID {
	var random [32]byte
	rand.Read(random[:])
	first := id.FromHash(prefix, st.Slot, st.At, random)
	tail := e.Hash("order", first[:len(numberHead)+numberLen])
	copy(tail[:4], random[:4])
	tail[4] = random[4]&^0x1f | tail[4]&0x1f // the number ends three bits into this byte
	return ID(id.FromHash(prefix, st.Slot, st.At, tail))
}

// Number returns the number that is in an order's ID, as in
// 1KAJ-3W7Q-8Z5D-4F6G; "" if it is none. One of a sequence is in the order.
func (o ID) Number() string {
	n, ok := strings.CutPrefix(string(o), numberHead)
	if !ok || len(n) < numberLen {
		return ""
	}
	return n[:4] + "-" + n[4:8] + "-" + n[8:12] + "-" + n[12:numberLen]
}

// plainNumber undoes what people do to numbers that they read out or copy:
// spaces, dashes, small letters, and letters that look like digits.
var plainNumber = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1")

// ByNumber returns the order that has a number, with its lines. The number may
// be one of a sequence (see SetNumbering) or the order's own, which has no
// sequence; in the latter, case, spaces and dashes do not matter. It returns a
// *NoNumberError if there is no such order.
func (s *Service) ByNumber(ctx context.Context, number string) (Order, error) {
	number = strings.TrimSpace(number)
	o, err := s.inSequence(ctx, number)
	if err == nil && o == "" {
		o, err = s.byOwnNumber(ctx, number)
	}
	if err != nil {
		return Order{}, err
	}
	if o == "" {
		return Order{}, &NoNumberError{Number: shorten(number)}
	}
	return s.Get(ctx, o)
}

// byOwnNumber finds the order whose ID begins with a number; "" is none.
func (s *Service) byOwnNumber(ctx context.Context, number string) (ID, error) {
	n := plainNumber.Replace(strings.ToUpper(number))
	if len(n) != numberLen {
		return "", nil
	}
	from := numberHead + n
	slot, err := id.SlotOf(from + strings.Repeat("0", 9))
	if err != nil {
		return "", nil // letters that no number has
	}
	var found string
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		found, _, err = tx.Text(`SELECT id FROM orders WHERE id BETWEEN ? AND ? LIMIT 1`, from, from+"~")
		return err
	})
	return ID(found), err
}

func shorten(s string) string {
	const most = 60
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// NoNumberError says that no order has a number.
type NoNumberError struct{ Number string }

func (e *NoNumberError) Error() string { return "there is no order with the number " + e.Number }

// Unwrap returns fault.NotFound.
func (e *NoNumberError) Unwrap() error { return fault.NotFound }

// Find returns the order of an ID or a number, with its lines: what somebody
// types who looks for one. The errors are those of Get and ByNumber.
func (s *Service) Find(ctx context.Context, text string) (Order, error) {
	text = strings.TrimSpace(text)
	if id.Check(prefix, text) == nil {
		return s.Get(ctx, ID(text))
	}
	return s.ByNumber(ctx, text)
}

// inSequence finds the order that a sequence gave a number to; "" is none.
func (s *Service) inSequence(ctx context.Context, number string) (o ID, err error) {
	if number == "" || len(number) > maxNumber {
		return "", nil
	}
	err = s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
		found, _, err := tx.Text(`SELECT order_id FROM order_numbers WHERE number = ?`, number)
		o = ID(found)
		return err
	})
	return o, err
}

// CheckNumbers reports orders whose number the sequence does not know, or has
// given to another. It reads the orders before the sequence, so what it reports
// is never a race.
func (s *Service) CheckNumbers(ctx context.Context) (out []command.Violation, err error) {
	numbers := map[string]ID{}
	for i := range s.engine.Shards() {
		err := s.engine.View(ctx, s.engine.SlotOn(i), func(tx *sqlite.Tx) error {
			rows := tx.Query(`SELECT number, id FROM orders WHERE number <> ''`)
			for rows.Next() {
				if other, taken := numbers[rows.Text(0)]; taken {
					out = append(out, command.Violation{Rule: "orders.number_is_unique", Subject: rows.Text(1), Detail: "order " + string(other) + " has number " + rows.Text(0) + ", too"})
				}
				numbers[rows.Text(0)] = ID(rows.Text(1))
			}
			return rows.Close()
		})
		if err != nil {
			return nil, err
		}
	}
	err = s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT number, order_id FROM order_numbers`)
		for rows.Next() {
			if numbers[rows.Text(0)] == ID(rows.Text(1)) {
				delete(numbers, rows.Text(0))
			}
		}
		return rows.Close()
	})
	for number, o := range numbers {
		out = append(out, command.Violation{Rule: "orders.number_is_of_the_sequence", Subject: string(o), Detail: "the sequence has not given it number " + number})
	}
	return out, err
}
