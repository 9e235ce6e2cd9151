package storefront

import (
	"context"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/search"
)

func goSources(t *testing.T) []string {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]string, len(names))
	for i, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(body)
	}
	return texts
}

// Patterns returns the patterns of all routes that a shop can have.
func Patterns() (list []string) {
	s := &site{Options: Options{Mailer: nobody{}, Finders: map[string]*search.Finder{"en": nil}}}
	for _, r := range s.table() {
		list = append(list, r.pattern)
	}
	return list
}

type nobody struct{ accounts.Mailer }

type moneyCase struct {
	amount money.Amount
	want   [2]string // English, German
}

func moneyCases() []moneyCase {
	return []moneyCase{
		{money.New(1250, "EUR"), [2]string{"€12.50", "12,50\u00a0€"}},
		{money.New(123456789, "USD"), [2]string{"$1,234,567.89", "1.234.567,89\u00a0$"}},
		{money.New(-5, "GBP"), [2]string{"−£0.05", "−0,05\u00a0£"}},
		{money.New(1250, "JPY"), [2]string{"¥1,250", "1.250\u00a0¥"}},
		{money.New(1250, "CHF"), [2]string{"CHF\u00a012.50", "12,50\u00a0CHF"}},
		{money.New(1250, "KWD"), [2]string{"KWD\u00a01.250", "1,250\u00a0KWD"}},
		{money.Amount{}, [2]string{"", ""}},
	}
}

// Brisk returns a postman that tries again at once, gives letters up after a
// time, and notes with a function, or with the store if it is nil.
func (p Postman) Brisk(end time.Duration, note func(context.Context, orders.NoteLetter) (orders.Letter, error)) Postman {
	p.pace, p.noter = usualPace, note
	p.pace.look, p.pace.first, p.pace.most, p.pace.end = 5*time.Millisecond, time.Millisecond, 10*time.Millisecond, end
	return p
}

// FollowCards runs a postman's feed until ctx ends.
func FollowCards(ctx context.Context, follow func(context.Context, commerce.Position) iter.Seq2[commerce.Event, error], latest func() commerce.Position, closed func() bool) (issued <-chan orders.ID, anew, ended <-chan struct{}) {
	f := newCardFeed(follow, latest, closed, slog.New(slog.DiscardHandler))
	go f.run(ctx)
	return f.issued, f.anew, f.ended
}
