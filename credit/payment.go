package credit

import (
	"errors"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// payment is what an order has asked a balance for. Its amounts are minor units
// of the balance's currency.
type payment struct {
	id, order string
	balance   ID // "" if it was ended before it was asked for
	asked     int64
	atOnce    bool
	state     payments.State
	decline   payments.DeclineCode

	authorized, captured, voided, refunded int64
}

func paymentTx(tx *sqlite.Tx, key string) (p payment, found bool, err error) {
	rows := tx.One(`SELECT id, order_id, balance, asked, at_once, state, decline, authorized, captured, voided, refunded FROM balance_payments WHERE id = ?`, key)
	if rows.Next() {
		found = true
		p = payment{
			id: rows.Text(0), order: rows.Text(1), balance: ID(rows.Text(2)), asked: rows.Int64(3), atOnce: rows.Bool(4),
			state: payments.State(rows.Text(5)), decline: payments.DeclineCode(rows.Text(6)),
			authorized: rows.Int64(7), captured: rows.Int64(8), voided: rows.Int64(9), refunded: rows.Int64(10),
		}
	}
	return p, found, rows.Close()
}

func (p *payment) insert(tx *command.Tx) error {
	_, err := tx.Exec(`INSERT INTO balance_payments (id, balance, order_id, slot, asked, at_once, state, decline, authorized, captured, voided, refunded, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.id, p.balance, p.order, tx.Slot, p.asked, p.atOnce, p.state, p.decline, p.authorized, p.captured, p.voided, p.refunded, tx.At)
	return err
}

func (p *payment) update(tx *command.Tx) error {
	_, err := tx.Exec(`UPDATE balance_payments SET state = ?, authorized = ?, captured = ?, voided = ?, refunded = ? WHERE id = ?`,
		p.state, p.authorized, p.captured, p.voided, p.refunded, p.id)
	return err
}

func (p *payment) open() int64 { return p.authorized - p.captured - p.voided }

// outcome tells how the payment stands.
func (p *payment) outcome(c money.Currency) payments.Outcome {
	o := payments.Outcome{State: p.state, ProviderID: string(p.balance), Decline: p.decline}
	switch p.state {
	case payments.Authorized:
		o.Amount = money.New(p.authorized, c)
	case payments.Captured:
		o.Amount = money.New(p.captured, c)
	}
	return o
}

// answerTx returns what was answered to an operation.
func answerTx(tx *sqlite.Tx, key string) (o payments.Outcome, found bool, err error) {
	rows := tx.One(`SELECT answer FROM balance_operations WHERE id = ?`, key)
	if rows.Next() {
		found = true
		err = command.Unmarshal(rows.Blob(0), &o)
	}
	return o, found, errors.Join(err, rows.Close())
}

func insertAnswer(tx *command.Tx, key, payment string, o payments.Outcome) error {
	answer, err := command.Marshal(o)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO balance_operations (id, payment, slot, answer, at) VALUES (?, ?, ?, ?, ?)`, key, payment, tx.Slot, answer, tx.At)
	return err
}
