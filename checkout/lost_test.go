package checkout_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

const day = 24 * time.Hour

// A blackout is a payment that a shop made and that its books, restored from a
// backup, do not know.
type blackout struct {
	n      int
	token  string // "" is one that is approved
	auto   bool   // captured at once
	taken  int64  // of what was authorized
	back   int64  // was refunded before the books were lost
	marked string // "" is the shop's own mark
}

// lose makes a payment of which the shop knows nothing, of 1,000.
func (s *shop) lose(b blackout) string {
	s.Helper()
	key := newPaymentID(s, b.n)
	if b.marked == "" {
		b.marked = s.mark()
	}
	if b.token == "" {
		b.token = approves
	}
	_, err := s.bank.Pay(s.ctx(), payments.PayRequest{Key: key, Store: b.marked, Token: b.token, Amount: euro(1000), AutoCapture: b.auto})
	s.must(err)
	if b.taken > 0 {
		_, err = s.bank.Capture(s.ctx(), payments.CaptureRequest{Key: key + "/1", PaymentKey: key, Amount: euro(b.taken), Total: euro(b.taken)})
		s.must(err)
	}
	if b.back > 0 {
		_, err = s.bank.Refund(s.ctx(), payments.RefundRequest{Key: key + "/2", PaymentKey: key, Amount: euro(b.back)})
		s.must(err)
	}
	return key
}

// newPaymentID returns an ID as this shop makes them.
func newPaymentID(s *shop, n int) string {
	s.Helper()
	id := fmt.Sprintf("pay_01KAJ3W7Q8Z5D4F6G7H8J9K%03d", n)
	if _, err := s.payments.Get(s.ctx(), payments.ID(id)); fault.CodeOf(err) != fault.NotFound {
		s.Fatalf("%s is no ID of a payment: %v", id, err)
	}
	return id
}

// mark returns what this shop's payments are known by.
func (s *shop) mark() string {
	s.Helper()
	s.sells("marked", 1)
	r, err := s.buy("marked", 1, approves)
	s.must(err)
	c, _ := s.bank.Charge(string(s.attempt(r.ID).ID))
	if len(c.Store) < 16 {
		s.Fatalf("the bank was told the mark %q", c.Store)
	}
	return c.Store
}

// compares runs a comparison and returns what it came to.
func (s *shop) compares() (given []string, err error) {
	s.Helper()
	r, err := s.checkout.Reconcile(s.ctx(), "simulator", s.engine.Now().Add(-3*day))
	for _, d := range r.GivenBack {
		given = append(given, d.Key)
	}
	return given, err
}

// held returns what the bank has of a payment: taken and kept, or set aside.
func (s *shop) held(key string) int64 {
	s.Helper()
	c, ok := s.bank.Charge(key)
	if !ok {
		s.Fatalf("the bank has no payment %s", key)
	}
	return c.Authorized.Minor() - c.Voided.Minor() - c.Refunded.Minor()
}

// TestLostPaymentsAreGivenBack: what was paid after the backup goes back, all
// of it and once, when a day has passed in which nobody said otherwise.
func TestLostPaymentsAreGivenBack(t *testing.T) {
	s := newShop(t, 2)
	lost := []string{
		s.lose(blackout{n: 1, auto: true}),
		s.lose(blackout{n: 2}),
		s.lose(blackout{n: 3, taken: 600}),
		s.lose(blackout{n: 4, taken: 600, back: 250}),
		s.lose(blackout{n: 5, token: challenges}),
		s.lose(blackout{n: 6, token: simulator.TokenPending}),
	}
	nothing := s.lose(blackout{n: 7, auto: true, back: 1000})
	declined := s.lose(blackout{n: 8, token: declines})
	kind := payments.LostPayment
	found := s.reconciles(kind, kind, kind, kind, kind, kind)
	for i, want := range []int64{1000, 1000, 1000, 750, 0, 0} {
		if found[i].Key != lost[i] || found[i].Theirs != euro(want) || found[i].Order != "" {
			t.Errorf("found %+v, want %d", found[i], want)
		}
	}
	for range 2 { // not yet
		s.engine.Advance(11 * time.Hour)
		if given, err := s.compares(); err != nil || len(given) > 0 {
			t.Fatalf("too early: %v, %v", given, err)
		}
	}
	s.engine.Advance(3 * time.Hour)
	given, err := s.compares()
	s.must(err)
	if !slices.Equal(given, lost) {
		t.Errorf("given back are %v, want %v", given, lost)
	}
	for _, key := range lost {
		if c, _ := s.bank.Charge(key); s.held(key) != 0 || c.State == payments.NeedsAction || c.State == payments.Pending {
			t.Errorf("payment %s is %s, and of it are left %d", key, c.State, s.held(key))
		}
	}
	if open := s.open(); len(open) != 0 {
		t.Errorf("still open are %+v", open)
	}
	for d, err := range s.payments.Discrepancies(s.ctx(), true) {
		s.must(err)
		if d.Note == "" || d.Key == nothing || d.Key == declined {
			t.Errorf("written down is %+v", d)
		}
	}
	for range 3 { // and that is the end of it
		s.engine.Advance(2 * day)
		s.reconciles()
	}
	if c, _ := s.bank.Charge(lost[3]); c.Refunded != euro(600) {
		t.Errorf("of 600 taken and 250 refunded, %v went back", c.Refunded)
	}
	s.saw("payment.given_back", int64(len(lost)))
}

