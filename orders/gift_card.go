package orders

import (
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// GiftCardError says that a gift card on an order cannot be treated like goods:
// package credit hands it over, and takes it back with its money.
type GiftCardError struct {
	Order ID
	Line  int
	Verb  string // "shipped", "returned" or "paid back"
}

func (e *GiftCardError) Error() string {
	return fmt.Sprintf("line %d of order %s is a gift card and cannot be %s: credit hands it over and takes it back", e.Line, e.Order, e.Verb)
}

// Unwrap returns fault.Refused.
func (e *GiftCardError) Unwrap() error { return fault.Refused }

// HandOverTx delivers units of gift cards of an order that is placed and paid,
// as one fulfilment, and stores the order. Any other is a *StatusError. It is
// called in apply.
func HandOverTx(tx *command.Tx, order ID, fulfilment string, what []LineQuantity) (Order, error) {
	o, err := placed(tx.Tx, order, 0)
	switch {
	case err != nil:
		return o, err
	case !o.settled():
		return o, &StatusError{Order: o.ID, Have: string(o.PaymentStatus), Want: string(Paid)}
	}
	lines, err := LinesTx(tx.Tx, order, o.Currency)
	if err != nil {
		return o, err
	}
	return o, Ship{Order: order, Fulfilment: fulfilment}.ship(tx, &o, lines, what, ParcelDelivered)
}

// HandsOver reports whether an order is placed and paid, so that what it has of
// gift cards is to be handed over.
func (o Order) HandsOver() bool { return o.Digital && o.Status == Placed && o.settled() }

// GrantGiftCardTx grants back what was paid for one unit of a gift card that was
// taken back, or what is left of the order if that is less. It stores the order.
// It is called in apply.
func GrantGiftCardTx(tx *command.Tx, order ID, line int, card, reason string) error {
	o, err := placed(tx.Tx, order, 0)
	if err != nil {
		return err
	}
	lines, err := LinesTx(tx.Tx, order, o.Currency)
	if err != nil {
		return err
	}
	g, err := grant(tx, &o, lines, wish{source: FromReturn, of: card, reason: reason, lines: []wishLine{{line: line, quantity: 1, amount: -1}}, most: true})
	if err != nil {
		return err
	}
	_, err = g.finish(tx, &o, "order.refund_granted")
	return err
}

// GiftCardsTx returns what the gift cards of an order cost, and what those of
// them had cost that were canceled or taken back.
func GiftCardsTx(tx *sqlite.Tx, o Order) (sold, back money.Amount, err error) {
	sold, back = money.Zero(o.Currency), money.Zero(o.Currency)
	if !o.Digital {
		return sold, back, nil
	}
	rows := tx.One(`SELECT coalesce(sum(l.gross), 0), coalesce(sum(l.unit_price * (SELECT sum(w.quantity) FROM refund_grants g JOIN refund_grant_lines w ON w.order_id = g.order_id AND w.n = g.n
			WHERE g.order_id = l.order_id AND w.line = l.line AND g.state = 'released')), 0)
		FROM order_lines l WHERE l.order_id = ? AND json_extract(l.digital, '$.gift_card') IS NOT NULL`, o.ID)
	if rows.Next() {
		sold, back = money.New(rows.Int64(0), o.Currency), money.New(rows.Int64(1), o.Currency)
	}
	return sold, back, rows.Close()
}
