package storefront

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/orders"
)

// GiftCardLetter brings a gift card to whoever bought it.
type GiftCardLetter struct {
	// Key is the same whenever the same card is sent, for the program's queue or
	// its provider of mail: a node that dies between sending a letter and noting
	// that leaves the note to another one, which sends the letter again.
	Key string
	// To and Name are the e-mail address and the name of the buyer.
	To, Name commerce.Personal
	Language string // of the letter, as in "de"
	Subject  string
	// Text holds the code, which is a secret: keep it out of logs.
	Text commerce.Personal
}

// GiftCardMailer sends the letters of gift cards. The program implements it.
type GiftCardMailer interface {
	// SendGiftCard sends a letter, or queues it. One that fails is asked for again
	// a minute later. It is safe for concurrent use.
	SendGiftCard(ctx context.Context, letter GiftCardLetter) error
}

// Postman sends a letter for each gift card that was bought, once it can be paid
// with. Run it on every node: which cards were sent is noted with their order, in
// its private metadata as "gift_card_letters", so that each is sent once, whoever
// is restarted.
type Postman struct {
	Shop   string // whose name is at the end
	Mailer GiftCardMailer
	// Logger hears of letters that could not be sent, without codes and addresses.
	// It defaults to slog.DiscardHandler.
	Logger *slog.Logger
}

const (
	// letterDays is how old an order may be whose letters a postman catches up on
	// when it begins.
	letterDays = 30
	// letterAgain is when a letter that was not sent is tried again, and for how
	// long a postman has an order to itself while it sends one.
	letterAgain = time.Minute
	letterLook  = 5 * time.Second
	letterNote  = "gift_card_letters"
)

// Run sends letters until ctx ends or the store closes, and returns nil then.
func (p Postman) Run(ctx context.Context, shop *commerce.Store) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	r := postRound{Postman: p, shop: shop, locales: newLocales(), me: rand.Text(), waits: map[orders.ID]time.Time{}}
	r.Logger = pan.Logger(p.Logger)
	issued, ended := make(chan orders.ID), make(chan error, 1)
	from := shop.Latest()
	go func() { ended <- followCards(ctx, shop, from, issued) }()
	look := time.NewTicker(letterLook)
	defer look.Stop()
	for {
		r.round(ctx)
		select {
		case o := <-issued:
			r.waits[o] = time.Time{}
		case <-look.C:
		case err := <-ended:
			return err
		}
	}
}

