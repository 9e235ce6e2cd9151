package cart

import (
	"context"
	"errors"
	"slices"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
)

// TimerRelease is the kind of the durable timer that lets go of goods that were
// set aside for a cart. Its subject is the cart.
const TimerRelease = "cart.release"

// defaultHoldMinutes is how long goods are set aside in a cart where the
// variant does not say.
const defaultHoldMinutes = 10

// holdMinutes returns how long a variant's goods are set aside in a cart.
func holdMinutes(v catalog.Variant) int64 {
	switch {
	case v.Reserve != catalog.ReserveOnCart:
		return 0
	case v.HoldMinutes > 0:
		return v.HoldMinutes
	}
	return defaultHoldMinutes
}

// holdAt chooses where the goods of lines are set aside, in a store with several
// places: where orders to the country of their delivery come from. It returns an *inventory.OutOfStockError if no place has them.
func (c *AddLines) holdAt(ctx context.Context, s *Service, home id.Slot) error {
	rule, err := s.stock.Sourcing(ctx)
	if err != nil || rule.OnlyMain() {
		return err
	}
	if !slices.ContainsFunc(c.Lines, func(l AddedLine) bool { return l.HoldMinutes > 0 }) {
		return nil
	}
	to, err := c.countries(ctx, s, home)
	if err != nil {
		return err
	}
	for i := range c.Lines {
		l := &c.Lines[i]
		if l.HoldMinutes == 0 {
			continue
		}
		want := inventory.Want{Needs: []inventory.Need{{Variant: l.Variant, SKU: l.SKU, Each: 1}}, Quantity: l.Quantity}
		parts, err := s.stock.Source(ctx, home, string(c.Cart), to[deliveryOr(l.Delivery)], []inventory.Want{want})
		if err != nil {
			return err
		}
		l.HoldAt = parts[0][0].Pool.Location()
	}
	return nil
}

// countries returns where the cart's deliveries go, by number.
func (c *AddLines) countries(ctx context.Context, s *Service, home id.Slot) (map[int64]string, error) {
	to := map[int64]string{}
	if c.New {
		return to, nil
	}
	err := s.engine.View(ctx, home, func(tx *sqlite.Tx) error {
		stored, err := GetTx(tx, c.Cart)
		if err != nil {
			return err
		}
		to[FirstDelivery] = stored.ShippingCountry
		more, err := DeliveriesTx(tx, c.Cart)
		for _, d := range more {
			to[d.ID] = d.Country
		}
		return err
	})
	return to, err
}

// reserveAdded sets goods aside after lines were added. Those of the lines must
// be had; of what else is in the cart, what this shard has.
func (h *header) reserveAdded(tx *command.Tx, lines []AddedLine) error {
	var must []catalog.VariantID
	for _, l := range lines {
		if l.HoldMinutes > 0 {
			must = append(must, l.Variant)
		}
	}
	if len(must) == 0 && h.heldFor == 0 {
		return nil
	}
	return h.reserve(tx, must)
}

// reserveStored is reserveAdded after the quantity of a line was changed.
func (h *header) reserveStored(tx *command.Tx, l stored) error {
	if l.hold == 0 && h.heldFor == 0 {
		return nil
	}
	return h.reserve(tx, []catalog.VariantID{l.variant})
}

// reserveTaken is reserveAdded after lines of another cart were taken over:
// nobody asked for them just now, so they are set aside if they can be.
func (h *header) reserveTaken(tx *command.Tx, lines []AddedLine) error {
	if h.heldFor == 0 && !slices.ContainsFunc(lines, func(l AddedLine) bool { return l.HoldMinutes > 0 }) {
		return nil
	}
	return h.reserve(tx, nil)
}

// reserve sets aside what the cart's lines say, for as long as the line that
// says least. It returns an *inventory.ShortError if this shard lacks goods of
// a variant that must be had.
func (h *header) reserve(tx *command.Tx, must []catalog.VariantID) error {
	demands, last, err := h.demands(tx)
	if err != nil {
		return err
	}
	until := tx.Clock + last
	held, err := inventory.Rehold(tx, string(h.id), until, demands, func(p inventory.PoolID) bool { return slices.Contains(must, p.Variant()) })
	if err != nil {
		return err
	}
	if !held {
		until = 0
	}
	h.reheld = true
	return h.holdUntil(tx, until, last)
}

