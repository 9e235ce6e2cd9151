package payments_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/manual"
	"github.com/keelshop/commerce/payments/simulator"
)

// The commands of this file stand in for a checkout: they call what a checkout
// calls, in the same order.

// begin makes a pending order with its first attempt.
type begin struct {
	Order    orders.ID    `cbor:"1,keyasint"`
	Attempts []attemptNew `cbor:"2,keyasint"`
	Total    int64        `cbor:"3,keyasint"`
	Shipping int64        `cbor:"4,keyasint"`
	Tax      int64        `cbor:"5,keyasint"`
}

type attemptNew struct {
	ID       payments.ID `cbor:"1,keyasint"`
	Provider string      `cbor:"2,keyasint"`
	Token    string      `cbor:"3,keyasint"`
	Amount   int64       `cbor:"4,keyasint"`
	Capture  bool        `cbor:"5,keyasint"`
	Number   int         `cbor:"6,keyasint"`
}

func (begin) Kind() command.Kind { return "test.begin" }
func (begin) Validate() error    { return nil }

func (c begin) apply(tx *command.Tx) (struct{}, error) {
	sub := c.Total - c.Shipping - c.Tax
	n := orders.New{
		ID: c.Order, Cart: "", Currency: "EUR", Subtotal: sub, Shipping: c.Shipping, Tax: c.Tax, TaxAdded: c.Tax, Total: c.Total,
		Lines: []orders.NewLine{{SKU: "A", Title: "a thing", Quantity: 1, UnitPrice: sub, Total: sub, Tax: c.Tax}},
	}
	if _, err := orders.Insert(tx, n); err != nil {
		return struct{}{}, err
	}
	for _, a := range c.Attempts {
		err := payments.CreateAttempt(tx, payments.Attempt{
			ID: a.ID, Order: c.Order, Number: a.Number, Provider: a.Provider, Token: a.Token,
			Amount: money.New(a.Amount, "EUR"), AutoCapture: a.Capture,
		})
		if err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, nil
}

// finish records news about an attempt, and places a pending order for which
// there is money.
type finish struct {
	Attempt payments.ID      `cbor:"1,keyasint"`
	Outcome payments.Outcome `cbor:"2,keyasint"`
}

func (finish) Kind() command.Kind { return "test.finish" }
func (finish) Validate() error    { return nil }

func (c finish) apply(tx *command.Tx) (bool, error) {
	changed, err := payments.RecordOutcome(tx, c.Attempt, c.Outcome)
	if err != nil || !changed {
		return false, err
	}
	a, err := payments.AttemptTx(tx.Tx, c.Attempt)
	if err != nil {
		return false, err
	}
	o, err := orders.GetTx(tx.Tx, a.Order)
	if err != nil || o.Status != orders.Pending || !a.State.Paid() {
		return true, err
	}
	if o, err = orders.Place(tx, a.Order); err != nil {
		return false, err
	}
	return true, payments.PostSale(tx, o)
}

// cancel cancels an order whatever its money does.
type cancel struct {
	Order orders.ID `cbor:"1,keyasint"`
}

func (cancel) Kind() command.Kind { return "test.cancel" }
func (cancel) Validate() error    { return nil }

func (c cancel) apply(tx *command.Tx) (struct{}, error) {
	if _, err := orders.CancelTx(tx, c.Order, "test"); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, payments.SettleLater(tx, c.Order)
}

// post posts to the ledger what a test wants posted.
type post struct {
	Order   orders.ID      `cbor:"1,keyasint"`
	Txn     string         `cbor:"2,keyasint"`
	Amounts []money.Amount `cbor:"3,keyasint"`
}

func (post) Kind() command.Kind { return "test.post" }
func (post) Validate() error    { return nil }

func (c post) apply(tx *command.Tx) (struct{}, error) {
	var postings []payments.Posting
	for i, a := range c.Amounts {
		postings = append(postings, payments.Posting{Account: payments.Account("test:" + strconv.Itoa(i)), Amount: a})
	}
	return struct{}{}, payments.Post(tx, c.Txn, c.Order, tx.At, postings)
}

// damage runs one statement, to plant what a check should find.
type damage struct {
	SQL string `cbor:"1,keyasint"`
}

func (damage) Kind() command.Kind { return "test.damage" }
func (damage) Validate() error    { return nil }

func (c damage) apply(tx *command.Tx) (struct{}, error) {
	_, err := tx.Exec(c.SQL)
	return struct{}{}, err
}

func testModule() command.Module {
	return command.Module{Name: "test", Commands: []command.Definition{
		command.DefineRepeatable(begin.apply), command.DefineRepeatable(finish.apply),
		command.DefineRepeatable(cancel.apply), command.DefineRepeatable(post.apply),
		command.DefineRepeatable(damage.apply),
	}}
}

// shop is a store with a simulated bank.
type shop struct {
	t      testing.TB
	ctx    context.Context
	engine *commandtest.Engine
	bank   *simulator.Simulator
	pay    *payments.Service
	orders *orders.Service
}

func newShop(t testing.TB, opts ...simulator.Option) *shop {
	e := commandtest.New(t, 2, orders.Module(), payments.Module(), testModule())
	s := &shop{t: t, ctx: context.Background(), engine: e, bank: simulator.New(opts...)}
	s.orders = orders.NewService(e, nil)
	s.pay = payments.NewService(e, s.orders, map[string]payments.Provider{s.bank.Name(): s.bank, manual.Name: manual.New()}, nil)
	return s
}

func (s *shop) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) do(slot id.Slot, c command.Command) {
	s.t.Helper()
	_, err := command.Do[any](s.ctx, s.engine, c, command.Call{Slot: slot})
	s.must(err)
}

