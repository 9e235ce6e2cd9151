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
	}
	h.status, h.customer = Merging, c.Customer
	if _, err := h.save(tx); err != nil {
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
	h, err := c.destination(tx)
	if err != nil {
		return Receipt{}, err
	}
	for _, l := range c.Lines {
		if err := h.add(tx, l); err != nil {
			return Receipt{}, err
		}
	}
	if _, err := tx.Exec(`INSERT INTO cart_transfers (guest, slot, cart, lines, at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (guest) DO UPDATE SET cart = excluded.cart, lines = excluded.lines, at = excluded.at`,
		c.Guest, tx.Slot, h.id, c.First+len(c.Lines), tx.At); err != nil {
		return Receipt{}, err
	}
	return h.save(tx)
}

// destination returns the customer's newest active cart in the currency, or a
// new one if there is none or the lines do not fit in. An empty cart takes
// whatever another cart held, so the lines always have a place to go.
func (c takeOver) destination(tx *command.Tx) (header, error) {
	into, found, err := tx.Text(`SELECT id FROM carts WHERE customer = ? AND customer <> '' AND status = 'active' AND currency = ?
		ORDER BY id DESC LIMIT 1`, c.Customer, c.Currency)
	if err != nil {
		return header{}, err
	}
	if found {
		h, err := loadHeader(tx.Tx, ID(into))
		if err != nil {
			return header{}, err
		}
		err = h.room(tx, c.Lines)
		if _, full := errors.AsType[*LimitError](err); !full {
			return h, err
		}
	}
	return newHeader(tx, c.NewCart, c.Customer, c.Currency, "")
}

// room refuses lines, each with a key of its own, that do not fit in.
func (h header) room(tx *command.Tx, lines []AddedLine) error {
	for _, l := range lines {
		have, found, err := h.find(tx, l)
		if err != nil {
			return err
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
}

func transferOf(tx *sqlite.Tx, guest ID) (transfer, error) {
	rows := tx.One(`SELECT cart, lines FROM cart_transfers WHERE guest = ?`, guest)
	var t transfer
	if rows.Next() {
		t = transfer{cart: ID(rows.Text(0)), lines: rows.Int(1)}
	}
	return t, rows.Close()
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
