package storefront

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
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
	// its provider of mail: if a node dies between sending a letter and noting that,
	// another one sends the letter again.
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
	// SendGiftCard sends a letter, or queues it, within a minute: ctx ends then. One
	// that fails is asked for again after a minute, then two, four and so on up to
	// a day, for five days. It is safe for concurrent use.
	SendGiftCard(ctx context.Context, letter GiftCardLetter) error
}

// Postman sends a letter for each gift card that was bought, once it can be paid
// with. Run it on every node: which were sent is noted with orders.NoteLetter, so
// that each is sent once, whoever is restarted.
type Postman struct {
	Shop   string // whose name is at the end
	Mailer GiftCardMailer
	// Logger hears of letters that could not be sent, without codes, addresses and
	// what the mailer says, which may have them. It defaults to slog.DiscardHandler.
	Logger *slog.Logger

	pace  postPace                                                        // the zero one is usualPace
	noter func(context.Context, orders.NoteLetter) (orders.Letter, error) // nil is the store's
}

// letterDays is how old an order may be whose letters a postman catches up on
// when it begins.
const letterDays = 30

// postPace is how long things take.
type postPace struct {
	look        time.Duration // between looks at what waits
	first, most time.Duration // before something is tried again, the first time and at most
	end         time.Duration // after which a letter is given up
	send        time.Duration // what a mailer has for a letter
	// lease is for how long a postman has a letter to itself: much longer than it
	// may take, since sender and store measure it by different clocks.
	lease time.Duration
	fault time.Duration // at most, before the store is asked again after an error
}

var usualPace = postPace{
	look: 5 * time.Second, first: time.Minute, most: 24 * time.Hour, end: 5 * 24 * time.Hour,
	send: time.Minute, lease: 15 * time.Minute, fault: 10 * time.Minute,
}

// pause is how long to wait after something has failed n times, n > 0.
func pause(first, most time.Duration, n int) time.Duration {
	for ; n > 1 && first < most; n-- {
		first *= 2
	}
	return min(first, most)
}

// Run sends letters until ctx ends or the store closes, and returns nil then. It
// outlasts faults of the store, of which Logger hears.
func (p Postman) Run(ctx context.Context, shop *commerce.Store) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if p.pace == (postPace{}) {
		p.pace = usualPace
	}
	if p.noter == nil {
		p.noter = shop.Orders.NoteLetter
	}
	p.Logger = pan.Logger(p.Logger)
	r := postRound{
		Postman: p, shop: shop, locales: newLocales(), me: rand.Text(),
		waits: map[orders.ID]time.Time{}, faults: map[orders.ID]int{}, sent: map[string]bool{},
	}
	feed := newCardFeed(shop.Follow, shop.Latest, shop.Closed, p.Logger)
	go feed.run(ctx)
	look := time.NewTicker(p.pace.look)
	defer look.Stop()
	for {
		r.round(ctx)
		select {
		case o := <-feed.issued:
			r.waits[o] = time.Time{}
		case <-feed.anew:
			r.begin = beginning{}
		case <-look.C:
		case <-feed.ended:
			return nil
		}
	}
}

// postRound is a Postman at work.
type postRound struct {
	Postman
	shop    *commerce.Store
	locales []*locale
	me      string // tells it from others
	begin   beginning
	waits   map[orders.ID]time.Time
	faults  map[orders.ID]int // how often the store has failed since it last did not
	sent    map[string]bool   // by key, what was sent and could not be noted yet
}

// beginning is the look at what was bought before.
type beginning struct {
	over  bool
	after orders.ID // whom it has seen
	tries int
	at    time.Time // when it is tried again
}

// round serves the orders whose time has come.
func (r *postRound) round(ctx context.Context) {
	if b := &r.begin; !b.over && !time.Now().Before(b.at) {
		err := r.look(ctx)
		if b.over = err == nil; err != nil && ctx.Err() == nil {
			b.tries++
			b.at = time.Now().Add(pause(r.pace.look, r.pace.fault, b.tries))
			r.Logger.Warn("gift cards of before could not be looked up and will be again", "code", fault.CodeOf(err))
		}
	}
	for o, at := range r.waits {
		if ctx.Err() != nil || time.Now().Before(at) {
			continue
		}
		again, err := r.serve(ctx, o)
		if delete(r.waits, o); fault.CodeOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			r.faults[o]++
			again = pause(r.pace.look, r.pace.fault, r.faults[o])
			r.Logger.Warn("the gift cards of an order could not be seen to and will be again", "order", o, "code", fault.CodeOf(err))
		} else {
			delete(r.faults, o)
		}
		if again > 0 {
			r.waits[o] = time.Now().Add(again)
		}
	}
}

// look finds orders that may have gift cards, from where it was cut short.
func (r *postRound) look(ctx context.Context) error {
	b := &r.begin
	if b.after == "" {
		b.after = orders.ID(id.New("ord", id.StoreSlot, time.Now().AddDate(0, 0, -letterDays)))
	}
	for o, err := range r.shop.Orders.All(ctx, orders.Filter{Status: orders.Placed, After: b.after}) {
		if err != nil {
			return err
		}
		if b.after = o.ID; o.Digital {
			r.waits[o.ID] = time.Time{}
		}
	}
	return nil
}

