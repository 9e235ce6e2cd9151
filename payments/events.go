package payments

import (
	"slices"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// event is what was learned of an attempt at one time, from whoever it was heard
// first: the state that it was in from then on, and by how much its running
// totals changed. All events of an attempt together are its state and totals.
type event struct {
	attempt                                ID
	state                                  State
	authorized, captured, voided, refunded int64       // minor units; voided below 0 if what was let go was taken after all
	at                                     int64       // ms since 1970 UTC
	decline                                DeclineCode // "" unless it was declined then
}

// eventOf returns what has become of an attempt since it was as it was.
func eventOf(was, now *Attempt, at int64) event {
	return event{
		attempt: now.ID, state: now.State, at: at, decline: now.Decline,
		authorized: now.Authorized.Minor() - was.Authorized.Minor(), captured: now.Captured.Minor() - was.Captured.Minor(),
		voided: now.Voided.Minor() - was.Voided.Minor(), refunded: now.Refunded.Minor() - was.Refunded.Minor(),
	}
}

// keep writes the event down, unless neither state nor money has changed.
func (e event) keep(tx *command.Tx, was State) error {
	if e.state == was && e.authorized == 0 && e.captured == 0 && e.voided == 0 && e.refunded == 0 {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO payment_events (attempt, n, slot, state, authorized, captured, voided, refunded, at, decline_code)
		SELECT ?1, coalesce(max(n), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM payment_events WHERE attempt = ?1`,
		e.attempt, tx.Slot, e.state, e.authorized, e.captured, e.voided, e.refunded, e.at, e.decline)
	return err
}

// eventsTx returns the events of an order's attempts, the first ones first.
func eventsTx(tx *sqlite.Tx, o orders.ID) (out []event, err error) {
	rows := tx.Query(`SELECT e.attempt, e.state, e.authorized, e.captured, e.voided, e.refunded, e.at, e.decline_code
		FROM attempts a JOIN payment_events e ON e.attempt = a.id WHERE a.order_id = ? ORDER BY a.n, e.n`, o)
	for rows.Next() {
		out = append(out, event{
			attempt: ID(rows.Text(0)), state: State(rows.Text(1)),
			authorized: rows.Int64(2), captured: rows.Int64(3), voided: rows.Int64(4), refunded: rows.Int64(5), at: rows.Int64(6), decline: DeclineCode(rows.Text(7)),
		})
	}
	return out, rows.Close()
}

// moments are the events of an attempt for an order's timeline, or that nobody
// has heard anything yet. What was given back is told by what was asked of the
// provider, and so is what was let go besides a capture, if anybody asked for it.
func (a Attempt) moments(events []event, operations []Operation) []orders.Moment {
	last := State("")
	out := []orders.Moment{}
	for _, e := range events {
		if e.attempt != a.ID {
			continue
		}
		if e.state != last || e.captured > 0 || e.authorized > 0 {
			out = append(out, a.moment(e))
		}
		if e.voided > 0 && e.state != Voided && !wanted(operations, e) {
			out = append(out, a.moment(event{attempt: e.attempt, state: Voided, voided: e.voided, at: e.at}))
		}
		last = e.state
	}
	if len(out) == 0 {
		out = append(out, orders.Moment{At: a.CreatedAt, Kind: "payment." + string(Created), Subject: string(a.ID), Amount: a.Amount, Text: a.Provider})
	}
	return out
}

// wanted reports whether the store had asked for what was let go then.
func wanted(operations []Operation, e event) bool {
	return slices.ContainsFunc(operations, func(op Operation) bool {
		return op.Attempt == e.attempt && op.State == OpSucceeded && (op.Kind == KindVoid || op.Final) &&
			op.CreatedAt.UnixMilli() <= e.at && e.at <= op.UpdatedAt.UnixMilli()
	})
}

func (a Attempt) moment(e event) orders.Moment {
	m := orders.Moment{At: instant(e.at), Kind: "payment." + string(e.state), Subject: string(a.ID), Amount: a.Amount, Text: a.Provider, Internal: e.state == Unknown}
	switch {
	case e.captured > 0:
		m.Amount = money.New(e.captured, a.Amount.Currency())
	case e.state == Authorized && e.authorized > 0:
		m.Amount = money.New(e.authorized, a.Amount.Currency())
	case e.state == Voided && e.voided > 0:
		m.Amount = money.New(e.voided, a.Amount.Currency())
	case e.state == Declined:
		m.Text = a.Provider + ": " + string(e.decline)
	}
	return m
}
