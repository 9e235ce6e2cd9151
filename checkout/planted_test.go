package checkout_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/pricing"
)

// A planted bug must be caught by a check that a store runs by itself or by
// one that its tests share. Each scenario is run without any bug as well, and
// then nobody may complain.
var planted = []struct {
	name     string
	mutation mutation
	scenario string // one of scenarios
	caught   string // part of the complaint
}{
	{"dedupe is skipped", mutation{command: unrecorded("inventory.receive")},
		"receivesTwice", "5 of mug were received and 10 are on hand"},
	{"the stock guard is dropped", mutation{command: before("checkout.begin",
		`UPDATE allowances SET deposited = deposited + 1, available = available + 1 WHERE available = 0`)},
		"sellsOut", "inventory.deposited_within_granted"},
	{"the stock guard is dropped and only the tables' own is left", mutation{command: after("checkout.begin",
		`UPDATE allowances SET available = available - 1, reserved = reserved + 1`)},
		"sellsOut", "breaks a rule of the tables"},
	{"the cache is told before the commit", mutation{engine: hasty},
		"changesPrice", "a reader sees 12.50 EUR"},
	{"apply reads the wall clock", mutation{command: with("checkout.begin", func(tx *command.Tx) error {
		_, err := tx.Exec(`UPDATE orders SET occurred_at = ?`, time.Now().UnixNano())
		return err
	})}, "sells", "table orders differs from a replay"},
	{"apply remembers something of its process", mutation{command: counting("checkout.begin")},
		"sells", "table orders differs from a replay"},
	{"a retry captures again", mutation{provider: keyless},
		"losesAnswer", "the bank holds 25.00 EUR"},
	{"a grant is counted without its deposit", mutation{command: nothing("inventory.deposit")},
		"sellsOut", "are there and nobody can buy them"},
	{"a deposit is counted twice", mutation{command: after("inventory.deposit",
		`UPDATE allowances SET deposited = deposited + 1, available = available + 1`)},
		"sellsOut", "inventory.deposited_within_granted"},
	{"a grant leaves the goods where they were", mutation{command: after("inventory.grant",
		`UPDATE pools SET unallocated = unallocated + 1`)},
		"sellsOut", "inventory.pool_conservation"},
	{"a total is off by one", mutation{command: after("checkout.begin",
		`UPDATE orders SET subtotal = subtotal + 1, total = total + 1`)},
		"sells", "orders.lines_sum_up"},
	{"a hold is released twice", mutation{command: after("checkout.finish",
		`UPDATE allowances SET available = available + 1, reserved = reserved - 1 WHERE reserved > 0`)},
		"declinesBesideAnother", "inventory.reserved"},
	{"a hold outlives its order", mutation{command: after("checkout.finish",
		`INSERT INTO holds (reservation, slot, expires) SELECT 'ghost', slot, 0 FROM orders LIMIT 1`)},
		"sells", "checkout.hold_has_a_pending_order"},
	{"goods are sold and go back on the shelf", mutation{command: with("checkout.finish", func(tx *command.Tx) error {
		for _, sql := range []string{
			`UPDATE allowances SET available = available + reserved, reserved = 0`,
			`DELETE FROM reservation_lines`, `DELETE FROM holds`,
		} {
			if _, err := tx.Exec(sql); err != nil {
				return err
			}
		}
		return nil
	})}, "sells", "checkout.order_has_its_goods"},
	{"a part of a kit is forgotten", mutation{command: after("checkout.begin", `UPDATE order_lines SET parts = replace(parts, '"each":2', '"each":1') WHERE parts <> ''`)},
		"sellsKit", "checkout.order_has_its_goods"},
	{"a canceled order keeps its goods", mutation{command: after("checkout.finish", `UPDATE reservation_lines SET reservation = 'ghost'`)},
		"sells", "checkout.sold_goods_have_an_order"},
	{"a use is taken and not held", mutation{command: with("checkout.begin", func(tx *command.Tx) error {
		for _, sql := range []string{
			`UPDATE allowances SET available = available + reserved, reserved = 0 WHERE pool GLOB 'cpn_*'`,
			`DELETE FROM reservation_lines WHERE pool GLOB 'cpn_*'`,
		} {
			if _, err := tx.Exec(sql); err != nil {
				return err
			}
		}
		return nil
	})}, "usesACode", "checkout.used_promotion_is_held"},
	{"uses are another customer's", mutation{command: after("checkout.begin",
		`UPDATE redemptions SET customer = 'another'`)}, "usesACode", "checkout.customer_within_limit"},
	{"a checkout has no timer", mutation{command: after("checkout.finish", `DELETE FROM timers WHERE kind = 'checkout.recover'`)},
		"waits", "checkout.pending_order_has_a_timer"},
	{"a cart stays open", mutation{command: after("checkout.begin", `UPDATE carts SET status = 'active', order_id = ''`)},
		"waits", "checkout.pending_order_locks_its_cart"},
	{"the matrix: a retry charges again", mutation{provider: keyless},
		"tells of a lost answer and a death", "captured 50.00 EUR, order "},
	{"the matrix: a void is lost", mutation{provider: func(p payments.Provider) payments.Provider { return &voidless{p} }},
		"tells of a provider that is not reached", "the bank says of payment"},
	{"the matrix: an order is stuck", mutation{provider: func(p payments.Provider) payments.Provider { return &blind{p} }},
		"tells of a lost answer", "the order is pending"},
	{"the matrix: goods come back twice", mutation{command: unrecorded("orders.receive_return")},
		"tells of a return and a death", "the returns are"},
	{"the matrix: a refund is granted twice", mutation{command: unrecorded("orders.grant_refund")},
		"tells of a download and a death", "keeps"},
	{"the matrix: a download counts twice", mutation{command: unrecorded("downloads.download")},
		"tells of a download and a death", "the files are"},
	{"a further payment has no timer", mutation{command: after("checkout.finish", `DELETE FROM timers WHERE kind = 'checkout.pay'`)},
		"paysMore", "checkout.open_payment_has_a_timer"},
	{"half of a posting is lost", mutation{command: after("checkout.finish", `DELETE FROM postings WHERE n = 2`)},
		"sells", "payments.ledger_balance"},
	{"a sale is not booked", mutation{command: after("checkout.finish", `DELETE FROM postings WHERE txn = 'sale'`)},
		"sells", "payments.sale_booked"},
	{"an event is lost", mutation{command: after("checkout.finish", `DELETE FROM outbox WHERE seq = (SELECT max(seq) FROM outbox) - 1`)},
		"sellsTwice", "shard.outbox_without_gaps"},
}

