package checkout_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// long reports whether the tests are to take their time: COMMERCE_LONG=1.
func long() bool { return os.Getenv("COMMERCE_LONG") != "" }

// gossip is a bank that tells the store by webhook of what it does: before its
// answer arrives, twice, late and in any order, or not at all.
type gossip struct {
	*simulator.Simulator
	tell func(payments.WebhookRequest) // set before use

	mu   sync.Mutex
	rng  *rand.Rand
	n    int
	kept []payments.WebhookRequest // to be told later
}

func newGossip(bank *simulator.Simulator, seed uint64) *gossip {
	return &gossip{Simulator: bank, rng: rand.New(rand.NewPCG(seed, 1))}
}

// Parse reads a webhook: an event and the payment that it is about.
func (g *gossip) Parse(_ context.Context, r payments.WebhookRequest) (payments.Notice, error) {
	event, attempt, _ := strings.Cut(string(r.Body), " ")
	return payments.Notice{Event: event, Attempt: payments.ID(attempt)}, nil
}

// Pay tells of a payment, perhaps before it answers.
func (g *gossip) Pay(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	o, err := g.Simulator.Pay(ctx, r)
	g.says(r.Key)
	return o, err
}

// says makes a webhook about a payment.
func (g *gossip) says(attempt string) {
	g.mu.Lock()
	g.n++
	hook := payments.WebhookRequest{Body: fmt.Appendf(nil, "evt_%d %s", g.n, attempt)}
	roll := g.rng.IntN(100)
	if roll >= 5 { // or it is lost
		g.kept = append(g.kept, hook)
	}
	now := roll >= 70
	g.mu.Unlock()
	if now {
		g.tell(hook)
	}
}

// tells delivers what was kept back, in any order, some of it twice.
func (g *gossip) tells() {
	g.mu.Lock()
	hooks := g.kept
	g.kept = nil
	for _, h := range hooks {
		if g.rng.IntN(5) == 0 {
			hooks = append(hooks, h)
		}
	}
	g.rng.Shuffle(len(hooks), func(i, j int) { hooks[i], hooks[j] = hooks[j], hooks[i] })
	g.mu.Unlock()
	for _, h := range hooks {
		g.tell(h)
	}
}

// talkative makes a shop whose bank is a gossip.
func talkative(t *testing.T, shards int, seed uint64) (*shop, *gossip) {
	var g *gossip
	s := newMutant(t, shards, mutation{provider: func(p payments.Provider) payments.Provider {
		g = newGossip(p.(*simulator.Simulator), seed)
		return g
	}})
	g.tell = func(r payments.WebhookRequest) {
		if err := s.checkout.Webhook(s.ctx(), "simulator", r); err != nil {
			t.Errorf("a webhook: %v", err)
		}
	}
	return s, g
}

// TestWebhooksInAnyOrder: whoever comes first, the shopper's call, its
// repetition, a webhook, its duplicate, or recovery, there is one order, and
// its money is taken once. COMMERCE_LONG=1 tries 10,000 orders of events.
func TestWebhooksInAnyOrder(t *testing.T) {
	tries := 150
	if long() {
		tries = 10_000
	}
	s, g := talkative(t, 2, 7)
	s.sells("mug", int64(tries)+1)
	rng := rand.New(rand.NewPCG(7, 2))
	tokens := []string{approves, declines, challenges, simulator.TokenPending, simulator.TokenLostAnswer}
	sold := map[orders.ID]bool{} // each try's order, and whether it is to be placed
	for i := range tries {
		token, yes := tokens[rng.IntN(len(tokens))], rng.IntN(4) > 0
		buy := checkout.Complete{Cart: s.basket("mug", 1), PayWith: "simulator", Token: token, Key: fmt.Sprint("try ", i)}
		r, err := s.checkout.Complete(s.ctx(), buy)
		if err != nil && fault.CodeOf(err) != fault.Refused {
			t.Fatalf("try %d with %s: %v", i, token, err)
		}
		placed := token == approves || token == simulator.TokenLostAnswer
		if token == challenges || token == simulator.TokenPending {
			placed = yes
			attempt := string(s.attempt(r.ID).ID)
			decide := s.bank.Confirm
			if token == simulator.TokenPending {
				decide = s.bank.Decide
			}
			s.must(decide(attempt, yes))
			g.says(attempt)
		}
		order := r.ID
		if d, ok := errors.AsType[*checkout.DeclinedError](err); ok {
			order = d.Order
		}
		events := []func(){
			g.tells, g.tells,
			func() { _, _ = s.checkout.Complete(s.ctx(), buy) },
			func() { _, _ = s.checkout.Resume(s.ctx(), order) },
			func() { _ = s.checkout.Recover(s.ctx(), string(order)) },
			func() { _ = s.checkout.HearTimer(s.ctx(), string(order)) },
		}
		rng.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		var wg sync.WaitGroup
		for _, event := range events[:1+rng.IntN(len(events))] {
			if rng.IntN(2) == 0 {
				wg.Go(event)
			} else {
				event()
			}
		}
		wg.Wait()
		s.engine.Advance(61 * time.Minute) // what the bank did not tell is looked up, of what it had not decided after an hour
		s.settle()
		want := orders.Canceled
		if placed {
			want = orders.Placed
		}
		if o := s.order(order); o.Status != want || placed && o.Captured != euro(price) {
			t.Fatalf("try %d with %s: the order is %s, captured %v, want %s", i, token, o.Status, o.Captured, want)
		}
		if c := s.cart(buy.Cart); placed && c.Order != string(order) {
			t.Fatalf("try %d: orders %s and %s", i, order, c.Order)
		}
		sold[order] = placed
	}
	made := 0
	for o, err := range s.orders.All(s.ctx(), orders.Filter{}) {
		s.must(err)
		if _, known := sold[o.ID]; !known {
			t.Errorf("nobody was told of order %s, which is %s", o.ID, o.Status)
		}
		made++
	}
	if made != tries || len(sold) != tries {
		t.Errorf("%d tries made %d orders, and %d were told of", tries, made, len(sold))
	}
	paid := map[string]int{}
	for _, c := range s.bank.Charges() {
		if c.Captured.Minor() > 0 {
			paid[c.Order]++
		}
	}
	for order, placed := range sold {
		if want := map[bool]int{true: 1}[placed]; paid[string(order)] != want {
			t.Errorf("order %s was charged %d times, want %d", order, paid[string(order)], want)
		}
	}
	for _, found := range s.audit() {
		t.Error(found)
	}
}