// saw counts events.
func (s *shop) saw(kind string, want int64) {
	s.Helper()
	got := int64(0)
	for shard := range s.engine.Shards() {
		s.must(s.engine.View(s.ctx(), s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
			n, _, err := tx.Int64(`SELECT count(*) FROM outbox WHERE kind = ?`, kind)
			got += n
			return err
		}))
	}
	if got != want {
		s.Errorf("%d events %s, want %d", got, kind, want)
	}
}

// foreign makes payments that are none of this shop's, and leftAlone finds those
// that were touched.
func (s *shop) foreign() (keys []string) {
	s.Helper()
	keys = append(keys, s.lose(blackout{n: 91, auto: true, marked: "another store's"}), s.lose(blackout{n: 92, marked: "another store's"}))
	for _, key := range []string{newPaymentID(s, 93), "order 1234 of another program"} {
		_, err := s.bank.Pay(s.ctx(), payments.PayRequest{Key: key, Token: approves, Amount: euro(1000), AutoCapture: true})
		s.must(err)
		keys = append(keys, key)
	}
	return keys
}

func (s *shop) touched(keys []string) (out []string) {
	for _, key := range keys {
		if s.held(key) != 1000 {
			out = append(out, key)
		}
	}
	return out
}

// TestForeignPaymentsAreLeftAlone: money of other programs and other stores stays
// where it is, whatever becomes of what this one lost.
func TestForeignPaymentsAreLeftAlone(t *testing.T) {
	s := newShop(t, 2)
	lost, foreign := s.lose(blackout{n: 1, auto: true}), s.foreign()
	s.reconciles(payments.UnknownPayment, payments.UnknownPayment, payments.LostPayment)
	for range 4 {
		s.engine.Advance(2 * day)
		_, err := s.compares()
		s.must(err)
	}
	if s.held(lost) != 0 {
		t.Errorf("of the shop's own are left %d", s.held(lost))
	}
	if got := s.touched(foreign); len(got) > 0 {
		t.Errorf("touched were %v", got)
	}
}

// marksAll is a provider that says of everything that the shop has asked for it.
type marksAll struct {
	*simulator.Simulator
	mark func() string
}

func (m marksAll) List(ctx context.Context, since time.Time) iter.Seq2[payments.Listed, error] {
	return func(yield func(payments.Listed, error) bool) {
		for l, err := range m.Simulator.List(ctx, since) {
			l.Store = m.mark()
			if !yield(l, err) {
				return
			}
		}
	}
}

// TestPlantedMark: without the mark, the test above would see other people's
// money move.
func TestPlantedMark(t *testing.T) {
	var s *shop
	mark := ""
	s = newMutant(t, 2, mutation{provider: func(p payments.Provider) payments.Provider {
		return marksAll{p.(*simulator.Simulator), func() string { return mark }}
	}})
	mark = s.mark()
	foreign := s.foreign()
	for range 4 {
		_, err := s.compares()
		s.must(err)
		s.engine.Advance(2 * day)
	}
	if got := s.touched(foreign); len(got) != 3 {
		t.Errorf("touched were %v, want the three that look like this shop's", got)
	}
}

