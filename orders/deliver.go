package orders

import (
	"context"

	"github.com/keelshop/commerce/internal/command"
)

// Deliver hands the digital lines of a paid order over: from then on their
// files can be downloaded, see package downloads. Lines without files are
// delivered in another way and are for Ship.
//
// A store does it by itself once an order is paid, unless its settings leave it
// to staff.
type Deliver struct {
	Order   ID     `cbor:"1,keyasint"`
	Version int64  `cbor:"2,keyasint,omitempty"` // 0 does not check
	Key     string `cbor:"-"`

	Fulfilment string `cbor:"3,keyasint" command:"stamped"`
}

// TimerDeliver is the kind of the durable timer of a paid order with files to
// download. Its subject is the order.
const TimerDeliver = "orders.deliver"

// Kind returns "orders.deliver".
func (Deliver) Kind() command.Kind { return "orders.deliver" }

// Validate checks the order's form.
func (c Deliver) Validate() error {
	_, err := slotOf(c.Order)
	return err
}

func (c Deliver) apply(tx *command.Tx) (Receipt, error) {
	o, err := placed(tx.Tx, c.Order, c.Version)
	switch {
	case err != nil:
		return Receipt{}, err
	case !o.settled():
		return Receipt{}, &StatusError{Order: o.ID, Have: string(o.PaymentStatus), Want: string(Paid)}
	}
	done, err := deliver(tx, &o, c.Fulfilment)
	if err == nil && !done {
		err = &StatusError{Order: o.ID, Have: "without anything to deliver", Want: string(Unfulfilled)}
	}
	return Receipt{Order: o.ID, Version: o.Version, Made: c.Fulfilment}, err
}

// Deliver runs the command and returns the order as it is then. It returns a
// *StatusError if the order is not placed, not paid, or has no files that are
// still to be handed over.
func (s *Service) Deliver(ctx context.Context, c Deliver) (Order, error) {
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

// DeliverDue answers a timer of kind TimerDeliver: it delivers what is due of an
// order, or with byStaff leaves it to them. Either way the timer is cleared.
func (s *Service) DeliverDue(ctx context.Context, order string, byStaff bool) error {
	c := deliverDue{Order: ID(order), ByStaff: byStaff}
	slot, err := slotOf(c.Order)
	if err != nil {
		return err
	}
	_, err = command.Do[struct{}](ctx, s.engine, &c, command.Call{Slot: slot, Prepare: func(st command.Stamp) error {
		c.Fulfilment = st.NewID("ful")
		return nil
	}})
	return err
}

// deliverDue is what the timer does. It is harmless to repeat.
type deliverDue struct {
	Order   ID   `cbor:"1,keyasint"`
	ByStaff bool `cbor:"2,keyasint,omitempty"`

	Fulfilment string `cbor:"3,keyasint" command:"stamped"`
}

func (deliverDue) Kind() command.Kind { return "orders.deliver_due" }

// Validate returns nil: the order comes from a timer.
func (deliverDue) Validate() error { return nil }

func (c deliverDue) apply(tx *command.Tx) (struct{}, error) {
	if err := tx.ClearTimers(TimerDeliver, string(c.Order)); err != nil {
		return struct{}{}, err
	}
	o, err := GetTx(tx.Tx, c.Order)
	if err != nil || c.ByStaff || o.Status != Placed || !o.settled() {
		return struct{}{}, err
	}
	_, err = deliver(tx, &o, c.Fulfilment)
	return struct{}{}, err
}

// settled reports whether the order is paid, as far as it still has to be.
func (o *Order) settled() bool {
	return o.PaymentStatus == Paid || o.PaymentStatus == Overcharged || o.PaymentStatus == PartiallyRefunded
}

// deliverLater sets the timer of an order that was just paid, changed or placed.
func deliverLater(tx *command.Tx, o *Order) error {
	if !o.Digital || o.Status != Placed || !o.settled() {
		return nil
	}
	return tx.SetTimer(tx.Clock, TimerDeliver, string(o.ID))
}

// deliver hands over what is still to be of an order's digital lines. It reports
// false if that is nothing.
func deliver(tx *command.Tx, o *Order, fulfilment string) (bool, error) {
	lines, err := LinesTx(tx.Tx, o.ID, o.Currency)
	if err != nil {
		return false, err
	}
	var what []LineQuantity
	for _, l := range lines {
		if n := l.Unshipped(); n > 0 && l.Downloadable() {
			what = append(what, LineQuantity{Line: l.Number, Quantity: n})
		}
	}
	if len(what) == 0 {
		return false, nil
	}
	return true, Ship{Order: o.ID, Fulfilment: fulfilment}.ship(tx, o, lines, what, ParcelDelivered)
}