// late is a gossip that is asked about what it has told and does not know it yet.
type late struct {
	*gossip
	says []payments.State
}

func (l *late) Retrieve(ctx context.Context, r payments.LookupRequest) (payments.Outcome, error) {
	if len(l.says) == 0 {
		return l.gossip.Retrieve(ctx, r)
	}
	said := l.says[0]
	l.says = l.says[1:]
	return payments.Outcome{State: said}, nil
}

// TestNewsComesBeforeTheProviderKnows: a webhook is dealt with once the provider
// can say what it is about, and not before.
func TestNewsComesBeforeTheProviderKnows(t *testing.T) {
	l := &late{}
	s := newMutant(t, 2, mutation{provider: func(p payments.Provider) payments.Provider {
		l.gossip = newGossip(p.(*simulator.Simulator), 3)
		return l
	}})
	s.sells("mug", 5)
	r, err := s.buy("mug", 1, simulator.TokenVoucher)
	s.must(err)
	paid := s.attempt(r.ID).ID
	s.must(s.bank.Decide(string(paid), true))
	l.says = []payments.State{payments.Unknown, payments.NotFound}
	s.must(s.checkout.Webhook(s.ctx(), "simulator", payments.WebhookRequest{Body: fmt.Appendf(nil, "evt_1 %s", paid)}))
	as[*payments.NoAnswerError](s, s.checkout.HearTimer(s.ctx(), string(r.ID)))
	if told, err := s.payments.Unheard(s.ctx(), r.ID); err != nil || len(told) != 1 || s.order(r.ID).Status != orders.Pending {
		t.Fatalf("not dealt with are %v, %v", told, err)
	}
	s.must(s.checkout.HearTimer(s.ctx(), string(r.ID)))
	if told, err := s.payments.Unheard(s.ctx(), r.ID); err != nil || len(told) != 0 || s.order(r.ID).Status != orders.Placed {
		t.Errorf("not dealt with are %v, %v; the order is %s", told, err, s.order(r.ID).Status)
	}
}

// mute is a bank that does not say how some payments stand: it fails, or says
// that it does not know.
type mute struct {
	*simulator.Simulator
	fails map[payments.ID]error // nil is Unknown
}

func (m *mute) Retrieve(ctx context.Context, r payments.LookupRequest) (payments.Outcome, error) {
	if err, ok := m.fails[payments.ID(r.PaymentKey)]; ok {
		return payments.Outcome{State: payments.Unknown}, err
	}
	return m.Simulator.Retrieve(ctx, r)
}

// Parse reads a webhook, which is the payment that it is about.
func (m *mute) Parse(_ context.Context, r payments.WebhookRequest) (payments.Notice, error) {
	return payments.Notice{Event: "evt_" + string(r.Body), Attempt: payments.ID(r.Body)}, nil
}

