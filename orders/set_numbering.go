package orders

import (
	"context"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Scheme says what orders are numbered by.
type Scheme string

// The schemes.
const (
	// OwnNumbers are the beginnings of the orders' IDs, as in
	// 1KAJ-3W7Q-8Z5D-4F6G: there from the start, and they tell nobody how many
	// orders a shop has. Every store begins with them.
	OwnNumbers Scheme = "own"
	// Sequence counts the placed orders without gaps. An order gets its number
	// soon after it was placed, and goes by its own one until then.
	Sequence Scheme = "sequence"
)

// Numbering is how a store numbers its orders.
type Numbering struct {
	Scheme Scheme
	Prefix string // before the numbers of a sequence
	// Next is the number that the next order of the sequence gets.
	Next int64
}

// SetNumbering chooses how orders are numbered that are placed from now on.
// Orders keep the numbers that they have. Each prefix has a sequence of its own,
// which goes on where it was when it is chosen again.
type SetNumbering struct {
	Scheme Scheme `cbor:"1,keyasint"`
	Prefix string `cbor:"2,keyasint,omitempty"` // "" or up to 8 characters of A–Z, 0–9, - and /, the last one no digit
	// First is the first number of a new sequence; it defaults to 1. It is
	// refused if the sequence of the prefix has begun and is not there.
	First int64  `cbor:"3,keyasint,omitempty"`
	Key   string `cbor:"-"`
}

const (
	maxPrefix  = 8
	maxNumber  = 24            // bytes of a number
	mostNumber = 1_000_000_000 // that a sequence can begin with
)

// Kind returns "orders.set_numbering".
func (SetNumbering) Kind() command.Kind { return "orders.set_numbering" }

// Validate checks the scheme and the form of the prefix.
func (c SetNumbering) Validate() error {
	switch {
	case c.Scheme != OwnNumbers && c.Scheme != Sequence:
		return fault.Wrong("scheme", "there is no scheme %.20q to number orders by", c.Scheme)
	case c.Scheme == OwnNumbers && (c.Prefix != "" || c.First != 0):
		return fault.Wrong("prefix", "own numbers have no prefix and no first number")
	case c.First < 0 || c.First > mostNumber:
		return fault.Wrong("first", "the first number %d must be between 1 and %d", c.First, mostNumber)
	case len(c.Prefix) > maxPrefix || strings.Trim(c.Prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/") != "":
		return fault.Wrong("prefix", "the prefix %.20q must be up to %d characters of A–Z, 0–9, - and /", c.Prefix, maxPrefix)
	case c.Prefix != "" && strings.ContainsAny(c.Prefix[len(c.Prefix)-1:], "0123456789"):
		return fault.Wrong("prefix", "the prefix %q must not end with a digit: its numbers would run into those of another", c.Prefix)
	}
	return nil
}

func (c SetNumbering) apply(tx *command.Tx) (struct{}, error) {
	if c.Scheme == Sequence {
		if err := c.begin(tx); err != nil {
			return struct{}{}, err
		}
	}
	_, err := tx.Exec(`INSERT INTO order_numbering (one, slot, scheme, prefix, since) VALUES (1, ?1, ?2, ?3, ?4)
		ON CONFLICT (one) DO UPDATE SET scheme = ?2, prefix = ?3, since = iif(scheme = 'sequence', since, ?4)`, tx.Slot, c.Scheme, c.Prefix, tx.At)
	return struct{}{}, err
}

// begin makes the sequence of the prefix, unless it is there.
func (c SetNumbering) begin(tx *command.Tx) error {
	next, begun, err := tx.Int64(`SELECT next FROM order_sequences WHERE prefix = ?`, c.Prefix)
	switch {
	case err != nil:
		return err
	case begun && c.First != 0 && c.First != next:
		return fault.New(fault.Conflict, "the sequence of prefix %q goes on at %d and cannot go on at %d without a gap", c.Prefix, next, c.First)
	case begun:
		return nil
	}
	first := max(c.First, 1)
	_, err = tx.Exec(`INSERT INTO order_sequences (prefix, slot, first, next) VALUES (?, ?, ?, ?)`, c.Prefix, tx.Slot, first, first)
	return err
}

// SetNumbering runs the command and returns how orders are numbered then. It
// returns fault.Conflict if a sequence cannot go on at First.
func (s *Service) SetNumbering(ctx context.Context, c SetNumbering) (Numbering, error) {
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: id.StoreSlot}, func(ctx context.Context, _ struct{}) (Numbering, error) {
		return s.Numbering(ctx)
	})
}

// Numbering returns how orders are numbered.
func (s *Service) Numbering(ctx context.Context) (n Numbering, err error) {
	err = s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
		in, err := numberingTx(tx)
		n = in.Numbering
		return err
	})
	return n, err
}

// numbering is how orders are numbered, as it is stored.
type numbering struct {
	Numbering
	since int64 // orders that were placed before keep their own numbers; ms since 1970 UTC
}

func numberingTx(tx *sqlite.Tx) (numbering, error) {
	n := numbering{Numbering: Numbering{Scheme: OwnNumbers}}
	rows := tx.One(`SELECT n.scheme, n.prefix, n.since, coalesce(s.next, 0) FROM order_numbering n
		LEFT JOIN order_sequences s ON s.prefix = n.prefix AND n.scheme = 'sequence' WHERE n.one = 1`)
	if rows.Next() {
		n = numbering{Numbering{Scheme: Scheme(rows.Text(0)), Prefix: rows.Text(1), Next: rows.Int64(3)}, rows.Int64(2)}
	}
	return n, rows.Close()
}
