package orders_test

import (
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/orders"
	"pgregory.net/rapid"
)

// modelOrder is an order of one stocked and one uncounted line in the simplest
// way there is.
type modelOrder struct {
	id                          orders.ID
	canceled                    bool
	quantity, shipped, returned [2]int64
	dropped                     [2]int64 // units that were canceled line by line
	captured, granted           int64
}

// units returns how many were not canceled.
func (m *modelOrder) units() int64 {
	return m.quantity[0] + m.quantity[1] - m.dropped[0] - m.dropped[1]
}

var modelPrices = [2]int64{1250, 500}

func (m *modelOrder) total() int64 {
	return m.quantity[0]*modelPrices[0] + m.quantity[1]*modelPrices[1]
}

// modelStock is what the house and the shop have of the stocked product.
type modelStock struct{ onHand, available, committed int64 }

// Whatever happens to orders on several shards, goods and grants are conserved.
func TestOrdersConserveGoodsAndMoney(t *testing.T) {
	s := newShop(t, 3)
	const received = 1_000_000
	s.stocks("mug", modelPrices[0], received)
	s.stocks("wrap", modelPrices[1], 0)
	stock := modelStock{onHand: received, available: received}
	rapid.Check(t, func(r *rapid.T) {
		// The stock is shared by all runs, and only what succeeded counts.
		var all []*modelOrder
		for range rapid.IntRange(1, 3).Draw(r, "orders") {
			m := &modelOrder{quantity: [2]int64{rapid.Int64Range(1, 5).Draw(r, "mugs"), rapid.Int64Range(1, 3).Draw(r, "wraps")}}
			slot := s.engine.SlotOn(rapid.IntRange(0, 2).Draw(r, "shard"))
			m.id = s.placed(s.draft(slot, wanted{"mug", m.quantity[0]}, wanted{"wrap", m.quantity[1]}))
			stock.available -= m.quantity[0]
			stock.committed += m.quantity[0]
			all = append(all, m)
		}
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			m := all[rapid.IntRange(0, len(all)-1).Draw(r, "order")]
			switch rapid.SampledFrom([]string{"ship", "ship", "return", "cancel", "drop", "capture"}).Draw(r, "step") {
			case "ship":
				s.modelShip(r, m, &stock)
			case "return":
				s.modelReturn(r, m, &stock)
			case "cancel":
				s.modelCancel(r, m, &stock)
			case "drop":
				s.modelDrop(r, m, &stock)
			case "capture":
				s.pay(m.id, orders.PaymentDelta{Authorized: 100, Captured: 100})
				if m.captured += 100; m.canceled {
					m.granted = max(m.granted, m.captured)
				}
			}
			s.compare(r, m)
		}
	})
	s.has("mug", stock.onHand, stock.available, stock.committed)
}

func (s *shop) modelShip(r *rapid.T, m *modelOrder, stock *modelStock) {
	line := rapid.IntRange(0, 1).Draw(r, "line")
	n := rapid.Int64Range(1, 6).Draw(r, "quantity")
	_, err := s.orders.Ship(s.Context(), orders.Ship{Order: m.id, Lines: []orders.LineQuantity{{Line: line + 1, Quantity: n}}})
	allowed := !m.canceled && m.shipped[line]+m.dropped[line]+n <= m.quantity[line]
	foreseen(r, err, allowed)
	if !allowed {
		return
	}
	m.shipped[line] += n
	if line == 0 {
		stock.onHand -= n
		stock.committed -= n
	}
}

func (s *shop) modelReturn(r *rapid.T, m *modelOrder, stock *modelStock) {
	line := rapid.IntRange(0, 1).Draw(r, "line")
	n := rapid.Int64Range(1, 6).Draw(r, "quantity")
	discard := rapid.Bool().Draw(r, "discard")
	_, err := s.orders.Return(s.Context(), orders.Return{
		Order: m.id, Lines: []orders.LineQuantity{{Line: line + 1, Quantity: n}}, Reason: "a test", Discard: discard,
	})
	allowed := !m.canceled && m.returned[line]+n <= m.shipped[line]
	foreseen(r, err, allowed)
	if !allowed {
		return
	}
	m.returned[line] += n
	m.granted += n * modelPrices[line]
	if line == 0 && !discard {
		stock.onHand += n
		stock.available += n
	}
}

