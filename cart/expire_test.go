package cart_test

import (
	"slices"
	"testing"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
)

// passes lets time pass and has carts looked after as a store does.
func (s *shop) passes(d time.Duration) {
	s.Helper()
	s.engine.Advance(d)
	for _, c := range s.engine.Timers(cart.TimerExpire) {
		if err := s.carts.ExpireTimer(s.Context(), c); err != nil {
			s.Fatal(err)
		}
	}
}

func (s *shop) gone(c cart.ID) bool {
	s.Helper()
	_, err := s.carts.Get(s.Context(), c)
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		s.Fatal(err)
	}
	return err != nil
}

func TestCartsExpire(t *testing.T) {
	const hour, day = time.Hour, 24 * time.Hour
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	who := s.customer("a@example.com")
	empty := s.add(cart.AddLines{Lines: one("mug", 1)}).ID
	if _, err := s.carts.RemoveLine(t.Context(), empty, "mug"); err != nil {
		t.Fatal(err)
	}
	guest := s.add(cart.AddLines{Lines: one("mug", 1)}).ID
	s.livesIn(guest, "DE", "10117")
	busy := s.add(cart.AddLines{Lines: one("mug", 1)}).ID
	mine := s.add(cart.AddLines{Customer: who, Lines: one("mug", 1)}).ID
	paying := s.add(cart.AddLines{Lines: one("mug", 1)}).ID
	bought := s.add(cart.AddLines{Lines: one("mug", 1)}).ID
	for _, c := range []cart.ID{paying, bought} {
		if err := s.step("lock", c, 0, "ord_1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.step("complete", bought, 0, "ord_1"); err != nil {
		t.Fatal(err)
	}
	s.passes(5 * hour)
	if s.gone(empty) {
		t.Error("an empty cart is gone after five hours")
	}
	s.passes(2 * hour)
	if !s.gone(empty) || s.gone(guest) {
		t.Errorf("after seven hours: empty gone %t, full gone %t", s.gone(empty), s.gone(guest))
	}
	for range 40 { // a busy shopper comes back every day
		s.add(cart.AddLines{Cart: busy, Lines: one("mug", 1)})
		s.passes(day)
	}
	if !s.gone(guest) || s.gone(busy) || s.gone(mine) || s.gone(paying) || s.gone(bought) {
		t.Errorf("after 40 days: %t %t %t %t %t", s.gone(guest), s.gone(busy), s.gone(mine), s.gone(paying), s.gone(bought))
	}
	s.passes(40 * day)
	s.passes(40 * day)
	if !s.gone(busy) || !s.gone(mine) || s.gone(paying) || s.gone(bought) {
		t.Errorf("after 120 days: %t %t %t %t", s.gone(busy), s.gone(mine), s.gone(paying), s.gone(bought))
	}
	if err := s.step("unlock", paying, 0, "ord_1"); err != nil {
		t.Fatal(err)
	}
	s.passes(day)
	if s.gone(paying) {
		t.Error("a cart is gone a day after its payment failed")
	}
	s.passes(31 * day)
	if !s.gone(paying) || s.gone(bought) {
		t.Errorf("at last: %t %t", s.gone(paying), s.gone(bought))
	}
	if err := s.carts.ExpireTimer(t.Context(), string(guest)); err != nil {
		t.Errorf("a cart that is gone: %v", err)
	}
}

func TestAbandonedCartsAreTold(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	c := s.add(cart.AddLines{Lines: one("mug", 2)}).ID
	told := func() (kinds []string) {
		s.view(c, func(tx *sqlite.Tx) error {
			rows := tx.Query(`SELECT kind, CAST(data AS TEXT) FROM outbox WHERE subject = ? ORDER BY seq`, c)
			for rows.Next() {
				kinds = append(kinds, rows.Text(0))
			}
			return rows.Close()
		})
		return kinds
	}
	for range 10 {
		s.passes(7 * time.Hour)
	}
	if got := told(); !slices.Equal(got, []string{"cart.abandoned"}) {
		t.Errorf("after three days: %v", got)
	}
	s.add(cart.AddLines{Cart: c, Lines: one("mug", 1)})
	for range 35 {
		s.passes(24 * time.Hour)
	}
	if got := told(); !slices.Equal(got, []string{"cart.abandoned", "cart.abandoned", "cart.expired"}) {
		t.Errorf("after another change and a month: %v", got)
	}
}