// TestLostPaymentsAreKept by somebody who says why, and by a shop that wants
// reports only.
func TestLostPaymentsAreKept(t *testing.T) {
	s := newShop(t, 2)
	kept, given := s.lose(blackout{n: 1, auto: true}), s.lose(blackout{n: 2, auto: true})
	s.reconciles(payments.LostPayment, payments.LostPayment)
	s.must(s.payments.Clear(s.ctx(), payments.Clear{Differs: payments.LostPayment, Provider: "simulator", Payment: kept, Note: "was handed over in the shop"}))
	all := s.payments
	s.engine.Advance(2 * day)
	s.checkout = checkout.NewService(s.engine, s.carts, s.inventory, s.orders, all.WithGiveBack(payments.GiveBack{ReportOnly: true}))
	if done, err := s.compares(); err != nil || len(done) > 0 || s.held(given) != 1000 {
		t.Errorf("a shop that wants reports gave back %v, %v", done, err)
	}
	s.checkout = checkout.NewService(s.engine, s.carts, s.inventory, s.orders, all)
	got, err := s.compares()
	s.must(err)
	if !slices.Equal(got, []string{given}) || s.held(kept) != 1000 || s.held(given) != 0 {
		t.Errorf("given back are %v; left are %d and %d", got, s.held(kept), s.held(given))
	}
}

// TestGivingBackIsCutShort: whatever fails on the way, the money goes back once.
func TestGivingBackIsCutShort(t *testing.T) {
	for _, fail := range []simulator.Fault{simulator.Unreached, simulator.LostAnswer} {
		for at := range 6 {
			s := newShop(t, 1)
			keys := []string{s.lose(blackout{n: 1, auto: true}), s.lose(blackout{n: 2, taken: 600, back: 250})}
			s.reconciles(payments.LostPayment, payments.LostPayment)
			s.engine.Advance(25 * time.Hour)
			calls := 0
			s.bank.SetFaults(func(simulator.Call) simulator.Fault {
				if calls++; calls == at+1 {
					return fail
				}
				return simulator.None
			})
			_, err := s.compares()
			if calls > at && err == nil {
				t.Errorf("call %d was %v, and nobody said so", at, fail)
			}
			s.bank.SetFaults(nil)
			s.engine.Advance(time.Hour)
			_, err = s.compares()
			s.must(err)
			for i, want := range []int64{1000, 600} {
				if c, _ := s.bank.Charge(keys[i]); c.Refunded != euro(want) || s.held(keys[i]) != 0 {
					t.Errorf("call %d was %v: %v went back of %d, %d are left", at, fail, c.Refunded, want, s.held(keys[i]))
				}
			}
			if got := s.open(); len(got) > 0 {
				t.Errorf("call %d was %v: still open are %+v", at, fail, got)
			}
			s.saw("payment.given_back", 2)
		}
	}
}

// TestARefusalIsForPeople: what the provider refuses to refund is left to people,
// and it is not asked again and again.
func TestARefusalIsForPeople(t *testing.T) {
	s := newShop(t, 1)
	key := s.lose(blackout{n: 1, auto: true, token: "pm_card_refundFail"})
	for range 3 {
		s.reconciles(payments.LostPayment)
		s.engine.Advance(25 * time.Hour)
	}
	if got := s.open(); len(got) != 1 || got[0].Note == "" || s.held(key) != 1000 {
		t.Errorf("open are %+v", got)
	}
}

// TestACopyGivesNothingBack: while the store that this one was copied from sells
// on, what it sells is not given back.
func TestACopyGivesNothingBack(t *testing.T) {
	s := newShop(t, 2)
	first := s.lose(blackout{n: 1, auto: true})
	s.reconciles(payments.LostPayment)
	s.engine.Advance(20 * time.Hour)
	second := s.lose(blackout{n: 2, auto: true})
	for range 3 {
		_, err := s.compares()
		if e, ok := errors.AsType[*payments.ElsewhereError](err); !ok || e.Payment != second {
			t.Errorf("got %v", err)
		}
		s.engine.Advance(25 * time.Hour)
	}
	if s.held(first) != 1000 || s.held(second) != 1000 {
		t.Errorf("left are %d and %d", s.held(first), s.held(second))
	}
	s.must(s.payments.Clear(s.ctx(), payments.Clear{Differs: payments.LostPayment, Provider: "simulator", Payment: second, Note: "the old store was still on"}))
	_, err := s.compares()
	s.must(err)
	if s.held(first) != 0 || s.held(second) != 1000 {
		t.Errorf("when that was cleared, left are %d and %d", s.held(first), s.held(second))
	}
}