func (s *shop) modelCancel(r *rapid.T, m *modelOrder, stock *modelStock) {
	_, err := s.orders.Cancel(s.Context(), orders.Cancel{Order: m.id, Reason: "a test"})
	allowed := !m.canceled && m.shipped[0]+m.shipped[1] == 0
	foreseen(r, err, allowed)
	if !allowed {
		return
	}
	m.cancel(stock)
}

func (m *modelOrder) cancel(stock *modelStock) {
	m.canceled = true
	m.granted = max(m.granted, m.captured)
	left := m.quantity[0] - m.dropped[0]
	stock.available += left
	stock.committed -= left
}

func (s *shop) modelDrop(r *rapid.T, m *modelOrder, stock *modelStock) {
	line := rapid.IntRange(0, 1).Draw(r, "line")
	n := rapid.Int64Range(1, 3).Draw(r, "quantity")
	_, err := s.orders.CancelLines(s.Context(), orders.CancelLines{Order: m.id, Lines: []orders.LineQuantity{{Line: line + 1, Quantity: n}}, Reason: "a test"})
	allowed := !m.canceled && m.shipped[line]+m.dropped[line]+n <= m.quantity[line]
	foreseen(r, err, allowed)
	switch {
	case !allowed:
		return
	case m.shipped == [2]int64{} && m.units() == n:
		m.cancel(stock)
		return
	}
	m.dropped[line] += n
	m.granted += n * modelPrices[line]
	if line == 0 {
		stock.available += n
		stock.committed -= n
	}
}

func foreseen(r *rapid.T, err error, allowed bool) {
	if (err == nil) != allowed || err != nil && fault.CodeOf(err) == fault.Broken {
		r.Fatalf("got error %v, but allowed is %t", err, allowed)
	}
}

func (s *shop) compare(r *rapid.T, m *modelOrder) {
	got := s.get(m.id)
	status := orders.Placed
	if m.canceled {
		status = orders.Canceled
	}
	if got.Status != status || got.Captured != euro(m.captured) || got.RefundGranted != euro(m.granted) || got.Total != euro(m.total()) {
		r.Fatalf("got %+v, want %+v", got, m)
	}
	for i, l := range got.Lines {
		if l.Quantity != m.quantity[i] || l.Canceled != m.dropped[i] || l.Shipped != m.shipped[i] || l.Returned != m.returned[i] {
			r.Fatalf("got line %+v, want %+v", l, m)
		}
	}
	pay := orders.PaymentStatusOf(m.total(), m.captured, m.captured, 0, m.granted, 0)
	ship := orders.FulfilmentStatusOf(status, m.units(), m.shipped[0]+m.shipped[1], 0)
	if got.PaymentStatus != pay || got.FulfilmentStatus != ship {
		r.Fatalf("got %s and %s, want %s and %s", got.PaymentStatus, got.FulfilmentStatus, pay, ship)
	}
	s.reserved(r, m)
}

// reserved compares the order's reservation with the stocked line.
func (s *shop) reserved(r *rapid.T, m *modelOrder) {
	slot, _ := id.SlotOf(string(m.id))
	var got inventory.Reservation
	err := s.engine.View(s.Context(), slot, func(tx *sqlite.Tx) (err error) {
		got, err = inventory.ReservationTx(tx, string(m.id))
		return err
	})
	if m.canceled {
		if err == nil {
			r.Fatalf("a canceled order has reserved %+v", got)
		}
		return
	}
	if m.dropped[0] == m.quantity[0] && len(got.Lines) == 0 {
		return
	}
	if err != nil || len(got.Lines) != 1 || got.Lines[0].Quantity != m.quantity[0]-m.dropped[0] ||
		got.Lines[0].Shipped != m.shipped[0] || got.Lines[0].Returned != m.returned[0] {
		r.Fatalf("reserved %+v (%v), want %+v", got, err, m)
	}
}
