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
	p, err := s.price(ctx, slot, nil, s.reader(slot, r.Cart))
	if err != nil || p.Status != Active {
		return p.Cart, err
	}
	without := p.Problems
	err = p.checkStock(ctx, s, slot)
	if err == nil || !fault.Retryable(err) {
		return p.Cart, err
	}
	p.Problems = without
	for i := range p.Lines { // it may have come to some of them
		p.Lines[i].Backordered, p.Lines[i].ExpectedAt = 0, time.Time{}
	}
	return p.Cart, nil
}

// ActiveOf returns the customer's newest active cart, or a *NotFoundError.
func (s *Service) ActiveOf(ctx context.Context, customer accounts.CustomerID) (Cart, error) {
	slot, err := slotOfCustomer(customer)
	if err != nil {
		return Cart{}, err
	}
	return s.priced(ctx, slot, func(ctx context.Context, asks pricing.Asked) (out snapshot, err error) {
		err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
			cart, found, err := tx.Text(`SELECT id FROM carts WHERE customer = ? AND customer <> '' AND status = 'active' ORDER BY id DESC LIMIT 1`, customer)
			if err == nil && !found {
				err = &NotFoundError{Customer: customer}
			}
			if err != nil {
				return err
			}
			return out.read(tx, ID(cart), asks)
		})
		return out, err
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
	// LastDelivery is the highest number that a delivery has had; FirstDelivery
	// if there was never another.
	LastDelivery int64
}

// GetTx returns a cart, or a *NotFoundError.
func GetTx(tx *sqlite.Tx, cart ID) (Stored, error) {
	rows := tx.One(`SELECT customer, currency, status, order_id, total, version, created_at, updated_at,
		shipping_country, billing_country, external_reference, metadata, private_metadata, shipping_method, frozen,
		contact, contact_subject, held_until, held_for, channel, payment, last_delivery FROM carts WHERE id = ?`, cart)
	if !rows.Next() {
		if err := rows.Close(); err != nil {
			return Stored{}, err
		}
		return Stored{}, &NotFoundError{Cart: cart}
	}
	c := money.Currency(rows.Text(1))
	out := Stored{Contact: rows.Blob(15), ContactSubject: rows.Text(16), HeldUntil: rows.Int64(17), heldFor: rows.Int64(18), LastDelivery: rows.Int64(21), Cart: Cart{
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
	rows := tx.Query(`SELECT sku, variant, title, quantity, unit_price, reason, untracked, n, properties, hold_minutes, hold_at, prices, delivery FROM cart_lines WHERE cart = ?`, cart)
	var out []Line
	for rows.Next() {
		quantity, price := rows.Int64(3), rows.Int64(4)
		properties, err := DecodeProperties(rows.Text(8))
		if err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out = append(out, Line{
			ID: rows.Int64(7), AddedPrice: money.New(price, c),
			SKU: catalog.SKU(rows.Text(0)), Variant: catalog.VariantID(rows.Text(1)), Title: rows.Text(2),
			Quantity: quantity, UnitPrice: money.New(price, c), Total: money.New(quantity*price, c),
			Reason: rows.Text(5), Untracked: rows.Bool(6), Properties: properties, HoldMinutes: rows.Int64(9), HoldAt: inventory.Location(rows.Text(10)),
			Prices: catalog.PriceTax(rows.Text(11)), Delivery: rows.Int64(12),
		})
	}
	// A cart is small: sorting it here costs less than SQLite's sorter.
	slices.SortStableFunc(out, func(a, b Line) int { return cmp.Compare(a.ID, b.ID) })
	return out, rows.Close()
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
