package inventory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/inventory"
)

// recorder is a test whose failures are what the real test wants to see.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func TestChecksSeePlantedBugs(t *testing.T) {
	for _, tc := range []struct{ name, rule, sql string }{
		{"a hold without its guard", "inventory.allowance_conservation",
			`UPDATE allowances SET available = available - 100, reserved = reserved + 100`},
		{"a sale that takes nothing from the allowance", "inventory.allowance_conservation",
			`UPDATE allowances SET reserved = reserved + 1`},
		{"a release that keeps the reservation", "inventory.reserved",
			`UPDATE allowances SET reserved = reserved - 1, available = available + 1 WHERE reserved > 0`},
		{"a shipment of what is not paid", "inventory.held_goods_stay",
			`UPDATE reservation_lines SET shipped = 1`},
		{"a reservation of goods that never came", "inventory.reserved",
			`INSERT INTO reservation_lines (reservation, pool, slot, quantity) SELECT reservation, 'var_X@main', slot, 1 FROM holds`},
		{"a grant that is not counted", "inventory.pool_conservation",
			`UPDATE pools SET unallocated = unallocated - 1`},
		{"a grant of goods that are kept as well", "inventory.pool_conservation",
			`UPDATE grants SET granted = granted + 1`},
		{"a receipt without a movement", "inventory.movements",
			`UPDATE pools SET on_hand = on_hand + 1, unallocated = unallocated + 1`},
		{"a movement that no shard made", "inventory.movements_of_shards",
			`UPDATE movements SET kind = 'returned'`},
		{"a pool that was dropped", "inventory.grant_without_pool",
			`DELETE FROM pools`},
		{"a shipment that is never booked", "inventory.booking_scheduled",
			`UPDATE allowances SET reserved = reserved - 1, shipped = shipped + 1 WHERE reserved > 0`},
		{"a shortage that is never worked off", "inventory.recall_scheduled",
			`UPDATE pools SET unallocated = 0, shortage = 5, recall_due = 1`},
		{"a deposit without a grant", "inventory.deposited_within_granted",
			`UPDATE allowances SET deposited = deposited + 1, available = available + 1`},
		{"a booking of what was not given back", "inventory.booked_within_given_back",
			`UPDATE grants SET given_back = given_back + 1`},
		{"a booking of what was not shipped", "inventory.booked_within_shipped",
			`UPDATE grants SET shipped = shipped + 1`},
		{"a booking of what was not returned", "inventory.booked_within_returned",
			`UPDATE grants SET returned = returned + 1`},
		{"an acknowledgement of what is not booked", "inventory.acknowledged_within_shipped",
			`UPDATE allowances SET booked_shipped = booked_shipped + 1`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &recorder{TB: t}
			t.Cleanup(func() {
				if !strings.Contains(strings.Join(r.failures, "\n"), tc.rule) {
					t.Errorf("the bug was not seen as %s; found %q", tc.rule, r.failures)
				}
			})
			s := newShop(r, 2)
			s.receive("mug", 10)
			s.must(s.hold(0, "o1", s.of("mug", 2)...))
			s.must(s.hold(1, "o2", s.of("mug", 2)...))
			s.checkAcross()
			if len(r.failures) > 0 {
				t.Fatalf("before the damage: %q", r.failures)
			}
			for i := range 2 {
				// As if the tables' own constraints had been forgotten too.
				c := damage{[]string{`PRAGMA ignore_check_constraints = ON`, tc.sql, `PRAGMA ignore_check_constraints = OFF`}}
				_, err := command.Do[bool](t.Context(), s.engine, &c, command.Call{Slot: s.engine.SlotOn(i)})
				s.must(err)
			}
			found, err := inventory.CheckAcross(t.Context(), s.engine)
			s.must(err)
			for _, v := range found {
				r.Errorf("%v", v)
			}
		})
	}
}

func TestTablesRefuseWhatTheChecksWouldFind(t *testing.T) {
	s := newShop(t, 1)
	s.receive("mug", 10)
	s.must(s.hold(0, "o1", s.of("mug", 2)...))
	for _, sql := range []string{
		`UPDATE allowances SET available = available - 100, reserved = reserved + 100`,
		`UPDATE allowances SET reserved = reserved + 1`,
		`UPDATE allowances SET returned = 1`,
		`UPDATE allowances SET booked_shipped = 1`,
		`UPDATE pools SET unallocated = -1`,
		`UPDATE pools SET shortage = 1`,
		`UPDATE grants SET given_back = granted + 1`,
		`UPDATE reservation_lines SET shipped = quantity + 1`,
		`UPDATE reservation_lines SET returned = 1`,
		`INSERT INTO movements (pool, n, slot, kind, quantity, reason, at) VALUES ('p', 1, 0, 'shipped', 1, '', 0)`,
	} {
		c := damage{[]string{sql}}
		if _, err := command.Do[bool](t.Context(), s.engine, &c, command.Call{Slot: 0}); err == nil {
			t.Errorf("%s: was accepted", sql)
		}
	}
}
