package payments

import (
	"slices"
	"strconv"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// plan compares what is owed for an order with what was done and records, as
// operations, what is left to do. It may be applied any number of times.
//
// What was granted back is to be refunded, which for a canceled order is all
// that was captured; what a canceled order has authorized is to be voided, and
// payments of its that are not decided are to be ended; and of a placed order
// those are to be captured that waited for it.
type plan struct {
	Order orders.ID `cbor:"1,keyasint"`
}

// planned says what can be asked of providers now.
type planned struct {
	Ready []ready `cbor:"1,keyasint,omitempty"`
}

type ready struct {
	Attempt ID  `cbor:"1,keyasint"`
	Number  int `cbor:"2,keyasint"`
}

// Kind returns "payments.plan".
func (plan) Kind() command.Kind { return "payments.plan" }

// Validate refuses what is not an order's ID.
func (c plan) Validate() error {
	_, err := slotOf("ord", string(c.Order))
	return err
}

func (c plan) apply(tx *command.Tx) (planned, error) {
	b, err := readBooks(tx, c.Order)
	if err != nil {
		return planned{}, err
	}
	if stopped, err := frozen(tx.Tx, c.Order); err != nil || stopped {
		// Somebody has to look first; the timer stays, and asks again.
		if err == nil {
			err = tx.ClearTimers(TimerSettle, string(c.Order))
		}
		if err == nil {
			err = tx.SetTimer(tx.Clock+pendingPause.Milliseconds(), TimerSettle, string(c.Order))
		}
		return planned{}, err
	}
	if err := b.undoIncome(tx); err != nil {
		return planned{}, err
	}
	later, err := b.planVoids(tx)
	if err != nil {
		return planned{}, err
	}
	captures, err := b.planCaptures(tx)
	if err != nil {
		return planned{}, err
	}
	after, err := b.planRefunds(tx)
	if err != nil {
		return planned{}, err
	}
	return b.conclude(tx, sooner(sooner(later, captures), after))
}

// undoIncome takes from the ledger's income what the order no longer earns:
// all of a canceled order; of another, what was granted back without what had
// been paid too much.
func (b *books) undoIncome(tx *command.Tx) error {
	in, err := readIncome(tx, b.order.ID)
	if err != nil || !in.sold {
		return err
	}
	if b.order.Status == orders.Canceled {
		return b.cancelIncome(tx, in)
	}
	earned := b.order.Total.Minor() - (b.order.RefundGranted.Minor() - b.order.ExcessGranted.Minor())
	less := in.total() - earned
	sold, back, err := orders.GiftCardsTx(tx.Tx, b.order)
	if err != nil {
		return err
	}
	cards := max(0, back.Minor()-(sold.Minor()+in.accounts[GiftCardsSold])) // beyond what was booked before
	if less == 0 && cards == 0 {
		return nil
	}
	// The tax of goods that came back is not owed to the state any more.
	untaxed, err := orders.ReturnedTaxTx(tx.Tx, b.order.ID, b.order.Currency)
	if err != nil {
		return err
	}
	before := b.order.Tax.Minor() + in.accounts[TaxPayable]
	part := min(max(0, untaxed.Minor()-before), max(0, less))
	txn := "credit " + strconv.Itoa(in.txns+1)
	return Post(tx, txn, b.order.ID, tx.At, []Posting{
		{Account: Returns, Amount: money.New(less-part-cards, b.order.Currency)},
		{Account: GiftCardsSold, Amount: money.New(cards, b.order.Currency)},
		{Account: TaxPayable, Amount: money.New(part, b.order.Currency)},
		{Account: Receivable, Amount: money.New(-less, b.order.Currency)},
	})
}

func (b *books) cancelIncome(tx *command.Tx, in income) error {
	total := in.total()
	if !slices.ContainsFunc(incomeAccounts[:], func(a Account) bool { return in.accounts[a] != 0 }) {
		return nil
	}
	postings := []Posting{{Account: Receivable, Amount: money.New(-total, b.order.Currency)}}
	for _, a := range incomeAccounts {
		postings = append(postings, Posting{Account: a, Amount: money.New(-in.accounts[a], b.order.Currency)})
	}
	return Post(tx, "cancel", b.order.ID, tx.At, postings)
}

// planVoids asks for what a canceled order still has authorized, and for an end
// of its payments that are not decided; of another, for what payments hold in
// vain. It returns when to look again because of something
// that failed, or 0.
func (b *books) planVoids(tx *command.Tx) (later int64, err error) {
	reason, excess, canceled := "order canceled", int64(0), b.order.Status == orders.Canceled
	if !canceled {
		reason = "nothing is due"
		if excess, err = b.excess(tx); err != nil {
			return 0, err
		}
	}
	for _, a := range b.attempts {
		open := a.Open().Minor()
		switch {
		case canceled && !a.State.Settled():
			open = a.Amount.Minor()
		case canceled:
		case !a.inVain(excess):
			continue
		default:
			excess -= open
		}
		if open <= 0 || b.under(a.ID, KindVoid) > 0 || b.under(a.ID, KindCapture) > 0 {
			continue
		}
		if at := b.retryAt(a.ID, KindVoid); at > tx.Clock {
			later = sooner(later, at)
			continue
		}
		if err := b.add(tx, a, Operation{Kind: KindVoid, Amount: money.New(open, b.order.Currency), Reason: reason}); err != nil {
			return 0, err
		}
	}
	return later, nil
}

// planCaptures asks for the money that was only authorized until the order's
// other payments were certain. It returns when to look again because of
// something that failed, or 0.
func (b *books) planCaptures(tx *command.Tx) (later int64, err error) {
	if b.order.Status != orders.Placed {
		return 0, nil
	}
	for _, a := range b.attempts {
		open := a.Open().Minor()
		if !a.WhenPlaced || open <= 0 || a.Captured.IsPositive() || b.under(a.ID, KindCapture)+b.under(a.ID, KindVoid) > 0 {
			continue
		}
		if at := b.retryAt(a.ID, KindCapture); at > tx.Clock {
			later = sooner(later, at)
			continue
		}
		if err := b.add(tx, a, Operation{Kind: KindCapture, Amount: money.New(open, b.order.Currency), Reason: "order placed"}); err != nil {
			return 0, err
		}
	}
	return later, nil
}

// owed returns what has to be paid back. Goods that came back or were canceled
// before all of the order was captured lower what is still to be captured first: of their value
// only what was captured beyond the rest of the order is owed.
// What was paid back before something was added to the order stays so: it is
// nothing that the order owes less of.
func (b *books) owed(tx *command.Tx) (int64, error) {
	owed := b.order.RefundGranted.Minor() - b.order.Refunded.Minor()
	if b.order.Status == orders.Canceled {
		return owed, nil
	}
	returned, err := orders.GoodsGrantedTx(tx.Tx, b.order.ID)
	if err != nil {
		return 0, err
	}
	rest := max(0, b.order.Total.Minor()-returned)
	paid := min(returned, max(0, b.order.Captured.Minor()-rest))
	return max(0, owed-(returned-paid)), nil
}

// excess returns what the order has in vain, in minor units: what is authorized
// or captured beyond what it costs and what has to be paid back anyway. Below
// nothing is due. Goods that were granted back before they were captured cost
// nothing any more.
func (b *books) excess(tx *command.Tx) (int64, error) {
	owed, err := b.owed(tx)
	return -b.order.Outstanding().Minor() - owed, err
}

// inVain reports whether nothing is left to capture what a payment holds: what
// remains of one that was captured in part, and a further payment all of which
// is authorized still. Of another payment staff decides, and what is larger than
// the excess may be captured in part.
func (a Attempt) inVain(excess int64) bool {
	untouched := a.Further && a.State == Authorized && a.Captured.IsZero()
	return (untouched || a.State == Captured) && a.Open().IsPositive() && a.Open().Minor() <= excess
}

// planRefunds asks for what was granted back and is not on its way, from the
// first payment on. It returns when to look again because of something that
// failed, or 0.
func (b *books) planRefunds(tx *command.Tx) (later int64, err error) {
	owed, err := b.owed(tx)
	if err != nil {
		return 0, err
	}
	for _, a := range b.attempts {
		owed -= b.under(a.ID, KindRefund)
	}
	reason := "refund granted"
	if b.order.Status == orders.Canceled {
		reason = "order canceled"
	}
	parts := b.shareRefund(owed)
	for i, a := range b.attempts {
		part := parts[i]
		if part <= 0 {
			continue
		}
		if at := b.retryAt(a.ID, KindRefund); at > tx.Clock {
			later = sooner(later, at)
			continue
		}
		if err := b.add(tx, a, Operation{Kind: KindRefund, Amount: money.New(part, b.order.Currency), Reason: reason}); err != nil {
			return 0, err
		}
	}
	return later, nil
}

// shareRefund shares what is owed among the payments: as was chosen, and the
// rest from the first payment on, each up to what it has.
func (b *books) shareRefund(owed int64) []int64 {
	parts := make([]int64, len(b.attempts))
	take := func(i int, most int64) {
		a := b.attempts[i]
		part := min(owed, most, a.Captured.Minor()-a.Refunded.Minor()-b.under(a.ID, KindRefund)-parts[i])
		if part > 0 {
			parts[i], owed = parts[i]+part, owed-part
		}
	}
	for i, a := range b.attempts {
		take(i, a.Chosen.Minor()-a.Refunded.Minor()-b.under(a.ID, KindRefund))
	}
	for i := range b.attempts {
		take(i, owed)
	}
	return parts
}

// conclude lists what can be asked now. When that is nothing, the order's
// timers are done, and one is left for what has to wait.
func (b *books) conclude(tx *command.Tx, later int64) (planned, error) {
	var p planned
	for _, op := range b.operations {
		switch {
		case op.due(tx.Clock):
			p.Ready = append(p.Ready, ready{op.Attempt, op.Number})
		case !op.State.Final():
			later = sooner(later, op.retryAt)
		}
	}
	if len(p.Ready) > 0 {
		return p, nil
	}
	if err := tx.ClearTimers(TimerSettle, string(b.order.ID)); err != nil {
		return planned{}, err
	}
	if later > 0 {
		return p, tx.SetTimer(later, TimerSettle, string(b.order.ID))
	}
	return p, nil
}

// sooner returns the earlier of two instants of which 0 is none.
func sooner(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
