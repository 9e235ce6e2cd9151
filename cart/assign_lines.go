package cart

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// AssignLines says into which deliveries lines go, all of them or none.
type AssignLines struct {
	Cart    ID             `cbor:"1,keyasint"`
	Lines   []AssignedLine `cbor:"2,keyasint"`
	Version int64          `cbor:"3,keyasint,omitempty"` // 0 does not check
	Key     string         `cbor:"-"`
}

// AssignedLine is a line, or some of its units, and where it goes. Units that
// leave their line join the one like it in the other delivery, or become a line
// of their own.
type AssignedLine struct {
	Line     int64 `cbor:"1,keyasint"` // its ID
	Delivery int64 `cbor:"2,keyasint,omitempty"`
	Quantity int64 `cbor:"3,keyasint,omitempty"` // 0 is all of it
}

// Kind returns "cart.assign_lines".
func (AssignLines) Kind() command.Kind { return "cart.assign_lines" }

// Validate checks the form of the lines.
func (c AssignLines) Validate() error {
	if _, err := slotOf(c.Cart); err != nil {
		return err
	}
	if len(c.Lines) == 0 || len(c.Lines) > MaxLines {
		return fault.Wrong("lines", "%d lines: a call assigns 1 to %d", len(c.Lines), MaxLines)
	}
	for i, l := range c.Lines {
		if l.Line < 1 || l.Delivery < 0 || l.Quantity < 0 || l.Quantity > MaxQuantity {
			return fault.Wrong(fault.Item("lines", i), "%d units of line %d cannot go to delivery %d: name the line by its ID and a delivery from 1 on", l.Quantity, l.Line, l.Delivery)
		}
	}
	return nil
}

func (c AssignLines) apply(tx *command.Tx) (Receipt, error) {
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return Receipt{}, err
	}
	if err := h.changeable(c.Version); err != nil {
		return Receipt{}, err
	}
	for _, l := range c.Lines {
		if err := l.assign(tx, &h); err != nil {
			return Receipt{}, err
		}
	}
	if err := h.rehold(tx); err != nil {
		return Receipt{}, err
	}
	return h.save(tx)
}

func (l AssignedLine) assign(tx *command.Tx, h *header) error {
	if err := h.hasDelivery(tx, l.Delivery); err != nil {
		return err
	}
	found, err := h.placed(tx, `n = ?`, l.Line)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return &NotFoundError{Cart: h.id, Line: l.Line}
	}
	quantity := l.Quantity
	if quantity == 0 {
		quantity = found[0].quantity
	}
	if quantity > found[0].quantity {
		return fault.New(fault.Refused, "line %d of cart %s has %d units: %d cannot go to delivery %d", l.Line, h.id, found[0].quantity, quantity, deliveryOr(l.Delivery))
	}
	return h.move(tx, found[0], deliveryOr(l.Delivery), quantity)
}

// AssignLines runs the command and returns the whole cart as it is then. It
// returns a *NotFoundError if there is no such line or delivery, fault.Refused
// for more units than the line has, and a *VersionError, *StatusError or
// *LimitError as AddLines does.
func (s *Service) AssignLines(ctx context.Context, c AssignLines) (Cart, error) {
	slot, err := slotOf(c.Cart)
	if err != nil {
		return Cart{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, s.read)
}