func newMute(t *testing.T) (*shop, *mute) {
	m := &mute{fails: map[payments.ID]error{}}
	s := newMutant(t, 2, mutation{provider: func(p payments.Provider) payments.Provider {
		m.Simulator = p.(*simulator.Simulator)
		return m
	}})
	s.sells("mug", 10)
	return s, m
}

// TestASilentProviderKeepsOnlyItsOwnNews: of two payments of an order one is not
// told about any more. What was told of the other is dealt with all the same.
func TestASilentProviderKeepsOnlyItsOwnNews(t *testing.T) {
	s, m := newMute(t)
	for name, c := range map[string]struct {
		fails error
		told  bool // something was told of the silent one, too
	}{
		"it does not know": {nil, false}, "it fails": {errors.New("no route to host"), false},
		"it does not know what it has told": {nil, true}, "it fails to say what it has told": {errors.New("no route to host"), true},
	} {
		r, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: s.basket("mug", 2), Tenders: []checkout.Tender{
			part(byCard(approves), price), byCard(simulator.TokenVoucher),
		}})
		s.must(err)
		both, err := s.payments.ByOrder(s.ctx(), r.ID)
		s.must(err)
		if len(both) != 2 || both[0].State != payments.Authorized || both[1].State != payments.Pending {
			t.Fatalf("%s: the payments are %+v", name, both)
		}
		silent, other := both[0].ID, both[1].ID
		m.fails[silent] = c.fails
		tell := func(of payments.ID) {
			s.must(s.checkout.Webhook(s.ctx(), "simulator", payments.WebhookRequest{Body: []byte(of)}))
		}
		if c.told {
			tell(silent)
		}
		s.must(s.bank.Decide(string(other), true))
		tell(other)
		var left []payments.ID
		told, err := s.payments.Unheard(s.ctx(), r.ID)
		s.must(err)
		for _, n := range told {
			left = append(left, payments.ID(strings.TrimPrefix(n.Event, "evt_")))
		}
		if c.told != slices.Equal(left, []payments.ID{silent}) || !c.told && len(left) > 0 {
			t.Errorf("%s: not dealt with is what was told of %v; %s is silent", name, left, silent)
		}
		if o := s.order(r.ID); o.Status != orders.Placed {
			t.Errorf("%s: the order is %s", name, o.Status)
		}
		delete(m.fails, silent)
		s.settle()
		if told, err := s.payments.Unheard(s.ctx(), r.ID); err != nil || len(told) > 0 {
			t.Errorf("%s: in the end not dealt with are %v, %v", name, told, err)
		}
	}
}

// A payment that is captured waits for nothing: what was told of it is dealt
// with although the provider says no more.
func TestOfWhatIsOverNothingIsWaitedFor(t *testing.T) {
	s, m := newMute(t)
	r, err := s.buy("mug", 1, approves)
	s.must(err)
	paid := s.attempt(r.ID)
	if paid.State != payments.Captured {
		t.Fatalf("the payment is %s", paid.State)
	}
	m.fails[paid.ID] = nil
	s.must(s.checkout.Webhook(s.ctx(), "simulator", payments.WebhookRequest{Body: []byte(paid.ID)}))
	if told, err := s.payments.Unheard(s.ctx(), r.ID); err != nil || len(told) > 0 {
		t.Errorf("not dealt with are %v, %v", told, err)
	}
}

