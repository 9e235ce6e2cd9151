package orders

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/inventory"
)

// CancelLines cancels units of a placed order that have not shipped. Their
// stock is free at once; what was paid for them is granted back and released,
// and what is not captured yet need not be. Canceling all that an order has,
// while nothing has shipped, is Cancel.
type CancelLines struct {
	Order   ID             `cbor:"1,keyasint"`
	Lines   []LineQuantity `cbor:"2,keyasint"`
	Reason  string         `cbor:"3,keyasint"`
	Version int64          `cbor:"4,keyasint,omitempty"` // 0 does not check
	Key     string         `cbor:"-"`
}

// LinesCanceledEvent is the data of the event order.lines_canceled.
type LinesCanceledEvent struct {
	GrantEvent
	Units int64 `json:"units"`
}

// Kind returns "orders.cancel_lines".
func (CancelLines) Kind() command.Kind { return "orders.cancel_lines" }

// Validate requires lines and a reason.
func (c CancelLines) Validate() error {
	if _, err := slotOf(c.Order); err != nil {
		return err
	}
	if len(c.Lines) == 0 {
		return fault.Wrong("lines", "say which units of which lines are canceled")
	}
	if err := checkLines(c.Lines); err != nil {
		return err
	}
	return checkReason(c.Reason)
}

func (c CancelLines) apply(tx *command.Tx) (Receipt, error) {
	o, err := placed(tx.Tx, c.Order, c.Version)
	if err != nil {
		return Receipt{}, err
	}
	lines, err := LinesTx(tx.Tx, c.Order, o.Currency)
	if err != nil {
		return Receipt{}, err
	}
	units, err := c.units(lines)
	if err != nil {
		return Receipt{}, err
	}
	if o.Shipped == 0 && units == o.Units-o.Canceled {
		if err := Withdraw(tx, &o, c.Reason); err != nil {
			return Receipt{}, err
		}
		return Receipt{Order: o.ID, Version: o.Version}, nil
	}
	if err := c.free(tx, lines); err != nil {
		return Receipt{}, err
	}
	w := wish{source: FromCancellation, reason: c.Reason, most: true}
	for _, l := range c.Lines {
		w.lines = append(w.lines, wishLine{line: l.Line, quantity: l.Quantity, amount: -1})
	}
	g, err := grant(tx, &o, lines, w)
	if err != nil {
		return Receipt{}, err
	}
	o.Canceled += units
	if _, err := tx.Exec(`UPDATE orders SET canceled = ? WHERE id = ?`, o.Canceled, o.ID); err != nil {
		return Receipt{}, err
	}
	if err := tx.Emit("order.lines_canceled", string(o.ID), LinesCanceledEvent{g.event(), units}); err != nil {
		return Receipt{}, err
	}
	return g.finish(tx, &o, "order.refund_granted")
}

// units returns how many units are canceled, or why they cannot be.
func (c CancelLines) units(lines []Line) (sum int64, err error) {
	for _, w := range c.Lines {
		if w.Line > len(lines) {
			return 0, &QuantityError{Order: c.Order, Line: w.Line, Want: w.Quantity, Verb: "cancel"}
		}
		if left := lines[w.Line-1].Unshipped(); w.Quantity > left {
			return 0, &QuantityError{Order: c.Order, Line: w.Line, Want: w.Quantity, Have: left, Verb: "cancel"}
		}
		sum += w.Quantity
	}
	return sum, nil
}

// free gives the goods back and counts the canceled units.
func (c CancelLines) free(tx *command.Tx, lines []Line) error {
	var demands []inventory.Demand
	for _, w := range c.Lines {
		l := lines[w.Line-1]
		if _, err := tx.Exec(`UPDATE order_lines SET canceled = canceled + ? WHERE order_id = ? AND line = ?`, w.Quantity, c.Order, w.Line); err != nil {
			return err
		}
		left := l.Quantity - l.Canceled // the last units go first
		demands = append(demands, l.Demands(left-w.Quantity, left)...)
	}
	if len(demands) == 0 {
		return nil
	}
	return inventory.Uncommit(tx, string(c.Order), demands)
}

// CancelLines runs the command and returns the order as it is then. It returns
// a *QuantityError if more would be canceled than is left to ship, and a
// *StatusError or *VersionError as Ship does.
func (s *Service) CancelLines(ctx context.Context, c CancelLines) (Order, error) {
	slot, err := slotOf(c.Order)
	if err != nil {
		return Order{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, s.read)
}
