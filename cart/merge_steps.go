package cart

import (
	"errors"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// closeGuest is the first step of a merge, on the guest cart's slot.
type closeGuest struct {
	Guest    ID                  `cbor:"1,keyasint"`
	Customer accounts.CustomerID `cbor:"2,keyasint"`
	Strategy Strategy            `cbor:"3,keyasint"`
}

func (closeGuest) Kind() command.Kind { return "cart.close_guest" }

// Validate returns nil: Merge has checked.
func (closeGuest) Validate() error { return nil }

func (c closeGuest) apply(tx *command.Tx) (struct{}, error) {
	h, err := loadHeader(tx.Tx, c.Guest)
	if err != nil {
		return struct{}{}, err
	}
	switch {
	case (h.status == Merging || h.status == Merged) && h.customer == c.Customer:
		return struct{}{}, nil
	case h.status != Active:
		return struct{}{}, &StatusError{Cart: c.Guest, Have: h.status, Order: h.order}
	case h.customer != "":
		return struct{}{}, &OwnerError{Cart: c.Guest}
	case h.frozen != "":
		return struct{}{}, &FrozenError{Cart: c.Guest}
	}
	if err := h.unreserve(tx); err != nil {
		return struct{}{}, err
	}
	if _, err := tx.Exec(`UPDATE carts SET email_hash = NULL WHERE id = ?`, c.Guest); err != nil { // it is no guest's any more
		return struct{}{}, err
	}
	h.status, h.customer = Merging, c.Customer
	if _, err := h.save(tx); err != nil {
		return struct{}{}, err
	}
	if _, err := tx.Exec(`UPDATE carts SET merge_strategy = ? WHERE id = ?`, c.Strategy, c.Guest); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, tx.SetTimer(tx.Clock+mergeDelay, TimerMerge, string(c.Guest))
}

// takeOver is the second step, on the customer's slot: once for each page of
// lines, in order.
type takeOver struct {
	Guest    ID                  `cbor:"1,keyasint"`
	Customer accounts.CustomerID `cbor:"2,keyasint"`
	Currency money.Currency      `cbor:"3,keyasint"`
	First    int                 `cbor:"4,keyasint,omitempty"` // the number of lines that came before
	Lines    []AddedLine         `cbor:"5,keyasint"`
	NewCart  ID                  `cbor:"6,keyasint"` // if no cart of the customer can take them
	Strategy Strategy            `cbor:"7,keyasint"`
	Codes    []string            `cbor:"8,keyasint,omitempty"` // with the first page
	Channel  string              `cbor:"9,keyasint,omitempty"`
}

func (takeOver) Kind() command.Kind { return "cart.take_over" }

// Validate returns nil: Merge has checked.
func (takeOver) Validate() error { return nil }

func (c takeOver) apply(tx *command.Tx) (Receipt, error) {
	t, err := transferOf(tx.Tx, c.Guest)
	if err != nil {
		return Receipt{}, err
	}
	switch {
	case t.cart != "" && t.lines >= c.First+len(c.Lines):
		return Receipt{Cart: t.cart}, nil // taken over before
	case t.lines != c.First:
		return Receipt{}, fault.New(fault.Conflict, "lines %d and on of cart %s come after %d lines", c.First+1, c.Guest, t.lines)
	}
	h, take, err := c.destination(tx, t)
	if err != nil {
		return Receipt{}, err
	}
	t.cart = h.id
	for _, l := range c.Lines {
		left := !take
		if take && l.Quantity > 0 { // or a line before it has its units
			if left, err = h.take(tx, l, c.Strategy); err != nil {
				return Receipt{}, err
			}
		}
		t.left = append(t.left, left)
	}
	if take {
		if err := c.takeCodes(tx, h); err != nil {
			return Receipt{}, err
		}
		if err := h.reserveTaken(tx, c.Lines); err != nil {
			return Receipt{}, err
		}
	}
	if err := t.save(tx, c.Guest); err != nil || !take {
		return Receipt{Cart: h.id, Version: h.version}, err
	}
	return h.save(tx)
}

// take adds a line by a strategy. It reports whether the guest's quantity
// does not count in full.
func (h *header) take(tx *command.Tx, l AddedLine, by Strategy) (left bool, err error) {
	if by != MergeMax {
		return false, h.add(tx, l)
	}
	have, _, err := h.find(tx, l)
	if err != nil {
		return false, err
	}
	if l.Quantity <= have.quantity+have.elsewhere {
		return true, nil
	}
	l.Quantity -= have.quantity + have.elsewhere
	return false, h.add(tx, l)
}

// takeCodes puts the guest's codes on the cart, as many as it may have.
func (c takeOver) takeCodes(tx *command.Tx, h header) error {
	for i, code := range c.Codes {
		_, err := tx.Exec(`INSERT OR IGNORE INTO cart_codes (cart, code, slot, n) SELECT ?1, ?2, ?3, ?4
			WHERE (SELECT count(*) FROM cart_codes WHERE cart = ?1) < ?5`, h.id, code, tx.Slot, h.version+1+int64(i), MaxCodes)
		if err != nil {
			return err
		}
	}
	return nil
}

// destination returns the cart that the lines go to, and whether it takes
// them: that of the pages before, the customer's newest active cart in the
// currency and channel, or a new one if there is none or the lines do not fit in. An empty
// cart takes whatever another cart held, so the lines always have a place to
// go.
func (c takeOver) destination(tx *command.Tx, t transfer) (h header, take bool, err error) {
	into, found := string(t.cart), t.cart != ""
	if !found {
		into, found, err = tx.Text(`SELECT id FROM carts WHERE customer = ? AND customer <> '' AND status = 'active' AND currency = ? AND channel = ?
			ORDER BY id DESC LIMIT 1`, c.Customer, c.Currency, c.Channel)
	}
	if err != nil {
		return header{}, false, err
	}
	if found {
		h, err := loadHeader(tx.Tx, ID(into))
		switch {
		case err != nil && !isGone(err):
			return header{}, false, err
		case err == nil && c.Strategy == UseExisting && (t.leaves() || t.cart == "" && h.lines > 0):
			return h, false, nil
		case err == nil && h.status == Active && h.frozen == "" && (t.cart != "" || c.Strategy != UseGuest || h.lines == 0):
			err = h.room(tx, c.Lines, c.Strategy)
			if _, full := errors.AsType[*LimitError](err); !full {
				return h, true, err
			}
		}
	}
	h, err = newHeader(tx, c.NewCart, c.Customer, c.Currency, c.Channel, "")
	return h, true, err
}

// room refuses lines, each with a key of its own, that do not fit in. With
// MergeMax only what a line has more than the cart's needs room.
func (h header) room(tx *command.Tx, lines []AddedLine, by Strategy) error {
	for _, l := range lines {
		if l.Quantity == 0 {
			continue
		}
		have, found, err := h.find(tx, l)
		if err != nil {
			return err
		}
		if by == MergeMax {
			if l.Quantity <= have.quantity+have.elsewhere {
				continue
			}
			l.Quantity -= have.quantity + have.elsewhere
		}
		if err := h.grow(l, have, found); err != nil {
			return err
		}
	}
	return nil
}

// transfer is how far the lines of a guest's cart have come.
type transfer struct {
	cart  ID // "" if none has arrived
	lines int
	left  []bool // of those lines, which were not taken over in full
}

// leaves reports whether the lines stay where they were.
func (t transfer) leaves() bool { return len(t.left) > 0 && t.left[0] }

func transferOf(tx *sqlite.Tx, guest ID) (transfer, error) {
	rows := tx.One(`SELECT cart, lines, untaken FROM cart_transfers WHERE guest = ?`, guest)
	var t transfer
	if rows.Next() {
		t = transfer{cart: ID(rows.Text(0)), lines: rows.Int(1)}
		for _, c := range rows.Text(2) {
			t.left = append(t.left, c == '1')
		}
	}
	return t, rows.Close()
}

// save notes how far the lines have come: those that left has.
func (t transfer) save(tx *command.Tx, guest ID) error {
	marks := make([]byte, len(t.left))
	for i, left := range t.left {
		marks[i] = '0'
		if left {
			marks[i] = '1'
		}
	}
	_, err := tx.Exec(`INSERT INTO cart_transfers (guest, slot, cart, lines, untaken, at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (guest) DO UPDATE SET cart = excluded.cart, lines = excluded.lines, untaken = excluded.untaken, at = excluded.at`,
		guest, tx.Slot, t.cart, len(t.left), string(marks), tx.At)
	return err
}

// markMerged is the last step, on the guest cart's slot.
type markMerged struct {
	Guest ID `cbor:"1,keyasint"`
}

func (markMerged) Kind() command.Kind { return "cart.mark_merged" }

// Validate returns nil: Merge has checked.
func (markMerged) Validate() error { return nil }

func (c markMerged) apply(tx *command.Tx) (struct{}, error) {
	h, err := loadHeader(tx.Tx, c.Guest)
	if err != nil || h.status != Merging {
		return struct{}{}, err
	}
	h.status = Merged
	if _, err := h.save(tx); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, tx.ClearTimers(TimerMerge, string(c.Guest))
}
