package storefront_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/storefront"
)

// cardPost keeps the letters of gift cards, and refuses those that it is to.
type cardPost struct {
	mu      sync.Mutex
	letters []storefront.GiftCardLetter
	refuses func(key string) bool // nil refuses none
	endless bool                  // it was given no time to end within
	came    chan string           // keys, also of those that were refused
	note    func(context.Context, orders.NoteLetter) (orders.Letter, error)
	end     time.Duration // of trying; 0 is an hour
}

func (p *cardPost) SendGiftCard(ctx context.Context, l storefront.GiftCardLetter) error {
	p.mu.Lock()
	refuses := p.refuses != nil && p.refuses(l.Key)
	if !refuses {
		p.letters = append(p.letters, l)
	}
	if _, bounded := ctx.Deadline(); !bounded {
		p.endless = true
	}
	p.mu.Unlock()
	select {
	case p.came <- l.Key:
	case <-ctx.Done():
	}
	if refuses {
		return fmt.Errorf("550 5.1.1 <%s> user unknown: %s", l.To.Reveal(), l.Text.Reveal())
	}
	return nil
}

// of returns the letters about an order.
func (p *cardPost) of(o orders.ID) (out []storefront.GiftCardLetter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.letters {
		if strings.HasPrefix(l.Key, string(o)+"/") {
			out = append(out, l)
		}
	}
	return out
}

// runs has a postman work until what it returns is called.
func (p *cardPost) runs(t *testing.T, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- storefront.Postman{Shop: "Test & Co", Mailer: p, Logger: log}.Brisk(cmp.Or(p.end, time.Hour), p.note).Run(ctx, sample.store)
	}()
	return func() {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// wait waits until letters about an order have come, or were refused.
func (p *cardPost) wait(t *testing.T, o orders.ID, n int) {
	t.Helper()
	for late := time.After(2 * time.Minute); n > 0; {
		select {
		case key := <-p.came:
			if strings.HasPrefix(key, string(o)+"/") {
				n--
			}
		case <-late:
			t.Fatalf("%d letters about %s have not come", n, o)
		}
	}
}

// settled waits until it is noted how far the letters of an order are.
func settled(t *testing.T, o orders.ID, want ...orders.LetterState) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		letters, err := sample.store.Orders.Letters(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		var got []orders.LetterState
		for _, l := range letters {
			got = append(got, l.State)
		}
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it is noted that %v, not %v", got, want)
		}
	}
}

// buyGiftCards buys gift cards as somebody who reads German.
func buyGiftCards(t *testing.T, n string) orders.ID {
	t.Helper()
	b := sample.visitor(t)
	b.header.Set("Accept-Language", "de")
	b.submitAt("/p/gift-card", "/cart/add", map[string]string{"quantity": n})
	b.open("/checkout")
	b.submit("/checkout", map[string]string{"email": "grace@example.com", "name": "Grace", "line1": "1 Way", "postcode": "10001", "city": "New York", "country": "US"})
	b.open("/checkout/payment")
	b.frame()
	b.submit("/bank/card", map[string]string{"number": goodCard})
	b.submit("/checkout/payment", nil)
	b.want(200, "Danke für deine Bestellung")
	return orders.ID(path.Base(b.at.Path))
}

// TestEachGiftCardIsSentOnce: by whichever of several postmen, also when they are
// restarted, in the language of the buyer, and no log has a code.
func TestEachGiftCardIsSentOnce(t *testing.T) {
	var log syncedText
	logger := slog.New(slog.NewTextHandler(&log, nil))
	post := &cardPost{came: make(chan string, 64)}
	stops := []func(){post.runs(t, logger), post.runs(t, logger), post.runs(t, logger)}
	o := buyGiftCards(t, "2")
	post.wait(t, o, 2)
	settled(t, o, orders.LetterSent, orders.LetterSent)
	for _, stop := range stops {
		stop()
	}
	letters := post.of(o)
	cards, err := sample.store.Credit.Sold(t.Context(), o)
	if err != nil || len(cards) != 2 || len(letters) != 2 || letters[0].Key == letters[1].Key {
		t.Fatalf("%d letters, %d cards, %v", len(letters), len(cards), err)
	}
	for _, c := range cards {
		if !slices.ContainsFunc(letters, func(l storefront.GiftCardLetter) bool { return strings.Contains(l.Text.Reveal(), c.Code) }) {
			t.Errorf("no letter has the code of card %d", c.Unit)
		}
	}
	l := letters[0]
	if l.To.Reveal() != "grace@example.com" || l.Language != "de" || !strings.Contains(l.Subject, "Deine Gutscheinkarte über 25,00") || !strings.Contains(l.Text.Reveal(), "Hallo Grace,") {
		t.Errorf("the letter is %+v:\n%s", l, l.Text.Reveal())
	}
	if strings.Contains(fmt.Sprintf("%+v", letters), cards[0].Code) {
		t.Error("printing a letter shows its code")
	}

	// Another system replaces what is private with the order.
	if _, err := sample.store.Orders.Annotate(t.Context(), orders.Annotate{Order: o, PrivateMetadata: json.RawMessage(`{"erp":1}`)}); err != nil {
		t.Fatal(err)
	}
	again := &cardPost{came: make(chan string, 64), refuses: func(string) bool { return true }}
	stop := again.runs(t, logger)
	other := buyGiftCards(t, "1")
	again.wait(t, other, 2) // and is refused
	stop()
	settled(t, other, orders.LetterWaiting)
	if len(again.of(o)) > 0 {
		t.Error("a restart sends what was sent")
	}
	again.refuses, again.came = nil, make(chan string, 64)
	stop = again.runs(t, logger)
	again.wait(t, other, 1)
	settled(t, other, orders.LetterSent)
	stop()
	if again.endless || post.endless {
		t.Error("the time of a mailer has no end")
	}
	cards, err = sample.store.Credit.Sold(t.Context(), other)
	if err != nil || len(cards) != 1 || len(again.of(other)) != 1 {
		t.Fatalf("%d letters, %d cards, %v", len(again.of(other)), len(cards), err)
	}
	if text := log.String(); !strings.Contains(text, "could not be sent") || strings.Contains(text, cards[0].Code) || strings.Contains(text, "grace@example.com") {
		t.Errorf("the log says %s", text)
	}
}

