package payments

import (
	"context"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/orders"
)

// Resolution is what somebody has found out about a payment, or about something
// that was asked of a provider afterwards, which no provider would tell of.
type Resolution struct {
	Payment   ID
	Operation int // its number; 0 is the payment itself
	Order     orders.ID
	State     State  // what they say it came to
	Reference string // what the provider calls it; "" if they do not say
	Reason    string
	By        string // the principal who says so
	At        time.Time
}

// ResolveTx writes a resolution down, in the caller's transaction, and books it
// if it is about an operation; what it means for a payment is the caller's to
// book. It returns fault.Refused for what is decided already, and fault.Invalid
// for a State that it cannot come to.
func ResolveTx(tx *command.Tx, r Resolution) error {
	a, err := AttemptTx(tx.Tx, r.Payment)
	if err != nil {
		return err
	}
	n, _, err := tx.Int64(`SELECT count(*) FROM resolutions WHERE attempt = ? AND operation = ?`, r.Payment, r.Operation)
	if err != nil {
		return err
	}
	if r.Operation == 0 {
		err = mayResolve(a, r.State)
	} else {
		err = resolveOperation(tx, r)
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO resolutions (attempt, operation, n, order_id, slot, state, reference, reason, by, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.Payment, r.Operation, n+1, a.Order, tx.Slot, r.State, r.Reference, r.Reason, tx.Principal, tx.At)
	return err
}

// mayResolve refuses what a payment cannot have come to.
func mayResolve(a Attempt, to State) error {
	if a.State.Settled() {
		return fault.New(fault.Refused, "payment %s is %s: nothing about it is open, and what is owed back is granted with a refund", a.ID, a.State)
	}
	switch to {
	case Authorized, Captured, Declined, Canceled:
		return nil
	}
	return fault.Wrong("state", "a payment cannot be resolved as %q, only as authorized, captured, declined or canceled", to)
}

// resolveOperation books what an operation has come to.
func resolveOperation(tx *command.Tx, r Resolution) error {
	op, err := operationTx(tx.Tx, r.Payment, r.Operation)
	if err != nil {
		return err
	}
	if op.State.Final() {
		return fault.New(fault.Refused, "%s %s is %s: nothing about it is open, so leave it as it is", op.Kind, op.Key(), op.State)
	}
	if r.State != successOf[op.Kind] && r.State != Declined {
		return fault.Wrong("state", "a %s cannot be resolved as %q, only as %s or declined", op.Kind, r.State, successOf[op.Kind])
	}
	a, err := AttemptTx(tx.Tx, r.Payment)
	if err != nil {
		return err
	}
	if op.Kind == KindVoid && r.State == Declined && !a.State.Settled() {
		// That it was not let go does not say what it holds.
		return fault.New(fault.Refused, "payment %s is not decided: resolve the payment first", a.ID)
	}
	said := Outcome{State: r.State, ProviderID: r.Reference}
	if op.Kind == KindCapture && r.State == Captured {
		if said.Amount, err = a.Captured.Add(op.Amount); err != nil {
			return err
		}
	}
	_, err = recordOperation{Attempt: r.Payment, Number: r.Operation, Outcome: said}.apply(tx)
	return err
}

// Resolutions returns what people have found out about an order's payments, the
// first first.
func (s *Service) Resolutions(ctx context.Context, o orders.ID) (out []Resolution, err error) {
	slot, err := slotOf("ord", string(o))
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT attempt, operation, order_id, state, reference, reason, by, at FROM resolutions WHERE order_id = ? ORDER BY at, attempt, operation, n`, o)
		for rows.Next() {
			out = append(out, Resolution{
				Payment: ID(rows.Text(0)), Operation: rows.Int(1), Order: orders.ID(rows.Text(2)), State: State(rows.Text(3)),
				Reference: rows.Text(4), Reason: rows.Text(5), By: rows.Text(6), At: instant(rows.Int64(7)),
			})
		}
		return rows.Close()
	})
	return out, err
}
