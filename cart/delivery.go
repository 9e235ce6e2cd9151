package cart

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/subject"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// FirstDelivery is the delivery that every cart has: it goes to the contact's
// shipping address by the cart's own method. Others are made by SetDelivery.
const FirstDelivery = 1

// MaxDeliveries bounds the deliveries of one cart, the first included.
const MaxDeliveries = pricing.MaxDeliveries

// Delivery is one of several places that the goods of a cart go to.
type Delivery struct {
	ID             int64  // names it in its cart, from 1, as long as it is there
	Country        string // of its address; "" if it is not known
	ShippingMethod string // the one that was chosen; "" if none
	Lines          []int64
	// Shipping is what it costs to send, after discounts and as prices are, with
	// tax or without. Tax is what is due on it.
	Shipping, Tax money.Amount
	TaxExempt     string // the certificate by which no tax is due there; "" if it is
	// Offers are the methods that there are for its address and its goods, with
	// the days on which they should arrive, or why they are not offered.
	Offers []ShippingOffer
}

// StoredDelivery is a delivery that is not the first, as its shard holds it.
type StoredDelivery struct {
	ID      int64
	Method  string
	Country string
	// Address is sealed under the key of Subject. Both are empty if there is none.
	Address seal.Sealed
	Subject string
}

// DeliveriesTx returns the deliveries of a cart beside the first. A cart whose
// LastDelivery is FirstDelivery has none.
func DeliveriesTx(tx *sqlite.Tx, cart ID) ([]StoredDelivery, error) {
	rows := tx.Query(`SELECT n, shipping_method, country, address, subject FROM cart_deliveries WHERE cart = ? ORDER BY n`, cart)
	var out []StoredDelivery
	for rows.Next() {
		out = append(out, StoredDelivery{ID: rows.Int64(0), Method: rows.Text(1), Country: rows.Text(2), Address: rows.Blob(3), Subject: rows.Text(4)})
	}
	return out, rows.Close()
}

// deliveryField names the address of a delivery to the seal, in carts and in
// orders.
const deliveryField = "delivery"

// OpenAddress opens the address of a StoredDelivery, or a copy of it. It reports
// erased, and no error, if the key was deleted.
func OpenAddress(ctx context.Context, e command.Engine, sealer *seal.Sealer, slot id.Slot, owner string, sealed seal.Sealed) (a accounts.Address, erased bool, err error) {
	key, _, isNew, err := subject.Key(ctx, e, sealer, slot, owner)
	if _, gone := errors.AsType[*subject.ErasedError](err); gone {
		return a, true, nil
	}
	if err != nil {
		return a, false, err
	}
	if isNew {
		return a, false, fault.New(fault.Broken, "an address of %s is sealed and its data key is missing", owner)
	}
	plain, err := sealer.Open(key, owner, deliveryField, sealed)
	if err != nil {
		return a, false, err
	}
	var b addressBlob
	if err := command.Unmarshal(plain, &b); err != nil {
		return a, false, fault.Wrap(fault.Broken, err, "reading an address")
	}
	return b.address(), false, nil
}

// SealAddress seals an address that is to take the place of a StoredDelivery's,
// or of a copy's, under the key that owner has. It returns fault.Refused if the
// person was erased.
func SealAddress(ctx context.Context, e command.Engine, sealer *seal.Sealer, slot id.Slot, owner string, a accounts.Address) (seal.Sealed, error) {
	plain, err := command.Marshal(blobOf(a))
	if err != nil {
		return nil, err
	}
	return sealUnder(ctx, e, sealer, slot, owner, deliveryField, plain)
}

// DeliveryAddress is where one delivery goes, in the clear.
type DeliveryAddress struct {
	Delivery int64
	Address  accounts.Address
	Erased   bool // with the person: all but the country is empty for good
}

