package orders

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/inventory"
)

// Ship records that goods of a placed order have left.
type Ship struct {
	Order ID `cbor:"1,keyasint"`
	// Lines says what left; none means everything that has not left yet.
	Lines    []LineQuantity `cbor:"2,keyasint,omitempty"`
	Tracking string         `cbor:"3,keyasint,omitempty" command:"numbers"` // the carrier's number of the parcel
	Version  int64          `cbor:"4,keyasint,omitempty"`                   // 0 does not check
	Carrier  string         `cbor:"6,keyasint,omitempty"`
	URL      string         `cbor:"7,keyasint,omitempty" command:"numbers"` // where the parcel can be followed
	// Delivery is the one that leaves, if no Lines are named and the order goes
	// to several places. 0 is the one that has not left, if that is one.
	Delivery int    `cbor:"8,keyasint,omitempty"`
	Key      string `cbor:"-"`

	Fulfilment string `cbor:"5,keyasint" command:"stamped"`
}

// LineQuantity is a number of units of one line of an order.
type LineQuantity struct {
	Line     int   `cbor:"1,keyasint"` // from 1
	Quantity int64 `cbor:"2,keyasint"`
}

// ShippedEvent is the data of the event order.shipped.
type ShippedEvent struct {
	Order      ID     `json:"order"`
	Fulfilment string `json:"fulfilment"`
	Units      int64  `json:"units"`
	Complete   bool   `json:"complete"`
}

// Kind returns "orders.ship".
func (Ship) Kind() command.Kind { return "orders.ship" }

// Validate checks the lines' form.
func (c Ship) Validate() error {
	if _, err := slotOf(c.Order); err != nil {
		return err
	}
	if err := checkTracking(c.Carrier, c.Tracking, c.URL); err != nil {
		return err
	}
	if c.Delivery < 0 || c.Delivery > 0 && len(c.Lines) > 0 {
		return fault.Wrong("lines", "name lines or the delivery that leaves, not both")
	}
	return checkLines(c.Lines)
}

func (c Ship) apply(tx *command.Tx) (Receipt, error) {
	o, err := placed(tx.Tx, c.Order, c.Version)
	if err != nil {
		return Receipt{}, err
	}
	lines, err := LinesTx(tx.Tx, c.Order, o.Currency)
	if err != nil {
		return Receipt{}, err
	}
	what := c.Lines
	if len(what) == 0 {
		what = unshipped(lines, c.Delivery)
	}
	if len(what) == 0 {
		return Receipt{}, &StatusError{Order: c.Order, Have: string(Fulfilled), Want: string(Unfulfilled)}
	}
	if err := c.ship(tx, &o, lines, what, ParcelShipped); err != nil {
		return Receipt{}, err
	}
	return Receipt{Order: o.ID, Version: o.Version, Made: c.Fulfilment}, nil
}

// ship moves units of an order's lines out of the house, as one fulfilment, and
// stores the order.
func (c Ship) ship(tx *command.Tx, o *Order, lines []Line, what []LineQuantity, status ParcelStatus) error {
	if err := together(c.Order, lines, what); err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO fulfilments (id, order_id, slot, units, status, carrier, tracking, url, by, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.Fulfilment, c.Order, tx.Slot, unitsOf(what), status, c.Carrier, c.Tracking, c.URL, tx.Principal, tx.At); err != nil {
		return err
	}
	units, demands, err := c.shipLines(tx, lines, what, status)
	if err != nil {
		return err
	}
	if len(demands) > 0 {
		if err := inventory.Ship(tx, string(c.Order), demands); err != nil {
			return err
		}
	}
	o.Shipped += units
	if status == ParcelDelivered {
		o.Delivered += units
	}
	if err := Save(tx, o); err != nil {
		return err
	}
	return tx.Emit("order.shipped", string(c.Order), ShippedEvent{
		Order: c.Order, Fulfilment: c.Fulfilment, Units: units, Complete: o.Shipped == o.Units-o.Canceled,
	})
}

// shipLines moves the lines' counters and returns the units that left and
// which of them are counted in stock.
func (c Ship) shipLines(tx *command.Tx, lines []Line, what []LineQuantity, status ParcelStatus) (units int64, demands []inventory.Demand, err error) {
	for _, w := range what {
		if w.Line > len(lines) {
			return 0, nil, &QuantityError{Order: c.Order, Line: w.Line, Want: w.Quantity, Verb: "ship"}
		}
		l := &lines[w.Line-1]
		if l.Digital.IsGiftCard() && status != ParcelDelivered {
			return 0, nil, &GiftCardError{Order: c.Order, Line: w.Line, Verb: "shipped"}
		}
		if left := l.Unshipped(); w.Quantity > left {
			return 0, nil, &QuantityError{Order: c.Order, Line: w.Line, Want: w.Quantity, Have: left, Verb: "ship"}
		}
		demands = append(demands, l.Demands(l.Shipped, l.Shipped+w.Quantity)...)
		l.Shipped += w.Quantity
		units += w.Quantity
		if _, err := tx.Exec(`UPDATE order_lines SET shipped = ? WHERE order_id = ? AND line = ?`, l.Shipped, c.Order, w.Line); err != nil {
			return 0, nil, err
		}
		if _, err := tx.Exec(`INSERT INTO fulfilment_lines (fulfilment, line, slot, quantity) VALUES (?, ?, ?, ?)`,
			c.Fulfilment, w.Line, tx.Slot, w.Quantity); err != nil {
			return 0, nil, err
		}
	}
	return units, demands, nil
}

func unitsOf(lines []LineQuantity) (sum int64) {
	for _, l := range lines {
		sum += l.Quantity
	}
	return sum
}

// unshipped returns what has not left of a delivery, 0 is of all.
func unshipped(lines []Line, delivery int) []LineQuantity {
	var out []LineQuantity
	for _, l := range lines {
		if n := l.Unshipped(); n > 0 && !l.Digital.IsGiftCard() && (delivery == 0 || l.Delivery == delivery) {
			out = append(out, LineQuantity{Line: l.Number, Quantity: n})
		}
	}
	return out
}

// Ship runs the command and returns the order as it is then. It returns a
// *QuantityError if more of a line would leave than is left, a
// *MixedDeliveriesError if lines go to different places, and a
// *StatusError if the order is not placed or has left completely.
func (s *Service) Ship(ctx context.Context, c Ship) (Order, error) {
	slot, err := slotOf(c.Order)
	if err != nil {
		return Order{}, err
	}
	call := command.Call{Key: c.Key, Slot: slot, Prepare: func(st command.Stamp) error {
		c.Fulfilment = st.NewID("ful")
		return nil
	}}
	return command.DoThen(ctx, s.engine, &c, call, s.read)
}

// maxUnits bounds the units of one line of a command.
const maxUnits = 1_000_000_000

// maxLines bounds the lines of one command.
const maxLines = 4000

func checkLines(lines []LineQuantity) error {
	if len(lines) > maxLines {
		return fault.Wrong("lines", "%d lines are more than the %d that one command may have", len(lines), maxLines)
	}
	seen := make(map[int]bool, len(lines))
	for i, l := range lines {
		if l.Line < 1 || l.Quantity < 1 || l.Quantity > maxUnits {
			return fault.Wrong(fault.Item("lines", i), "line %d with quantity %d: lines count from 1 and quantities are positive", l.Line, l.Quantity)
		}
		if seen[l.Line] {
			return fault.Wrong(fault.Item("lines", i)+".line", "line %d is named twice", l.Line)
		}
		seen[l.Line] = true
	}
	return nil
}
