package checkout

import (
	"context"
	"slices"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// Tender is one of the payments for an order: a gift card for a part of it,
// say, and a card for the rest.
type Tender struct {
	// PayWith names the payment provider.
	PayWith string
	// Token is the provider's name for the means of payment, the code of a gift
	// card, or the ID of a payments.Method that the customer keeps. Card numbers
	// are refused.
	Token string
	// Amount is the most that it pays; nil is as much as is left to pay, and as
	// the means of payment can.
	Amount *money.Amount
	// Method is how it is paid in the shop's own words, as in "boleto". It is
	// recorded.
	Method string
	// Installments is in how many parts the shopper pays it off. It is recorded,
	// and told to the provider. 0 says nothing.
	Installments int
}

// maxTenders bounds the payments for one order.
const maxTenders = 32

const (
	maxMethod       = 64
	maxInstallments = 120
)

// tender is a Tender as begin logs it.
type tender struct {
	Provider     string        `cbor:"1,keyasint"`
	Token        string        `cbor:"2,keyasint,omitempty"` // a gift card's ID, never its code
	Amount       *money.Amount `cbor:"3,keyasint,omitempty"`
	Method       string        `cbor:"4,keyasint,omitempty"`
	Installments int           `cbor:"5,keyasint,omitempty"`
}

// part is what a tender pays, worked out just before.
type part struct {
	Attempt payments.ID `cbor:"1,keyasint,omitempty"` // "" if Amount is nothing
	Amount  int64       `cbor:"2,keyasint,omitempty"` // minor units
	Token   string      `cbor:"3,keyasint,omitempty"` // takes the place of the tender's
}

// tenders returns the payments in the order in which they are asked for: first
// those that hold a balance, such as gift cards, since they answer at once and
// are taken back without a trace; then the others, as the caller has put them.
// What is decided long after, such as a bank transfer, belongs last.
func (s *Service) tenders(c Complete) ([]tender, error) {
	given := c.Tenders
	if len(given) == 0 {
		given = []Tender{{PayWith: c.PayWith, Token: c.Token, Method: c.Method, Installments: c.Installments}}
	}
	if len(given) > maxTenders {
		return nil, fault.Wrong("tenders", "an order cannot have %d payments, only %d", len(given), maxTenders)
	}
	var purses, others []tender
	for i, g := range given {
		named := func(err error) error { return err } // as a field of the one that Complete has itself
		if len(c.Tenders) > 0 {
			named = func(err error) error { return fault.InField(fault.Item("tenders", i), err) }
		}
		t := tender{Provider: g.PayWith, Token: g.Token, Amount: g.Amount, Method: g.Method, Installments: g.Installments}
		if t.Provider == "" {
			t.Provider = "manual"
		}
		if _, err := s.payments.Provider(t.Provider); err != nil {
			return nil, named(fault.InField("pay_with", err))
		}
		if err := t.check(); err != nil {
			return nil, named(err)
		}
		purse, ok := s.payments.Purse(t.Provider)
		if !ok && c.Terms != "" {
			return nil, named(fault.Wrong("pay_with", "an order on payment terms is paid later, but for gift cards and credit: %q is neither", t.Provider))
		}
		if !ok {
			others = append(others, t)
			continue
		}
		var err error
		if t.Token, err = purse.Keep(t.Token); err != nil {
			return nil, named(fault.InField("token", err))
		}
		purses = append(purses, t)
	}
	return append(purses, others...), nil
}

func (t tender) check() error {
	if err := payments.CheckToken(t.Token); err != nil {
		return err
	}
	switch {
	case t.Amount != nil && !t.Amount.IsPositive():
		return fault.Wrong("amount", "a payment cannot be of %v", *t.Amount)
	case len(t.Method) > maxMethod:
		return fault.Wrong("method", "the name of a method of payment is longer than %d bytes", maxMethod)
	case t.Installments < 0 || t.Installments > maxInstallments:
		return fault.Wrong("installments", "a payment cannot be paid off in %d installments, only in up to %d", t.Installments, maxInstallments)
	}
	return payments.RefusePAN(t.Method)
}

// share works out what each tender pays: as much as is left and as it may and
// can. What they leave unpaid, apply refuses.
func (c *begin) share(ctx context.Context, s *Service, st command.Stamp, total money.Amount, customer string) error {
	left := total.Minor()
	c.Parts = make([]part, len(c.Tenders))
	for i, t := range c.Tenders {
		pays := left
		if t.Amount != nil {
			if t.Amount.Currency() != total.Currency() {
				return fault.Wrong("tenders.amount.currency", "the cart is in %s: it cannot be paid with %v", total.Currency(), *t.Amount)
			}
			pays = min(pays, t.Amount.Minor())
		}
		p := &c.Parts[i]
		if err := s.payments.MayUse(ctx, t.Provider, t.Token, accounts.CustomerID(customer)); err != nil {
			return err
		}
		if purse, ok := s.payments.Purse(t.Provider); ok && pays > 0 {
			opened, err := purse.Open(ctx, payments.OpenRequest{Token: t.Token, Customer: customer, Currency: total.Currency()})
			if err != nil {
				return err
			}
			p.Token = opened.Token
			pays = min(pays, opened.Left.Minor()-c.taken(i, p.Token))
		}
		if pays > 0 {
			if err := s.payments.Ready(t.Provider); err != nil {
				return err
			}
			p.Attempt, p.Amount = payments.ID(st.NewID(payments.Prefix)), pays
			left -= pays
		}
	}
	return nil
}

// taken returns what the tenders before the i-th take of the same purse.
func (c *begin) taken(i int, token string) (sum int64) {
	for j := range i {
		if c.Parts[j].Token == token && c.Tenders[j].Provider == c.Tenders[i].Provider {
			sum += c.Parts[j].Amount
		}
	}
	return sum
}

// providers returns those that the order is paid with, each once.
func (c begin) providers() []string {
	out := make([]string, len(c.Tenders))
	for i, t := range c.Tenders {
		out[i] = t.Provider
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// paid returns what the parts add up to.
func (c begin) paid() (sum int64) {
	for _, p := range c.Parts {
		sum += p.Amount
	}
	return sum
}

// attempts records the payments before anybody is asked for them. All but the
// last are only authorized at first: what one of them refuses, the others have
// not taken yet.
func (c begin) attempts(tx *command.Tx, n orders.New) (begun, error) {
	made := begun{Order: c.Order, Total: money.New(c.paid(), n.Currency)}
	last := len(c.Parts) - 1
	for last > 0 && c.Parts[last].Amount == 0 {
		last--
	}
	number := 0
	for i, p := range c.Parts {
		if p.Amount == 0 {
			continue
		}
		number++
		a := c.Tenders[i].attempt(p)
		a.Order, a.Number, a.Amount = c.Order, number, money.New(p.Amount, n.Currency)
		a.AutoCapture = !c.AuthorizeOnly && i == last
		a.WhenPlaced = !c.AuthorizeOnly && i != last
		if err := payments.CreateAttempt(tx, a); err != nil {
			return begun{}, err
		}
		if number == 1 {
			made.Attempt = a.ID
		}
	}
	made.Several = number > 1
	return made, tx.SetTimer(n.Due, TimerRecover, string(c.Order))
}

// attempt returns the attempt that a tender is asked for by.
func (t tender) attempt(p part) payments.Attempt {
	a := payments.Attempt{ID: p.Attempt, Provider: t.Provider, Token: t.Token, Method: t.Method, Installments: t.Installments, State: payments.Created}
	if p.Token != "" {
		a.Token = p.Token
	}
	return a
}

// has reports whether this very request made the attempt.
func (c *begin) has(a payments.ID) bool {
	return a != "" && slices.ContainsFunc(c.Parts, func(p part) bool { return p.Attempt == a })
}

// first returns the first attempt of this request, as it was recorded.
func (c *begin) first(made begun) payments.Attempt {
	i := slices.IndexFunc(c.Parts, func(p part) bool { return p.Attempt == made.Attempt })
	a := c.Tenders[i].attempt(c.Parts[i])
	a.Order, a.Number, a.Amount, a.AutoCapture = made.Order, 1, made.Total, !c.AuthorizeOnly
	return a
}
