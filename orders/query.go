package orders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/listing"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
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
		if out.Lines, err = LinesTx(tx, o, out.Currency); err == nil {
			out.Fees, err = FeesTx(tx, out)
		}
		if err == nil {
			out.Deliveries, err = DeliveriesTx(tx, out)
		}
		return err
	})
	return out, err
}

// read returns the order that a command answered with.
func (s *Service) read(ctx context.Context, r Receipt) (Order, error) { return s.Get(ctx, r.Order) }

// Filter selects orders. The zero Filter selects all of them.
type Filter struct {
	// Customer selects what they bought, and what they bought as a guest before,
	// if it was joined to their account: see JoinGuests.
	Customer accounts.CustomerID
	Status   Status
	// Overdue selects those that are on terms and unpaid a day after they were to
	// be paid.
	Overdue bool
	After   ID  // only orders that sort after this one
	Limit   int // 0 is no limit

	joined bool // Customer has asked for orders of guests
}

// All returns the orders that a filter selects, in the order of their IDs and
// so about that of their making. They come without lines. An order that is
// being made while the listing runs may be missed; a feed of all there are is
// Store.Events.
func (s *Service) All(ctx context.Context, f Filter) iter.Seq2[Order, error] {
	list := listing.List[Order]{
		Engine: s.engine, After: string(f.After), Limit: f.Limit,
		Page: func(tx *sqlite.Tx, after string, limit int) ([]Order, error) {
			return f.page(tx, s.engine.Now().Add(-grace), after, limit)
		}, Key: func(o Order) string { return string(o.ID) },
	}
	return func(yield func(Order, error) bool) {
		if f.Customer != "" { // all that they bought themselves is at home
			slot, joined, err := s.hasJoined(ctx, f.Customer)
			if err != nil {
				yield(Order{}, fmt.Errorf("listing orders: %w", err))
				return
			}
			if f.joined = joined; !joined {
				list.Slots = []id.Slot{slot}
			}
		}
		for o, err := range list.All(ctx) {
			if err != nil {
				yield(Order{}, fmt.Errorf("listing orders: %w", err))
				return
			}
			if !yield(o, nil) {
				return
			}
		}
	}
}

// OfCustomer returns the orders of a customer without lines, the newest first: at
// most limit, of those that sort before one; "" is all of them. Those are among
// them that they placed as a guest and that were joined to their account.
func (s *Service) OfCustomer(ctx context.Context, customer accounts.CustomerID, before ID, limit int) (out []Order, err error) {
	slot, joined, err := s.hasJoined(ctx, customer)
	if err != nil {
		return nil, err
	}
	if before == "" {
		before = "ord_~" // behind all IDs
	}
	out, err = s.newest(ctx, slot, ` WHERE customer = ? AND customer <> '' AND id < ? ORDER BY id DESC LIMIT ?`, customer, before, limit)
	for shard := 0; joined && err == nil && shard < s.engine.Shards(); shard++ {
		var more []Order
		more, err = s.newest(ctx, s.engine.SlotOn(shard), ` WHERE joined = ? AND joined <> '' AND id < ? ORDER BY id DESC LIMIT ?`, customer, before, limit)
		out = append(out, more...)
	}
	if err != nil {
		return nil, fmt.Errorf("listing the orders of customer %s: %w", customer, err)
	}
	slices.SortFunc(out, func(a, b Order) int { return strings.Compare(string(b.ID), string(a.ID)) })
	return out[:min(limit, len(out))], nil
}

func (s *Service) newest(ctx context.Context, slot id.Slot, where string, args ...any) (out []Order, err error) {
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		out = nil
		rows := tx.Query(selectOrder+where, args...)
		for err == nil && rows.Next() {
			var o Order
			o, err = scanOrder(rows)
			out = append(out, o)
		}
		return errors.Join(err, rows.Close())
	})
	return out, err
}

