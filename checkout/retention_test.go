package checkout_test

import (
	"errors"
	"testing"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/shard"
)

// prune deletes every answer that does not last.
func (s *shop) prune() {
	s.Helper()
	for i := range s.engine.Shards() {
		cmd := shard.Prune{AnswersBefore: s.engine.Now().UnixMilli()}
		_, err := command.Do[shard.Pruned](s.ctx(), s.engine, &cmd, command.Call{Slot: s.engine.SlotOn(i)})
		s.must(err)
	}
}

// TestRetryAfterYears: the answers to ordinary requests are gone. Asking for
// the same order or refund again finds the first one, and its key is still
// taken for anything else.
func TestRetryAfterYears(t *testing.T) {
	s := newShop(t, 1)
	s.sells("mug", 10)
	c, other := s.basket("mug", 2), s.basket("mug", 1)
	buy := func(c cart.ID) (checkout.Result, error) {
		return s.checkout.Complete(s.ctx(), checkout.Complete{Cart: c, PayWith: "simulator", Token: approves, Key: "invoice 7"})
	}
	first, err := buy(c)
	s.must(err)
	refund := payments.Refund{Order: first.ID, Amount: euro(100), Key: "refund 7"}
	_, err = s.payments.Refund(s.ctx(), refund)
	s.must(err)
	o, err := s.orders.Ship(s.ctx(), orders.Ship{Order: first.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 2}}})
	s.must(err)
	back := orders.Return{Order: first.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "broken", Key: "return 7"}
	_, err = s.orders.Return(s.ctx(), back)
	s.must(err)

	s.engine.Advance(3 * 365 * 24 * time.Hour)
	s.prune()

	if again, err := buy(c); err != nil || again.ID != first.ID {
		t.Errorf("bought again: %v, %v; want the first order %v", again.ID, err, first.ID)
	}
	if made, err := buy(other); !errors.Is(err, fault.Conflict) {
		t.Errorf("another cart under the key: %v, %v; want a conflict", made.ID, err)
	}
	_, err = s.payments.Refund(s.ctx(), refund)
	s.must(err)
	_, err = s.orders.Return(s.ctx(), back)
	s.must(err)
	refund.Amount = euro(200)
	if _, err := s.payments.Refund(s.ctx(), refund); !errors.Is(err, fault.Conflict) {
		t.Errorf("another refund under the key: %v; want a conflict", err)
	}
	o = s.order(first.ID)
	if o.Returned != 1 || o.RefundGranted != euro(100+price) {
		t.Errorf("%d came back and %v was granted; want 1 and %v", o.Returned, o.RefundGranted, euro(100+price))
	}
}
