package cart

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// Get returns a cart with its lines, totals and problems, or a *NotFoundError.
// What it says of stock is a second old at most.
func (s *Service) Get(ctx context.Context, cart ID) (Cart, error) {
	slot, err := slotOf(cart)
	if err != nil {
		return Cart{}, err
	}
	return s.priced(ctx, slot, s.reader(slot, cart))
}

// Owner returns the customer whose cart it is, "" for a guest's, or a
// *NotFoundError. It never changes, and is cheaper to ask for than the cart.
func (s *Service) Owner(ctx context.Context, cart ID) (accounts.CustomerID, error) {
	h, err := s.header(ctx, cart)
	return h.customer, err
}

// header reads a cart's row.
func (s *Service) header(ctx context.Context, cart ID) (h header, err error) {
	slot, err := slotOf(cart)
	if err != nil {
		return h, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		h, err = loadHeader(tx, cart)
		return err
	})
	return h, err
}

// read returns the cart that a command answered with, as Get does, but without
// what it says of stock if that cannot be read now: the command was carried out,
// and shards that it has nothing to do with must not make it uncertain.
func (s *Service) read(ctx context.Context, r Receipt) (Cart, error) {
	slot, err := slotOf(r.Cart)
	if err != nil {
		return Cart{}, err
	}
	return s.readAfter(ctx, slot, r, nil)
}

// readAfter is read after a change of which it is known what it has changed.
func (s *Service) readAfter(ctx context.Context, slot id.Slot, r Receipt, by *change) (Cart, error) {
	p, err := s.price(ctx, slot, nil, s.readerAfter(slot, r.Cart, by))
	if err != nil {
		return Cart{}, err
	}
	if p.Status != Active {
		return p.Cart, nil
	}
	without := p.Problems
	if err = p.checkStock(ctx, s, slot); err == nil {
		err = p.offerGifts(ctx, s, slot)
	}
	if err == nil || !fault.Retryable(err) {
		return p.Cart, err
	}
	p.Problems, p.Gifts = without, nil
	for i := range p.Lines { // it may have come to some of them
		p.Lines[i].Backordered, p.Lines[i].ExpectedAt = 0, time.Time{}
	}
	return p.Cart, nil
}

// reading returns what reads the cart that a command answered with, which may
// have changed the lines of some SKUs and no others.
func (s *Service) reading(skus ...catalog.SKU) func(context.Context, Receipt) (Cart, error) {
	return func(ctx context.Context, r Receipt) (Cart, error) {
		slot, err := slotOf(r.Cart)
		if err != nil {
			return Cart{}, err
		}
		return s.readAfter(ctx, slot, r, &change{version: r.Version, skus: skus})
	}
}

// ActiveOf returns the customer's newest active cart, or a *NotFoundError.
func (s *Service) ActiveOf(ctx context.Context, customer accounts.CustomerID) (Cart, error) {
	slot, err := slotOfCustomer(customer)
	if err != nil {
		return Cart{}, err
	}
	return s.priced(ctx, slot, func(ctx context.Context, asks pricing.Asked) (*snapshot, error) {
		var out snapshot
		err := s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
			cart, found, err := tx.Text(`SELECT id FROM carts WHERE customer = ? AND customer <> '' AND status = 'active' ORDER BY id DESC LIMIT 1`, customer)
			if err == nil && !found {
				err = &NotFoundError{Customer: customer}
			}
			if err != nil {
				return err
			}
			return out.read(tx, ID(cart), asks, nil)
		})
		return &out, err
	})
}

// Stored is a cart as its shard holds it, for code that runs in apply or reads
// a snapshot: without its lines, and not priced. Subtotal and Total are those
// of the lines at the prices at which they were added.
type Stored struct {
	Cart
	// Contact is sealed under the key of ContactSubject. Both are empty if there
	// is none.
	Contact        seal.Sealed
	ContactSubject string
	// HeldUntil is when what is set aside for it is let go, by the shard's
	// clock; 0 if there is nothing.
	HeldUntil int64
	heldFor   int64
	lineCount int
	// LastDelivery is the highest number that a delivery has had; FirstDelivery
	// if there was never another.
	LastDelivery int64
}

