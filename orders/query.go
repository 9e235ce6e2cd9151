package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

// Get returns an order with its lines, or a *NotFoundError.
func (s *Service) Get(ctx context.Context, o ID) (Order, error) {
	slot, err := slotOf(o)
	if err != nil {
		return Order{}, err
	}
	var out Order
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		if out, err = GetTx(tx, o); err != nil {
			return err
		}
		out.Lines, err = LinesTx(tx, o, out.Currency)
		return err
	})
	return out, err
}

// Filter selects orders. The zero Filter selects all of them.
type Filter struct {
	Customer accounts.CustomerID
	Status   Status
	After    ID  // only orders that sort after this one
	Limit    int // 0 is no limit
}

// All returns the orders that a filter selects, in the order of their IDs and
// so about that of their making. They come without lines. An order that is
// being made while the listing runs may be missed; a feed of all there are is
// Store.Events.
func (s *Service) All(ctx context.Context, f Filter) iter.Seq2[Order, error] {
	return func(yield func(Order, error) bool) {
		pages, err := s.pages(f)
		if err != nil {
			yield(Order{}, err)
			return
		}
		for n := 0; f.Limit == 0 || n < f.Limit; n++ {
			o, ok, err := smallest(ctx, pages)
			if err != nil {
				yield(Order{}, err)
				return
			}
			if !ok || !yield(o, nil) {
				return
			}
		}
	}
}

// pages returns one page for each shard that may hold what the filter selects.
func (s *Service) pages(f Filter) ([]*page, error) {
	size := pageSize
	if f.Limit > 0 {
		size = min(size, f.Limit)
	}
	if f.Customer != "" {
		slot, err := f.Customer.Slot()
		return []*page{{service: s, filter: f, slot: slot, after: f.After, size: size}}, err
	}
	pages := make([]*page, s.engine.Shards())
	for i := range pages {
		pages[i] = &page{service: s, filter: f, slot: s.engine.SlotOn(i), after: f.After, size: size}
	}
	return pages, nil
}

// A page reads one shard's part of a listing, a few orders at a time.
type page struct {
	service *Service
	filter  Filter
	slot    id.Slot
	after   ID
	size    int // rows to read at once
	rows    []Order
	done    bool
}

const pageSize = 100

func (p *page) fill(ctx context.Context) error {
	if len(p.rows) > 0 || p.done {
		return nil
	}
	err := p.service.engine.View(ctx, p.slot, func(tx *sqlite.Tx) error {
		q, args := selectOrder+` WHERE id > ?`, []any{p.after}
		if p.filter.Customer != "" {
			q, args = q+` AND customer = ? AND customer <> ''`, append(args, p.filter.Customer)
		}
		if p.filter.Status != "" {
			q, args = q+` AND status = ?`, append(args, p.filter.Status)
		}
		rows := tx.Query(q+` ORDER BY id LIMIT ?`, append(args, p.size)...)
		for rows.Next() {
			p.rows = append(p.rows, scanOrder(rows))
		}
		return rows.Close()
	})
	if err != nil {
		return fmt.Errorf("listing orders: %w", err)
	}
	if p.done = len(p.rows) < p.size; len(p.rows) > 0 {
		p.after = p.rows[len(p.rows)-1].ID
	}
	return nil
}

// smallest takes the next order of a k-way merge.
func smallest(ctx context.Context, pages []*page) (Order, bool, error) {
	var least *page
	for _, p := range pages {
		if err := p.fill(ctx); err != nil {
			return Order{}, false, err
		}
		if len(p.rows) > 0 && (least == nil || p.rows[0].ID < least.rows[0].ID) {
			least = p
		}
	}
	if least == nil {
		return Order{}, false, nil
	}
	o := least.rows[0]
	least.rows = least.rows[1:]
	return o, true, nil
}

const selectOrder = `SELECT id, cart, customer, currency, status, payment_status, fulfilment_status, cancel_reason,
	subtotal, discount, shipping, tax, total, authorized, captured, voided, refund_granted, refunded,
	units, shipped, returned, occurred_at, created_at, placed_at, canceled_at, version,
	shipping_country, billing_country, external_reference, metadata, private_metadata, due FROM orders`

// GetTx returns an order without its lines, or a *NotFoundError.
func GetTx(tx *sqlite.Tx, o ID) (Order, error) {
	rows := tx.One(selectOrder+` WHERE id = ?`, o)
	if !rows.Next() {
		if err := rows.Close(); err != nil {
			return Order{}, err
		}
		return Order{}, &NotFoundError{Order: o}
	}
	out := scanOrder(rows)
	return out, rows.Close()
}

func scanOrder(r *sqlite.Rows) Order {
	c := money.Currency(r.Text(3))
	amount := func(col int) money.Amount { return money.New(r.Int64(col), c) }
	return Order{
		ID: ID(r.Text(0)), Cart: r.Text(1), Customer: accounts.CustomerID(r.Text(2)), Currency: c,
		Status: Status(r.Text(4)), PaymentStatus: PaymentStatus(r.Text(5)), FulfilmentStatus: FulfilmentStatus(r.Text(6)), CancelReason: r.Text(7),
		Subtotal: amount(8), Discount: amount(9), Shipping: amount(10), Tax: amount(11), Total: amount(12),
		Authorized: amount(13), Captured: amount(14), Voided: amount(15), RefundGranted: amount(16), Refunded: amount(17),
		Units: r.Int64(18), Shipped: r.Int64(19), Returned: r.Int64(20),
		OccurredAt: instant(r.Int64(21)), CreatedAt: instant(r.Int64(22)), PlacedAt: instant(r.Int64(23)), CanceledAt: instant(r.Int64(24)),
		Version: r.Int64(25), ShippingCountry: r.Text(26), BillingCountry: r.Text(27),
		ExternalReference: r.Text(28), Metadata: jsonOf(r, 29), PrivateMetadata: jsonOf(r, 30), Due: r.Int64(31),
	}
}

// LinesTx returns an order's lines in order.
func LinesTx(tx *sqlite.Tx, o ID, c money.Currency) ([]Line, error) {
	rows := tx.Query(`SELECT line, sku, variant, pool, title, quantity, unit_price, total, reason, shipped, returned
		FROM order_lines WHERE order_id = ? ORDER BY line`, o)
	var out []Line
	for rows.Next() {
		out = append(out, Line{
			Number: rows.Int(0), SKU: catalog.SKU(rows.Text(1)), Variant: catalog.VariantID(rows.Text(2)), Pool: inventory.PoolID(rows.Text(3)),
			Title: rows.Text(4), Quantity: rows.Int64(5), UnitPrice: money.New(rows.Int64(6), c), Total: money.New(rows.Int64(7), c),
			Reason: rows.Text(8), Shipped: rows.Int64(9), Returned: rows.Int64(10),
		})
	}
	return out, rows.Close()
}

func jsonOf(r *sqlite.Rows, col int) json.RawMessage {
	if r.Null(col) {
		return nil
	}
	return json.RawMessage(r.Text(col))
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func slotOf(o ID) (id.Slot, error) {
	if err := id.Check("ord", string(o)); err != nil {
		return 0, fault.Wrap(fault.Invalid, err, "order")
	}
	return id.SlotOf(string(o))
}
