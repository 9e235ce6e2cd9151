package credit

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/orders"
)

// TakeBack takes a gift card back that was bought with an order and not used:
// the card is worth nothing any more, and what was paid for it is granted back
// and released.
type TakeBack struct {
	Order  orders.ID `cbor:"1,keyasint"`
	Line   int       `cbor:"2,keyasint"` // of the order, from 1
	Unit   int       `cbor:"3,keyasint"` // of the line, from 1
	Reason string    `cbor:"4,keyasint"`
	Key    string    `cbor:"-"`
}

// Kind returns "credit.take_back".
func (TakeBack) Kind() command.Kind { return "credit.take_back" }

// Validate requires a reason.
func (c TakeBack) Validate() error {
	if _, err := orderSlot(c.Order); err != nil {
		return err
	}
	if c.Line < 1 || c.Unit < 1 {
		return fault.Wrong("unit", "line %d and unit %d: both count from 1", c.Line, c.Unit)
	}
	if c.Reason == "" {
		return fault.Wrong("reason", "say why the gift card is taken back")
	}
	return checkReason(c.Reason)
}

// apply notes what is wanted: the card is on another slot.
func (c TakeBack) apply(tx *command.Tx) (struct{}, error) {
	card, err := soldCardTx(tx.Tx, c.Order, c.Line, c.Unit)
	if err != nil {
		return struct{}{}, err
	}
	if card.State != CardIssued {
		return struct{}{}, &CardStateError{Order: c.Order, Line: c.Line, Unit: c.Unit, Have: card.State}
	}
	card.asked++
	if err := card.become(tx, CardAskedBack, c.Reason); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, issueLater(tx, c.Order)
}

// TakeBack runs the command and returns the card. It is a *CardSpentError if the
// card has been used, which leaves it as it is, and a *CardStateError if the
// order has no such card that is issued.
func (s *Service) TakeBack(ctx context.Context, c TakeBack) (SoldCard, error) {
	slot, err := orderSlot(c.Order)
	if err != nil {
		return SoldCard{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, func(ctx context.Context, _ struct{}) (SoldCard, error) {
		if err := s.IssueTimer(ctx, string(c.Order)); err != nil {
			return SoldCard{}, err
		}
		all, err := s.Sold(ctx, c.Order)
		if err != nil {
			return SoldCard{}, err
		}
		for _, card := range all {
			if card.Line == c.Line && card.Unit == c.Unit {
				return card, s.wasSpent(ctx, card)
			}
		}
		return SoldCard{}, &CardStateError{Order: c.Order, Line: c.Line, Unit: c.Unit}
	})
}

// wasSpent says why a card that was asked back is issued still.
func (s *Service) wasSpent(ctx context.Context, card SoldCard) error {
	if card.State != CardIssued {
		return nil
	}
	b, err := s.Get(ctx, card.Balance)
	if err != nil {
		return err
	}
	return &CardSpentError{Order: card.Order, Line: card.Line, Unit: card.Unit, Sold: card.Amount, Left: b.Left}
}

// withdraw takes the money off a card, and notes whether that could be done.
func (s *Service) withdraw(ctx context.Context, card SoldCard) error {
	slot, err := slotOf(card.Balance)
	if err != nil {
		return err
	}
	taken, err := command.Do[bool](ctx, s.engine, &withdraw{ID: card.Balance, Asked: card.asked}, command.Call{Slot: slot})
	if err != nil {
		return err
	}
	state := CardIssued
	if taken {
		state = CardTakenBack
	}
	return s.settle(ctx, settleCard{Order: card.Order, Line: card.Line, Unit: card.Unit, State: state, Asked: card.asked})
}

// withdraw takes off a gift card what it was sold for, if it has not been used.
// It answers whether that is off, now or since before. Each time of being asked
// back has one answer, however often and late it is repeated.
type withdraw struct {
	ID    ID  `cbor:"1,keyasint"`
	Asked int `cbor:"2,keyasint"`
}

// Kind returns "credit.withdraw".
func (withdraw) Kind() command.Kind { return "credit.withdraw" }

// Validate refuses what is not a balance's ID.
func (c withdraw) Validate() error {
	_, err := slotOf(c.ID)
	return err
}

func (c withdraw) apply(tx *command.Tx) (bool, error) {
	b, err := balanceTx(tx.Tx, c.ID)
	if err != nil {
		return false, err
	}
	sold, refused := int64(0), 0
	rows := tx.One(`SELECT sold, refused FROM balances WHERE id = ?`, c.ID)
	if rows.Next() {
		sold, refused = rows.Int64(0), rows.Int(1)
	}
	switch err := rows.Close(); {
	case err != nil:
		return false, err
	case sold == 0:
		return true, nil // before
	case c.Asked <= refused:
		return false, nil
	case b.Held.IsPositive() || b.Spent.IsPositive() || b.Left.Minor() < sold:
		_, err := tx.Exec(`UPDATE balances SET refused = ? WHERE id = ?`, c.Asked, c.ID)
		return false, err
	}
	if err := b.move(tx, change{issued: -sold, sold: true}); err != nil {
		return false, err
	}
	if _, err := tx.Exec(`UPDATE balances SET sold = 0, disabled = iif(issued = 0, 1, disabled) WHERE id = ?`, c.ID); err != nil {
		return false, err
	}
	return true, b.tell(tx, "credit.adjusted", -sold, "taken back")
}
