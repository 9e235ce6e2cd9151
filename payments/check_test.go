package payments_test

import (
	"slices"
	"testing"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/payments"
)

// violated returns the names of the rules that are broken now.
func (s *shop) violated(it sale) []string {
	s.t.Helper()
	var names []string
	s.must(s.engine.View(s.ctx, it.slot, func(tx *sqlite.Tx) error {
		found, err := payments.Module().Check(tx)
		for _, v := range found {
			names = append(names, v.Rule)
		}
		return err
	}))
	slices.Sort(names)
	return slices.Compact(names)
}

// Every rule fires on a planted fault and is silent without it.
func TestChecksFire(t *testing.T) {
	sql := func(text string) func(s *shop, it sale) {
		return func(s *shop, it sale) { s.do(it.slot, &damage{SQL: text}) }
	}
	for rule, plant := range map[string]struct{ fault, repair func(*shop, sale) }{
		"payments.ledger_balance": {
			sql(`INSERT INTO postings (order_id, txn, n, slot, account, currency, amount, at) VALUES ('x', 'x', 1, 0, 'x', 'EUR', 1, 0)`),
			sql(`DELETE FROM postings WHERE order_id = 'x'`)},
		"payments.order_authorized": {sql(`UPDATE orders SET authorized = authorized + 1`), sql(`UPDATE orders SET authorized = authorized - 1`)},
		"payments.order_captured":   {sql(`UPDATE orders SET captured = captured + 1`), sql(`UPDATE orders SET captured = captured - 1`)},
		"payments.order_voided":     {sql(`UPDATE orders SET voided = voided + 1`), sql(`UPDATE orders SET voided = voided - 1`)},
		"payments.order_refunded":   {sql(`UPDATE orders SET refunded = refunded + 1`), sql(`UPDATE orders SET refunded = refunded - 1`)},
		"payments.refund_operations": {
			sql(`UPDATE attempts SET refunded = refunded + 1 WHERE captured > 0`), sql(`UPDATE attempts SET refunded = refunded - 1 WHERE captured > 0`)},
		"payments.money_held": {
			sql(`INSERT INTO postings (order_id, txn, n, slot, account, currency, amount, at)
				SELECT id, 'x', 1, 0, 'provider:x', 'EUR', 1, 0 FROM orders UNION ALL SELECT id, 'x', 2, 0, 'x', 'EUR', -1, 0 FROM orders`),
			sql(`DELETE FROM postings WHERE txn = 'x'`)},
		"payments.sale_booked": {
			sql(`UPDATE orders SET tax = tax + 1, tax_added = tax_added + 1, total = total + 1 WHERE status = 'placed'`), sql(`UPDATE orders SET tax = tax - 1, tax_added = tax_added - 1, total = total - 1 WHERE status = 'placed'`)},
		"payments.canceled_earns_nothing": {
			sql(`UPDATE orders SET status = 'canceled', canceled_at = 1, refund_granted = captured`), sql(`UPDATE orders SET status = 'placed', canceled_at = 0, refund_granted = 0`)},
		"payments.nothing_forgotten": {
			sql(`UPDATE orders SET status = 'canceled', canceled_at = 1`), sql(`UPDATE orders SET status = 'placed', canceled_at = 0`)},
		"payments.payments_make_the_total": {
			sql(`UPDATE orders SET status = 'pending', placed_at = 0, subtotal = subtotal + 1, total = total + 1`),
			sql(`UPDATE orders SET status = 'placed', subtotal = subtotal - 1, total = total - 1`)},
		"payments.attempt_forgotten": {
			func(s *shop, it sale) {
				sql(`UPDATE orders SET status = 'canceled', canceled_at = 1`)(s, it)
				sql(`INSERT INTO attempts SELECT id || 'x', order_id, slot, 9, provider, token, currency, amount, 0, 0, '', 0, 'unknown', '', 0, 0, 0, 0, 0, '', '', '', 0, 0 FROM attempts`)(s, it)
			},
			func(s *shop, it sale) {
				sql(`UPDATE orders SET status = 'placed', canceled_at = 0`)(s, it)
				sql(`DELETE FROM attempts WHERE n = 9`)(s, it)
			}},
		"payments.capture_forgotten": {
			sql(`UPDATE attempts SET auto_capture = 2, captured = 0, state = 'authorized'`),
			sql(`UPDATE attempts SET auto_capture = 1, captured = amount, state = 'captured'`)},
		"payments.refund_forgotten": {
			sql(`UPDATE orders SET refund_granted = 1 WHERE captured > 0`), sql(`UPDATE orders SET refund_granted = 0`)},
		"payments.operation_forgotten": {
			sql(`INSERT INTO operations (attempt, n, order_id, slot, kind, currency, amount, state, provider_id, decline_code, raw_code, reason, retry_at, created_at, updated_at)
				SELECT id, 9, order_id, slot, 'void', 'EUR', 1, 'unknown', '', '', '', '', 0, 0, 0 FROM attempts`),
			sql(`DELETE FROM operations`)},
	} {
		t.Run(rule, func(t *testing.T) {
			s := newShop(t)
			it := s.sell("pm_card_visa", true)
			if got := s.violated(it); len(got) != 0 {
				t.Fatalf("nothing is wrong yet, but %v", got)
			}
			plant.fault(s, it)
			if got := s.violated(it); !slices.Contains(got, rule) {
				t.Errorf("found %v", got)
			}
			plant.repair(s, it)
		})
	}
}

// The tables refuse on their own what no code should ask of them.
func TestTablesRefuse(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa", true)
	for _, sql := range []string{
		`UPDATE attempts SET refunded = captured + 1`,
		`UPDATE attempts SET captured = authorized + 1`,
		`UPDATE attempts SET state = 'declined'`,
		`UPDATE attempts SET state = 'perhaps'`,
		`UPDATE attempts SET amount = 0`,
		`INSERT INTO attempts SELECT id || 'x', order_id, slot, n, provider, token, currency, amount, auto_capture, method, installments, state, provider_id,
			authorized, captured, voided, refunded, decline_code, raw_code, next_action, created_at, updated_at FROM attempts`,
	} {
		if _, err := command.Do[any](s.ctx, s.engine, &damage{SQL: sql}, command.Call{Slot: it.slot}); err == nil {
			t.Errorf("%s went through", sql)
		}
	}
}
