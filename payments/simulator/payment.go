package simulator

import (
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// payment is the bank's row of one payment. Its amounts are minor units.
type payment struct {
	id       string
	url      string // of the simulator's pages
	request  payments.PayRequest
	card     card
	state    payments.State
	decline  payments.DeclineCode
	raw      string
	requests int

	authorized, captured, voided, refunded int64
	refunding                              int64 // in refunds that are pending

	answers map[string]payments.Outcome // of operations, by key
}

func newPayment(id, url string, r payments.PayRequest) *payment {
	return &payment{id: id, url: url, request: r}
}

func (p *payment) tombstone() bool { return p.request.Amount == money.Amount{} }

// begin decides about a new payment as far as its card lets it.
func (p *payment) begin(c card) {
	p.card = c
	switch {
	case c.challenge:
		p.state = payments.NeedsAction
	case c.pending:
		p.state = payments.Pending
	default:
		p.decide()
	}
}

// decide approves or declines for good.
func (p *payment) decide() {
	switch {
	case p.card.decline != "":
		p.state, p.decline, p.raw = payments.Declined, p.card.decline, p.card.raw
	case p.request.AutoCapture:
		p.state, p.authorized = payments.Captured, p.request.Amount.Minor()
		p.captured = p.authorized
	default:
		p.state, p.authorized = payments.Authorized, p.request.Amount.Minor()
	}
}

func (p *payment) undecided() bool {
	return p.state == payments.NeedsAction || p.state == payments.Pending
}

// outcome tells how the payment stands.
func (p *payment) outcome() payments.Outcome {
	o := payments.Outcome{State: p.state, ProviderID: p.id, Decline: p.decline, Raw: p.raw}
	switch p.state {
	case payments.Authorized:
		o.Amount = p.amount(p.authorized)
	case payments.Captured:
		o.Amount, o.Final = p.amount(p.captured), p.captured+p.voided == p.authorized
	case payments.Pending:
		if p.card.voucher {
			o.Next = &payments.NextAction{Kind: payments.Voucher, Details: []payments.Detail{{Name: "number", Value: p.id}}}
		}
	case payments.NeedsAction:
		o.Next = &payments.NextAction{
			Kind: payments.Challenge, URL: p.url + "/3ds/" + p.request.Key, ClientSecret: p.id + "_secret",
		}
	}
	return o
}

func (p *payment) capture(a money.Amount, final bool) payments.Outcome {
	if p.captured+p.voided == p.authorized || !p.fits(a, p.authorized-p.captured-p.voided) {
		return refused("amount_too_large")
	}
	p.captured += a.Minor()
	p.state = payments.Captured
	if final {
		p.voided = p.authorized - p.captured
	}
	return payments.Outcome{State: payments.Captured, Amount: p.amount(p.captured), Final: p.captured+p.voided == p.authorized}
}

func (p *payment) void() payments.Outcome {
	open := p.authorized - p.captured - p.voided
	switch {
	case p.undecided():
		p.state = payments.Canceled
	case open > 0:
		p.voided += open
		if p.captured > 0 {
			return payments.Outcome{State: payments.Voided}
		}
		p.state = payments.Voided
	}
	return payments.Outcome{State: p.state, Amount: p.outcome().Amount, Decline: p.decline, Raw: p.raw}
}

func (p *payment) refund(a money.Amount) payments.Outcome {
	if !p.fits(a, p.captured-p.refunded-p.refunding) {
		return refused("charge_already_refunded")
	}
	switch p.card.refund {
	case payments.Pending:
		p.refunding += a.Minor()
		return payments.Outcome{State: payments.Pending, Amount: a}
	case payments.Declined:
		return payments.Outcome{State: payments.Declined, Decline: payments.DeclineGeneric, Raw: "expired_or_canceled_card"}
	}
	p.refunded += a.Minor()
	return payments.Outcome{State: payments.Refunded, Amount: a}
}

func (p *payment) fits(a money.Amount, most int64) bool {
	return a.Currency() == p.request.Amount.Currency() && a.IsPositive() && a.Minor() <= most
}

func (p *payment) amount(minor int64) money.Amount {
	return money.New(minor, p.request.Amount.Currency())
}

func refused(raw string) payments.Outcome {
	return payments.Outcome{State: payments.Declined, Decline: payments.DeclineState, Raw: raw}
}
