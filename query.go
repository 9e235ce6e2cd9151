package commerce

import (
	"context"
	"errors"
	"iter"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/shard"
)

// Row is one row of a Query.
type Row struct {
	Columns []string // names, shared by all rows of a query
	Values  []any    // int64, float64, string, []byte or nil
}

// Query runs a read-only SQL query over the views that docs/views.md lists,
// each of which shows the rows of all shards. Arguments take the place of
// question marks. It is for reports and for looking things up: every call
// opens a connection of its own, and the shards are read one after the other,
// each at one moment. On a node of several it reads what that node holds, which
// is at least what was written through it, and what Since, Fresh or Stale ask of
// the context.
//
// A statement that is not SQL, would write, or reads anything but these views is
// fault.Invalid. Close waits for a Query that is being read, some seconds. Stores with
// more than eleven shards cannot be queried in this way.
func (s *Store) Query(ctx context.Context, query string, args ...any) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		more, err := s.query(ctx, query, args, func(r Row) bool { return yield(r, nil) })
		if err != nil && more {
			yield(Row{}, err)
		}
	}
}

func (s *Store) query(ctx context.Context, query string, args []any, row func(Row) bool) (more bool, err error) {
	if err := s.engine.usable(); err != nil {
		return true, err
	}
	if !s.queries.enter() {
		return true, fault.New(fault.Unavailable, "the store is closing")
	}
	defer s.queries.leave()
	paths := make([]string, len(s.engine.lanes))
	for i, l := range s.engine.lanes {
		if err := s.engine.await(ctx, l, command.ReadBound{Stale: true, Age: command.OwnWrites}); err != nil {
			return true, err
		}
		paths[i] = l.shard.Path()
	}
	u, err := sqlite.OpenUnion(ctx, paths, views, s.config.vfs)
	if err != nil {
		return true, err
	}
	defer u.Close()
	u.Watch(shard.ReadLimit, s.engine.node.Fail)
	more = true
	var columns []string
	err = u.Query(ctx, query, args, func(r *sqlite.Rows) bool {
		if columns == nil {
			columns = r.Columns()
		}
		values := make([]any, len(columns))
		for i := range values {
			values[i] = r.Value(i)
		}
		more = row(Row{Columns: columns, Values: values})
		return more
	})
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		// The text is about the caller's SQL; its code is that of the file.
		return more, fault.New(fault.Invalid, "the query cannot be run: %s", e.Msg)
	}
	return more, err
}