// TestADeclinedPaymentTellsOfACopy, too, until somebody has looked at it. One of
// before does not.
func TestADeclinedPaymentTellsOfACopy(t *testing.T) {
	s, bank := newForgetful(t)
	second, began := "", s.engine.Now()
	bank.edits = func(l *payments.Listed) {
		if l.CreatedAt = began; l.Key == second {
			l.CreatedAt = began.Add(20 * time.Hour)
		}
	}
	first := s.lose(blackout{n: 1, auto: true})
	s.lose(blackout{n: 3, token: declines})
	s.reconciles(payments.LostPayment)
	s.engine.Advance(20 * time.Hour)
	_, err := s.compares()
	s.must(err)
	second = s.lose(blackout{n: 2, token: declines})
	for range 3 {
		_, err := s.compares()
		if e, ok := errors.AsType[*payments.ElsewhereError](err); !ok || e.Payment != second || s.held(first) != 1000 {
			t.Errorf("got %v, left are %d", err, s.held(first))
		}
		s.engine.Advance(10 * time.Hour)
	}
	s.must(s.payments.Clear(s.ctx(), payments.Clear{Differs: payments.LostPayment, Provider: "simulator", Payment: second, Note: "the old store was still on"}))
	_, err = s.compares()
	s.must(err)
	if s.held(first) != 0 || len(s.open()) != 0 {
		t.Errorf("when that was cleared, left are %d, open are %+v", s.held(first), s.open())
	}
	s.saw("payment.discrepancy", 2)
}

// forgetting is an engine that does not write down what is said of one payment.
type forgetting struct {
	command.Engine
	key *string
}

func (f forgetting) Submit(ctx context.Context, env command.Envelope) (command.Answer, error) {
	if env.Kind == "payments.report" && *f.key != "" && bytes.Contains(env.Body, []byte(*f.key)) {
		return command.Answer{}, fault.New(fault.Unavailable, "not now")
	}
	return f.Engine.Submit(ctx, env)
}

// TestACopyThatCannotBeWrittenDown: what would prove it may be what failed to be
// reported, so nothing is given back.
func TestACopyThatCannotBeWrittenDown(t *testing.T) {
	unheard := ""
	s := newMutant(t, 1, mutation{engine: func(s *shop) command.Engine { return forgetting{s.engine, &unheard} }})
	first := s.lose(blackout{n: 1, auto: true})
	s.reconciles(payments.LostPayment)
	s.engine.Advance(25 * time.Hour)
	unheard = s.lose(blackout{n: 2, auto: true})
	if given, err := s.compares(); fault.CodeOf(err) != fault.Unavailable || len(given) > 0 || s.held(first) != 1000 {
		t.Errorf("given back are %v, %v", given, err)
	}
	unheard = ""
	_, err := s.compares()
	if _, ok := errors.AsType[*payments.ElsewhereError](err); !ok || s.held(first) != 1000 {
		t.Errorf("got %v, left are %d", err, s.held(first))
	}
}

// TestLostPaymentsStayInView: one that is older than the comparison looks back is kept
// in view until it is given back.
func TestLostPaymentsStayInView(t *testing.T) {
	s, bank := newForgetful(t)
	key := s.lose(blackout{n: 1, auto: true})
	made := s.engine.Now()
	bank.edits = func(l *payments.Listed) { l.CreatedAt = made }
	bank.since = func(l payments.Listed, since time.Time) bool { return l.Key != key || !made.Before(since) }
	s.reconciles(payments.LostPayment)
	s.engine.Advance(5 * day)
	given, err := s.compares()
	s.must(err)
	if len(given) != 1 || s.held(key) != 0 {
		t.Errorf("given back are %v, left are %d", given, s.held(key))
	}
}

// halving is a provider that refunds half of what it is asked for, the first time.
type halving struct {
	*simulator.Simulator
	asked int
}

func (p *halving) Refund(ctx context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	if p.asked++; p.asked == 1 {
		r.Amount = euro(r.Amount.Minor() / 2)
	}
	return p.Simulator.Refund(ctx, r)
}