// unit is a card of an order.
type unit struct{ line, unit int }

// serve sends what is to be sent of an order. It returns after which time to look
// again; 0 is never. A card that cannot be sent keeps no other one waiting.
func (r *postRound) serve(ctx context.Context, of orders.ID) (again time.Duration, err error) {
	o, err := r.shop.Orders.Get(ctx, of)
	if err != nil {
		return 0, err
	}
	cards, err := r.shop.Credit.Sold(ctx, of)
	if err != nil {
		return 0, err
	}
	letters, err := r.shop.Orders.Letters(ctx, of)
	if err != nil {
		return 0, err
	}
	final := map[unit]bool{}
	for _, l := range letters {
		final[unit{l.Line, l.Unit}] = l.State.Final()
	}
	for _, c := range cards {
		if ctx.Err() != nil {
			return r.pace.first, nil
		}
		if c.State == credit.CardTakenBack || final[unit{c.Line, c.Unit}] {
			continue
		}
		wait := r.pace.first // it is not there yet, or asked back
		if c.State == credit.CardIssued {
			if wait, err = r.deliver(ctx, o, c); err != nil {
				return 0, err
			}
		}
		if again == 0 || wait > 0 && wait < again {
			again = wait
		}
	}
	return again, nil
}

// deliver sends a card, unless another postman is at it. It returns after which
// time to look again. The error is about the store; what the mailer says is not
// kept, since it may have codes and addresses.
func (r *postRound) deliver(ctx context.Context, o orders.Order, card credit.SoldCard) (again time.Duration, err error) {
	n := orders.NoteLetter{Order: o.ID, Line: card.Line, Unit: card.Unit, By: r.me, State: orders.LetterSent}
	key := letterKey(card)
	if !r.sent[key] {
		take := n
		take.State, take.Pause = orders.LetterSending, r.pace.lease.Milliseconds()
		l, err := r.note(ctx, take)
		if err != nil || l.By != r.me {
			return time.Duration(l.Wait) * time.Millisecond, err
		}
		n.State, n.Pause = r.try(ctx, o, card, l)
		if n.State == orders.LetterSent {
			r.sent[key] = true
		}
	}
	l, err := r.note(ctx, n)
	if err == nil {
		delete(r.sent, key)
	}
	return time.Duration(l.Wait) * time.Millisecond, err
}

// try sends a letter and returns what to note, and for how long to pause.
func (r *postRound) try(ctx context.Context, o orders.Order, card credit.SoldCard, l orders.Letter) (orders.LetterState, int64) {
	sending, stop := context.WithTimeout(ctx, r.pace.send)
	defer stop()
	known, err := r.send(sending, o, card)
	about := []any{"order", o.ID, "line", card.Line, "unit", card.Unit, "code", fault.CodeOf(err)}
	switch {
	case err == nil && known:
		return orders.LetterSent, 0
	case err == nil:
		return orders.LetterFailed, 0
	case ctx.Err() != nil:
		return orders.LetterWaiting, 0
	case time.Since(time.UnixMilli(l.Since)) >= r.pace.end:
		r.Logger.Error("the letter of a gift card could not be sent and is given up", about...)
		return orders.LetterFailed, 0
	}
	r.Logger.Warn("the letter of a gift card could not be sent and will be again", about...)
	return orders.LetterWaiting, pause(r.pace.first, r.pace.most, l.Tries).Milliseconds()
}

// note notes how far a letter is, also when the postman is being stopped.
func (r *postRound) note(ctx context.Context, n orders.NoteLetter) (orders.Letter, error) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), r.pace.send)
	defer stop()
	return r.noter(ctx, n)
}

func letterKey(card credit.SoldCard) string {
	return fmt.Sprintf("%s/%d/%d", card.Order, card.Line, card.Unit)
}

// send writes the letter and hands it to the mailer. It reports whether the store
// knows whom to send it to, which it does not if the buyer was erased.
func (r *postRound) send(ctx context.Context, o orders.Order, card credit.SoldCard) (known bool, err error) {
	to, err := r.shop.Orders.Contact(ctx, o.ID)
	if err != nil || to.Erased || to.Email == "" {
		return false, err
	}
	balance, err := r.shop.Credit.ByCode(ctx, card.Code)
	if err != nil {
		return true, err
	}
	w := letterWriter{r.localeOf(ctx, o)}
	return true, r.Mailer.SendGiftCard(ctx, GiftCardLetter{
		Key: letterKey(card), To: to.Email, Name: to.Name, Language: w.locale.Code,
		Subject: w.locale.text("Your gift card of %s", w.locale.money(card.Amount)), Text: commerce.Personal(w.text(r.Shop, to.Name.Reveal(), o, card, balance.ExpiresAt)),
	})
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