// GetTx returns a cart, or a *NotFoundError.
func GetTx(tx *sqlite.Tx, cart ID) (Stored, error) {
	rows := tx.One(`SELECT customer, currency, status, order_id, total, version, created_at, updated_at,
		shipping_country, billing_country, external_reference, metadata, private_metadata, shipping_method, frozen,
		contact, contact_subject, held_until, held_for, channel, payment, last_delivery, lines FROM carts WHERE id = ?`, cart)
	if !rows.Next() {
		if err := rows.Close(); err != nil {
			return Stored{}, err
		}
		return Stored{}, &NotFoundError{Cart: cart}
	}
	c := money.Currency(rows.Text(1))
	out := Stored{Contact: rows.Blob(15), ContactSubject: rows.Text(16), HeldUntil: rows.Int64(17), heldFor: rows.Int64(18), LastDelivery: rows.Int64(21), lineCount: rows.Int(22), Cart: Cart{
		ID: cart, Customer: accounts.CustomerID(rows.Text(0)), Currency: c, Status: Status(rows.Text(2)), Order: rows.Text(3),
		Subtotal: money.New(rows.Int64(4), c), Total: money.New(rows.Int64(4), c), Version: rows.Int64(5),
		CreatedAt: time.UnixMilli(rows.Int64(6)).UTC(), UpdatedAt: time.UnixMilli(rows.Int64(7)).UTC(),
		ShippingCountry: rows.Text(8), BillingCountry: rows.Text(9),
		ExternalReference: rows.Text(10), Metadata: jsonOf(rows, 11), PrivateMetadata: jsonOf(rows, 12),
		ShippingMethod: rows.Text(13), Frozen: rows.Text(14), Held: rows.Int64(17) > 0,
		Channel: rows.Text(19), Payment: rows.Text(20),
	}}
	return out, rows.Close()
}

// LinesTx returns a cart's lines in the order in which they were added, at the
// prices of then.
func LinesTx(tx *sqlite.Tx, cart ID, c money.Currency) ([]Line, error) {
	return linesTx(tx, cart, c, 0)
}

// linesTx is LinesTx for a cart of which it is known how many lines it has.
func linesTx(tx *sqlite.Tx, cart ID, c money.Currency, count int) ([]Line, error) {
	rows := tx.Query(`SELECT `+lineColumns+` FROM cart_lines WHERE cart = ?`, cart)
	return readLines(rows, c, slices.Grow([]Line(nil), count))
}

// readLines reads lines to the end of rows, in the order in which they were added.
func readLines(rows *sqlite.Rows, c money.Currency, out []Line) ([]Line, error) {
	for rows.Next() {
		out = append(out, Line{})
		if err := out[len(out)-1].readInto(rows, c); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
	}
	return inOrder(out), rows.Close()
}

const lineColumns = `sku, variant, title, quantity, unit_price, reason, untracked, n, properties, hold_minutes, hold_at, prices, delivery`

func (l *Line) readInto(rows *sqlite.Rows, c money.Currency) (err error) {
	l.Quantity = rows.Int64(3)
	l.UnitPrice = money.New(rows.Int64(4), c)
	l.AddedPrice, l.Total = l.UnitPrice, money.New(l.Quantity*l.UnitPrice.Minor(), c)
	l.SKU, l.Variant, l.Title = catalog.SKU(rows.Text(0)), catalog.VariantID(rows.Text(1)), rows.Text(2)
	l.Reason, l.Untracked, l.ID = rows.Text(5), rows.Bool(6), rows.Int64(7)
	l.HoldMinutes, l.HoldAt = rows.Int64(9), inventory.Location(rows.Text(10))
	l.Prices, l.Delivery = catalog.PriceTax(rows.Text(11)), rows.Int64(12)
	l.Properties, err = DecodeProperties(rows.Text(8))
	return err
}

// inOrder brings lines into the order in which they were added. They come by
// SKU: sorting what points at them costs less than SQLite's sorter, and moves
// each line once.
func inOrder(lines []Line) []Line {
	type at struct{ n, i int64 }
	order := make([]at, len(lines))
	for i := range lines {
		order[i] = at{lines[i].ID, int64(i)}
	}
	slices.SortFunc(order, func(a, b at) int { return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.i, b.i)) })
	for i := range order {
		first, to := lines[i], int64(i)
		if order[i].i == to {
			continue
		}
		for { // a cycle of lines that take each other's places
			from := order[to].i
			order[to].i = to
			if from == int64(i) {
				lines[to] = first
				break
			}
			lines[to] = lines[from]
			to = from
		}
	}
	return lines
}

func jsonOf(rows *sqlite.Rows, col int) json.RawMessage {
	if rows.Null(col) {
		return nil
	}
	return json.RawMessage(rows.Text(col))
}

func slotOf(cart ID) (id.Slot, error) {
	if err := id.Check("cart", string(cart)); err != nil {
		return 0, err
	}
	return id.SlotOf(string(cart))
}

func slotOfCustomer(c accounts.CustomerID) (id.Slot, error) {
	if err := id.Check("cus", string(c)); err != nil {
		return 0, err
	}
	return c.Slot()
}