// TestLetterThatNeverArrives is given up, which staff see, and keeps no other one
// waiting.
func TestLetterThatNeverArrives(t *testing.T) {
	post := &cardPost{came: make(chan string, 1024), refuses: func(key string) bool { return strings.HasSuffix(key, "/1/1") }, end: time.Nanosecond}
	stop := post.runs(t, nil)
	o := buyGiftCards(t, "2")
	settled(t, o, orders.LetterFailed, orders.LetterSent)
	stop()
	moments, err := sample.store.Orders.Timeline(t.Context(), o)
	if err != nil || !slices.ContainsFunc(moments, func(m orders.Moment) bool { return m.Kind == "gift_card.letter_failed" && m.Internal }) {
		t.Errorf("staff see %+v, %v", moments, err)
	}
}

// TestLetterIsNotSentAgainForItsNote: if the store cannot note that a letter was
// sent, the note alone is tried again.
func TestLetterIsNotSentAgainForItsNote(t *testing.T) {
	faults := 3
	post := &cardPost{came: make(chan string, 64), note: func(ctx context.Context, n orders.NoteLetter) (orders.Letter, error) {
		if n.State == orders.LetterSent && faults > 0 {
			faults--
			return orders.Letter{}, fault.New(fault.Unavailable, "no leader")
		}
		return sample.store.Orders.NoteLetter(ctx, n)
	}}
	stop := post.runs(t, nil)
	o := buyGiftCards(t, "1")
	settled(t, o, orders.LetterSent)
	stop()
	if faults > 0 || len(post.of(o)) != 1 {
		t.Errorf("%d letters, %d faults to come", len(post.of(o)), faults)
	}
}

// TestCardsAreFollowedAfterFaults: from where they were cut short, or if events
// are gone from the latest on with another look at everything.
func TestCardsAreFollowedAfterFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var from []commerce.Position
		closed := false
		errs := []error{&commerce.UntrustedError{Shard: 1}, &commerce.UntrustedError{Shard: 1}, &commerce.PositionExpiredError{Shard: 1, Oldest: 9}, fault.New(fault.Unavailable, "the store is closing")}
		follow := func(_ context.Context, p commerce.Position) iter.Seq2[commerce.Event, error] {
			return func(yield func(commerce.Event, error) bool) {
				from = append(from, p)
				e := commerce.Event{Kind: "credit.card_issued", Subject: fmt.Sprint("ord_", len(from)), Position: p + "+"}
				closed = len(from) == len(errs)
				if yield(e, nil) {
					yield(commerce.Event{}, errs[len(from)-1])
				}
			}
		}
		issued, anew, ended := storefront.FollowCards(t.Context(), follow, func() commerce.Position { return "latest" }, func() bool { return closed })
		var heard []string
		for over := false; !over; {
			select {
			case o := <-issued:
				heard = append(heard, string(o))
			case <-anew:
				heard = append(heard, "anew")
			case <-ended:
				over = true
			}
		}
		if !slices.Equal(heard, []string{"ord_1", "ord_2", "ord_3", "anew", "ord_4"}) {
			t.Errorf("heard %v", heard)
		}
		if !slices.Equal(from, []commerce.Position{"latest", "latest+", "latest++", "latest"}) {
			t.Errorf("followed from %v", from)
		}
	})
}

// syncedText is a log that several write to.
type syncedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *syncedText) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *syncedText) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
