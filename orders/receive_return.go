package orders

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/inventory"
)

// ReceiveReturn records what came back of an approved return, counted and
// looked at. What can be sold again goes back into stock. It may be repeated
// until all of it is there; to pay back is a step of its own, unless Refund says
// that what came is to be paid back at once.
type ReceiveReturn struct {
	Return string         `cbor:"1,keyasint"`
	Lines  []ReceivedLine `cbor:"2,keyasint,omitempty"`
	Refund bool           `cbor:"3,keyasint,omitempty"`
	Close  bool           `cbor:"4,keyasint,omitempty"` // no more of it is expected
	Key    string         `cbor:"-"`
}

// ReceivedLine is what came back of a line, by condition.
type ReceivedLine struct {
	Line       int   `cbor:"1,keyasint"`           // of the order, from 1
	Resellable int64 `cbor:"2,keyasint,omitempty"` // units that go back into stock
	Damaged    int64 `cbor:"3,keyasint,omitempty"` // units that do not
}

// Kind returns "orders.receive_return".
func (ReceiveReturn) Kind() command.Kind { return "orders.receive_return" }

// Validate checks the lines' form.
func (c ReceiveReturn) Validate() error {
	if _, err := slotOfReturn(c.Return); err != nil {
		return err
	}
	if len(c.Lines) == 0 && !c.Close {
		return fault.Wrong("lines", "say how many units of which line came back")
	}
	for i, l := range c.Lines {
		if l.Resellable < 0 || l.Damaged < 0 || l.Resellable > maxUnits || l.Damaged > maxUnits {
			return fault.Wrong(fault.Item("lines", i), "line %d: units that came back are 0 to %d", l.Line, maxUnits)
		}
	}
	return checkLines(c.received())
}

// received returns how many units of each line came, in any condition.
func (c ReceiveReturn) received() []LineQuantity {
	out := make([]LineQuantity, len(c.Lines))
	for i, l := range c.Lines {
		out[i] = LineQuantity{Line: l.Line, Quantity: l.Resellable + l.Damaged}
	}
	return out
}

func (c ReceiveReturn) apply(tx *command.Tx) (Receipt, error) {
	r, err := rmaTx(tx.Tx, c.Return)
	if err != nil {
		return Receipt{}, err
	}
	if r.State != ReturnApproved {
		return Receipt{}, &ReturnStateError{Return: c.Return, Have: r.State, Want: ReturnApproved}
	}
	o, err := placed(tx.Tx, r.Order, 0)
	if err != nil {
		return Receipt{}, err
	}
	lines, err := LinesTx(tx.Tx, r.Order, o.Currency)
	if err != nil {
		return Receipt{}, err
	}
	units, err := r.receive(tx, c.Lines)
	if err != nil {
		return Receipt{}, err
	}
	if err := takeBack(tx, &o, lines, c.Lines); err != nil {
		return Receipt{}, err
	}
	if c.Close || r.complete() {
		r.State = ReturnReceived
	}
	r.ReceivedAt = instant(tx.At)
	if err := r.save(tx); err != nil {
		return Receipt{}, err
	}
	if c.Refund && units > 0 {
		if err := refundReturned(tx, &o, lines, r, c.received()); err != nil {
			return Receipt{}, err
		}
	}
	return r.finish(tx, &o, "order.return_received", units)
}

// receive counts what came in the lines of the return.
func (r *RMA) receive(tx *command.Tx, came []ReceivedLine) (units int64, err error) {
	for _, l := range came {
		n := l.Resellable + l.Damaged
		of := r.line(l.Line)
		if of == nil {
			return 0, &QuantityError{Order: r.Order, Line: l.Line, Want: n, Verb: "receive"}
		}
		if left := of.Quantity - of.Received; n > left {
			return 0, &QuantityError{Order: r.Order, Line: l.Line, Want: n, Have: left, Verb: "receive"}
		}
		of.Received, of.Damaged = of.Received+n, of.Damaged+l.Damaged
		units += n
		if _, err := tx.Exec(`UPDATE return_lines SET received = ?, damaged = ? WHERE return_id = ? AND line = ?`, of.Received, of.Damaged, r.ID, l.Line); err != nil {
			return 0, err
		}
	}
	return units, nil
}

func (r *RMA) line(n int) *ReturnLine {
	for i := range r.Lines {
		if r.Lines[i].Line == n {
			return &r.Lines[i]
		}
	}
	return nil
}

func (r *RMA) complete() bool {
	for _, l := range r.Lines {
		if l.Received < l.Quantity {
			return false
		}
	}
	return true
}

// takeBack moves goods that came back into stock or out of it, and counts them
// in the order and its lines.
func takeBack(tx *command.Tx, o *Order, lines []Line, came []ReceivedLine) error {
	var resellable, damaged []inventory.Demand
	for _, c := range came {
		l := lines[c.Line-1]
		n := c.Resellable + c.Damaged
		o.Returned += n
		if _, err := tx.Exec(`UPDATE order_lines SET returned = returned + ? WHERE order_id = ? AND line = ?`, n, o.ID, c.Line); err != nil {
			return err
		}
		resellable = append(resellable, l.Demands(l.Returned, l.Returned+c.Resellable)...)
		damaged = append(damaged, l.Demands(l.Returned+c.Resellable, l.Returned+n)...)
	}
	if len(resellable) > 0 {
		if err := inventory.Return(tx, string(o.ID), resellable, true); err != nil {
			return err
		}
	}
	if len(damaged) > 0 {
		return inventory.Return(tx, string(o.ID), damaged, false)
	}
	return nil
}

// refundReturned grants and releases what was paid for units that came back.
func refundReturned(tx *command.Tx, o *Order, lines []Line, r RMA, came []LineQuantity) error {
	w := wish{source: FromReturn, of: r.ID, reason: r.Reason, most: true}
	for _, l := range came {
		w.lines = append(w.lines, wishLine{line: l.Line, quantity: l.Quantity, amount: -1})
	}
	g, err := grant(tx, o, lines, w)
	if err != nil {
		return err
	}
	if g.Amount.IsPositive() {
		if err := tx.SetTimer(tx.Clock, TimerSettle, string(o.ID)); err != nil {
			return err
		}
	}
	return tx.Emit("order.refund_granted", string(o.ID), g.event())
}

// ReceiveReturn runs the command and returns the return. It returns a
// *NoReturnError, a *ReturnStateError if it is not approved, and a
// *QuantityError if more came than was asked for.
func (s *Service) ReceiveReturn(ctx context.Context, c ReceiveReturn) (RMA, error) {
	slot, err := slotOfReturn(c.Return)
	if err != nil {
		return RMA{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, s.readReturn)
}
