package storefront_test

import (
	"context"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/storefront"
)

// cardPost keeps the letters of gift cards, and refuses those that it is to.
type cardPost struct {
	mu      sync.Mutex
	letters []storefront.GiftCardLetter
	refuses bool
	came    chan string // keys, also of those that were refused
}

func (p *cardPost) SendGiftCard(ctx context.Context, l storefront.GiftCardLetter) error {
	p.mu.Lock()
	refuses := p.refuses
	if !refuses {
		p.letters = append(p.letters, l)
	}
	p.mu.Unlock()
	select {
	case p.came <- l.Key:
	case <-ctx.Done():
	}
	if refuses {
		return fmt.Errorf("no such mailbox: %s", l.Text.Reveal())
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
		ended <- storefront.Postman{Shop: "Test & Co", Mailer: p, Logger: log}.Run(ctx, sample.store)
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

// settled waits until it is noted that the cards of an order are done with.
func settled(t *testing.T, o orders.ID, note string) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		got, err := sample.store.Orders.Get(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if string(got.PrivateMetadata) == `{"gift_card_letters":`+note+`}` {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it is noted that %s", got.PrivateMetadata)
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
	settled(t, o, `{"units":{"1":2}}`)
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

	again := &cardPost{came: make(chan string, 64), refuses: true}
	stop := again.runs(t, logger)
	other := buyGiftCards(t, "1")
	again.wait(t, other, 1) // and is refused
	settled(t, other, "{}")
	stop()
	if len(again.of(o)) > 0 {
		t.Error("a restart sends what was sent")
	}
	again.refuses = false
	stop = again.runs(t, logger)
	again.wait(t, other, 1)
	settled(t, other, `{"units":{"1":1}}`)
	stop()
	cards, err = sample.store.Credit.Sold(t.Context(), other)
	if err != nil || len(cards) != 1 || len(again.of(other)) != 1 {
		t.Fatalf("%d letters, %d cards, %v", len(again.of(other)), len(cards), err)
	}
	if text := log.String(); !strings.Contains(text, "could not be sent") || strings.Contains(text, cards[0].Code) || strings.Contains(text, "grace@example.com") {
		t.Errorf("the log says %s", text)
	}
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