// views are what Query sees. Amounts are minor units; times are milliseconds
// since 1970 UTC. What is sealed is left out.
var views = []sqlite.View{
	{Name: "products", Query: `SELECT id, handle, title, description, brand, type, seo_title, seo_description, media, attributes, translations, publications, status, external_reference, metadata, private_metadata, version, created_at, updated_at FROM $.products`},
	{Name: "variants", Query: `SELECT id, product, sku, options, untracked, barcodes, attributes, weight_grams, length_mm, width_mm, height_mm, tax_category, components, reserve, hold_minutes, digital, metadata, private_metadata FROM $.variants WHERE removed = 0`},
	{Name: "former_handles", Query: `SELECT product, handle, position FROM $.former_handles`},
	{Name: "catalog_changes", Query: `SELECT subject, version, at, principal, kind, fields FROM $.catalog_changes`},
	{Name: "prices", Query: `SELECT variant, currency, amount, compare_at, since, prior FROM $.prices`},
	{Name: "collections", Query: `SELECT id, handle, title, description, seo_title, seo_description, media, translations, products, rules, any_rule, metadata, private_metadata, version, created_at, updated_at FROM $.collections`},
	{Name: "collected", Query: `SELECT collection, product FROM $.collected`},
	{Name: "product_types", Query: `SELECT id, code, title, attributes, version, created_at, updated_at FROM $.product_types`},
	{Name: "price_history", Query: `SELECT variant, currency, since, until, amount FROM $.price_history`},
	{Name: "price_lists", Query: `SELECT id, code, title, status, starts, ends, groups, channels, markets, priority, sale, discount, prices, version, created_at, updated_at FROM $.price_lists`},
	{Name: "list_prices", Query: `SELECT list, variant, currency, min_quantity, amount FROM $.list_prices`},
	{Name: "categories", Query: `SELECT id, coalesce(parent, '') AS parent, position, handle, title, description, seo_title, seo_description, media, translations, metadata, private_metadata, version, created_at, updated_at FROM $.categories`},
	{Name: "product_categories", Query: `SELECT product, category, position FROM $.product_categories`},
	{Name: "stock", Query: `SELECT pool, sku, on_hand, unallocated, shortage, owed, safety, reorder, backorder, expected_at FROM $.pools WHERE pool LIKE 'var%'`},
	{Name: "allowances", Query: `SELECT pool, sku, available, reserved, shipped, returned FROM $.allowances WHERE pool LIKE 'var%'`},
	{Name: "movements", Query: `SELECT pool, n, kind, quantity, reason, at FROM $.movements`},
	{Name: "transfers", Query: `SELECT id, sku, source, target, sent, received, lost, reference, at FROM $.transfers`},
	{Name: "coupons", Query: `SELECT id, code, promotion, revoked, created_at, updated_at FROM $.coupons`},
	{Name: "redemptions", Query: `SELECT order_id, of, customer, code, amount, at, units FROM $.redemptions`},
	{Name: "tax_exemptions", Query: `SELECT customer, certificate, updated_at FROM $.tax_exemptions`},
	{Name: "customers", Query: `SELECT id, groups, external_reference, metadata, private_metadata, version, erased, created_at, updated_at, email_verified FROM $.customers`},
	{Name: "carts", Query: `SELECT id, customer, currency, status, order_id, lines, total, shipping_method, channel, payment, created_at, updated_at, version, external_reference, metadata, private_metadata FROM $.carts`},
	{Name: "cart_lines", Query: `SELECT cart, n, sku, variant, title, quantity, unit_price, prices, reason, untracked, delivery FROM $.cart_lines`},
	{Name: "cart_deliveries", Query: `SELECT cart, n, shipping_method, country FROM $.cart_deliveries`},
	{Name: "orders", Query: `SELECT id, number, cart, customer, joined, currency, status, payment_status, fulfilment_status, cancel_reason, subtotal, discount, fees, shipping, shipping_tax, tax, tax_included, tax_exempt, tax_added, total, shipping_method, authorized, captured, voided, refund_granted, excess_granted, refunded, units, canceled, shipped, delivered, returned, occurred_at, created_at, placed_at, canceled_at, version, shipping_country, billing_country, digital, external_reference, metadata, private_metadata FROM $.orders`},
	{Name: "order_lines", Query: `SELECT order_id, line, sku, variant, title, quantity, unit_price, total, discount, fees, net, tax, gross, tax_included, reason, parts, digital, canceled, shipped, returned, delivery FROM $.order_lines`},
	{Name: "order_deliveries", Query: `SELECT order_id, n, shipping_method, shipping_name, shipping, shipping_tax, tax_exempt, country FROM $.order_deliveries`},
	{Name: "order_fees", Query: `SELECT order_id, n, line, fee, kind, name, amount, net, tax, gross FROM $.order_fees`},
	{Name: "fulfilments", Query: `SELECT id, order_id, units, status, carrier, tracking, at FROM $.fulfilments`},
	{Name: "returns", Query: `SELECT id, order_id, state, reason, note, payer, requested_at, decided_at, received_at FROM $.returns`},
	{Name: "refunds", Query: `SELECT order_id, n, source, of, state, reason, goods, shipping, fees, other, excess, amount, tax, at, decided_at FROM $.refund_grants`},
	{Name: "downloads", Query: `SELECT order_id, line, file, used, first_at, last_at FROM $.download_counts`},
	{Name: "documents", Query: `SELECT id, order_id, kind, of, grant_n, number, issued_at, order_number, currency, tax_included, net, tax, gross, reason, supplied_at, payable_until, at FROM $.documents`},
	{Name: "document_lines", Query: `SELECT document, n, kind, line, sku, title, quantity, unit_price, net, tax, gross, delivery FROM $.document_lines`},
	{Name: "payments", Query: `SELECT id, order_id, n, provider, currency, amount, state, authorized, captured, voided, refunded, decline_code, created_at, updated_at, method, installments, further FROM $.attempts`},
	{Name: "discrepancies", Query: `SELECT provider, key, kind, provider_id, order_id, currency, ours, theirs, found_at, cleared_at, note FROM $.discrepancies`},
	{Name: "balances", Query: `SELECT id, kind, customer, last4, currency, issued, held, spent, expires_at, disabled, order_id, sold, created_at, updated_at FROM $.balances`},
	{Name: "gift_cards", Query: `SELECT order_id, line, unit, balance, last4, amount, state, reason, at FROM $.sold_cards`},
	{Name: "postings", Query: `SELECT order_id, txn, n, account, currency, amount, at FROM $.postings`},
	{Name: "endpoints", Query: `SELECT id, description, kinds, disabled, position, failing_since, version, created_at, updated_at FROM $.endpoints`},
	{Name: "deliveries", Query: `SELECT endpoint, n, message, kind, subject, outcome, attempt, status, error, millis, at FROM $.deliveries`},
	{Name: "search_rules", Query: `SELECT locale, query, pins, buries, boosts, redirect, version, updated_at FROM $.search_rules`},
	{Name: "search_vocabularies", Query: `SELECT locale, synonyms, stop_words, version, updated_at FROM $.search_vocabularies`},
	{Name: "search_misses", Query: `SELECT locale, text, count, last_at FROM $.search_misses`},
	{Name: "notes", Query: `SELECT subject, external_reference, metadata, private_metadata FROM $.notes`},
	{Name: "trail", Query: `SELECT (SELECT shard FROM $.meta) AS shard, seq, at, principal, kind, refused, first_event, events, lower(hex(hash)) AS hash FROM $.trail`},
	{Name: "events", Query: `SELECT seq, at, kind, subject, data FROM $.outbox`},
}
