package credit

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// SoldCard is a gift card that was bought with an order: one for each unit of a
// line (see catalog.GiftCard). Once the order is paid the unit is handed over,
// and the card is issued on the slot of its code. The store keeps the code
// nowhere: it follows from the order and the store's keys, so that however often
// issuing is tried, it is the same card.
type SoldCard struct {
	Order      orders.ID
	Line, Unit int // of the order, and of the line; from 1
	State      CardState
	Balance    ID
	Amount     money.Amount // what it was sold for
	Last4      string       // of the code
	// Code is a secret: whoever has it can pay with it. It is there while the card
	// is issued.
	Code   string
	Reason string // why it was taken back
	At     time.Time

	asked int // how often it was asked back
}

// CardState says how far a gift card is that was bought.
type CardState string

// The states.
const (
	CardDue       CardState = "due"        // handed over and not issued yet
	CardIssued    CardState = "issued"     // it can be paid with
	CardAskedBack CardState = "asked_back" // somebody takes it back
	CardTakenBack CardState = "taken_back" // it is worth nothing, its money goes back
)

// SoldEvent is the data of the events credit.card_issued and
// credit.card_taken_back, which are events of the order.
type SoldEvent struct {
	Order   orders.ID `json:"order"`
	Line    int       `json:"line"`
	Unit    int       `json:"unit"`
	Balance ID        `json:"balance"`
}

// Sold returns the gift cards that were bought with an order and handed over,
// with their codes. Who asks must be known to be the buyer. It is an
// *orders.NotFoundError if there is no such order.
func (s *Service) Sold(ctx context.Context, o orders.ID) (out []SoldCard, err error) {
	slot, err := orderSlot(o)
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		order, err := orders.GetTx(tx, o)
		if err != nil || !order.Digital {
			return err
		}
		out, err = soldTx(tx, order.ID, order.Currency)
		return err
	})
	for i := range out {
		if out[i].State == CardIssued {
			out[i].Code = s.codeOf(o, out[i].Line, out[i].Unit)
		}
	}
	return out, err
}

// codeOf returns the code of the gift card that is a unit of an order's line.
func (s *Service) codeOf(o orders.ID, line, unit int) string {
	return newCode(s.engine.Hash("gift card of an order", string(o)+"\x00"+strconv.Itoa(line)+"\x00"+strconv.Itoa(unit)))
}

func soldTx(tx *sqlite.Tx, o orders.ID, c money.Currency) ([]SoldCard, error) {
	rows := tx.Query(selectSold+` WHERE order_id = ? ORDER BY line, unit`, o)
	var out []SoldCard
	for rows.Next() {
		out = append(out, scanSold(rows, c))
	}
	return out, rows.Close()
}

const selectSold = `SELECT order_id, line, unit, state, balance, amount, last4, reason, at, asked FROM sold_cards`

func scanSold(r *sqlite.Rows, c money.Currency) SoldCard {
	return SoldCard{
		Order: orders.ID(r.Text(0)), Line: r.Int(1), Unit: r.Int(2), State: CardState(r.Text(3)), Balance: ID(r.Text(4)),
		Amount: money.New(r.Int64(5), c), Last4: r.Text(6), Reason: r.Text(7), At: instant(r.Int64(8)), asked: r.Int(9),
	}
}

// soldCardTx returns one gift card of an order, or a *CardStateError.
func soldCardTx(tx *sqlite.Tx, o orders.ID, line, unit int) (SoldCard, error) {
	order, err := orders.GetTx(tx, o)
	if err != nil {
		return SoldCard{}, err
	}
	rows := tx.One(selectSold+` WHERE order_id = ? AND line = ? AND unit = ?`, o, line, unit)
	if !rows.Next() {
		return SoldCard{}, errors.Join(&CardStateError{Order: o, Line: line, Unit: unit}, rows.Close())
	}
	out := scanSold(rows, order.Currency)
	return out, rows.Close()
}

// become stores another state of the card.
func (c *SoldCard) become(tx *command.Tx, s CardState, reason string) error {
	c.State, c.Reason = s, reason
	_, err := tx.Exec(`UPDATE sold_cards SET state = ?, reason = ?, asked = ? WHERE order_id = ? AND line = ? AND unit = ?`, s, reason, c.asked, c.Order, c.Line, c.Unit)
	return err
}

func (c SoldCard) event() SoldEvent {
	return SoldEvent{Order: c.Order, Line: c.Line, Unit: c.Unit, Balance: c.Balance}
}

func orderSlot(o orders.ID) (id.Slot, error) {
	if err := id.Check("ord", string(o)); err != nil {
		return 0, err
	}
	return id.SlotOf(string(o))
}