// sale is an order with one attempt.
type sale struct {
	order orders.ID
	pay   payments.ID
	slot  id.Slot
}

const total = 1250

// begin makes an order of 12.50 EUR with an attempt to pay it.
func (s *shop) begin(token string, capture bool) sale {
	s.t.Helper()
	return s.beginWith(s.bank.Name(), token, capture)
}

func (s *shop) beginWith(provider, token string, capture bool) sale {
	s.t.Helper()
	slot := s.engine.SlotOn(1)
	now := s.engine.Now()
	it := sale{orders.ID(id.New("ord", slot, now)), payments.ID(id.New(payments.Prefix, slot, now)), slot}
	s.do(slot, &begin{Order: it.order, Total: total, Shipping: 300, Tax: 200, Attempts: []attemptNew{
		{ID: it.pay, Provider: provider, Token: token, Amount: total, Capture: capture, Number: 1},
	}})
	return it
}

// ask puts the attempt to the bank and finishes with the answer.
func (s *shop) ask(it sale) payments.Outcome {
	s.t.Helper()
	p, err := s.pay.Provider(s.attempt(it).Provider)
	s.must(err)
	o, err := p.Pay(s.ctx, s.attempt(it).PayRequest())
	s.must(err)
	s.finish(it, o)
	return o
}

func (s *shop) sell(token string, capture bool) sale {
	s.t.Helper()
	it := s.begin(token, capture)
	s.ask(it)
	return it
}

func (s *shop) finish(it sale, o payments.Outcome) bool {
	s.t.Helper()
	changed, err := command.Do[bool](s.ctx, s.engine, &finish{Attempt: it.pay, Outcome: o}, command.Call{Slot: it.slot})
	s.must(err)
	return changed
}

func (s *shop) cancel(it sale) {
	s.t.Helper()
	s.do(it.slot, &cancel{Order: it.order})
}

func (s *shop) attempt(it sale) payments.Attempt {
	s.t.Helper()
	a, err := s.pay.Get(s.ctx, it.pay)
	s.must(err)
	return a
}

func (s *shop) order(it sale) orders.Order {
	s.t.Helper()
	o, err := s.orders.Get(s.ctx, it.order)
	s.must(err)
	return o
}

func (s *shop) operations(it sale) []payments.Operation {
	s.t.Helper()
	ops, err := s.pay.Operations(s.ctx, it.order)
	s.must(err)
	return ops
}

// settle calls the handlers of the timers that are due.
func (s *shop) settle() error {
	s.t.Helper()
	for _, subject := range s.engine.Timers(payments.TimerSettle) {
		if err := s.pay.SettleTimer(s.ctx, subject); err != nil {
			return err
		}
	}
	return nil
}

// quiet fails the test if a timer is due.
func (s *shop) quiet() {
	s.t.Helper()
	if due := s.engine.Timers(payments.TimerSettle); len(due) > 0 {
		s.t.Errorf("timers are still due for %v", due)
	}
}

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

// books returns the order's balances on the ledger, in minor units.
func (s *shop) books(it sale) map[payments.Account]int64 {
	s.t.Helper()
	out := map[payments.Account]int64{}
	for p, err := range s.pay.Ledger(s.ctx, payments.Filter{Order: it.order}) {
		s.must(err)
		out[p.Account] += p.Amount.Minor()
	}
	for a, sum := range out {
		if sum == 0 {
			delete(out, a)
		}
	}
	return out
}
