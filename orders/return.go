package orders

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
)

// Return takes goods of an order back that nobody asked to return before, in
// one step: it records the return as received and grants and releases the
// refund of what was paid for them, their price less their part of the line's
// discount, with their part of its tax, without shipping. RequestReturn,
// DecideReturn and ReceiveReturn are the long way.
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
		return fault.Wrong("lines", "a return needs lines")
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
	if err := checkReturnable(tx.Tx, c.Order, lines, c.Lines); err != nil {
		return Receipt{}, err
	}
	r, came := c.received(tx)
	if err := r.insert(tx); err != nil {
		return Receipt{}, err
	}
	if err := takeBack(tx, &o, lines, came); err != nil {
		return Receipt{}, err
	}
	before := o.RefundGranted
	if err := refundReturned(tx, &o, lines, r, c.Lines); err != nil {
		return Receipt{}, err
	}
	if err := Save(tx, &o); err != nil {
		return Receipt{}, err
	}
	err = tx.Emit("order.returned", string(c.Order), ReturnedEvent{
		Order: c.Order, Return: c.ID, Units: r.units(), Amount: o.RefundGranted.Minor() - before.Minor(), Currency: o.Currency,
	})
	return Receipt{Order: o.ID, Version: o.Version, Made: c.ID}, err
}

// received returns the return as one that is through, and what came.
func (c Return) received(tx *command.Tx) (RMA, []ReceivedLine) {
	now := instant(tx.At)
	r := RMA{
		ID: c.ID, Order: c.Order, State: ReturnReceived, Reason: c.Reason, By: tx.Principal,
		RequestedAt: now, DecidedAt: now, ReceivedAt: now,
	}
	var came []ReceivedLine
	for _, l := range c.Lines {
		line, in := ReturnLine{Line: l.Line, Quantity: l.Quantity, Received: l.Quantity}, ReceivedLine{Line: l.Line, Resellable: l.Quantity}
		if c.Discard {
			line.Damaged, in = l.Quantity, ReceivedLine{Line: l.Line, Damaged: l.Quantity}
		}
		r.Lines, came = append(r.Lines, line), append(came, in)
	}
	return r, came
}

// Return runs the command and returns the order as it is then. It returns a
// *QuantityError if more of a line would come back than has shipped and is not
// back or on its way yet, and a *StatusError or *VersionError as Ship does.
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
