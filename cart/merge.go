package cart

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// TimerMerge is the kind of the durable timer that finishes a merge which
// died half way. Its subject is the guest cart.
const TimerMerge = "cart.merge"

// mergeDelay is how long a merge may run before the timer helps it, in
// milliseconds by the shard's clock.
const mergeDelay = 5000

// mergePage is how many lines one command moves: with the longest titles and
// reasons that there are, they stay within the limit of a command.
const mergePage = 200

// Merge moves the lines of a guest's cart into the customer's newest active
// cart in the same currency, or into a new one if there is none or it has no
// room, and returns that. The same SKU at the same price adds up. Asking again
// is harmless.
//
// It is for when a shopper logs in. Contact, metadata and reference stay with
// the guest's cart: the contact is sealed under a key of its own and may be
// another person's.
//
// It returns a *StatusError if a checkout of the guest's cart runs or ran or if
// it was merged for somebody else, and an *OwnerError if it is no guest's. Once
// it has begun it is finished in the background; if the caller cannot be told
// how, the error is fault.Uncertain, and the same call gives the result.
func (s *Service) Merge(ctx context.Context, guest ID, customer accounts.CustomerID) (Cart, error) {
	slot, err := slotOf(guest)
	if err != nil {
		return Cart{}, err
	}
	if _, err := slotOfCustomer(customer); err != nil {
		return Cart{}, err
	}
	// Three steps, each harmless to repeat: the guest's cart closes for one
	// named customer, the customer's carts take its lines over, and the
	// guest's cart is marked merged. Its ID names the transfer.
	_, err = command.Do[struct{}](ctx, s.engine, &closeGuest{Guest: guest, Customer: customer}, command.Call{Slot: slot})
	if err != nil && fault.CodeOf(err) != fault.Uncertain {
		return Cart{}, err
	}
	var into Cart
	if err == nil {
		into, err = s.finishMerge(ctx, guest, slot)
	}
	return into, command.Begun(err, "the merge has perhaps begun: merge the same carts again")
}

// MergeTimer handles the timers of kind TimerMerge: it finishes a merge that
// died half way.
func (s *Service) MergeTimer(ctx context.Context, subject string) error {
	slot, err := slotOf(ID(subject))
	if err != nil {
		return err
	}
	_, err = s.finishMerge(ctx, ID(subject), slot)
	return err
}

func (s *Service) finishMerge(ctx context.Context, guest ID, slot id.Slot) (Cart, error) {
	from, err := s.Get(ctx, guest)
	if err != nil {
		return Cart{}, err
	}
	if from.Status != Merging && from.Status != Merged {
		return Cart{}, &StatusError{Cart: guest, Have: from.Status, Order: from.Order}
	}
	into, err := s.moveLines(ctx, from)
	if err != nil {
		return Cart{}, fmt.Errorf("merging cart %s: %w", guest, err)
	}
	if from.Status == Merging {
		if _, err := command.Do[struct{}](ctx, s.engine, &markMerged{Guest: guest}, command.Call{Slot: slot}); err != nil {
			return Cart{}, fmt.Errorf("marking cart %s merged: %w", guest, err)
		}
	}
	return s.Get(ctx, into)
}

// moveLines brings the lines that are still missing to the customer's carts
// and returns the cart that took the last of them. The guest's cart is closed,
// so its lines are the same whenever this runs.
func (s *Service) moveLines(ctx context.Context, from Cart) (ID, error) {
	home, err := slotOfCustomer(from.Customer)
	if err != nil {
		return "", err
	}
	var t transfer
	err = s.engine.View(ctx, home, func(tx *sqlite.Tx) error {
		t, err = transferOf(tx, from.ID)
		return err
	})
	for err == nil && (t.cart == "" || t.lines < len(from.Lines)) {
		page := from.Lines[t.lines:min(t.lines+mergePage, len(from.Lines))]
		c := takeOver{
			Guest: from.ID, Customer: from.Customer, Currency: from.Currency, First: t.lines, Lines: added(page),
			NewCart: ID(id.New("cart", home, s.engine.Now())),
		}
		var r Receipt
		r, err = command.Do[Receipt](ctx, s.engine, &c, command.Call{Slot: home})
		t = transfer{cart: r.Cart, lines: t.lines + len(page)}
	}
	return t.cart, err
}

func added(lines []Line) []AddedLine {
	out := make([]AddedLine, len(lines))
	for i, l := range lines {
		out[i] = AddedLine{
			SKU: l.SKU, Quantity: l.Quantity, Reason: l.Reason, Variant: l.Variant, Title: l.Title,
			UnitPrice: l.UnitPrice.Minor(), Untracked: l.Untracked,
		}
	}
	return out
}