// demands returns what the cart's lines set aside and for how many
// milliseconds.
func (h *header) demands(tx *command.Tx) (out []inventory.Demand, last int64, err error) {
	rows := tx.Query(`SELECT variant, sku, quantity, hold_minutes, hold_at FROM cart_lines WHERE cart = ? AND hold_minutes > 0 ORDER BY n`, h.id)
	for rows.Next() {
		out = append(out, inventory.Demand{
			Pool: inventory.PoolOf(catalog.VariantID(rows.Text(0)), inventory.Location(rows.Text(4))), SKU: catalog.SKU(rows.Text(1)), Quantity: rows.Int64(2),
		})
		if ms := rows.Int64(3) * 60_000; last == 0 || ms < last {
			last = ms
		}
	}
	return out, last, rows.Close()
}

// holdUntil notes until when goods are set aside, and moves the timer.
func (h *header) holdUntil(tx *command.Tx, until, last int64) error {
	if h.heldUntil > 0 {
		if err := tx.ClearTimer(h.heldUntil, TimerRelease, string(h.id)); err != nil {
			return err
		}
	}
	h.heldUntil, h.heldFor = until, last
	if _, err := tx.Exec(`UPDATE carts SET held_until = ?, held_for = ? WHERE id = ?`, until, last, h.id); err != nil || until == 0 {
		return err
	}
	return tx.SetTimer(until, TimerRelease, string(h.id))
}

// extend gives goods that are set aside their full time again.
func (h *header) extend(tx *command.Tx) error {
	if h.heldUntil == 0 || h.reheld {
		return nil
	}
	until := tx.Clock + h.heldFor
	if err := inventory.Extend(tx, string(h.id), until); err != nil {
		return err
	}
	return h.holdUntil(tx, until, h.heldFor)
}

// unreserve lets go of what is set aside.
func (h *header) unreserve(tx *command.Tx) error {
	if h.heldUntil == 0 {
		return nil
	}
	if err := inventory.Release(tx, string(h.id)); err != nil {
		return err
	}
	return h.holdUntil(tx, 0, h.heldFor)
}

// stocked runs try, which changes the cart, and brings goods to the cart's
// shard if that lacks what is to be set aside.
func (s *Service) stocked(ctx context.Context, cart *ID, try func() (Cart, error)) (out Cart, err error) {
	out, err = try()
	short, ok := errors.AsType[*inventory.ShortError](err)
	if !ok {
		return out, err
	}
	slot, err := slotOf(*cart)
	if err != nil {
		return Cart{}, err
	}
	err = s.stock.Fill(ctx, slot, short.Lines, func() (err error) {
		out, err = try()
		return err
	})
	return out, err
}

// release lets go of goods whose time is up.
type release struct {
	Cart ID `cbor:"1,keyasint"`
}

func (release) Kind() command.Kind { return "cart.release" }

// Validate returns nil: the subject of a timer is a cart.
func (release) Validate() error { return nil }

// ReleasedEvent is the data of the event cart.released, which tells that goods
// are no longer set aside for a cart since its time was up.
type ReleasedEvent struct {
	Cart     ID     `json:"cart"`
	Customer string `json:"customer,omitempty"`
}

func (c release) apply(tx *command.Tx) (struct{}, error) {
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil || h.heldUntil == 0 || h.heldUntil > tx.Clock {
		return struct{}{}, err
	}
	if err := h.unreserve(tx); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, tx.Emit("cart.released", string(c.Cart), ReleasedEvent{c.Cart, string(h.customer)})
}

// ReleaseTimer handles the timers of kind TimerRelease.
func (s *Service) ReleaseTimer(ctx context.Context, cart string) error {
	slot, err := slotOf(ID(cart))
	if err != nil {
		return err
	}
	_, err = command.Do[struct{}](ctx, s.engine, &release{Cart: ID(cart)}, command.Call{Slot: slot})
	if isGone(err) {
		return nil
	}
	return err
}
