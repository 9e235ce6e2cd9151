package cart

import (
	"context"
	"errors"
	"fmt"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// TimerMerge is the kind of the durable timer that finishes a merge which
// died half way. Its subject is the guest cart.
const TimerMerge = "cart.merge"

// A merge is three commands, each harmless to repeat: the guest's cart closes
// for one named customer, the customer's cart takes its lines over once, and
// the guest's cart is marked merged. The guest cart's ID names the transfer.

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
	case h.status != Active || h.customer != "":
		return struct{}{}, &StatusError{Cart: c.Guest, Have: h.status, Order: h.order}
	}
	h.status, h.customer = Merging, c.Customer
	if _, err := h.save(tx); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, tx.SetTimer(0, TimerMerge, string(c.Guest))
}

type takeOver struct {
	Guest    ID                  `cbor:"1,keyasint"`
	Customer accounts.CustomerID `cbor:"2,keyasint"`
	Currency money.Currency      `cbor:"3,keyasint"`
	Lines    []AddedLine         `cbor:"4,keyasint"`
	NewCart  ID                  `cbor:"5,keyasint"` // if the customer has no active cart in that currency
}

func (takeOver) Kind() command.Kind { return "cart.take_over" }

// Validate returns nil: Merge has checked.
func (takeOver) Validate() error { return nil }

func (c takeOver) apply(tx *command.Tx) (Receipt, error) {
	into, found, err := tx.Text(`SELECT cart FROM cart_transfers WHERE guest = ?`, c.Guest)
	if err != nil || found {
		return Receipt{Cart: ID(into)}, err
	}
	into, found, err = tx.Text(`SELECT id FROM carts WHERE customer = ? AND customer <> '' AND status = 'active' AND currency = ? AND id <> ?
		ORDER BY id DESC LIMIT 1`, c.Customer, c.Currency, c.Guest)
	if err != nil {
		return Receipt{}, err
	}
	var h header
	if found {
		h, err = loadHeader(tx.Tx, ID(into))
	} else {
		h, err = newHeader(tx, c.NewCart, c.Customer, c.Currency, "")
	}
	if err != nil {
		return Receipt{}, err
	}
	for _, l := range c.Lines {
		if err := h.add(tx, l); err != nil {
			return Receipt{}, err
		}
	}
	if _, err := tx.Exec(`INSERT INTO cart_transfers (guest, slot, cart, at) VALUES (?, ?, ?, ?)`, c.Guest, tx.Slot, h.id, tx.At); err != nil {
		return Receipt{}, err
	}
	return h.save(tx)
}

type markMerged struct {
	Guest ID `cbor:"1,keyasint"`
	// Reopen gives the cart back to its guest: it could not be taken over.
	Reopen bool `cbor:"2,keyasint,omitempty"`
}

func (markMerged) Kind() command.Kind { return "cart.mark_merged" }

// Validate returns nil: Merge has checked.
func (markMerged) Validate() error { return nil }

func (c markMerged) apply(tx *command.Tx) (struct{}, error) {
	h, err := loadHeader(tx.Tx, c.Guest)
	if err != nil || h.status != Merging {
		return struct{}{}, err
	}
	if h.status = Merged; c.Reopen {
		h.status, h.customer = Active, ""
	}
	if _, err := h.save(tx); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, tx.ClearTimer(0, TimerMerge, string(c.Guest))
}

// Merge moves the lines of a guest's cart into the customer's active cart in
// the same currency, or into a new one, and returns that. The same SKU at the
// same price adds up. A guest cart whose checkout runs is refused with a
// *StatusError, and so is one that was merged for somebody else. Asking again
// is harmless.
func (s *Service) Merge(ctx context.Context, guest ID, customer accounts.CustomerID) (Cart, error) {
	slot, err := slotOf(guest)
	if err != nil {
		return Cart{}, err
	}
	if err := id.Check("cus", string(customer)); err != nil {
		return Cart{}, err
	}
	if _, err := command.Do[struct{}](ctx, s.engine, &closeGuest{Guest: guest, Customer: customer}, command.Call{Slot: slot}); err != nil {
		return Cart{}, err
	}
	return s.finishMerge(ctx, guest)
}

// MergeTimer finishes a merge that died half way.
func (s *Service) MergeTimer(ctx context.Context, subject string) error {
	_, err := s.finishMerge(ctx, ID(subject))
	return err
}

func (s *Service) finishMerge(ctx context.Context, guest ID) (Cart, error) {
	from, err := s.Get(ctx, guest)
	if err != nil {
		return Cart{}, err
	}
	if from.Status != Merging && from.Status != Merged {
		return Cart{}, &StatusError{Cart: guest, Have: from.Status, Order: from.Order}
	}
	home, err := id.SlotOf(string(from.Customer))
	if err != nil {
		return Cart{}, err
	}
	r, err := s.takeOver(ctx, from, home)
	slot, _ := slotOf(guest)
	mark := markMerged{Guest: guest}
	if errors.Is(err, fault.Refused) {
		// The customer's cart has no room: nothing is lost, the guest keeps theirs.
		mark.Reopen = true
	} else if err != nil {
		return Cart{}, err
	}
	if _, markErr := command.Do[struct{}](ctx, s.engine, &mark, command.Call{Slot: slot}); markErr != nil {
		return Cart{}, fmt.Errorf("marking cart %s merged: %w", guest, markErr)
	}
	if mark.Reopen {
		return Cart{}, err
	}
	return s.Get(ctx, r.Cart)
}

func (s *Service) takeOver(ctx context.Context, from Cart, home id.Slot) (Receipt, error) {
	c := takeOver{
		Guest: from.ID, Customer: from.Customer, Currency: from.Currency,
		NewCart: ID(id.New("cart", home, s.engine.Now())),
	}
	for _, l := range from.Lines {
		c.Lines = append(c.Lines, AddedLine{
			SKU: l.SKU, Quantity: l.Quantity, Reason: l.Reason, Variant: l.Variant, Title: l.Title,
			UnitPrice: l.UnitPrice.Minor(), Untracked: l.Untracked,
		})
	}
	return command.Do[Receipt](ctx, s.engine, &c, command.Call{Slot: home})
}

// ActiveOf returns the customer's newest active cart, or a *NotFoundError.
func (s *Service) ActiveOf(ctx context.Context, customer accounts.CustomerID) (Cart, error) {
	slot, err := id.SlotOf(string(customer))
	if err != nil {
		return Cart{}, err
	}
	var cart string
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		cart, _, err = tx.Text(`SELECT id FROM carts WHERE customer = ? AND customer <> '' AND status = 'active' ORDER BY id DESC LIMIT 1`, customer)
		return err
	})
	switch {
	case err != nil:
		return Cart{}, err
	case cart == "":
		return Cart{}, &NotFoundError{Cart: ID("of " + customer)}
	}
	return s.Get(ctx, ID(cart))
}

