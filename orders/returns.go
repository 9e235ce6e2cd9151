package orders

import (
	"context"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// RMA is a return (return merchandise authorization): goods that a shopper
// wants to send back, whether they may, and what came of it. To receive goods
// and to pay them back are steps of their own.
type RMA struct {
	ID     string // as in ret_01KAJ3W7Q8Z5D4F6G7H8J9K0M1
	Order  ID
	State  ReturnState
	Reason string
	Note   string // what staff say to it; shoppers see it
	Payer  Payer  // of the way back; "" if that was not decided
	By     string // the principal who asked for it
	Lines  []ReturnLine

	RequestedAt, DecidedAt, ReceivedAt time.Time // zero until then
}

// ReturnLine is what of a return is of one line of the order.
type ReturnLine struct {
	Line     int
	Quantity int64 // units that the shopper wants to send back
	Received int64 // units that came, so far
	Damaged  int64 // those of them that cannot be sold again
}

// ReturnState says how far a return is.
type ReturnState string

// The states. Goods are received in the state ReturnApproved, in one parcel or
// several; the last of them, or staff who expect no more, end it.
const (
	ReturnRequested ReturnState = "requested"
	ReturnApproved  ReturnState = "approved"
	ReturnRejected  ReturnState = "rejected"
	ReturnCanceled  ReturnState = "canceled"
	ReturnReceived  ReturnState = "received"
)

// Payer says who pays the way back.
type Payer string

// The payers.
const (
	PaidByShop    Payer = "shop"
	PaidByShopper Payer = "shopper"
)

// Open reports whether goods may still come.
func (r RMA) Open() bool { return r.State == ReturnRequested || r.State == ReturnApproved }

// NoReturnError says that there is no such return.
type NoReturnError struct{ Return string }

func (e *NoReturnError) Error() string { return fmt.Sprintf("there is no return %s", e.Return) }

// Unwrap returns fault.NotFound.
func (e *NoReturnError) Unwrap() error { return fault.NotFound }

// ReturnStateError says that a return is not in a state that allows what was
// asked.
type ReturnStateError struct {
	Return     string
	Have, Want ReturnState
}

func (e *ReturnStateError) Error() string {
	return fmt.Sprintf("return %s is %s; this needs it to be %s", e.Return, e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *ReturnStateError) Unwrap() error { return fault.Conflict }

const selectReturn = `SELECT id, order_id, state, reason, note, payer, by, requested_at, decided_at, received_at FROM returns`

func scanReturn(r *sqlite.Rows) RMA {
	return RMA{
		ID: r.Text(0), Order: ID(r.Text(1)), State: ReturnState(r.Text(2)), Reason: r.Text(3), Note: r.Text(4), Payer: Payer(r.Text(5)), By: r.Text(6),
		RequestedAt: instant(r.Int64(7)), DecidedAt: instant(r.Int64(8)), ReceivedAt: instant(r.Int64(9)),
	}
}

// rmaTx returns a return with its lines, or a *NoReturnError.
func rmaTx(tx *sqlite.Tx, ret string) (RMA, error) {
	rows := tx.One(selectReturn+` WHERE id = ?`, ret)
	if !rows.Next() {
		if err := rows.Close(); err != nil {
			return RMA{}, err
		}
		return RMA{}, &NoReturnError{Return: ret}
	}
	out := scanReturn(rows)
	if err := rows.Close(); err != nil {
		return RMA{}, err
	}
	return out, out.readLines(tx)
}

func (r *RMA) readLines(tx *sqlite.Tx) error {
	rows := tx.Query(`SELECT line, quantity, received, damaged FROM return_lines WHERE return_id = ? ORDER BY line`, r.ID)
	for rows.Next() {
		r.Lines = append(r.Lines, ReturnLine{Line: rows.Int(0), Quantity: rows.Int64(1), Received: rows.Int64(2), Damaged: rows.Int64(3)})
	}
	return rows.Close()
}

// ReturnsTx returns the returns of an order, the first one first.
func ReturnsTx(tx *sqlite.Tx, o ID) ([]RMA, error) {
	rows := tx.Query(selectReturn+` WHERE order_id = ? ORDER BY id`, o)
	var out []RMA
	for rows.Next() {
		out = append(out, scanReturn(rows))
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	for i := range out {
		if err := out[i].readLines(tx); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Returns returns the returns of an order, the first one first. It returns a
// *NotFoundError if there is no such order.
func (s *Service) Returns(ctx context.Context, o ID) (out []RMA, err error) {
	slot, err := slotOf(o)
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		if _, err := GetTx(tx, o); err != nil {
			return err
		}
		out, err = ReturnsTx(tx, o)
		return err
	})
	return out, err
}

// ReturnOf returns a return, or a *NoReturnError.
func (s *Service) ReturnOf(ctx context.Context, ret string) (out RMA, err error) {
	slot, err := slotOfReturn(ret)
	if err != nil {
		return RMA{}, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		out, err = rmaTx(tx, ret)
		return err
	})
	return out, err
}

func slotOfReturn(ret string) (id.Slot, error) {
	if err := id.Check("ret", ret); err != nil {
		return 0, fault.Wrap(fault.Invalid, err, "return")
	}
	return id.SlotOf(ret)
}

// returnable returns how many units of a line of an order can be asked to come
// back: those that have shipped, are not back, and are not on their way back.
func returnable(tx *sqlite.Tx, o ID, lines []Line) ([]int64, error) {
	out := make([]int64, len(lines))
	for i, l := range lines {
		if !l.Digital.IsGiftCard() {
			out[i] = l.Shipped - l.Returned
		}
	}
	rows := tx.Query(`SELECT b.line, sum(b.quantity - b.received) FROM returns h JOIN return_lines b ON b.return_id = h.id
		WHERE h.order_id = ? AND h.state IN ('requested', 'approved') GROUP BY b.line`, o)
	for rows.Next() {
		out[rows.Int(0)-1] -= rows.Int64(1)
	}
	return out, rows.Close()
}

// checkReturnable refuses units that cannot come back.
func checkReturnable(tx *sqlite.Tx, o ID, lines []Line, want []LineQuantity) error {
	can, err := returnable(tx, o, lines)
	if err != nil {
		return err
	}
	for _, w := range want {
		have := int64(0)
		if w.Line <= len(can) {
			have = can[w.Line-1]
		}
		if w.Line <= len(can) && lines[w.Line-1].Digital.IsGiftCard() {
			return &GiftCardError{Order: o, Line: w.Line, Verb: "returned"}
		}
		if w.Quantity > have {
			return &QuantityError{Order: o, Line: w.Line, Want: w.Quantity, Have: have, Verb: "return"}
		}
	}
	return nil
}

// Returnable returns how many units of each line of an order can be asked to
// come back, by line number less one.
func (s *Service) Returnable(ctx context.Context, o Order) (out []int64, err error) {
	slot, err := slotOf(o.ID)
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		lines, err := LinesTx(tx, o.ID, o.Currency)
		if err == nil {
			out, err = returnable(tx, o.ID, lines)
		}
		return err
	})
	return out, err
}

// insert stores a new return.
func (r RMA) insert(tx *command.Tx) error {
	if _, err := tx.Exec(`INSERT INTO returns (id, order_id, slot, state, reason, note, payer, by, requested_at, decided_at, received_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, r.ID, r.Order, tx.Slot, r.State, r.Reason, r.Note, r.Payer, r.By,
		millis(r.RequestedAt), millis(r.DecidedAt), millis(r.ReceivedAt)); err != nil {
		return err
	}
	for _, l := range r.Lines {
		if _, err := tx.Exec(`INSERT INTO return_lines (return_id, line, slot, quantity, received, damaged) VALUES (?, ?, ?, ?, ?, ?)`,
			r.ID, l.Line, tx.Slot, l.Quantity, l.Received, l.Damaged); err != nil {
			return err
		}
	}
	return nil
}

// save stores what may change of a return besides its lines.
func (r RMA) save(tx *command.Tx) error {
	_, err := tx.Exec(`UPDATE returns SET state = ?, note = ?, payer = ?, decided_at = ?, received_at = ? WHERE id = ?`,
		r.State, r.Note, r.Payer, millis(r.DecidedAt), millis(r.ReceivedAt), r.ID)
	return err
}