// DeliveryAddresses returns where the deliveries of a cart go beside the first,
// which goes to the contact's address. It returns a *NotFoundError if there is
// no such cart.
func (s *Service) DeliveryAddresses(ctx context.Context, cart ID) ([]DeliveryAddress, error) {
	slot, err := slotOf(cart)
	if err != nil {
		return nil, err
	}
	var stored []StoredDelivery
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		c, err := GetTx(tx, cart)
		if err == nil && c.LastDelivery > FirstDelivery {
			stored, err = DeliveriesTx(tx, cart)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return OpenDeliveries(ctx, s.engine, s.sealer, slot, stored)
}

// OpenDeliveries opens the addresses of deliveries, or of copies of them.
func OpenDeliveries(ctx context.Context, e command.Engine, sealer *seal.Sealer, slot id.Slot, stored []StoredDelivery) ([]DeliveryAddress, error) {
	var out []DeliveryAddress
	for _, d := range stored {
		a := DeliveryAddress{Delivery: d.ID}
		if d.Subject != "" {
			var err error
			if a.Address, a.Erased, err = OpenAddress(ctx, e, sealer, slot, d.Subject, d.Address); err != nil {
				return nil, err
			}
		}
		a.Address.Country = d.Country
		out = append(out, a)
	}
	return out, nil
}

// hasDelivery refuses a delivery that the cart does not have. 0 is the first.
func (h header) hasDelivery(tx *command.Tx, n int64) error {
	if n <= FirstDelivery {
		return nil
	}
	_, found, err := tx.Int64(`SELECT 1 FROM cart_deliveries WHERE cart = ? AND n = ?`, h.id, n)
	if err == nil && !found {
		err = &NotFoundError{Cart: h.id, Delivery: n}
	}
	return err
}

// deliveryOr returns the number of a delivery that a command names.
func deliveryOr(n int64) int64 { return max(n, FirstDelivery) }

// move brings units of a line to another delivery: to the line there that is
// alike, whose price they get, or as a line of their own. It returns a
// *LimitError if the cart would outgrow one.
func (h *header) move(tx *command.Tx, l placedLine, to, quantity int64) error {
	if l.delivery == to {
		return nil
	}
	rows := tx.One(`SELECT n, quantity, unit_price FROM cart_lines WHERE cart = ? AND sku = ? AND agreed = ? AND properties = ? AND delivery = ?`,
		h.id, l.sku, l.agreed, l.properties, to)
	found := rows.Next()
	at, have, price := int64(0), int64(0), int64(0)
	if found {
		at, have, price = rows.Int64(0), rows.Int64(1), rows.Int64(2)
	}
	if err := rows.Close(); err != nil {
		return err
	}
	all := quantity == l.quantity
	if all && !found {
		_, err := tx.Exec(`UPDATE cart_lines SET delivery = ? WHERE cart = ? AND sku = ? AND n = ?`, to, h.id, l.sku, l.n)
		return err
	}
	if found {
		if err := h.recount(quantity, l.price, price); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE cart_lines SET quantity = ? WHERE cart = ? AND sku = ? AND n = ?`, have+quantity, h.id, l.sku, at); err != nil {
			return err
		}
	} else if err := h.split(tx, l, to, quantity); err != nil {
		return err
	}
	if all {
		h.lines--
		_, err := tx.Exec(`DELETE FROM cart_lines WHERE cart = ? AND sku = ? AND n = ?`, h.id, l.sku, l.n)
		return err
	}
	_, err := tx.Exec(`UPDATE cart_lines SET quantity = ? WHERE cart = ? AND sku = ? AND n = ?`, l.quantity-quantity, h.id, l.sku, l.n)
	return err
}

// recount has units count at another price.
func (h *header) recount(quantity, was, is int64) (err error) {
	h.total -= quantity * was // a part of the total, so it is in range
	h.total, err = h.plus(is, quantity)
	return err
}

// split makes a line of some units of another one, in another delivery.
func (h *header) split(tx *command.Tx, l placedLine, to, quantity int64) error {
	if h.lines >= MaxLines {
		return &LimitError{Cart: h.id, What: "lines", Max: MaxLines}
	}
	_, err := tx.Exec(`INSERT INTO cart_lines (cart, sku, agreed, unit_price, prices, slot, n, variant, title, quantity, reason, untracked, properties, hold_minutes, hold_at, delivery)
		SELECT cart, sku, agreed, unit_price, prices, slot, ?, variant, title, ?, reason, untracked, properties, hold_minutes, hold_at, ? FROM cart_lines WHERE cart = ? AND sku = ? AND n = ?`,
		h.version*MaxLines+h.lines, quantity, to, h.id, l.sku, l.n)
	h.lines++
	return err
}

// placedLine is a line as its row has it, with what tells it apart.
type placedLine struct {
	n, quantity, price, agreed, delivery int64
	sku, properties                      string
}

// placed returns the lines of the cart that where selects, in their order.
func (h *header) placed(tx *command.Tx, where string, arg int64) ([]placedLine, error) {
	rows := tx.Query(`SELECT n, quantity, unit_price, agreed, delivery, sku, properties FROM cart_lines WHERE cart = ? AND `+where+` ORDER BY n`, h.id, arg)
	var out []placedLine
	for rows.Next() {
		out = append(out, placedLine{rows.Int64(0), rows.Int64(1), rows.Int64(2), rows.Int64(3), rows.Int64(4), rows.Text(5), rows.Text(6)})
	}
	return out, rows.Close()
}

// rehold sets goods aside anew after lines have moved.
func (h *header) rehold(tx *command.Tx) error {
	if h.heldFor == 0 {
		return nil
	}
	return h.reserve(tx, nil)
}

// addDeliveries puts the places of a snapshot into what is to be priced.
func (s *Service) addDeliveries(ctx context.Context, slot id.Slot, rules *pricing.Rules, from *snapshot, in *pricing.Input) error {
	for i := range from.deliveries {
		d := &from.deliveries[i]
		to := pricing.Delivery{Address: pricing.Address{Country: d.Country}, Method: d.Method}
		if d.Subject != "" && from.needsAddress(rules, d.Country) {
			a, _, err := OpenAddress(ctx, s.engine, s.sealer, slot, d.Subject, d.Address)
			if err != nil {
				return err
			}
			d.lacks = lacking(rules, a)
			to.Address.Region, to.Address.Postcode = a.Region.Reveal(), a.Postcode.Reveal()
		}
		to.TaxExempt = from.exemption(rules, to.Address, in.At)
		in.More = append(in.More, to)
	}
	return nil
}

// placeOf returns the position of a delivery: 0 is the first, i the i-th of
// the others.
func (p *Priced) placeOf(delivery int64) (int, error) {
	if delivery == FirstDelivery {
		return 0, nil
	}
	i := slices.IndexFunc(p.more, func(d further) bool { return d.ID == delivery })
	if i < 0 {
		return 0, fault.New(fault.Broken, "cart %s has a line in delivery %d, which it does not have", p.ID, delivery)
	}
	return i + 1, nil
}

// fillDeliveries lists the deliveries, if there are several.
func (p *Priced) fillDeliveries() {
	if len(p.more) == 0 {
		return
	}
	p.Deliveries = make([]Delivery, 1+len(p.more))
	for i := range p.Deliveries {
		d := Delivery{ID: FirstDelivery, Country: p.ShippingCountry, ShippingMethod: p.ShippingMethod, TaxExempt: p.Input.TaxExempt}
		shipping, offers := &p.Quote.Shipping, p.Quote.Offers
		if i > 0 {
			from := &p.Quote.More[i-1]
			d = Delivery{ID: p.more[i-1].ID, Country: p.more[i-1].Country, ShippingMethod: p.more[i-1].Method, TaxExempt: from.TaxExempt}
			shipping, offers = &from.Shipping, from.Offers
		}
		d.Shipping, d.Tax = money.New(shipping.Amount, p.Currency), money.New(shipping.Tax, p.Currency)
		if p.ships[i] {
			d.Offers = shownOffers(offers, p.Currency)
		}
		for j := range p.Lines {
			if p.Lines[j].Delivery == d.ID {
				d.Lines = append(d.Lines, p.Lines[j].ID)
			}
		}
		p.Deliveries[i] = d
	}
}

// requireOf notes what is missing of one delivery before the cart can be bought.
func (p *Priced) requireOf(place int) {
	prefix, country, method, reason, lacks, n := Requirement(""), p.ShippingCountry, p.ShippingMethod, p.Quote.Shipping.Reason, p.lacks, int64(0)
	if place > 0 {
		d := &p.more[place-1]
		n, country, method, reason, lacks = d.ID, d.Country, d.Method, p.Quote.More[place-1].Shipping.Reason, d.lacks
		prefix = Requirement("deliveries." + strconv.FormatInt(n, 10) + ".")
	}
	if country == "" {
		p.Requirements = append(p.Requirements, prefix+NeedsAddress)
	}
	for _, field := range lacks {
		p.Requirements = append(p.Requirements, prefix+NeedsAddress+"."+Requirement(field))
	}
	if method == "" {
		p.Requirements = append(p.Requirements, prefix+NeedsShipping)
	} else if reason != "" {
		p.Problems = append(p.Problems, Problem{Code: MethodNotThere, Delivery: n})
	}
}
