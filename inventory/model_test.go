package inventory_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/inventory"
	"pgregory.net/rapid"
)

// model is a shop in one place: what the escrow over shards must look like
// from outside.
type model struct {
	s            *shop
	run          string // keeps the names of this run apart from others'
	onHand       map[catalog.SKU]int64
	reservations map[string]*modelReservation
	made         int
	wasShort     bool
}

type modelReservation struct {
	shard     int
	committed bool
	lines     map[catalog.SKU]*modelLine
}

type modelLine struct{ quantity, shipped, returned int64 }

// free is what may still be sold; below zero there is a shortage.
func (m *model) free(sku catalog.SKU) int64 {
	n := m.onHand[sku]
	for _, r := range m.reservations {
		if l := r.lines[sku]; l != nil {
			n -= l.quantity - l.shipped
		}
	}
	return n
}

func (m *model) skus() []catalog.SKU { return slices.Sorted(maps.Keys(m.onHand)) }

func (m *model) demand(sku catalog.SKU, n int64) inventory.Demand {
	return inventory.Demand{Pool: m.s.pool(sku), SKU: sku, Quantity: n}
}

func (m *model) pick(t *rapid.T, committed bool) (string, *modelReservation) {
	var names []string
	for name, r := range m.reservations {
		if r.committed == committed {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		t.Skip("there is no such reservation")
	}
	slices.Sort(names)
	name := rapid.SampledFrom(names).Draw(t, "reservation")
	return name, m.reservations[name]
}

func (m *model) sku(t *rapid.T) catalog.SKU { return rapid.SampledFrom(m.skus()).Draw(t, "sku") }

func (m *model) receive(t *rapid.T) {
	sku, n := m.sku(t), rapid.Int64Range(1, 12).Draw(t, "n")
	if _, err := m.s.Receive(context.Background(), inventory.Receive{SKU: sku, Quantity: n}); err != nil {
		t.Fatal(err)
	}
	m.onHand[sku] += n
}

func (m *model) adjust(t *rapid.T) {
	m.settled(t)
	c := inventory.Adjust{SKU: m.sku(t), Reason: "stocktaking"}
	n := rapid.Int64Range(0, 10).Draw(t, "count")
	if rapid.Bool().Draw(t, "by delta") {
		if c.Delta = n - m.onHand[c.SKU]; c.Delta == 0 {
			t.Skip("nothing to adjust")
		}
	} else {
		c.Count = &n
	}
	if _, err := m.s.Adjust(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	m.onHand[c.SKU] = n
}

func (m *model) hold(t *rapid.T) {
	shard := rapid.IntRange(0, m.s.engine.Shards()-1).Draw(t, "shard")
	m.made++
	r := &modelReservation{shard: shard, lines: map[catalog.SKU]*modelLine{}}
	var demands []inventory.Demand
	enough := true
	for _, sku := range m.skus() {
		n := rapid.Int64Range(0, 5).Draw(t, "want "+string(sku))
		if n == 0 {
			continue
		}
		demands = append(demands, m.demand(sku, n))
		r.lines[sku] = &modelLine{quantity: n}
		enough = enough && n <= m.free(sku)
	}
	id := name("%s-%d", m.run, m.made)
	crashed := m.crash(t)
	err := m.s.hold(shard, id, demands...)
	m.s.engine.Drop = nil
	switch {
	case errors.Is(err, fault.Unavailable) && crashed.Load():
	case err == nil && enough:
		m.reservations[id] = r
	case errors.Is(err, fault.Refused) && !enough:
		m.outOfStock(t, err, r)
	default:
		t.Fatalf("holding %v on shard %d: %v; enough of all: %t", demands, shard, err, enough)
	}
}

// outOfStock compares what is said to be left with what is.
func (m *model) outOfStock(t *rapid.T, err error, r *modelReservation) {
	out, _ := errors.AsType[*inventory.OutOfStockError](err)
	for _, l := range out.Lines {
		if free := max(m.free(l.SKU), 0); l.Have != free || l.Want != r.lines[l.SKU].quantity || l.Want <= free {
			t.Fatalf("%d of %s are said to be left, %d are", l.Have, l.SKU, free)
		}
	}
}

// crash makes one of the next legs fail as if its sender had died before it.
// The result says whether that happened.
func (m *model) crash(t *rapid.T) *atomic.Bool {
	happened := new(atomic.Bool)
	at := rapid.IntRange(-4, 5).Draw(t, "crash at leg")
	if at < 0 {
		return happened
	}
	var legs atomic.Int64
	m.s.engine.Drop = func(e command.Envelope) bool {
		if !strings.HasPrefix(string(e.Kind), "inventory.") || legs.Add(1) <= int64(at) {
			return false
		}
		happened.Store(true)
		return true
	}
	return happened
}

func (m *model) commit(t *rapid.T) {
	name, r := m.pick(t, false)
	m.step(t, r, step{Do: "commit", Reservation: name})
	r.committed = true
	if len(r.lines) == 0 {
		delete(m.reservations, name)
	}
}

func (m *model) release(t *rapid.T) {
	name, r := m.pick(t, false)
	m.step(t, r, step{Do: "release", Reservation: name})
	delete(m.reservations, name)
}

func (m *model) uncommitAll(t *rapid.T) {
	name, r := m.pick(t, true)
	m.step(t, r, step{Do: "uncommit", Reservation: name})
	for sku, l := range r.lines {
		if l.quantity = l.shipped; l.quantity == 0 {
			delete(r.lines, sku)
		}
	}
	if len(r.lines) == 0 {
		delete(m.reservations, name)
	}
}

// some draws a quantity of one line of a reservation, of what of says.
func (m *model) some(t *rapid.T, r *modelReservation, of func(*modelLine) int64) (catalog.SKU, int64) {
	var skus []catalog.SKU
	for sku, l := range r.lines {
		if of(l) > 0 {
			skus = append(skus, sku)
		}
	}
	if len(skus) == 0 {
		t.Skip("there is no such line")
	}
	slices.Sort(skus)
	sku := rapid.SampledFrom(skus).Draw(t, "sku")
	return sku, rapid.Int64Range(1, of(r.lines[sku])).Draw(t, "n")
}

func unshipped(l *modelLine) int64 { return l.quantity - l.shipped }

func (m *model) uncommitSome(t *rapid.T) {
	name, r := m.pick(t, true)
	sku, n := m.some(t, r, unshipped)
	m.step(t, r, step{Do: "uncommit", Reservation: name, Demands: []inventory.Demand{m.demand(sku, n)}})
	if r.lines[sku].quantity -= n; r.lines[sku].quantity == 0 {
		delete(r.lines, sku)
	}
	if len(r.lines) == 0 {
		delete(m.reservations, name)
	}
}

func (m *model) ship(t *rapid.T) {
	name, r := m.pick(t, true)
	sku, n := m.some(t, r, unshipped)
	m.step(t, r, step{Do: "ship", Reservation: name, Demands: []inventory.Demand{m.demand(sku, n)}})
	r.lines[sku].shipped += n
	m.onHand[sku] = max(m.onHand[sku]-n, 0)
}

func (m *model) giveBack(t *rapid.T) {
	name, r := m.pick(t, true)
	sku, n := m.some(t, r, func(l *modelLine) int64 { return l.shipped - l.returned })
	restock := rapid.Bool().Draw(t, "restock")
	m.step(t, r, step{Do: "return", Reservation: name, Demands: []inventory.Demand{m.demand(sku, n)}, Restock: restock})
	r.lines[sku].returned += n
	if restock {
		m.onHand[sku] += n
	}
}

func (m *model) step(t *rapid.T, r *modelReservation, c step) {
	if err := m.s.step(r.shard, c); err != nil {
		t.Fatalf("%s %s: %v", c.Do, c.Reservation, err)
	}
}

// settle may crash halfway; others finish it.
func (m *model) settle(t *rapid.T) {
	m.s.engine.Advance(bookingSoon)
	crashed := m.crash(t)
	err := m.s.Settle(context.Background())
	m.s.engine.Drop = nil
	if err != nil && !crashed.Load() {
		t.Fatal(err)
	}
}

func (m *model) settled(t *rapid.T) {
	if err := m.s.Settle(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// workOff settles while there is a shortage, since the goods that it is worked
// off with could be sold otherwise: from outside that is up to chance. What is
// shown, from a cache that forgets nothing by itself, is always what there is.
func (m *model) workOff(t *rapid.T) {
	short := slices.ContainsFunc(m.skus(), func(sku catalog.SKU) bool { return m.free(sku) < 0 })
	if short || m.wasShort {
		m.settled(t)
	}
	m.wasShort = short
	if err := m.s.shown(m.skus()...); err != nil {
		t.Fatal(err)
	}
}

func (m *model) compare(t *rapid.T) {
	m.settled(t)
	for _, sku := range m.skus() {
		got, err := m.s.Level(context.Background(), sku, "")
		if err != nil {
			t.Fatal(err)
		}
		want := inventory.Level{
			Pool: got.Pool, SKU: sku, Location: "main", OnHand: m.onHand[sku], Version: got.Version,
			Available: max(m.free(sku), 0), Shortage: max(-m.free(sku), 0),
		}
		for _, r := range m.reservations {
			l := r.lines[sku]
			switch {
			case l == nil:
			case r.committed:
				want.Committed += l.quantity - l.shipped
			default:
				want.Held += l.quantity
			}
		}
		if got != want {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	}
}

func TestEscrowLooksLikeOneShop(t *testing.T) {
	for _, shards := range []int{1, 3, 8} {
		t.Run(name("%d_shards", shards), func(t *testing.T) {
			s := newShop(t, shards)
			runs := 0
			rapid.Check(t, func(t *rapid.T) {
				runs++
				m := &model{s: s, run: name("run-%d", runs), onHand: map[catalog.SKU]int64{}, reservations: map[string]*modelReservation{}}
				for _, sku := range []string{"a", "b", "c"} {
					m.onHand[catalog.SKU(m.run+sku)] = 0
				}
				t.Repeat(map[string]func(*rapid.T){
					"":              m.workOff,
					"receive":       m.receive,
					"adjust":        m.adjust,
					"hold":          m.hold,
					"hold again":    m.hold,
					"commit":        m.commit,
					"release":       m.release,
					"uncommit all":  m.uncommitAll,
					"uncommit some": m.uncommitSome,
					"ship":          m.ship,
					"return":        m.giveBack,
					"settle":        m.settle,
				})
				m.compare(t)
			})
			s.checkAcross()
		})
	}
}
