package cart

import (
	"context"
	"time"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/subject"
)

// TimerExpire is the kind of the durable timer that looks after a cart nobody
// comes back to. Its subject is the cart.
const TimerExpire = "cart.expire"

// How long carts are kept after their last change, by the shard's clock: one
// that somebody sets wrong deletes nothing. A cart is never deleted while a
// checkout has it, nor after that has made an order of it.
const (
	keepEmpty    = 6 * time.Hour
	keepGuest    = 30 * 24 * time.Hour
	keepCustomer = 90 * 24 * time.Hour
)

// AbandonedEvent is the data of the event cart.abandoned, which tells once that
// nobody has touched a cart with goods in it for six hours, and of
// cart.expired, which tells that one was deleted.
type AbandonedEvent struct {
	Cart     ID     `json:"cart"`
	Customer string `json:"customer,omitempty"`
	Lines    int64  `json:"lines"`
	Currency string `json:"currency"`
	Total    int64  `json:"total"` // of the lines when they were added, minor units
}

// watch has the cart looked after once it may be forgotten, by the shard's
// clock.
func (h header) watch(tx *command.Tx, after time.Duration) error {
	due := tx.Clock + after.Milliseconds()
	if _, err := tx.Exec(`UPDATE carts SET expires = ? WHERE id = ?`, due, h.id); err != nil {
		return err
	}
	return tx.SetTimer(due, TimerExpire, string(h.id))
}

// expire deletes a cart that nobody has touched for as long as its kind is
// kept, or has it looked after later.
type expire struct {
	Cart ID `cbor:"1,keyasint"`
}

func (expire) Kind() command.Kind { return "cart.expire" }

// Validate returns nil: the subject of a timer is a cart.
func (expire) Validate() error { return nil }

func (c expire) apply(tx *command.Tx) (struct{}, error) {
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return struct{}{}, err
	}
	due, _, err := tx.Int64(`SELECT expires FROM carts WHERE id = ?`, c.Cart)
	if err != nil {
		return struct{}{}, err
	}
	if due > tx.Clock {
		return struct{}{}, nil // somebody was faster
	}
	if err := tx.ClearTimer(due, TimerExpire, string(c.Cart)); err != nil {
		return struct{}{}, err
	}
	idle := time.Duration(tx.Clock-h.touched) * time.Millisecond
	switch {
	case h.status == Completed:
		return struct{}{}, nil // it is what its order was made of
	case h.status == Locking || h.status == Merging:
		return struct{}{}, h.watch(tx, keepEmpty)
	case idle >= h.keep():
		return struct{}{}, h.delete(tx)
	case idle < keepEmpty:
		return struct{}{}, h.watch(tx, keepEmpty-idle)
	}
	if h.status == Active {
		if err := h.abandon(tx); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, h.watch(tx, h.keep()-idle)
}

// keep returns how long the cart is kept after its last change.
func (h header) keep() time.Duration {
	switch {
	case h.lines == 0:
		return keepEmpty
	case h.customer == "" || h.status == Merged:
		return keepGuest
	}
	return keepCustomer
}

func (h header) event() AbandonedEvent {
	return AbandonedEvent{Cart: h.id, Customer: string(h.customer), Lines: h.lines, Currency: string(h.currency), Total: h.total}
}

// abandon tells of the cart, once after each change.
func (h header) abandon(tx *command.Tx) error {
	n, err := tx.Exec(`UPDATE carts SET abandoned = version WHERE id = ? AND abandoned <> version`, h.id)
	if err != nil || n == 0 {
		return err
	}
	return tx.Emit("cart.abandoned", string(h.id), h.event())
}

// delete forgets the cart and, of a guest's, the key of its contact.
func (h *header) delete(tx *command.Tx) error {
	if err := h.unreserve(tx); err != nil {
		return err
	}
	owner, _, err := tx.Text(`SELECT contact_subject FROM carts WHERE id = ?`, h.id)
	if err != nil {
		return err
	}
	if owner == "" && h.lastDelivery > FirstDelivery {
		if owner, _, err = tx.Text(`SELECT subject FROM cart_deliveries WHERE cart = ? AND subject <> '' LIMIT 1`, h.id); err != nil {
			return err
		}
	}
	if owner == string(h.id) {
		if err := subject.EraseTx(tx, owner); err != nil {
			return err
		}
	}
	for _, q := range [...]string{
		`DELETE FROM cart_transfers WHERE cart = ?`, `DELETE FROM cart_codes WHERE cart = ?`,
		`DELETE FROM cart_deliveries WHERE cart = ?`, `DELETE FROM cart_lines WHERE cart = ?`, `DELETE FROM carts WHERE id = ?`,
	} {
		if _, err := tx.Exec(q, h.id); err != nil {
			return err
		}
	}
	return tx.Emit("cart.expired", string(h.id), h.event())
}

// ExpireTimer handles the timers of kind TimerExpire.
func (s *Service) ExpireTimer(ctx context.Context, cart string) error {
	slot, err := slotOf(ID(cart))
	if err != nil {
		return err
	}
	if _, err = command.Do[struct{}](ctx, s.engine, &expire{Cart: ID(cart)}, command.Call{Slot: slot}); isGone(err) {
		return nil
	}
	return err
}