// TestAllOfALostPaymentIsGivenBack: what a provider leaves is found again, and
// goes back too.
func TestAllOfALostPaymentIsGivenBack(t *testing.T) {
	s := newMutant(t, 1, mutation{provider: func(p payments.Provider) payments.Provider { return &halving{Simulator: p.(*simulator.Simulator)} }})
	key := s.lose(blackout{n: 1, auto: true})
	for range 4 {
		_, err := s.compares()
		s.must(err)
		s.engine.Advance(25 * time.Hour)
	}
	if c, _ := s.bank.Charge(key); c.Refunded != euro(1000) || len(s.open()) != 0 {
		t.Errorf("%v went back, open are %+v", c.Refunded, s.open())
	}
	s.saw("payment.discrepancy", 1)
	s.saw("payment.given_back", 2)
}

// bouncing is a provider whose first refund fails after it was called done.
type bouncing struct {
	*simulator.Simulator
	asked int
}

func (p *bouncing) Refund(ctx context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	if p.asked++; p.asked == 1 {
		return payments.Outcome{State: payments.Refunded, Amount: r.Amount}, nil
	}
	return p.Simulator.Refund(ctx, r)
}

// TestAFailedGivingBackIsFoundAgain: a refund that fails afterwards is reported
// anew, and made again.
func TestAFailedGivingBackIsFoundAgain(t *testing.T) {
	s := newMutant(t, 1, mutation{provider: func(p payments.Provider) payments.Provider { return &bouncing{Simulator: p.(*simulator.Simulator)} }})
	key := s.lose(blackout{n: 1, auto: true})
	s.reconciles(payments.LostPayment)
	s.engine.Advance(25 * time.Hour)
	given, err := s.compares()
	s.must(err)
	if len(given) != 1 || s.held(key) != 1000 {
		t.Fatalf("given back are %v, left are %d", given, s.held(key))
	}
	s.engine.Advance(time.Hour)
	s.reconciles(payments.LostPayment)
	if open := s.open(); len(open) != 1 || open[0].Key != key {
		t.Errorf("open are %+v", open)
	}
	s.engine.Advance(25 * time.Hour)
	given, err = s.compares()
	s.must(err)
	if len(given) != 1 || s.held(key) != 0 || len(s.open()) != 0 {
		t.Errorf("then given back are %v, left are %d, open are %+v", given, s.held(key), s.open())
	}
	s.saw("payment.discrepancy", 2)
	s.saw("payment.given_back", 2)
}

// clinging is a provider that answers a void without letting go, the first time.
type clinging struct {
	*simulator.Simulator
	says  payments.Outcome
	asked int
}

func (p *clinging) Void(ctx context.Context, r payments.VoidRequest) (payments.Outcome, error) {
	if p.asked++; p.asked == 1 {
		return p.says, nil
	}
	return p.Simulator.Void(ctx, r)
}

// TestWhatIsHeldStillIsNotGivenBack: one who holds on is asked again, and one who
// refuses to let go is for people.
func TestWhatIsHeldStillIsNotGivenBack(t *testing.T) {
	for _, says := range []payments.Outcome{{State: payments.Authorized}, {State: payments.Declined, Raw: "not now"}} {
		s := newMutant(t, 1, mutation{provider: func(p payments.Provider) payments.Provider {
			return &clinging{Simulator: p.(*simulator.Simulator), says: says}
		}})
		key := s.lose(blackout{n: 1})
		s.reconciles(payments.LostPayment)
		s.engine.Advance(25 * time.Hour)
		given, err := s.compares()
		s.must(err)
		open := s.open()
		refused := says.State == payments.Declined
		if len(given) > 0 || len(open) != 1 || refused == (open[0].Note == "") {
			t.Errorf("%s: given back are %v, open are %+v", says.State, given, open)
		}
		given, err = s.compares()
		s.must(err)
		if refused != (len(given) == 0) || refused != (s.held(key) == 1000) {
			t.Errorf("%s: then given back are %v, left are %d", says.State, given, s.held(key))
		}
	}
}

// TestOneReportIsEnough: what every comparison finds again is not logged again.
func TestOneReportIsEnough(t *testing.T) {
	s := newShop(t, 1)
	s.foreign()
	s.lose(blackout{n: 1, auto: true})
	_, err := s.compares()
	s.must(err)
	before := s.engine.Submitted()
	_, err = s.compares()
	s.must(err)
	if got := s.engine.Submitted() - before; got != 0 {
		t.Errorf("a comparison that found nothing new logged %d commands", got)
	}
}
