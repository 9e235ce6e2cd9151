package webhooks_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/webhooks"
)

// line is a queue in virtual time, between a list of events and an endpoint
// that does as a function says.
type line struct {
	t       testing.TB
	opt     webhooks.Options
	events  []commerce.Event
	answer  func(e commerce.Event, attempt int) webhooks.Result
	refuses func() error // the store, when it is to note something

	mu       sync.Mutex
	saved    endpoints.Endpoint
	log      []endpoints.Delivery
	attempts map[int64][]time.Time // of each event, by its sequence
	arrived  []int64               // sequences that the endpoint has taken, in that order
	flying   int
	most     int
}

func newLine(t testing.TB, events int, subjects int) *line {
	l := &line{t: t, attempts: map[int64][]time.Time{}, saved: endpoints.Endpoint{ID: "whe_1", Position: "0", Generation: 1}}
	for n := range events {
		l.events = append(l.events, commerce.Event{
			Sequence: int64(n + 1), Position: commerce.Position(fmt.Sprint(n + 1)), Kind: "order.placed", Subject: fmt.Sprint("ord_", n%subjects), At: time.Now(),
		})
	}
	l.answer = func(commerce.Event, int) webhooks.Result { return webhooks.Result{Status: 204} }
	return l
}

func (l *line) send(ctx context.Context, e commerce.Event) webhooks.Result {
	l.mu.Lock()
	l.flying++
	l.most = max(l.most, l.flying)
	l.attempts[e.Sequence] = append(l.attempts[e.Sequence], time.Now())
	r := l.answer(e, len(l.attempts[e.Sequence]))
	l.mu.Unlock()
	select {
	case <-time.After(time.Duration(e.Sequence%7+1) * 10 * time.Millisecond):
	case <-ctx.Done():
		r = webhooks.Result{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flying--
	if r.Status == 204 {
		l.arrived = append(l.arrived, e.Sequence)
	}
	return r
}

func (l *line) save(_ context.Context, p endpoints.Progress) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuses != nil {
		if err := l.refuses(); err != nil {
			return err
		}
	}
	if at(p.Position) < at(l.saved.Position) || p.Generation != 1 || len(p.Deliveries) > 200 {
		l.t.Errorf("noted after position %s: %+v", l.saved.Position, p)
	}
	l.saved.Position, l.saved.Disabled, l.saved.FailingSince = p.Position, p.Disable, time.Time{}
	if p.FailingSince != 0 {
		l.saved.FailingSince = time.UnixMilli(p.FailingSince)
	}
	l.log = append(l.log, p.Deliveries...)
	return nil
}

func at(position string) int {
	n, _ := strconv.Atoi(position)
	return n
}

// run lets the queue work from the saved position for a while, and stops it.
func (l *line) run(d time.Duration) error {
	ctx, stop := context.WithTimeout(context.Background(), d)
	defer stop()
	events := make(chan commerce.Event)
	go func() {
		defer close(events)
		for _, e := range l.events[at(l.saved.Position):] {
			select {
			case events <- e:
			case <-ctx.Done():
				return
			}
		}
		<-ctx.Done()
	}()
	return webhooks.RunQueue(ctx, l.opt, l.saved, events, l.send, l.save)
}

// inOrder checks that each subject's events arrived for the first time in the
// order in which they happened, and returns how many events arrived.
func (l *line) inOrder() int {
	l.t.Helper()
	last, seen := map[string]int64{}, map[int64]bool{}
	for _, n := range l.arrived {
		if seen[n] {
			continue
		}
		seen[n] = true
		subject := l.events[n-1].Subject
		if n < last[subject] {
			l.t.Errorf("event %d of %s arrived after %d", n, subject, last[subject])
		}
		last[subject] = n
	}
	return len(seen)
}

func TestOrderAndParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, 3000, 40)
		l.opt.Parallel = 5
		if err := l.run(time.Minute); err != nil {
			t.Fatal(err)
		}
		if n := l.inOrder(); n != 3000 || len(l.arrived) != 3000 || l.saved.Position != "3000" || len(l.log) != 3000 {
			t.Errorf("%d events, %d messages arrived, %d are in the log, position %s", n, len(l.arrived), len(l.log), l.saved.Position)
		}
		if l.most != 5 {
			t.Errorf("%d were sent at once, want 5", l.most)
		}
	})
}

