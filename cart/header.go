package cart

import (
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// header is what apply needs of a cart's row, and its changes until save.
type header struct {
	id       ID
	customer accounts.CustomerID
	currency money.Currency
	channel  string
	status   Status
	order    string
	lines    int64
	total    int64
	version  int64

	frozen  string // see Freeze
	touched int64  // ms by the shard's clock, before this command

	heldUntil, heldFor int64 // see reserve
	reheld             bool  // by this command

	lastDelivery int64 // see Stored
}

func newHeader(tx *command.Tx, cart ID, customer accounts.CustomerID, currency money.Currency, channel, reference string) (header, error) {
	_, err := tx.Exec(`INSERT INTO carts (id, slot, customer, currency, status, order_id, lines, total, shipping_method, channel, payment, merge_strategy, frozen, abandoned, expires, created_at, updated_at, touched, version,
		external_reference, metadata, private_metadata, contact, contact_subject, shipping_country, billing_country)
		VALUES (?, ?, ?, ?, 'active', '', 0, 0, '', ?, '', '', '', 0, 0, ?, ?, ?, 0, ?, NULL, NULL, NULL, '', '', '')`,
		cart, tx.Slot, customer, currency, channel, tx.At, tx.At, tx.Clock, reference)
	h := header{id: cart, customer: customer, currency: currency, channel: channel, status: Active, touched: tx.Clock, lastDelivery: FirstDelivery}
	if err != nil {
		return h, err
	}
	return h, h.watch(tx, keepEmpty)
}

func loadHeader(tx *sqlite.Tx, cart ID) (header, error) {
	rows := tx.One(`SELECT customer, currency, status, order_id, lines, total, version, touched, frozen, held_until, held_for, channel, last_delivery FROM carts WHERE id = ?`, cart)
	if !rows.Next() {
		if err := rows.Close(); err != nil {
			return header{}, err
		}
		return header{}, &NotFoundError{Cart: cart}
	}
	h := header{
		id: cart, customer: accounts.CustomerID(rows.Text(0)), currency: money.Currency(rows.Text(1)),
		status: Status(rows.Text(2)), order: rows.Text(3), lines: rows.Int64(4), total: rows.Int64(5), version: rows.Int64(6), touched: rows.Int64(7), frozen: rows.Text(8),
		heldUntil: rows.Int64(9), heldFor: rows.Int64(10), channel: rows.Text(11), lastDelivery: rows.Int64(12),
	}
	return h, rows.Close()
}

// changeable refuses a cart that is not active, not at the wanted version, or
// frozen.
func (h header) changeable(version int64) error {
	switch {
	case h.status != Active:
		return &StatusError{Cart: h.id, Have: h.status, Order: h.order}
	case version != 0 && version != h.version:
		return &VersionError{Cart: h.id, Want: version, Have: h.version}
	case h.frozen != "":
		return &FrozenError{Cart: h.id}
	}
	return nil
}

// plus returns the total with some units more.
func (h header) plus(unitPrice, quantity int64) (int64, error) {
	sum, err := money.New(unitPrice, h.currency).Mul(quantity)
	if err == nil {
		sum, err = sum.Add(money.New(h.total, h.currency))
	}
	if err != nil || sum.Minor() > MaxTotal {
		return 0, &LimitError{Cart: h.id, What: "minor units in total", Max: MaxTotal}
	}
	return sum.Minor(), nil
}

// add puts a line into the cart. The same SKU with the same properties adds
// up, once at the catalog's price and once at each agreed one: what the catalog says of it now is kept,
// and the reason that came first.
func (h *header) add(tx *command.Tx, l AddedLine) error {
	have, found, err := h.find(tx, l)
	if err != nil {
		return err
	}
	if err := h.grow(l, have, found); err != nil {
		return err
	}
	properties, err := EncodeProperties(l.Properties)
	if err != nil {
		return err
	}
	if found {
		_, err = tx.Exec(`UPDATE cart_lines SET quantity = ?, unit_price = ?, prices = ?, variant = ?, title = ?, untracked = ?, hold_minutes = ? WHERE cart = ? AND sku = ? AND agreed = ? AND properties = ? AND delivery = ?`,
			have.quantity+l.Quantity, l.UnitPrice, l.Prices, l.Variant, l.Title, l.Untracked, l.HoldMinutes, h.id, l.SKU, l.agreed(), properties, deliveryOr(l.Delivery))
		return err
	}
	// The version grows with every change, so it orders lines over changes.
	_, err = tx.Exec(`INSERT INTO cart_lines (cart, sku, agreed, unit_price, prices, slot, n, variant, title, quantity, reason, untracked, properties, hold_minutes, hold_at, delivery) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		h.id, l.SKU, l.agreed(), l.UnitPrice, l.Prices, tx.Slot, h.version*MaxLines+h.lines, l.Variant, l.Title, l.Quantity, l.Reason, l.Untracked, properties, l.HoldMinutes, l.HoldAt, deliveryOr(l.Delivery))
	return err
}

// units is how many of a line there are, and at what price.
type units struct {
	quantity, price int64
	elsewhere       int64 // of the same line, in other deliveries
}

// find returns the line that l adds to, if there is one.
func (h *header) find(tx *command.Tx, l AddedLine) (have units, found bool, err error) {
	properties, err := EncodeProperties(l.Properties)
	if err != nil {
		return have, false, err
	}
	rows := tx.One(`SELECT quantity, unit_price FROM cart_lines WHERE cart = ? AND sku = ? AND agreed = ? AND properties = ? AND delivery = ?`, h.id, l.SKU, l.agreed(), properties, deliveryOr(l.Delivery))
	if found = rows.Next(); found {
		have = units{quantity: rows.Int64(0), price: rows.Int64(1)}
	}
	if err := rows.Close(); err != nil || h.lastDelivery == FirstDelivery {
		return have, found, err
	}
	have.elsewhere, _, err = tx.Int64(`SELECT coalesce(sum(quantity), 0) FROM cart_lines WHERE cart = ? AND sku = ? AND agreed = ? AND properties = ? AND delivery <> ?`,
		h.id, l.SKU, l.agreed(), properties, deliveryOr(l.Delivery))
	return have, found, err
}

// grow counts a line in, or refuses it if it does not fit. The units that were
// there cost what the new ones do.
func (h *header) grow(l AddedLine, have units, found bool) error {
	if err := h.fits(l, have.quantity+have.elsewhere, found); err != nil {
		return err
	}
	if !found {
		h.lines++
	}
	h.total -= have.quantity * have.price // a part of the total, so it is in range
	var err error
	h.total, err = h.plus(l.UnitPrice, have.quantity+l.Quantity)
	return err
}

// fits refuses what would outgrow a limit. have is the quantity of the line
// that l adds to, if there is one, over all deliveries: so they can be put
// together again.
func (h header) fits(l AddedLine, have int64, found bool) error {
	switch {
	case have+l.Quantity > MaxQuantity:
		return &LimitError{Cart: h.id, What: "units of one line", Max: MaxQuantity}
	case !found && h.lines >= MaxLines:
		return &LimitError{Cart: h.id, What: "lines", Max: MaxLines}
	}
	return nil
}

// save writes the row back, at the next version.
func (h *header) save(tx *command.Tx) (Receipt, error) {
	if err := h.extend(tx); err != nil {
		return Receipt{}, err
	}
	h.version++
	_, err := tx.Exec(`UPDATE carts SET customer = ?, status = ?, order_id = ?, lines = ?, total = ?, updated_at = ?, touched = ?, version = ? WHERE id = ?`,
		h.customer, h.status, h.order, h.lines, h.total, tx.At, tx.Clock, h.version, h.id)
	return Receipt{Cart: h.id, Version: h.version}, err
}
