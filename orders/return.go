package orders

import (
	"context"
	"errors"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

// Return records that goods of an order came back and grants the refund of
// what was paid for them: their price less their part of the line's discount,
// with their part of its tax, without shipping. Package payments pays what is granted, soon after
// and however often it takes.
type Return struct {
	Order  ID             `cbor:"1,keyasint"`
	Lines  []LineQuantity `cbor:"2,keyasint"`
	Reason string         `cbor:"3,keyasint"`
	// Discard keeps the goods out of stock: they came back unusable.
	Discard bool   `cbor:"4,keyasint,omitempty"`
	Version int64  `cbor:"5,keyasint,omitempty"` // 0 does not check
	Key     string `cbor:"-"`

	ID string `cbor:"6,keyasint" command:"stamped"`
}

// ReturnedEvent is the data of the event order.returned.
type ReturnedEvent struct {
	Order    ID             `json:"order"`
	Return   string         `json:"return"`
	Units    int64          `json:"units"`
	Amount   int64          `json:"amount"` // minor units, granted as a refund
	Currency money.Currency `json:"currency"`
}

// Kind returns "orders.return".
func (Return) Kind() command.Kind { return "orders.return" }

// Validate requires lines and a reason.
func (c Return) Validate() error {
	if _, err := slotOf(c.Order); err != nil {
		return err
	}
	if len(c.Lines) == 0 {
		return fault.New(fault.Invalid, "a return needs lines")
	}
	if err := checkLines(c.Lines); err != nil {
		return err
	}
	return checkReason(c.Reason)
}

func (c Return) apply(tx *command.Tx) (Receipt, error) {
	o, err := placed(tx.Tx, c.Order, c.Version)
	if err != nil {
		return Receipt{}, err
	}
	lines, err := LinesTx(tx.Tx, c.Order, o.Currency)
	if err != nil {
		return Receipt{}, err
	}
	back, err := c.takeBack(o, lines)
	if err != nil {
		return Receipt{}, err
	}
	if err := c.store(tx, back); err != nil {
		return Receipt{}, err
	}
	if len(back.demands) > 0 {
		if err := inventory.Return(tx, string(c.Order), back.demands, !c.Discard); err != nil {
			return Receipt{}, err
		}
	}
	if o.RefundGranted, err = o.RefundGranted.Add(back.amount); err != nil {
		return Receipt{}, err
	}
	o.Returned += back.units
	if err := Save(tx, &o); err != nil {
		return Receipt{}, err
	}
	if back.amount.Minor() > 0 {
		if err := tx.SetTimer(tx.Clock, TimerSettle, string(c.Order)); err != nil {
			return Receipt{}, err
		}
	}
	err = tx.Emit("order.returned", string(c.Order), ReturnedEvent{
		Order: c.Order, Return: c.ID, Units: back.units, Amount: back.amount.Minor(), Currency: o.Currency,
	})
	return Receipt{Order: o.ID, Version: o.Version, Made: c.ID}, err
}

// returned is what a return takes back.
type returned struct {
	units   int64
	amount  money.Amount // the refund that is granted
	counts  []int64      // the lines' new counters, beside Return.Lines
	demands []inventory.Demand
}

func (c Return) takeBack(o Order, lines []Line) (returned, error) {
	var out returned
	worth := int64(0) // a part of the total, so it is in range
	for _, w := range c.Lines {
		if w.Line > len(lines) {
			return out, &QuantityError{Order: c.Order, Line: w.Line, Want: w.Quantity, Verb: "return"}
		}
		l := lines[w.Line-1]
		if have := l.Shipped - l.Returned; w.Quantity > have {
			return out, &QuantityError{Order: c.Order, Line: w.Line, Want: w.Quantity, Have: have, Verb: "return"}
		}
		before, err := l.paidFor(l.Returned)
		if err != nil {
			return out, err
		}
		after, err := l.paidFor(l.Returned + w.Quantity)
		if err != nil {
			return out, err
		}
		worth += after - before
		out.units += w.Quantity
		out.counts = append(out.counts, l.Returned+w.Quantity)
		out.demands = append(out.demands, l.Demands(l.Returned, l.Returned+w.Quantity)...)
	}
	// What was granted for other reasons is not granted again.
	left := max(o.Total.Minor(), o.Captured.Minor()) - o.RefundGranted.Minor()
	out.amount = money.New(min(worth, left), o.Currency)
	return out, nil
}

// paidFor returns what some units of a line cost, with their part of its
// discount and tax. It is rounded down, which evens out over several returns:
// all units together give exactly what was paid for the line.
func (l Line) paidFor(units int64) (int64, error) {
	part, err := money.NewRate(units, l.Quantity)
	if err != nil {
		return 0, err
	}
	paid, err := l.Gross.Scale(part, money.Down)
	return paid.Minor(), err
}

// ReturnedTaxTx returns the tax of the goods of an order that came back, each
// line's rounded down as its refund is.
func ReturnedTaxTx(tx *sqlite.Tx, o ID, c money.Currency) (money.Amount, error) {
	sum := money.Zero(c)
	rows := tx.Query(`SELECT tax, returned, quantity FROM order_lines WHERE order_id = ? AND returned > 0 AND tax > 0 ORDER BY line`, o)
	var err error
	for rows.Next() && err == nil {
		var part money.Rate
		if part, err = money.NewRate(rows.Int64(1), rows.Int64(2)); err != nil {
			break
		}
		var tax money.Amount
		if tax, err = money.New(rows.Int64(0), c).Scale(part, money.Down); err == nil {
			sum, err = sum.Add(tax)
		}
	}
	return sum, errors.Join(err, rows.Close())
}

func (c Return) store(tx *command.Tx, back returned) error {
	if _, err := tx.Exec(`INSERT INTO returns (id, order_id, slot, reason, amount, at) VALUES (?, ?, ?, ?, ?, ?)`,
		c.ID, c.Order, tx.Slot, c.Reason, back.amount.Minor(), tx.At); err != nil {
		return err
	}
	for i, w := range c.Lines {
		if _, err := tx.Exec(`INSERT INTO return_lines (return_id, line, slot, quantity, restock) VALUES (?, ?, ?, ?, ?)`,
			c.ID, w.Line, tx.Slot, w.Quantity, !c.Discard); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE order_lines SET returned = ? WHERE order_id = ? AND line = ?`, back.counts[i], c.Order, w.Line); err != nil {
			return err
		}
	}
	return nil
}

// Return runs the command and returns the order as it is then. It returns a
// *QuantityError if more of a line would come back than has shipped and is not
// back yet, and a *StatusError or *VersionError as Ship does.
func (s *Service) Return(ctx context.Context, c Return) (Order, error) {
	slot, err := slotOf(c.Order)
	if err != nil {
		return Order{}, err
	}
	call := command.Call{Key: c.Key, Slot: slot, Prepare: func(st command.Stamp) error {
		c.ID = st.NewID("ret")
		return nil
	}}
	return command.DoThen(ctx, s.engine, &c, call, s.read)
}