// An order, its payment and its cart live on one slot: what happens to them
// arrives in order, other shoppers' things overtake it.
func TestWhatBelongsTogetherStaysInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, 60, 1)
		for i := range l.events {
			prefix, slot := []string{"cart", "ord", "pay"}[i/2%3], id.Slot(i%2)
			l.events[i].Subject = id.New(prefix, slot, time.Now())
		}
		l.answer = func(e commerce.Event, attempt int) webhooks.Result {
			if e.Sequence%2 == 1 && attempt == 1 {
				return webhooks.Result{Status: 500}
			}
			return webhooks.Result{Status: 204}
		}
		if err := l.run(time.Hour); err != nil || len(l.arrived) != 60 {
			t.Fatalf("%d arrived, %v", len(l.arrived), err)
		}
		of := func(parity int64) (out []int64) {
			for _, n := range l.arrived {
				if n%2 == parity {
					out = append(out, n)
				}
			}
			return out
		}
		if !slices.IsSorted(of(0)) || !slices.IsSorted(of(1)) || slices.IsSorted(l.arrived) {
			t.Errorf("arrived %v", l.arrived)
		}
	})
}

func TestOnlyWhatIsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, 2500, 10)
		l.saved.Kinds = []string{"payment.*"}
		l.events[2].Kind = "payment.captured"
		notes := 0
		l.refuses = func() error { notes++; return nil }
		if err := l.run(90 * time.Second); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(l.arrived, []int64{3}) || l.saved.Position != "2500" || notes > 3 {
			t.Errorf("arrived %v, position %s, %d notes", l.arrived, l.saved.Position, notes)
		}
	})
}

// Others overtake an event that fails; those of its subject do not.
func TestAFailureHoldsUpItsSubjectOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, 300, 30)
		l.answer = func(e commerce.Event, attempt int) webhooks.Result {
			if e.Sequence == 1 && attempt < 5 {
				return webhooks.Result{Status: 500}
			}
			return webhooks.Result{Status: 204}
		}
		if err := l.run(30 * time.Second); err != nil {
			t.Fatal(err)
		}
		if n := l.inOrder(); n != 290 || l.saved.Position != "0" {
			t.Errorf("%d events arrived, position %s", n, l.saved.Position)
		}
		l.arrived = nil
		if err := l.run(3 * time.Minute); err != nil { // it goes on from the position
			t.Fatal(err)
		}
		tries := l.attempts[1]
		if n := l.inOrder(); n != 300 || l.saved.Position != "300" || len(tries) != 5 {
			t.Errorf("%d events arrived, position %s, %d attempts", n, l.saved.Position, len(tries))
		}
	})
}

func TestPausesDouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, 40, 40)
		l.answer = func(e commerce.Event, attempt int) webhooks.Result {
			switch {
			case e.Sequence == 1 && attempt <= 4:
				return webhooks.Result{Status: 503}
			case e.Sequence == 2 && attempt == 1:
				return webhooks.Result{Status: 429, RetryAfter: 3 * time.Minute}
			}
			return webhooks.Result{Status: 204}
		}
		if err := l.run(10 * time.Minute); err != nil {
			t.Fatal(err)
		}
		want := []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second}
		for i, at := range l.attempts[1][1:] {
			if gap := at.Sub(l.attempts[1][i]); gap < want[i]*9/10 || gap > want[i]*11/10+time.Second {
				t.Errorf("attempt %d came after %v, want about %v", i+2, gap, want[i])
			}
		}
		if gap := l.attempts[2][1].Sub(l.attempts[2][0]); gap < 3*time.Minute {
			t.Errorf("the endpoint asked for 3 minutes and got %v", gap)
		}
		if l.saved.Position != "40" {
			t.Errorf("position %s", l.saved.Position)
		}
	})
}

// What an endpoint does not take although it takes others is given up.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, 5000, 50)
		l.answer = func(e commerce.Event, _ int) webhooks.Result {
			if e.Sequence == 7 {
				return webhooks.Result{Status: 422}
			}
			return webhooks.Result{Status: 204}
		}
		if err := l.run(2 * time.Hour); err != nil {
			t.Fatal(err)
		}
		last := endpoints.Delivery{}
		for _, d := range l.log {
			if strings.HasPrefix(d.Message, "evt_0_7_") {
				last = d
			}
		}
		if n := l.inOrder(); n != 4999 || l.saved.Position != "5000" || len(l.attempts[7]) != 10 || last.Outcome != endpoints.GivenUp || last.Attempt != 10 || last.Status != 422 {
			t.Errorf("%d arrived, position %s, %d attempts, last %+v", n, l.saved.Position, len(l.attempts[7]), last)
		}
	})
}