// scenarios are what happens in a shop, with a bug in it or without.
var scenarios = map[string]func(*shop){
	"receivesTwice": receivesTwice, "sellsOut": sellsOut, "changesPrice": changesPrice, "sells": sells, "losesAnswer": losesAnswer,
	"declinesBesideAnother": declinesBesideAnother, "sellsKit": sellsKit, "usesACode": usesACode, "waits": waits,
	"paysMore": paysMore, "sellsTwice": sellsTwice,
	"tells of a lost answer":                  tells("a card", lostAnswer),
	"tells of a lost answer and a death":      tells("a card", lostAnswer, diesAfter),
	"tells of a provider that is not reached": tells("everything, and the last is declined", unreached),
	"tells of a return and a death":           dies("a return from request to refund"),
	"tells of a download and a death":         dies("a file that is downloaded and paid back in part"),
}

func TestNobodyComplainsWithoutABug(t *testing.T) {
	t.Parallel()
	for name, scenario := range scenarios {
		t.Run(name, func(t *testing.T) {
			if found := complaints(t, mutation{}, scenario); len(found) > 0 {
				t.Errorf("nothing is planted, and yet: %s", strings.Join(found, "\n"))
			}
		})
	}
}

func TestPlantedBugsAreCaught(t *testing.T) {
	t.Parallel()
	for _, p := range planted {
		t.Run(p.name, func(t *testing.T) {
			found := complaints(t, p.mutation, scenarios[p.scenario])
			if !strings.Contains(strings.Join(found, "\n"), p.caught) {
				t.Errorf("the bug is not caught as %q; found %d:\n%s", p.caught, len(found), strings.Join(found, "\n"))
			}
		})
	}
}