// followCards tells of the orders whose gift cards can be paid with from now on.
func followCards(ctx context.Context, shop *commerce.Store, from commerce.Position, issued chan<- orders.ID) error {
	for e, err := range shop.Follow(ctx, from) {
		if code := fault.CodeOf(err); code == fault.Unavailable {
			return nil
		}
		if err != nil {
			return fmt.Errorf("following the events of gift cards: %w", err)
		}
		if e.Kind != "credit.card_issued" {
			continue
		}
		select {
		case issued <- orders.ID(e.Subject):
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// postRound is a Postman at work.
type postRound struct {
	Postman
	shop    *commerce.Store
	locales []*locale
	me      string // tells it from others
	begun   bool   // it has looked at what was bought before
	waits   map[orders.ID]time.Time
}

// round serves the orders whose time has come.
func (r *postRound) round(ctx context.Context) {
	if !r.begun {
		err := r.begin(ctx)
		if r.begun = err == nil; err != nil && ctx.Err() == nil {
			r.Logger.Warn("gift cards of before could not be looked up and will be again", "error", err)
		}
	}
	for o, at := range r.waits {
		if ctx.Err() != nil || time.Now().Before(at) {
			continue
		}
		again, err := r.serve(ctx, o)
		if err != nil && ctx.Err() == nil {
			r.Logger.Warn("the letter of a gift card could not be sent and will be again", "order", o, "error", err)
		}
		if delete(r.waits, o); again || err != nil {
			r.waits[o] = time.Now().Add(letterAgain)
		}
	}
}

func (r *postRound) begin(ctx context.Context) error {
	after := id.New("ord", id.StoreSlot, time.Now().AddDate(0, 0, -letterDays))
	for o, err := range r.shop.Orders.All(ctx, orders.Filter{Status: orders.Placed, After: orders.ID(after)}) {
		if err != nil {
			return err
		}
		if o.Digital {
			r.waits[o.ID] = time.Time{}
		}
	}
	return nil
}

// sentLetters is what is noted with an order.
type sentLetters struct {
	// Units are how many of each line's cards are done with, from the first.
	Units map[string]int `json:"units,omitempty"`
	// By has the order to itself until then, in milliseconds since 1970 UTC.
	By    string `json:"by,omitempty"`
	Until int64  `json:"until,omitempty"`
}

func readLetters(o orders.Order) (private map[string]json.RawMessage, sent sentLetters, err error) {
	private = map[string]json.RawMessage{}
	if len(o.PrivateMetadata) > 0 {
		err = json.Unmarshal(o.PrivateMetadata, &private)
	}
	if note, ok := private[letterNote]; ok && err == nil {
		err = json.Unmarshal(note, &sent)
	}
	if sent.Units == nil {
		sent.Units = map[string]int{}
	}
	return private, sent, err
}

// serve sends what is to be sent of an order. It reports whether to look again.
func (r *postRound) serve(ctx context.Context, of orders.ID) (again bool, err error) {
	for ctx.Err() == nil {
		o, err := r.shop.Orders.Get(ctx, of)
		if err != nil {
			return fault.CodeOf(err) != fault.NotFound, err
		}
		_, sent, err := readLetters(o)
		if err != nil {
			return true, err
		}
		cards, err := r.shop.Credit.Sold(ctx, of)
		if err != nil {
			return true, err
		}
		card, waits := nextCard(cards, sent)
		if card == nil {
			return waits, nil
		}
		if sent.By != r.me && time.Now().UnixMilli() < sent.Until {
			return true, nil // another one is at it
		}
		err = r.note(ctx, o, func(s *sentLetters) { s.By, s.Until = r.me, time.Now().Add(letterAgain).UnixMilli() })
		if _, raced := errors.AsType[*orders.VersionError](err); raced {
			continue
		}
		if err != nil {
			return true, err
		}
		failed := r.send(ctx, o, *card)
		err = r.settle(context.WithoutCancel(ctx), of, *card, failed == nil)
		if err = errors.Join(failed, err); err != nil {
			return true, err
		}
	}
	return true, nil
}

// nextCard returns the first card that no letter was sent for, nil if there is
// none now. It reports whether there may be one later.
func nextCard(cards []credit.SoldCard, sent sentLetters) (next *credit.SoldCard, waits bool) {
	stuck := 0 // the line whose next card is not there yet
	for i, c := range cards {
		switch {
		case c.Line == stuck || c.Unit <= sent.Units[strconv.Itoa(c.Line)] || c.State == credit.CardTakenBack:
		case c.State == credit.CardIssued:
			return &cards[i], true
		default:
			stuck, waits = c.Line, true
		}
	}
	return nil, waits
}

// settle notes that a letter was sent, or that another one may try.
func (r *postRound) settle(ctx context.Context, of orders.ID, card credit.SoldCard, sent bool) error {
	for {
		o, err := r.shop.Orders.Get(ctx, of)
		if err != nil {
			return err
		}
		err = r.note(ctx, o, func(s *sentLetters) {
			if line := strconv.Itoa(card.Line); sent {
				s.Units[line] = max(s.Units[line], card.Unit)
			}
			if s.By == r.me {
				s.By, s.Until = "", 0
			}
		})
		if _, raced := errors.AsType[*orders.VersionError](err); !raced {
			return err
		}
	}
}

// note changes what is noted with an order, if the order has not changed since.
func (r *postRound) note(ctx context.Context, o orders.Order, change func(*sentLetters)) error {
	private, sent, err := readLetters(o)
	if err != nil {
		return err
	}
	change(&sent)
	if private[letterNote], err = json.Marshal(sent); err != nil {
		return err
	}
	all, err := json.Marshal(private)
	if err != nil {
		return err
	}
	_, err = r.shop.Orders.Annotate(ctx, orders.Annotate{Order: o.ID, PrivateMetadata: all, Version: o.Version})
	return err
}

// send writes the letter and hands it to the mailer. Whom the store knows nothing
// of any more gets none.
func (r *postRound) send(ctx context.Context, o orders.Order, card credit.SoldCard) error {
	to, err := r.shop.Orders.Contact(ctx, o.ID)
	if err != nil || to.Erased || to.Email == "" {
		return err
	}
	balance, err := r.shop.Credit.ByCode(ctx, card.Code)
	if err != nil {
		return withoutCode(err, card.Code)
	}
	w := letterWriter{r.localeOf(ctx, o)}
	err = r.Mailer.SendGiftCard(ctx, GiftCardLetter{
		Key: fmt.Sprintf("%s/%d/%d", o.ID, card.Line, card.Unit), To: to.Email, Name: to.Name, Language: w.locale.Code,
		Subject: w.locale.text("Your gift card of %s", w.locale.money(card.Amount)), Text: commerce.Personal(w.text(r.Shop, to.Name.Reveal(), o, card, balance.ExpiresAt)),
	})
	return withoutCode(err, card.Code)
}

// withoutCode returns an error whose text a log may have.
func withoutCode(err error, code string) error {
	if err == nil || !strings.Contains(err.Error(), code) {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), code, "…"))
}

// letterWriter writes letters in a language.
type letterWriter struct{ locale *locale }

func (w letterWriter) text(shop, name string, o orders.Order, card credit.SoldCard, until time.Time) string {
	hello := w.locale.text("Hello,")
	if name != "" {
		hello = w.locale.text("Hello %s,", name)
	}
	parts := []string{
		hello, w.locale.text("thank you for your order %s. Here is your gift card of %s. Its code is:", o.Number, w.locale.money(card.Amount)), "    " + card.Code,
	}
	if !until.IsZero() {
		parts = append(parts, w.locale.text("You can pay with it until %s.", w.locale.date(until)))
	}
	parts = append(parts, w.locale.text("Whoever knows the code can pay with it. Keep it like cash."), shop)
	return strings.Join(parts, "\n\n") + "\n"
}

// localeOf returns the language in which an order was made, or else one that is
// spoken where it goes.
func (r *postRound) localeOf(ctx context.Context, o orders.Order) *locale {
	if c, err := r.shop.Carts.Get(ctx, cartOf(o)); err == nil {
		language := languageOf(c.Metadata)
		for _, l := range r.locales {
			if l.Code == language {
				return l
			}
		}
	}
	return spokenIn(r.locales, o.ShippingCountry, o.BillingCountry)
}