func (f Filter) page(tx *sqlite.Tx, late time.Time, after string, limit int) (page []Order, err error) {
	q, args := selectOrder+` WHERE id > ?`, []any{after}
	switch {
	case f.Customer != "" && f.joined:
		q, args = q+` AND (customer = ? AND customer <> '' OR joined = ? AND joined <> '')`, append(args, f.Customer, f.Customer)
	case f.Customer != "":
		q, args = q+` AND customer = ? AND customer <> ''`, append(args, f.Customer)
	}
	if f.Status != "" {
		q, args = q+` AND status = ?`, append(args, f.Status)
	}
	if f.Overdue {
		q, args = q+` AND payment_due < ? AND status = 'placed' AND `+owing, append(args, millis(late))
	}
	rows := tx.Query(q+` ORDER BY id LIMIT ?`, append(args, limit)...)
	for rows.Next() && err == nil {
		var o Order
		o, err = scanOrder(rows)
		page = append(page, o)
	}
	return page, errors.Join(err, rows.Close())
}

// selectOrder and selectHead read the columns of scanOrder.
const (
	selectOrder = orderColumns1 + `taxes` + orderColumns2 + `promotions` + orderColumns3 + `passed_over FROM orders`
	selectHead  = orderColumns1 + `NULL` + orderColumns2 + `NULL` + orderColumns3 + `NULL FROM orders`

	orderColumns1 = `SELECT id, cart, customer, currency, status, payment_status, fulfilment_status, cancel_reason,
	subtotal, discount, shipping, tax, total, authorized, captured, voided, refund_granted, refunded,
	units, shipped, returned, occurred_at, created_at, placed_at, canceled_at, version,
	shipping_country, billing_country, external_reference, metadata, private_metadata, due,
	tax_included, shipping_tax, `
	orderColumns2 = `, shipping_method, shipping_name, `
	orderColumns3 = `, number, canceled, delivered,
	fees, own_fees, own_fees_tax, tax_added, tax_exempt, digital, excess_granted, split, coalesce(terms, ''), coalesce(payment_due, 0), coalesce(overdue_at, 0), on_terms, joined, `
)

// GetTx returns an order without its lines, or a *NotFoundError.
func GetTx(tx *sqlite.Tx, o ID) (Order, error) { return orderTx(tx, selectOrder+` WHERE id = ?`, o) }

// HeadTx is GetTx without the Taxes, Promotions and PassedOver of an order, which
// grow with its lines: for what its money and its states are about. It may be
// changed and saved.
func HeadTx(tx *sqlite.Tx, o ID) (Order, error) { return orderTx(tx, selectHead+` WHERE id = ?`, o) }

func orderTx(tx *sqlite.Tx, query string, o ID) (Order, error) {
	rows := tx.One(query, o)
	if !rows.Next() {
		if err := rows.Close(); err != nil {
			return Order{}, err
		}
		return Order{}, &NotFoundError{Order: o}
	}
	out, err := scanOrder(rows)
	return out, errors.Join(err, rows.Close())
}