// complaints runs a scenario on a shop with a planted bug and returns all that
// is found wrong with it.
func complaints(t *testing.T, m mutation, scenario func(*shop)) []string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() { // a failed scenario ends its goroutine
		defer close(done)
		defer r.cleanup()
		s := newMutant(r, 2, m)
		scenario(s)
		r.found = append(r.found, s.audit()...)
	}()
	<-done
	return r.found
}

// A recorder is a test that writes down what it fails for. It belongs to one
// goroutine.
type recorder struct {
	testing.TB
	found    []string
	cleanups []func()
}

func (r *recorder) Helper()                      {}
func (r *recorder) Error(args ...any)            { r.found = append(r.found, fmt.Sprintln(args...)) }
func (r *recorder) Errorf(f string, args ...any) { r.found = append(r.found, fmt.Sprintf(f, args...)) }
func (r *recorder) Cleanup(f func())             { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Fatal(args ...any)            { r.Error(args...); r.end() }
func (r *recorder) Fatalf(f string, args ...any) { r.Errorf(f, args...); r.end() }

func (r *recorder) end() { runtime.Goexit() }

func (r *recorder) cleanup() {
	for len(r.cleanups) > 0 {
		last := len(r.cleanups) - 1
		f := r.cleanups[last]
		r.cleanups = r.cleanups[:last]
		f()
	}
}

// wrapped returns a change of one kind's definition.
func wrapped(k command.Kind, apply func(d command.Definition, body []byte, tx *command.Tx) (any, error)) func(command.Definition) command.Definition {
	return func(d command.Definition) command.Definition {
		if d.Kind != k {
			return d
		}
		w := command.Define(func(body raw, tx *command.Tx) (any, error) { return apply(d, body, tx) })
		w.Kind, w.Recorded, w.Body, w.Answer = d.Kind, d.Recorded, d.Body, d.Answer
		return w
	}
}

// raw is a command's body as it was logged.
type raw []byte

func (raw) Kind() command.Kind { return "raw" }
func (raw) Validate() error    { return nil }

// UnmarshalCBOR keeps the bytes.
func (r *raw) UnmarshalCBOR(b []byte) error {
	*r = append(raw(nil), b...)
	return nil
}

// with runs something in the transaction of a command that succeeded.
func with(k command.Kind, do func(*command.Tx) error) func(command.Definition) command.Definition {
	return wrapped(k, func(d command.Definition, body []byte, tx *command.Tx) (any, error) {
		v, err := d.Apply(body, tx)
		if err == nil {
			err = do(tx)
		}
		return v, err
	})
}

func after(k command.Kind, sql string) func(command.Definition) command.Definition {
	return with(k, func(tx *command.Tx) error {
		_, err := tx.Exec(sql)
		return err
	})
}

func before(k command.Kind, sql string) func(command.Definition) command.Definition {
	return wrapped(k, func(d command.Definition, body []byte, tx *command.Tx) (any, error) {
		if _, err := tx.Exec(sql); err != nil {
			return nil, err
		}
		return d.Apply(body, tx)
	})
}

// nothing makes a command succeed without an effect.
func nothing(k command.Kind) func(command.Definition) command.Definition {
	return wrapped(k, func(command.Definition, []byte, *command.Tx) (any, error) { return struct{}{}, nil })
}

// unrecorded makes a command forget its answers.
func unrecorded(k command.Kind) func(command.Definition) command.Definition {
	return func(d command.Definition) command.Definition {
		if d.Kind == k {
			d.Recorded = false
		}
		return d
	}
}

// counting makes a command depend on how often this process has applied it.
func counting(k command.Kind) func(command.Definition) command.Definition {
	var n atomic.Int64
	return with(k, func(tx *command.Tx) error {
		_, err := tx.Exec(`UPDATE orders SET occurred_at = ?`, n.Add(1))
		return err
	})
}

// hasty is an engine that tells the cache of a commit before it happens. The
// keys are those that were touched before.
func hasty(s *shop) command.Engine {
	h := &hastyEngine{Engine: s.engine, shop: s}
	s.engine.OnTouch = func(keys []string) { h.keys = append(h.keys, keys...) }
	return h
}

type hastyEngine struct {
	*commandtest.Engine
	shop *shop
	keys []string
}

func (h *hastyEngine) Submit(ctx context.Context, e command.Envelope) (command.Answer, error) {
	h.shop.copies.bump(h.keys)
	if h.shop.meanwhile != nil {
		h.shop.meanwhile()
	}
	return h.Engine.Submit(ctx, e)
}

// keyless is a provider that takes each request for a new one.
func keyless(p payments.Provider) payments.Provider { return &keylessProvider{Provider: p} }

type keylessProvider struct {
	payments.Provider
	n atomic.Int64
}

func (p *keylessProvider) Pay(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	if n := p.n.Add(1); n > 1 {
		r.Token = approves
		r.Key = fmt.Sprint(r.Key, "/", n)
	}
	return p.Provider.Pay(ctx, r)
}

// Retrieve finds nothing, as the key means nothing.
func (p *keylessProvider) Retrieve(context.Context, payments.LookupRequest) (payments.Outcome, error) {
	return payments.Outcome{State: payments.NotFound}, nil
}

// voidless is a provider that says it has let go of money and has not.
type voidless struct{ payments.Provider }

func (p *voidless) Void(ctx context.Context, r payments.VoidRequest) (payments.Outcome, error) {
	said, err := p.Retrieve(ctx, payments.LookupRequest{Of: payments.KindPayment, Key: r.PaymentKey, PaymentKey: r.PaymentKey, ProviderID: r.ProviderID})
	if err != nil || said.State != payments.Authorized {
		return p.Provider.Void(ctx, r)
	}
	return payments.Outcome{State: payments.Voided, ProviderID: said.ProviderID}, nil
}

// blind is a provider that never finds what it was asked for.
type blind struct{ payments.Provider }

func (p *blind) Retrieve(context.Context, payments.LookupRequest) (payments.Outcome, error) {
	return payments.Outcome{State: payments.Unknown}, nil
}

// The scenarios.

// tells lives through one visit of the crash matrix, with each of its steps
// going wrong in each of some ways.
func tells(name string, hows ...mishap) func(*shop) {
	return func(s *shop) {
		s.sells("mug", 1000)
		v := visits[slices.IndexFunc(visits, func(v visit) bool { return v.name == name })]
		for at, found := 1, true; found; at++ {
			found = false
			for i, how := range slices.Repeat(hows, 4) { // goods that are borrowed are steps, too
				v.name = fmt.Sprint(name, " ", i)
				found = len(s.tellAll(v, at, how).steps) >= at || found
			}
		}
	}
}

// dies lives through one visit of the crash matrix as often as it has steps,
// and dies after each of them.
func dies(name string) func(*shop) {
	return func(s *shop) {
		s.opens()
		v := visits[slices.IndexFunc(visits, func(v visit) bool { return v.name == name })]
		for at := 1; len(s.tellAll(v, at, diesAfter).steps) >= at; at++ {
			if s.Failed() {
				return
			}
		}
	}
}

func receivesTwice(s *shop) {
	s.sells("mug", 0)
	s.receive("mug", 5, "delivery note 7")
	_, err := s.inventory.Receive(s.ctx(), inventory.Receive{SKU: "mug", Quantity: 5, Key: "delivery note 7"})
	s.must(err)
}

func sells(s *shop) {
	s.sells("mug", 5)
	r, err := s.buy("mug", 2, approves)
	if err != nil || r.Status != orders.Placed {
		s.Errorf("got %s, %v", r.Status, err)
	}
}

func sellsKit(s *shop) {
	s.sells("cup", 5)
	s.kit("set", "cup", 2)
	if _, err := s.buy("set", 2, approves); err != nil {
		s.Error(err)
	}
}

// usesACode has a customer, who may do so once, try a code of two uses thrice.
func usesACode(s *shop) {
	s.sells("mug", 5)
	s.promotes("ten", needsCode)
	s.coupon("once", "ten", pricing.Limits{Uses: 2, PerCustomer: 1})
	who := s.customer("a@example.com")
	for range 3 {
		c := s.basketOf(who, "mug")
		s.enters(c, "once")
		if _, err := s.pay(c, approves); err != nil && fault.CodeOf(err) != fault.Refused {
			s.Error(err)
		}
	}
}

func sellsTwice(s *shop) {
	sells(s)
	for range 4 {
		if _, err := s.buy("mug", 1, approves); err != nil && fault.CodeOf(err) != fault.Refused {
			s.Error(err)
		}
	}
}

// sellsOut has more shoppers than goods, those who live far from the goods
// first.
func sellsOut(s *shop) {
	const units = 3
	s.sells("mug", units)
	home := s.authority("mug")
	sold := int64(0)
	for i := range 8 {
		c := s.basketOn((home+1+i/5)%2, "mug", 1)
		var r checkout.Result
		err := error(fault.Unavailable)
		for try := 0; try < 3 && fault.Retryable(err); try++ {
			r, err = s.pay(c, approves)
		}
		if r.Status == orders.Placed {
			sold++
		} else if !isOutOfStock(err) {
			s.Errorf("a shopper is told: %v", err)
		}
	}
	if sold > units {
		s.Errorf("%d sold of %d", sold, units)
	}
	if sold < units {
		s.Errorf("%d units are there and nobody can buy them", units-sold)
	}
}

func declinesBesideAnother(s *shop) {
	s.sells("mug", 5)
	first, second := s.basketOn(0, "mug", 2), s.basketOn(0, "mug", 1)
	r, err := s.pay(first, simulator.TokenPending)
	if err != nil || r.Status != orders.Pending {
		s.Errorf("got %s, %v", r.Status, err)
	}
	if _, err := s.pay(second, declines); fault.CodeOf(err) != fault.Refused {
		s.Errorf("got %v, want a decline", err)
	}
}

func waits(s *shop) {
	s.sells("mug", 5)
	if r, err := s.buy("mug", 1, simulator.TokenPending); err != nil || r.Status != orders.Pending {
		s.Errorf("got %s, %v", r.Status, err)
	}
}

// paysMore leaves a further payment with the bank.
func paysMore(s *shop) {
	o := s.changed(approves)
	if p, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(simulator.TokenPending)}); err != nil || p.Payment.State != payments.Pending {
		s.Errorf("got %s, %v", p.Payment.State, err)
	}
}

