package payments

import (
	"strconv"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// RecordOutcome books what a provider said about an attempt, in the caller's
// transaction: the attempt's state and money, the order's money, the ledger.
// It reports whether that changed anything. The same news twice, or older news
// than is known, changes nothing.
//
// Money that comes when the order is no longer pending is booked all the same
// and left to Settle, which gives back what a canceled order has. So a
// checkout calls RecordOutcome before it places the order, and SettleLater
// when it cancels one that may have money.
func RecordOutcome(tx *command.Tx, attempt ID, o Outcome) (changed bool, err error) {
	a, err := AttemptTx(tx.Tx, attempt)
	if err != nil {
		return false, err
	}
	return record(tx, &a, o)
}

func record(tx *command.Tx, a *Attempt, o Outcome) (changed bool, err error) {
	order, err := orders.HeadTx(tx.Tx, a.Order)
	if err != nil {
		return false, err
	}
	if changed, err = RecordLoaded(tx, a, &order, o); err != nil || !changed {
		return false, err
	}
	return true, orders.Save(tx, &order)
}

// RecordLoaded is RecordOutcome for an attempt and its order that the caller
// has read in this transaction. It changes both; if it reports true, the
// caller stores the order.
func RecordLoaded(tx *command.Tx, a *Attempt, order *orders.Order, o Outcome) (changed bool, err error) {
	if err := o.check(a.Amount.Currency()); err != nil {
		return false, err
	}
	was := *a
	if !a.learn(o) {
		return false, nil
	}
	if err := updateAttempt(tx, a); err != nil {
		return false, err
	}
	if err := eventOf(&was, a, tx.At).keep(tx, was.State); err != nil {
		return false, err
	}
	moved := orders.PaymentDelta{
		Authorized: a.Authorized.Minor() - was.Authorized.Minor(),
		Captured:   a.Captured.Minor() - was.Captured.Minor(),
		Voided:     a.Voided.Minor() - was.Voided.Minor(),
	}
	if moved == (orders.PaymentDelta{}) {
		return true, nil
	}
	if err := postCapture(tx, a, moved.Captured); err != nil {
		return false, err
	}
	if err := order.Pay(moved); err != nil {
		return false, err
	}
	if order.Status == orders.Pending {
		return true, nil
	}
	return true, SettleLater(tx, a.Order)
}

// SettleLater asks for the order's money to be settled: Settle will be called
// until what is owed and what was done agree.
func SettleLater(tx *command.Tx, o orders.ID) error {
	return tx.SetTimer(tx.Clock, TimerSettle, string(o))
}

// learn takes in what a provider said and reports whether it was news.
func (a *Attempt) learn(o Outcome) bool {
	was := *a
	next := o.State
	switch {
	case next == Canceled && a.State == Authorized:
		next = Voided
	case next == NotFound && !a.State.Settled():
		next = Canceled
	case next == Refunded: // money that went back had come
		next, o.Amount = Captured, money.Amount{}
	}
	if moves := a.State.MayBecome(next); moves || a.State == next {
		a.State = next
		a.learnWords(o, moves)
	}
	a.learnMoney(next, o.Amount, o.Final)
	return *a != was
}

// learnWords keeps what the provider said besides money.
func (a *Attempt) learnWords(o Outcome, moves bool) {
	if a.ProviderID == "" {
		a.ProviderID = o.ProviderID
	}
	if !moves {
		return
	}
	a.Decline, a.Raw, a.Next = "", "", nil
	switch a.State {
	case Declined:
		if a.Decline, a.Raw = o.Decline, o.Raw; a.Decline == "" {
			a.Decline = DeclineGeneric
		}
	case NeedsAction, Pending:
		a.Next = o.Next
	}
}

// learnMoney raises the running totals. They only grow, except that a capture
// which comes after a void takes back as much of the void.
func (a *Attempt) learnMoney(said State, amount money.Amount, final bool) {
	total := amount.Minor()
	authorized, captured, voided := a.Authorized.Minor(), a.Captured.Minor(), a.Voided.Minor()
	switch said {
	case Authorized:
		if amount == (money.Amount{}) {
			total = a.Amount.Minor()
		}
		authorized = max(authorized, total)
		if a.State == Voided { // old news of what was let go since
			voided = authorized - captured
		}
	case Captured:
		if amount == (money.Amount{}) {
			total = max(a.Amount.Minor(), authorized)
		}
		captured = max(captured, total)
		authorized = max(authorized, captured)
		voided = min(voided, authorized-captured)
		if final {
			voided = authorized - captured
		}
	case Voided:
		voided = authorized - captured
	}
	c := a.Amount.Currency()
	a.Authorized, a.Captured, a.Voided = money.New(authorized, c), money.New(captured, c), money.New(voided, c)
}

func updateAttempt(tx *command.Tx, a *Attempt) error {
	next, err := encodeNext(a.Next)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE attempts SET state = ?, provider_id = ?, authorized = ?, captured = ?, voided = ?, refunded = ?,
		decline_code = ?, raw_code = ?, next_action = ?, updated_at = ? WHERE id = ?`,
		a.State, a.ProviderID, a.Authorized.Minor(), a.Captured.Minor(), a.Voided.Minor(), a.Refunded.Minor(),
		a.Decline, a.Raw, next, tx.At, a.ID)
	return err
}

// postCapture books captured money. The running total makes the name of the
// ledger transaction unique, as there may be several captures.
func postCapture(tx *command.Tx, a *Attempt, captured int64) error {
	if captured == 0 {
		return nil
	}
	txn := "capture " + string(a.ID) + " " + strconv.FormatInt(a.Captured.Minor(), 10)
	return Post(tx, txn, a.Order, tx.At, transfer(ProviderAccount(a.Provider), Receivable, money.New(captured, a.Amount.Currency())))
}