// TestLyingProvider: a bank that is not reached, loses answers, and tells of
// payments before it answers, twice, or never. Orders of one to three payments,
// some given up, some canceled, some refunded: when it has calmed down, the
// money is exact and nothing is stuck. COMMERCE_LONG=1 takes 20,000 orders.
func TestLyingProvider(t *testing.T) {
	count := 200
	if long() {
		count = 20_000
	}
	s, g := talkative(t, 4, 11)
	s.sells("mug", int64(count)*4)
	lies := simulator.Random(3, simulator.Rates{Unreached: 5, LostAnswer: 7})
	s.bank.SetFaults(lies)
	work := make(chan int)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range work {
				s.lives(i)
			}
		})
	}
	for i := range count {
		work <- i
		if i%500 == 499 { // time passes, and what was lost is looked up
			g.tells()
			s.engine.Advance(2 * time.Minute)
		}
	}
	close(work)
	wg.Wait()
	// Once the bank is calm, five minutes are enough to know what it has done.
	s.bank.SetFaults(nil)
	for range 5 {
		s.settle()
		s.engine.Advance(time.Minute)
	}
	s.settle()
	if found := s.inDoubt(); len(found) > 0 {
		t.Errorf("after five minutes %d are in doubt, such as %v", len(found), found[:min(len(found), 10)])
	}
	s.bank.SetFaults(lies)
	for range 12 {
		g.tells()
		for _, c := range s.bank.Charges() {
			if c.State == payments.Pending { // nobody else decides it
				s.must(s.bank.Decide(c.Key, c.Asked.Minor()%2 == 0))
			}
		}
		s.settle()
		s.engine.Advance(time.Hour)
	}
	s.bank.SetFaults(nil)
	s.recovers()
	s.clears()
	for _, found := range s.audit() {
		t.Error(found)
	}
	seen := map[orders.Status]int{}
	for o, err := range s.orders.All(s.ctx(), orders.Filter{}) {
		s.must(err)
		seen[o.Status]++
		switch kept := o.Captured.Minor() - o.Refunded.Minor(); {
		case o.Status == orders.Pending:
			t.Errorf("order %s is stuck", o.ID)
		case o.Authorized.Minor() != o.Captured.Minor()+o.Voided.Minor():
			t.Errorf("order %s: of %v authorized, %v are captured and %v let go", o.ID, o.Authorized, o.Captured, o.Voided)
		case o.Status == orders.Placed && kept != o.Total.Minor()-o.RefundGranted.Minor(), o.Status == orders.Canceled && kept != 0:
			t.Errorf("order %s of %v is %s and keeps %d", o.ID, o.Total, o.Status, kept)
		}
	}
	// What becomes of whom depends on the names that payments happen to get, and
	// so on chance, but of many not by much.
	placed, least, most := seen[orders.Placed], count*50/100, count*80/100
	if long() {
		least, most = count*64/100, count*67/100
	}
	if placed < least || placed > most || placed+seen[orders.Canceled] != count {
		t.Errorf("the orders are %v, want %d to %d placed", seen, least, most)
	}
	t.Logf("%d orders: %v", count, seen)
}

// inDoubt returns the payments, and what was asked for afterwards, of which
// nobody knows whether they were done.
func (s *shop) inDoubt() (found []string) {
	s.Helper()
	for o, err := range s.orders.All(s.ctx(), orders.Filter{}) {
		s.must(err)
		attempts, err := s.payments.ByOrder(s.ctx(), o.ID)
		s.must(err)
		for _, a := range attempts {
			waits := a.State == payments.Created && o.Status == orders.Pending && a.ID != payments.Current(attempts).ID // for the one before it
			if !waits && (a.State == payments.Created || a.State == payments.Unknown) {
				found = append(found, fmt.Sprintf("%s is %s", a.ID, a.State))
			}
		}
		operations, err := s.payments.Operations(s.ctx(), o.ID)
		s.must(err)
		for _, op := range operations {
			if op.State == payments.OpIntent || op.State == payments.OpUnknown {
				found = append(found, fmt.Sprintf("%s of %s is %s", op.Kind, op.Attempt, op.State))
			}
		}
	}
	return found
}

// lives is one shopper of the lying bank.
func (s *shop) lives(i int) {
	rng := rand.New(rand.NewPCG(uint64(i), 5))
	buy := checkout.Complete{Cart: s.basket("mug", 4), Key: fmt.Sprint("order ", i)}
	left := int64(4 * price)
	if rng.IntN(3) == 0 {
		card := s.card(500 + rng.Int64N(2000))
		buy.Tenders = append(buy.Tenders, checkout.Tender{PayWith: "gift_card", Token: card.Code})
		left -= card.Left.Minor()
	}
	tokens := []string{approves, approves, approves, approves, approves, declines, challenges, simulator.TokenPending}
	if rng.IntN(3) == 0 && left > 1000 {
		buy.Tenders = append(buy.Tenders, part(byCard(tokens[rng.IntN(len(tokens))]), 1000))
	}
	buy.Tenders = append(buy.Tenders, byCard(tokens[rng.IntN(len(tokens))]))
	var r checkout.Result
	var err error
	for range 3 {
		if r, err = s.checkout.Complete(s.ctx(), buy); fault.CodeOf(err) != fault.Unavailable && fault.CodeOf(err) != fault.Uncertain {
			break
		}
	}
	if r.ID == "" {
		return
	}
	attempts, err := s.payments.ByOrder(s.ctx(), r.ID)
	s.must(err)
	for _, a := range attempts {
		_ = s.bank.Confirm(string(a.ID), rng.IntN(4) > 0)
		_ = s.bank.Decide(string(a.ID), rng.IntN(4) > 0)
	}
	switch rng.IntN(6) {
	case 0:
		_, _ = s.checkout.Abandon(s.ctx(), r.ID)
	case 1:
		_, _ = s.orders.Cancel(s.ctx(), orders.Cancel{Order: r.ID, Reason: "test", Key: buy.Key})
	case 2:
		_, _ = s.payments.Refund(s.ctx(), payments.Refund{Order: r.ID, Amount: euro(1 + rng.Int64N(4*price)), Key: buy.Key})
	default:
		_, _ = s.checkout.Resume(s.ctx(), r.ID)
	}
}