func losesAnswer(s *shop) {
	s.sells("mug", 5)
	r, err := s.buy("mug", 1, simulator.TokenLostAnswer)
	if err != nil || r.Status != orders.Pending {
		s.Errorf("got %s, %v", r.Status, err)
	}
	s.engine.Advance(2 * time.Minute)
	s.must(s.recover())
	if o := s.order(r.ID); o.Status != orders.Placed {
		s.Errorf("after recovery the order is %s", o.Status)
	}
}

// changesPrice reads a product until it is cached, again while its price is
// being changed, and then once more.
func changesPrice(s *shop) {
	s.sells("mug", 0)
	s.readUntilCached("mug")
	s.meanwhile = func() { s.readUntilCached("mug") }
	_, err := s.catalog.PutProduct(s.ctx(), catalog.PutProduct{SKU: "mug", Title: "The mug", Price: euro(999)})
	s.must(err)
	s.meanwhile = nil
	v, err := s.catalog.BySKU(s.ctx(), "mug")
	s.must(err)
	if got, _ := v.Price("EUR"); got != euro(999) {
		s.Errorf("the price is %v now, and a reader sees %v", euro(999), got)
	}
}

// readUntilCached reads a SKU until that loads nothing: the cache takes values
// in a moment after they were read.
func (s *shop) readUntilCached(sku catalog.SKU) {
	s.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		before := s.copies.loads.Load()
		_, err := s.catalog.BySKU(s.ctx(), sku)
		s.must(err)
		if s.copies.loads.Load() == before {
			return
		}
	}
	s.Fatalf("%s is never cached", sku)
}