// An endpoint that is down is asked now and then by one attempt, and hears of
// everything when it is back.
func TestDownForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, 2000, 100)
		began, attempts := time.Now(), 0
		l.answer = func(commerce.Event, int) webhooks.Result {
			if time.Since(began) < 24*time.Hour {
				attempts++
				return webhooks.Result{}
			}
			return webhooks.Result{Status: 204}
		}
		if err := l.run(26 * time.Hour); err != nil {
			t.Fatal(err)
		}
		if n := l.inOrder(); n != 2000 || l.saved.Position != "2000" || !l.saved.FailingSince.IsZero() {
			t.Errorf("%d arrived, %+v", n, l.saved)
		}
		if attempts > 60 {
			t.Errorf("%d attempts while it was down", attempts)
		}
	})
}

// As long as an endpoint takes nothing at all, nothing is given up.
func TestNothingIsGivenUpWhileItIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, 1, 1)
		began := time.Now()
		l.answer = func(commerce.Event, int) webhooks.Result {
			if time.Since(began) < 48*time.Hour {
				return webhooks.Result{Status: 502}
			}
			return webhooks.Result{Status: 204}
		}
		if err := l.run(50 * time.Hour); err != nil || len(l.arrived) != 1 || len(l.attempts[1]) < 20 {
			t.Errorf("%d arrived after %d attempts, %v", len(l.arrived), len(l.attempts[1]), err)
		}
	})
}

func TestDisabledAfterDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, 100, 100)
		l.answer = func(commerce.Event, int) webhooks.Result { return webhooks.Result{Status: 500} }
		if err := l.run(3 * 24 * time.Hour); err != nil || l.saved.Disabled != "" || l.saved.FailingSince.IsZero() {
			t.Fatalf("after 3 days: %+v, %v", l.saved, err)
		}
		since := l.saved.FailingSince
		if err := l.run(3 * 24 * time.Hour); err != nil { // a restart does not count anew
			t.Fatal(err)
		}
		if l.saved.Disabled == "" || !l.saved.FailingSince.Equal(since) || l.saved.Position != "0" || len(l.arrived) != 0 {
			t.Errorf("after 6 days: %+v", l.saved)
		}
	})
}

func TestGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, 100, 10)
		l.answer = func(e commerce.Event, _ int) webhooks.Result {
			if e.Sequence > 50 {
				return webhooks.Result{Status: 410}
			}
			return webhooks.Result{Status: 204}
		}
		if err := l.run(time.Hour); err != nil || l.saved.Disabled != "it answered 410 Gone" || at(l.saved.Position) > 50 || at(l.saved.Position) < 40 {
			t.Errorf("got %+v, %v", l.saved, err)
		}
	})
}

// While the store cannot note anything, delivery goes on; a replay ends it.
func TestNotesThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, 3000, 10)
		began := time.Now()
		l.refuses = func() error {
			if time.Since(began) < time.Minute {
				return fault.New(fault.Unavailable, "not now")
			}
			return nil
		}
		if err := l.run(5 * time.Minute); err != nil || l.saved.Position != "3000" || len(l.arrived) != 3000 {
			t.Errorf("got %+v, %v", l.saved, err)
		}
		l = newLine(t, 3000, 10)
		l.refuses = func() error { return &endpoints.StaleError{} }
		if err := l.run(time.Hour); !errors.Is(err, fault.Conflict) || time.Since(began) > 10*time.Minute {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}

// TestKilledAtAnyTime stops queues at random moments, without a last note, and
// goes on from what was noted, with an endpoint that fails now and then. In the
// end everything has arrived, in the order of each subject.
func TestKilledAtAnyTime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		events, subjects := rapid.IntRange(1, 400).Draw(rt, "events"), rapid.IntRange(1, 20).Draw(rt, "subjects")
		fails := rapid.SliceOfN(rapid.IntRange(0, 3), 50, 50).Draw(rt, "failures of each event")
		kills := rapid.SliceOfN(rapid.IntRange(1, 20_000), 0, 6).Draw(rt, "lives in ms")
		synctest.Test(t, func(t *testing.T) {
			l := newLine(t, events, subjects)
			l.answer = func(e commerce.Event, attempt int) webhooks.Result {
				if attempt <= fails[e.Sequence%50] {
					return webhooks.Result{Status: 500}
				}
				return webhooks.Result{Status: 204}
			}
			for _, ms := range kills {
				began, life := time.Now(), time.Duration(ms)*time.Millisecond
				l.refuses = func() error {
					if time.Since(began) >= life {
						return fault.New(fault.Unavailable, "it is dead")
					}
					return nil
				}
				l.run(life)
				l.flying = 0
			}
			l.refuses = nil
			if err := l.run(48 * time.Hour); err != nil { // a subject's failures add up
				t.Error(err)
			}
			if n := l.inOrder(); n != events || l.saved.Position != fmt.Sprint(events) {
				t.Errorf("%d of %d events arrived, position %s", n, events, l.saved.Position)
			}
		})
		if t.Failed() {
			rt.Fatal("see above")
		}
	})
}
