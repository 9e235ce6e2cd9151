package orders

import (
	"context"
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// RequestReturn asks for goods of an order to be taken back, as shoppers do.
type RequestReturn struct {
	Order   ID             `cbor:"1,keyasint"`
	Lines   []LineQuantity `cbor:"2,keyasint"`
	Reason  ReturnReason   `cbor:"3,keyasint"`
	Version int64          `cbor:"4,keyasint,omitempty"` // of the order; 0 does not check
	Key     string         `cbor:"-"`

	ID string `cbor:"5,keyasint" command:"stamped"`
}

// ReturnReason says why a shopper sends something back. It is a choice and no
// text of theirs, which could be personal.
type ReturnReason string

// The reasons.
const (
	ChangedMind    ReturnReason = "changed_mind"
	TooSmall       ReturnReason = "too_small"
	TooLarge       ReturnReason = "too_large"
	NotAsDescribed ReturnReason = "not_as_described"
	ArrivedDamaged ReturnReason = "damaged"
	WrongItem      ReturnReason = "wrong_item"
	ArrivedLate    ReturnReason = "late"
	OtherReason    ReturnReason = "other"
)

// ReturnReasons lists the reasons, in the order in which to offer them.
func ReturnReasons() []ReturnReason {
	return []ReturnReason{ChangedMind, TooSmall, TooLarge, NotAsDescribed, ArrivedDamaged, WrongItem, ArrivedLate, OtherReason}
}

// ReturnEvent is the data of the events order.return_requested, .return_approved,
// .return_rejected, .return_canceled and .return_received.
type ReturnEvent struct {
	Order  ID          `json:"order"`
	Return string      `json:"return"`
	State  ReturnState `json:"state"`
	Reason string      `json:"reason"`
	Units  int64       `json:"units"` // that were asked for, or with .return_received have just come
}

func (r RMA) event(units int64) ReturnEvent {
	return ReturnEvent{Order: r.Order, Return: r.ID, State: r.State, Reason: r.Reason, Units: units}
}

// units returns how many units the return is of.
func (r RMA) units() (sum int64) {
	for _, l := range r.Lines {
		sum += l.Quantity
	}
	return sum
}

// Kind returns "orders.request_return".
func (RequestReturn) Kind() command.Kind { return "orders.request_return" }

// Validate requires lines and one of the reasons.
func (c RequestReturn) Validate() error {
	if _, err := slotOf(c.Order); err != nil {
		return err
	}
	if len(c.Lines) == 0 {
		return fault.Wrong("lines", "a return needs lines")
	}
	if !slices.Contains(ReturnReasons(), c.Reason) {
		return fault.Wrong("reason", "%.40q is none of the reasons for a return", c.Reason)
	}
	return checkLines(c.Lines)
}

func (c RequestReturn) apply(tx *command.Tx) (Receipt, error) {
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
	r := RMA{ID: c.ID, Order: c.Order, State: ReturnRequested, Reason: string(c.Reason), By: tx.Principal, RequestedAt: instant(tx.At)}
	for _, l := range c.Lines {
		r.Lines = append(r.Lines, ReturnLine{Line: l.Line, Quantity: l.Quantity})
	}
	if err := r.insert(tx); err != nil {
		return Receipt{}, err
	}
	return r.finish(tx, &o, "order.return_requested", r.units())
}

// finish stores the order of a return that has changed and tells of it.
func (r RMA) finish(tx *command.Tx, o *Order, event string, units int64) (Receipt, error) {
	if err := Save(tx, o); err != nil {
		return Receipt{}, err
	}
	return Receipt{Order: o.ID, Version: o.Version, Made: r.ID}, tx.Emit(event, string(o.ID), r.event(units))
}

// RequestReturn runs the command and returns the return. It returns a
// *QuantityError if more would come back than has shipped and is not back or on
// its way, and a *StatusError or *VersionError as Ship does.
func (s *Service) RequestReturn(ctx context.Context, c RequestReturn) (RMA, error) {
	slot, err := slotOf(c.Order)
	if err != nil {
		return RMA{}, err
	}
	call := command.Call{Key: c.Key, Slot: slot, Prepare: func(st command.Stamp) error {
		c.ID = st.NewID("ret")
		return nil
	}}
	return command.DoThen(ctx, s.engine, &c, call, s.readReturn)
}

// readReturn returns the return that a command answered with.
func (s *Service) readReturn(ctx context.Context, r Receipt) (RMA, error) {
	return s.ReturnOf(ctx, r.Made)
}
