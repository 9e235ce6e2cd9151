package orders

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

// Return records that goods of an order came back and grants the refund of
// their price. Package payments pays what is granted, soon after and however
// often it takes.
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
	o, err := GetTx(tx.Tx, c.Order)
	if err != nil {
		return Receipt{}, err
	}
	switch {
	case c.Version != 0 && c.Version != o.Version:
		return Receipt{}, &VersionError{Order: c.Order, Want: c.Version, Have: o.Version}
	case o.Status != Placed:
		return Receipt{}, &StatusError{Order: c.Order, Have: string(o.Status), Want: string(Placed)}
	}
	lines, err := LinesTx(tx.Tx, c.Order, o.Currency)
	if err != nil {
		return Receipt{}, err
	}
	back, err := c.takeBack(lines, o.Currency)
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
	if err := write(tx, &o); err != nil {
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
	amount  money.Amount
	counts  []int64 // the lines' new counters, beside Return.Lines
	demands []inventory.Demand
}

func (c Return) takeBack(lines []Line, currency money.Currency) (returned, error) {
	out := returned{amount: money.Zero(currency)}
	for _, w := range c.Lines {
		if w.Line > len(lines) {
			return out, &QuantityError{Order: c.Order, Line: w.Line, Want: w.Quantity, Verb: "return"}
		}
		l := lines[w.Line-1]
		if have := l.Shipped - l.Returned; w.Quantity > have {
			return out, &QuantityError{Order: c.Order, Line: w.Line, Want: w.Quantity, Have: have, Verb: "return"}
		}
		price, err := l.UnitPrice.Mul(w.Quantity)
		if err != nil {
			return out, err
		}
		if out.amount, err = out.amount.Add(price); err != nil {
			return out, err
		}
		out.units += w.Quantity
		out.counts = append(out.counts, l.Returned+w.Quantity)
		if l.Pool != "" {
			out.demands = append(out.demands, inventory.Demand{Pool: l.Pool, SKU: l.SKU, Quantity: w.Quantity})
		}
	}
	return out, nil
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
// back yet.
func (s *Service) Return(ctx context.Context, c Return) (Order, error) {
	slot, err := slotOf(c.Order)
	if err != nil {
		return Order{}, err
	}
	call := command.Call{Key: c.Key, Slot: slot, Prepare: func(st command.Stamp) error {
		c.ID = st.NewID("ret")
		return nil
	}}
	if _, err := command.Do[Receipt](ctx, s.engine, &c, call); err != nil {
		return Order{}, err
	}
	return s.Get(ctx, c.Order)
}
