package cart

import (
	"context"
	"fmt"
	"slices"

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

// Strategy says what becomes of a guest's cart when the shopper logs in and has
// a cart already. Whichever it is, nothing is lost unseen: what is not taken
// over stays readable in the cart that it was in, and is returned.
type Strategy string

// The strategies. Where the customer has no cart with lines in the currency,
// all of them take the guest's lines over.
const (
	MergeAdd    Strategy = "add"          // quantities of the same line add up
	MergeMax    Strategy = "max"          // of the same line, the larger quantity counts
	UseGuest    Strategy = "use_guest"    // the guest's lines, in a new cart; the other stays as an older one
	UseExisting Strategy = "use_existing" // the customer's cart as it is
)

// MergeCarts says how a guest's cart becomes a customer's.
type MergeCarts struct {
	Guest    ID
	Customer accounts.CustomerID
	Strategy Strategy // "" is MergeAdd
}

// MergedCarts is what a merge came to.
type MergedCarts struct {
	Cart Cart // the customer's
	// Left are the lines that were not taken over or count for less than they
	// did: those of the guest's cart with UseExisting, and with MergeMax those
	// of which the customer's cart has as many.
	Left []Line
	// Folded are the guest's deliveries beside the first whose lines are in the
	// first delivery of Cart now. Where they went stays with the guest's cart, as
	// its contact does: see DeliveryAddresses.
	Folded []int64
}

// Merge is MergeWith and MergeAdd.
func (s *Service) Merge(ctx context.Context, guest ID, customer accounts.CustomerID) (Cart, error) {
	m, err := s.MergeWith(ctx, MergeCarts{Guest: guest, Customer: customer})
	return m.Cart, err
}

// MergeWith moves the lines and codes of a guest's cart into the customer's
// newest active cart in the same currency, or into a new one if there is none
// or it has no room, as the strategy says, and returns that. Asking again is
// harmless; the strategy of the first time counts.
//
// It is for when a shopper logs in. Contact, metadata and reference stay with
// the guest's cart: the contact is sealed under a key of its own and may be
// another person's.
//
// It returns a *StatusError if a checkout of the guest's cart runs or ran or if
// it was merged for somebody else, and an *OwnerError if it is no guest's. Once
// it has begun it is finished in the background; if the caller cannot be told
// how, the error is fault.Uncertain, and the same call gives the result.
func (s *Service) MergeWith(ctx context.Context, c MergeCarts) (MergedCarts, error) {
	guest, customer := c.Guest, c.Customer
	slot, err := slotOf(guest)
	if err != nil {
		return MergedCarts{}, err
	}
	if _, err := slotOfCustomer(customer); err != nil {
		return MergedCarts{}, err
	}
	switch c.Strategy {
	case "":
		c.Strategy = MergeAdd
	case MergeAdd, MergeMax, UseGuest, UseExisting:
	default:
		return MergedCarts{}, fault.Wrong("strategy", "there is no strategy %.40q", c.Strategy)
	}
	// Three steps, each harmless to repeat: the guest's cart closes for one
	// named customer, the customer's carts take its lines over, and the
	// guest's cart is marked merged. Its ID names the transfer.
	_, err = command.Do[struct{}](ctx, s.engine, &closeGuest{Guest: guest, Customer: customer, Strategy: c.Strategy}, command.Call{Slot: slot})
	if err != nil && fault.CodeOf(err) != fault.Uncertain {
		return MergedCarts{}, err
	}
	var into MergedCarts
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

func (s *Service) finishMerge(ctx context.Context, guest ID, slot id.Slot) (MergedCarts, error) {
	from, err := s.closedGuest(ctx, guest, slot)
	if err != nil {
		return MergedCarts{}, err
	}
	if from.Status != Merging && from.Status != Merged {
		return MergedCarts{}, &StatusError{Cart: guest, Have: from.Status, Order: from.Order}
	}
	t, err := s.moveLines(ctx, from)
	if err != nil {
		return MergedCarts{}, fmt.Errorf("merging cart %s: %w", guest, err)
	}
	if from.Status == Merging {
		if _, err := command.Do[struct{}](ctx, s.engine, &markMerged{Guest: guest}, command.Call{Slot: slot}); err != nil {
			return MergedCarts{}, fmt.Errorf("marking cart %s merged: %w", guest, err)
		}
	}
	out := MergedCarts{}
	if out.Cart, err = s.Get(ctx, t.cart); err != nil {
		return MergedCarts{}, err
	}
	_, joined := fold(from.Lines)
	for i, l := range from.Lines {
		switch {
		case t.left[joined[i]]:
			out.Left = append(out.Left, l)
		case l.Delivery > FirstDelivery && !slices.Contains(out.Folded, l.Delivery):
			out.Folded = append(out.Folded, l.Delivery)
		}
	}
	return out, nil
}

// closedCart is a guest's cart on its way to a customer's.
type closedCart struct {
	Cart
	strategy Strategy
	codes    []string
}

// closedGuest reads a guest's cart as it was closed.
func (s *Service) closedGuest(ctx context.Context, guest ID, slot id.Slot) (out closedCart, err error) {
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		stored, err := GetTx(tx, guest)
		if err != nil {
			return err
		}
		out.Cart = stored.Cart
		if out.Lines, err = LinesTx(tx, guest, out.Currency); err != nil {
			return err
		}
		if out.codes, err = codesTx(tx, guest); err != nil {
			return err
		}
		strategy, _, err := tx.Text(`SELECT merge_strategy FROM carts WHERE id = ?`, guest)
		out.strategy = Strategy(strategy)
		return err
	})
	return out, err
}

