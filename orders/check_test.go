package orders_test

import (
	"slices"
	"testing"

	"github.com/keelshop/commerce/orders"
)

// A check that cannot find a planted bug finds nothing.
func TestCheckFindsPlantedBugs(t *testing.T) {
	s := newShop(t, 1)
	s.stocks("mug", 1000, 10)
	o := s.sold(wanted{"mug", 4})
	s.pay(o, orders.PaymentDelta{Authorized: 4000, Captured: 4000})
	if _, err := s.orders.Ship(t.Context(), orders.Ship{Order: o, Lines: []orders.LineQuantity{{Line: 1, Quantity: 3}}}); err != nil {
		t.Fatal(err)
	}
	back := orders.Return{Order: o, Lines: []orders.LineQuantity{{Line: 1, Quantity: 2}}, Reason: "x"}
	if _, err := s.orders.Return(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	canceled := s.sold(wanted{"mug", 1})
	s.pay(canceled, orders.PaymentDelta{Authorized: 1000, Captured: 1000})
	if _, err := s.orders.Cancel(t.Context(), orders.Cancel{Order: canceled, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		order       orders.ID
		plant, undo string
		want        []string
	}{
		"wrong subtotal": {
			o, `UPDATE orders SET subtotal = subtotal + 1, total = total + 1 WHERE id = ?`,
			`UPDATE orders SET subtotal = subtotal - 1, total = total - 1 WHERE id = ?`,
			[]string{"orders.lines_sum_up", "orders.gross_sums_up"},
		},
		"wrong discount": {
			o, `UPDATE orders SET discount = discount + 1, total = total - 1 WHERE id = ?`,
			`UPDATE orders SET discount = discount - 1, total = total + 1 WHERE id = ?`,
			[]string{"orders.discounts_sum_up", "orders.gross_sums_up", "orders.status_is_derived"},
		},
		"wrong tax": {
			o, `UPDATE orders SET tax = tax + 1, tax_added = tax_added + 1, subtotal = subtotal - 1 WHERE id = ?`,
			`UPDATE orders SET tax = tax - 1, tax_added = tax_added - 1, subtotal = subtotal + 1 WHERE id = ?`,
			[]string{"orders.lines_sum_up", "orders.tax_sums_up"},
		},
		"a tax that is not among the taxes": {
			o, `UPDATE orders SET taxes = x'ff' WHERE id = ?`, `UPDATE orders SET taxes = NULL WHERE id = ?`,
			[]string{"orders.derivation_is_readable"},
		},
		"taxes that are not the tax": {
			o, `UPDATE orders SET taxes = x'81a201635641540401' WHERE id = ?`, `UPDATE orders SET taxes = NULL WHERE id = ?`,
			[]string{"orders.taxes_sum_up"},
		},
		"promotions that are not the discount": {
			o, `UPDATE orders SET promotions = x'81a3016170026170040a' WHERE id = ?`, `UPDATE orders SET promotions = NULL WHERE id = ?`,
			[]string{"orders.promotions_sum_up"},
		},
		"a line that says its price contains its tax": {
			o, `UPDATE order_lines SET net = net - 1, tax = tax + 1, tax_included = 1 WHERE order_id = ?`,
			`UPDATE order_lines SET net = net + 1, tax = tax - 1, tax_included = 0 WHERE order_id = ?`,
			[]string{"orders.tax_sums_up"},
		},
		"a fee that is on nothing": {
			o, `UPDATE orders SET fees = fees + 1, subtotal = subtotal - 1 WHERE id = ?`, `UPDATE orders SET fees = fees - 1, subtotal = subtotal + 1 WHERE id = ?`,
			[]string{"orders.lines_sum_up", "orders.fees_sum_up"},
		},
		"a fee that is not listed": {
			o, `UPDATE orders SET fees = fees + 1, own_fees = own_fees + 1, subtotal = subtotal - 1 WHERE id = ?`,
			`UPDATE orders SET fees = fees - 1, own_fees = own_fees - 1, subtotal = subtotal + 1 WHERE id = ?`,
			[]string{"orders.lines_sum_up", "orders.gross_sums_up", "orders.own_fees_are_listed"},
		},
		"a fee of a line that does not cost it": {
			o, `INSERT INTO order_fees (order_id, n, slot, line, fee, kind, name, amount, net, tax, gross) VALUES (?, 1, 0, 1, 'wrap', '', 'Wrap', 1, 1, 0, 1)`,
			`DELETE FROM order_fees WHERE order_id = ?`, []string{"orders.line_fees_are_listed"},
		},
		"fees that cost nothing": {
			o, `UPDATE refund_grants SET fees = 1, amount = amount + 1 WHERE order_id = ?`, `UPDATE refund_grants SET fees = 0, amount = amount - 1 WHERE order_id = ?`,
			[]string{"orders.grants_sum_up", "orders.fees_are_granted_once"},
		},
		"wrong line": {
			o, `UPDATE order_lines SET unit_price = unit_price + 1, total = total + quantity, net = net + quantity, gross = gross + quantity WHERE order_id = ?`,
			`UPDATE order_lines SET unit_price = unit_price - 1, total = total - quantity, net = net - quantity, gross = gross - quantity WHERE order_id = ?`,
			[]string{"orders.lines_sum_up", "orders.gross_sums_up"},
		},
		"wrong units": {
			o, `UPDATE orders SET units = units + 1 WHERE id = ?`, `UPDATE orders SET units = units - 1 WHERE id = ?`,
			[]string{"orders.units_sum_up"},
		},
		"shipped too often": {
			o, `UPDATE orders SET shipped = shipped + 1 WHERE id = ?`, `UPDATE orders SET shipped = shipped - 1 WHERE id = ?`,
			[]string{"orders.shipped_sums_up", "orders.status_is_derived"},
		},
		"returned too often": {
			o, `UPDATE orders SET returned = returned + 1 WHERE id = ?`, `UPDATE orders SET returned = returned - 1 WHERE id = ?`,
			[]string{"orders.returned_sums_up"},
		},
		"a lost fulfilment": {
			o, `UPDATE fulfilment_lines SET quantity = quantity - 1 WHERE fulfilment IN (SELECT id FROM fulfilments WHERE order_id = ?)`,
			`UPDATE fulfilment_lines SET quantity = quantity + 1 WHERE fulfilment IN (SELECT id FROM fulfilments WHERE order_id = ?)`,
			[]string{"orders.fulfilments_sum_up", "orders.parcels_sum_up"},
		},
		"a lost return": {
			o, `UPDATE return_lines SET received = received - 1 WHERE return_id IN (SELECT id FROM returns WHERE order_id = ?)`,
			`UPDATE return_lines SET received = received + 1 WHERE return_id IN (SELECT id FROM returns WHERE order_id = ?)`,
			[]string{"orders.returns_sum_up"},
		},
		"a return that was not granted": {
			o, `UPDATE orders SET refund_granted = refund_granted - 1 WHERE id = ?`, `UPDATE orders SET refund_granted = refund_granted + 1 WHERE id = ?`,
			[]string{"orders.grants_sum_up"},
		},
		"units that nobody canceled": {
			o, `UPDATE order_lines SET canceled = 1 WHERE order_id = ?`, `UPDATE order_lines SET canceled = 0 WHERE order_id = ?`,
			[]string{"orders.canceled_sums_up", "orders.cancellations_are_granted"},
		},
		"a parcel that did not arrive": {
			o, `UPDATE orders SET delivered = 1 WHERE id = ?`, `UPDATE orders SET delivered = 0 WHERE id = ?`,
			[]string{"orders.delivered_sums_up"},
		},
		"a line that was paid back twice": {
			o, `UPDATE refund_grant_lines SET amount = 4001 WHERE order_id = ?`, `UPDATE refund_grant_lines SET amount = 2000 WHERE order_id = ?`,
			[]string{"orders.grant_lines_sum_up", "orders.line_is_granted_once"},
		},
		"shipping that cost nothing": {
			o, `UPDATE refund_grants SET shipping = 1, amount = amount + 1 WHERE order_id = ?`, `UPDATE refund_grants SET shipping = 0, amount = amount - 1 WHERE order_id = ?`,
			[]string{"orders.grants_sum_up", "orders.shipping_is_granted_once"},
		},
		"a cancellation that was not granted": {
			canceled, `UPDATE orders SET refund_granted = refund_granted - 1 WHERE id = ?`, `UPDATE orders SET refund_granted = refund_granted + 1 WHERE id = ?`,
			[]string{"orders.canceled_is_granted"},
		},
		"a status that nothing made": {
			o, `UPDATE orders SET payment_status = 'voided' WHERE id = ?`, `UPDATE orders SET payment_status = 'paid' WHERE id = ?`,
			[]string{"orders.status_is_derived"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if found := s.violations(o); len(found) > 0 {
				t.Fatalf("before: %v", found)
			}
			if err := s.run(step{ID: test.order, SQL: test.plant}); err != nil {
				t.Fatal(err)
			}
			if found := s.violations(o); !slices.Equal(found, test.want) {
				t.Errorf("found %v, want %v", found, test.want)
			}
			if err := s.run(step{ID: test.order, SQL: test.undo}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestCheckFindsACartThatWasSoldTwice(t *testing.T) {
	s := newShop(t, 1)
	s.stocks("advice", 1000, 0)
	first := s.draft(s.engine.SlotOn(0), wanted{"advice", 1})
	second := s.draft(s.engine.SlotOn(0), wanted{"advice", 1})
	second.Order.Cart = first.Order.Cart
	s.pending(first)
	o := s.pending(second)
	if found := s.violations(o); !slices.Equal(found, []string{"orders.cart_sold_once"}) {
		t.Errorf("found %v", found)
	}
	if err := s.run(step{Do: "cancel", ID: o}); err != nil {
		t.Fatal(err)
	}
	if found := s.violations(o); len(found) > 0 {
		t.Errorf("a canceled order counts: %v", found)
	}
}
