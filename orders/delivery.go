package orders

import (
	"context"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// Delivery is one of several places that an order goes to. Its number is the
// one that it had in the cart; cart.FirstDelivery goes to the contact's address.
type Delivery struct {
	Number                       int
	ShippingMethod, ShippingName string // how it is sent; "" if that was not chosen
	// Shipping is what it costs to send, after discounts and as prices are, with
	// tax or without; ShippingTax is the tax on it.
	Shipping, ShippingTax money.Amount
	TaxExempt             string // the certificate by which no tax was due; "" if it was
	Country               string // of its address; "" if it is not known
}

// NewDelivery is one delivery of a New.
type NewDelivery struct {
	Number                       int
	ShippingMethod, ShippingName string
	Shipping, ShippingTax        int64
	TaxExempt, Country           string
	// Address is sealed under the key of Subject, as a cart.StoredDelivery has
	// them. Both are empty for the first delivery.
	Address seal.Sealed
	Subject string
}

func (d NewDelivery) insert(tx *command.Tx, order ID) error {
	_, err := tx.Exec(`INSERT INTO order_deliveries (order_id, n, slot, shipping_method, shipping_name, shipping, shipping_tax, tax_exempt, country, address, subject)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, order, d.Number, tx.Slot, d.ShippingMethod, d.ShippingName, d.Shipping, d.ShippingTax, d.TaxExempt, d.Country, []byte(d.Address), d.Subject)
	return err
}

// deliveries returns what an order says of its deliveries.
func (n New) deliveries() (out []Delivery) {
	for _, d := range n.Deliveries {
		out = append(out, Delivery{
			Number: d.Number, ShippingMethod: d.ShippingMethod, ShippingName: d.ShippingName, TaxExempt: d.TaxExempt, Country: d.Country,
			Shipping: money.New(d.Shipping, n.Currency), ShippingTax: money.New(d.ShippingTax, n.Currency),
		})
	}
	return out
}

// DeliveriesTx returns the deliveries of an order by their numbers, without a
// query if it goes to one place.
func DeliveriesTx(tx *sqlite.Tx, o Order) ([]Delivery, error) {
	if !o.Split {
		return nil, nil
	}
	rows := tx.Query(`SELECT n, shipping_method, shipping_name, shipping, shipping_tax, tax_exempt, country FROM order_deliveries WHERE order_id = ? ORDER BY n`, o.ID)
	var out []Delivery
	for rows.Next() {
		out = append(out, Delivery{
			Number: rows.Int(0), ShippingMethod: rows.Text(1), ShippingName: rows.Text(2),
			Shipping: money.New(rows.Int64(3), o.Currency), ShippingTax: money.New(rows.Int64(4), o.Currency), TaxExempt: rows.Text(5), Country: rows.Text(6),
		})
	}
	return out, rows.Close()
}

// DeliveryAddresses returns where the deliveries of an order go, in the clear:
// the first to the contact's address. An order that goes to one place has none.
// It returns a *NotFoundError if there is no such order.
func (s *Service) DeliveryAddresses(ctx context.Context, o ID) ([]cart.DeliveryAddress, error) {
	slot, err := slotOf(o)
	if err != nil {
		return nil, err
	}
	var stored []cart.StoredDelivery
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		order, err := GetTx(tx, o)
		if err != nil || !order.Split {
			return err
		}
		rows := tx.Query(`SELECT n, country, address, subject FROM order_deliveries WHERE order_id = ? ORDER BY n`, o)
		for rows.Next() {
			stored = append(stored, cart.StoredDelivery{ID: rows.Int64(0), Country: rows.Text(1), Address: rows.Blob(2), Subject: rows.Text(3)})
		}
		return rows.Close()
	})
	if err != nil || len(stored) == 0 {
		return nil, err
	}
	out, err := cart.OpenDeliveries(ctx, s.engine, s.sealer, slot, stored)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Delivery == cart.FirstDelivery {
			to, err := s.Contact(ctx, o)
			if err != nil {
				return nil, err
			}
			out[i].Address, out[i].Erased = to.ShippingAddress, to.Erased
		}
	}
	return out, nil
}

// Delivery returns a delivery of the order. 0 is the only one there is; what an
// order that goes to one place says of it is its own. It returns a
// *DeliveryError for a number that there is not, or for 0 if there are several.
func (o Order) Delivery(number int) (Delivery, error) {
	if !o.Split && number <= cart.FirstDelivery {
		return Delivery{
			Number: cart.FirstDelivery, ShippingMethod: o.ShippingMethod, ShippingName: o.ShippingName,
			Shipping: o.Shipping, ShippingTax: o.ShippingTax, TaxExempt: o.TaxExempt, Country: o.ShippingCountry,
		}, nil
	}
	if number == 0 && len(o.Deliveries) == 1 {
		return o.Deliveries[0], nil
	}
	i := slices.IndexFunc(o.Deliveries, func(d Delivery) bool { return d.Number == number })
	if i < 0 {
		return Delivery{}, &DeliveryError{Order: o.ID, Delivery: number}
	}
	return o.Deliveries[i], nil
}

// DeliveryError says that an order has no such delivery, or that one of several
// has to be named.
type DeliveryError struct {
	Order    ID
	Delivery int // 0 was not named
}

func (e *DeliveryError) Error() string {
	if e.Delivery == 0 {
		return fmt.Sprintf("order %s goes to several places: name the delivery", e.Order)
	}
	return fmt.Sprintf("order %s has no delivery %d", e.Order, e.Delivery)
}

// Unwrap returns fault.Refused.
func (e *DeliveryError) Unwrap() error { return fault.Refused }

// MixedDeliveriesError says that one parcel was to hold lines that go to
// different places.
type MixedDeliveriesError struct {
	Order ID
	Lines [2]int // one of each
}

func (e *MixedDeliveriesError) Error() string {
	return fmt.Sprintf("lines %d and %d of order %s go to different places: ship them apart", e.Lines[0], e.Lines[1], e.Order)
}

// Unwrap returns fault.Refused.
func (e *MixedDeliveriesError) Unwrap() error { return fault.Refused }

// together refuses lines that go to different places. What is downloaded goes
// nowhere.
func together(o ID, lines []Line, what []LineQuantity) error {
	first := -1
	for _, w := range what {
		if w.Line > len(lines) || lines[w.Line-1].handedOver() {
			continue
		}
		switch l := lines[w.Line-1]; {
		case first < 0:
			first = w.Line
		case l.Delivery != lines[first-1].Delivery:
			return &MixedDeliveriesError{Order: o, Lines: [2]int{first, w.Line}}
		}
	}
	return nil
}

// deliveryRules are what must hold of orders that go to several places. Each
// query returns a subject and the two numbers that should agree.
var deliveryRules = [...]struct{ name, query, detail string }{
	{
		name: "deliveries_sum_up",
		query: `SELECT o.id, o.shipping, coalesce(sum(d.shipping), 0) FROM orders o LEFT JOIN order_deliveries d ON d.order_id = o.id
			WHERE o.split = 1 OR d.n IS NOT NULL GROUP BY o.id HAVING (o.shipping, o.shipping_tax) <> (coalesce(sum(d.shipping), 0), coalesce(sum(d.shipping_tax), 0)) OR o.split = 0`,
		detail: "shipping costs %d, that of its deliveries %d, or their tax differs",
	},
	{
		name: "delivery_is_granted_once",
		query: `SELECT g.order_id || ' delivery ' || g.delivery, coalesce(d.shipping + iif(o.tax_included, 0, d.shipping_tax), -1) AS cost, sum(g.shipping) FROM refund_grants g
			JOIN orders o ON o.id = g.order_id LEFT JOIN order_deliveries d ON d.order_id = g.order_id AND d.n = g.delivery
			WHERE g.delivery > 0 AND g.state <> 'withdrawn' GROUP BY g.order_id, g.delivery HAVING sum(g.shipping) > cost`,
		detail: "it costs %d to send, %d was granted back for it",
	},
	{
		name: "line_has_its_delivery",
		query: `SELECT l.order_id || ' line ' || l.line, 0, l.delivery FROM order_lines l JOIN orders o ON o.id = l.order_id
			WHERE iif(o.split, NOT EXISTS (SELECT 1 FROM order_deliveries d WHERE d.order_id = l.order_id AND d.n = l.delivery), l.delivery <> 1)`,
		detail: "%d deliveries have the number %d",
	},
	{
		name: "parcel_is_of_one_delivery",
		query: `SELECT f.id, min(l.delivery), max(l.delivery) FROM fulfilments f JOIN fulfilment_lines w ON w.fulfilment = f.id
			JOIN order_lines l ON l.order_id = f.order_id AND l.line = w.line WHERE l.digital IS NULL GROUP BY f.id HAVING min(l.delivery) <> max(l.delivery)`,
		detail: "its lines go to deliveries %d and %d",
	},
}