// moveLines brings the lines that are still missing to the customer's carts
// and returns the cart that took the last of them. The guest's cart is closed,
// so its lines are the same whenever this runs.
func (s *Service) moveLines(ctx context.Context, from closedCart) (transfer, error) {
	home, err := slotOfCustomer(from.Customer)
	if err != nil {
		return transfer{}, err
	}
	var t transfer
	err = s.engine.View(ctx, home, func(tx *sqlite.Tx) error {
		t, err = transferOf(tx, from.ID)
		return err
	})
	if err == nil && from.Status == Merged && t.cart == "" {
		return t, &NotFoundError{Customer: from.Customer} // the cart that had them is forgotten
	}
	lines, _ := fold(from.Lines)
	for err == nil && (t.cart == "" || t.lines < len(from.Lines)) {
		page := lines[t.lines:min(t.lines+mergePage, len(lines))]
		c := takeOver{
			Guest: from.ID, Customer: from.Customer, Currency: from.Currency, Channel: from.Channel, First: t.lines, Lines: page,
			NewCart: ID(id.New("cart", home, s.engine.Now())), Strategy: from.strategy,
		}
		if t.lines == 0 {
			c.Codes = from.codes
		}
		if _, err = command.Do[Receipt](ctx, s.engine, &c, command.Call{Slot: home}); err == nil {
			err = s.engine.View(ctx, home, func(tx *sqlite.Tx) error {
				t, err = transferOf(tx, from.ID)
				return err
			})
		}
	}
	return t, err
}

// fold returns lines as they are added to another cart, where there is one
// delivery for all of them: of lines that are alike the first has all units, and
// the others none. joined says of each line which one has its units.
func fold(lines []Line) (out []AddedLine, joined []int) {
	out, joined = added(lines), make([]int, len(lines))
	first := map[string]int{}
	for i := range out {
		joined[i] = i
		properties, err := EncodeProperties(out[i].Properties)
		if err != nil {
			continue // no text is too odd for JSON
		}
		name := fmt.Sprintf("%q %d %q", out[i].SKU, out[i].agreed(), properties)
		if at, have := first[name]; have {
			out[at].Quantity += out[i].Quantity
			out[i].Quantity, joined[i] = 0, at
			continue
		}
		first[name] = i
	}
	return out, joined
}

func added(lines []Line) []AddedLine {
	out := make([]AddedLine, len(lines))
	for i, l := range lines {
		out[i] = AddedLine{
			SKU: l.SKU, Quantity: l.Quantity, Reason: l.Reason, Variant: l.Variant, Title: l.Title,
			UnitPrice: l.UnitPrice.Minor(), Untracked: l.Untracked, Properties: l.Properties, HoldMinutes: l.HoldMinutes, HoldAt: l.HoldAt, Prices: l.Prices,
		}
	}
	return out
}