func scanOrder(r *sqlite.Rows) (Order, error) {
	c := money.Currency(r.Text(3))
	amount := func(col int) money.Amount { return money.New(r.Int64(col), c) }
	taxes, err := decodeList[pricing.TaxSum](r.Blob(34))
	if err != nil {
		return Order{}, fmt.Errorf("reading the taxes of order %s: %w", r.Text(0), err)
	}
	promotions, err := decodeList[pricing.Applied](r.Blob(37))
	if err != nil {
		return Order{}, fmt.Errorf("reading the promotions of order %s: %w", r.Text(0), err)
	}
	number := r.Text(38)
	if number == "" {
		number = ID(r.Text(0)).Number()
	}
	passed, err := decodeList[pricing.PassedOver](r.Blob(54))
	if err != nil {
		return Order{}, fmt.Errorf("reading what order %s was not reduced by: %w", r.Text(0), err)
	}
	return Order{
		ID: ID(r.Text(0)), Number: number, Cart: r.Text(1), Customer: accounts.CustomerID(r.Text(2)), Currency: c,
		Status: Status(r.Text(4)), PaymentStatus: PaymentStatus(r.Text(5)), FulfilmentStatus: FulfilmentStatus(r.Text(6)), CancelReason: r.Text(7),
		Subtotal: amount(8), Discount: amount(9), Shipping: amount(10), Tax: amount(11), Total: amount(12),
		Authorized: amount(13), Captured: amount(14), Voided: amount(15), RefundGranted: amount(16), Refunded: amount(17),
		Units: r.Int64(18), Shipped: r.Int64(19), Returned: r.Int64(20), Canceled: r.Int64(39), Delivered: r.Int64(40),
		OccurredAt: instant(r.Int64(21)), CreatedAt: instant(r.Int64(22)), PlacedAt: instant(r.Int64(23)), CanceledAt: instant(r.Int64(24)),
		Version: r.Int64(25), ShippingCountry: r.Text(26), BillingCountry: r.Text(27),
		ExternalReference: r.Text(28), Metadata: jsonOf(r, 29), PrivateMetadata: jsonOf(r, 30), Due: r.Int64(31),
		TaxIncluded: r.Bool(32), ShippingTax: amount(33), Taxes: taxes, Promotions: promotions, PassedOver: passed, ShippingMethod: r.Text(35), ShippingName: r.Text(36),
		FeeTotal: amount(41), OwnFees: amount(42), OwnFeesTax: amount(43), TaxAdded: amount(44), TaxExempt: r.Text(45), Digital: r.Bool(46), ExcessGranted: amount(47), Split: r.Bool(48),
		Terms: r.Text(49), OnTerms: amount(52), Joined: accounts.CustomerID(r.Text(53)), PaymentDueAt: instant(r.Int64(50)), OverdueAt: instant(r.Int64(51)),
	}, nil
}

// FeesTx returns the fees of an order in order, without a query if it has none.
func FeesTx(tx *sqlite.Tx, o Order) ([]Fee, error) {
	if o.FeeTotal.IsZero() {
		return nil, nil
	}
	rows := tx.Query(`SELECT n, fee, kind, name, line, amount, net, tax, gross FROM order_fees WHERE order_id = ? ORDER BY n`, o.ID)
	amount := func(col int) money.Amount { return money.New(rows.Int64(col), o.Currency) }
	var out []Fee
	for rows.Next() {
		out = append(out, Fee{
			Number: rows.Int(0), Fee: rows.Text(1), Kind: pricing.FeeKind(rows.Text(2)), Name: rows.Text(3), Line: rows.Int(4),
			Amount: amount(5), Net: amount(6), Tax: amount(7), Gross: amount(8),
		})
	}
	return out, rows.Close()
}

// LinesTx returns an order's lines in order.
func LinesTx(tx *sqlite.Tx, o ID, c money.Currency) ([]Line, error) {
	rows := tx.Query(`SELECT line, sku, variant, pool, title, quantity, unit_price, total, reason, shipped, returned, discount, net, tax, gross, properties, parts, canceled, fees, tax_included, digital, delivery, price_by
		FROM order_lines WHERE order_id = ? ORDER BY line`, o)
	var out []Line
	amount := func(col int) money.Amount { return money.New(rows.Int64(col), c) }
	for rows.Next() {
		properties, err := cart.DecodeProperties(rows.Text(15))
		if err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		parts, err := decodeParts(rows.Text(16))
		if err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		digital, err := catalog.DecodeDigital(rows.Text(20))
		if err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out = append(out, Line{
			Properties: properties, Parts: parts, Digital: digital,
			Number: rows.Int(0), SKU: catalog.SKU(rows.Text(1)), Variant: catalog.VariantID(rows.Text(2)), Pool: inventory.PoolID(rows.Text(3)),
			Title: rows.Text(4), Quantity: rows.Int64(5), UnitPrice: amount(6), Total: amount(7),
			Discount: amount(11), Net: amount(12), Tax: amount(13), Gross: amount(14),
			Reason: rows.Text(8), Shipped: rows.Int64(9), Returned: rows.Int64(10), Canceled: rows.Int64(17),
			Fees: amount(18), TaxIncluded: rows.Bool(19), Delivery: rows.Int(21), PriceBy: rows.Text(22),
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
