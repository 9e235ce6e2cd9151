package credit

import (
	"context"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// Providers returns the payment providers that gift cards and store credit
// are.
func (s *Service) Providers() []payments.Purse {
	return []payments.Purse{giftCards{provider{s, GiftCards}}, customerCredit{provider{s, StoreCredit}}}
}

// provider is what both have in common. Tokens are IDs of balances.
type provider struct {
	service *Service
	name    string
}

// Name returns the provider's name.
func (p provider) Name() string { return p.name }

// Pay holds a part of a balance, or takes it at once.
func (p provider) Pay(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	slot, err := slotOf(ID(r.Token))
	if err != nil {
		return payments.Outcome{State: payments.Declined, Decline: payments.DeclineIncorrectDetails}, nil
	}
	c := hold{Payment: r.Key, Order: r.Order, Balance: ID(r.Token), Amount: r.Amount, AtOnce: r.AutoCapture}
	return command.Do[payments.Outcome](ctx, p.service.engine, &c, command.Call{Slot: slot})
}

// Retrieve tells how a payment stands, or what was answered to an operation.
func (p provider) Retrieve(ctx context.Context, r payments.LookupRequest) (payments.Outcome, error) {
	balance := nameOf(r.PaymentID, r.Token)
	slot, err := slotOf(balance)
	if err != nil {
		return payments.Outcome{State: payments.NotFound}, nil
	}
	o := payments.Outcome{State: payments.NotFound}
	err = p.service.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		if r.Of != payments.KindPayment {
			answer, found, err := answerTx(tx, r.Key)
			if found {
				o = answer
			}
			return err
		}
		pay, found, err := paymentTx(tx, r.Key)
		if err != nil || !found || pay.balance == "" {
			if found {
				o.State = pay.state
			}
			return err
		}
		b, err := balanceTx(tx, pay.balance)
		o = pay.outcome(b.Issued.Currency())
		if _, none := err.(*NotFoundError); none {
			return nil
		}
		return err
	})
	return o, err
}

// Capture takes what is held.
func (p provider) Capture(ctx context.Context, r payments.CaptureRequest) (payments.Outcome, error) {
	return p.operate(ctx, operate{Key: r.Key, Payment: r.PaymentKey, Of: payments.KindCapture, Balance: ID(r.ProviderID), Amount: r.Amount, Final: r.Final})
}

// Void lets go of what is held.
func (p provider) Void(ctx context.Context, r payments.VoidRequest) (payments.Outcome, error) {
	return p.operate(ctx, operate{Key: r.Key, Payment: r.PaymentKey, Of: payments.KindVoid, Balance: nameOf(r.ProviderID, r.Token)})
}

// Refund puts back what was taken.
func (p provider) Refund(ctx context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	return p.operate(ctx, operate{Key: r.Key, Payment: r.PaymentKey, Of: payments.KindRefund, Balance: ID(r.ProviderID), Amount: r.Amount})
}

func (p provider) operate(ctx context.Context, c operate) (payments.Outcome, error) {
	slot, err := slotOf(c.Balance)
	if err != nil {
		return payments.Outcome{}, err
	}
	return command.Do[payments.Outcome](ctx, p.service.engine, &c, command.Call{Slot: slot})
}

// nameOf returns the balance of a payment: what it answered with, or the token
// that it was asked with.
func nameOf(providerID, token string) ID {
	if providerID != "" {
		return ID(providerID)
	}
	return ID(token)
}

// open tells how much a balance can pay at this moment.
func (p provider) open(ctx context.Context, balance ID, c money.Currency) (payments.Opened, error) {
	out := payments.Opened{Token: string(balance), Left: money.Zero(c)}
	b, err := p.service.Get(ctx, balance)
	if err == nil && b.Issued.Currency() == c && b.Usable(p.service.engine.Now()) {
		out.Left = b.Left
	}
	return out, err
}

// giftCards is the provider of gift cards. The token that a shopper gives is
// the card's code; what is kept is its ID.
type giftCards struct{ provider }

// Keep returns the ID of the card with a code.
func (g giftCards) Keep(code string) (string, error) {
	code, err := NormalizeCode(code)
	if err != nil {
		return "", err
	}
	card, _ := g.service.giftCardOf(code)
	return string(card), nil
}

// Open tells how much a card holds that can be spent: nothing if it is in
// another currency, disabled or expired.
func (g giftCards) Open(ctx context.Context, r payments.OpenRequest) (payments.Opened, error) {
	o, err := g.open(ctx, ID(r.Token), r.Currency)
	if fault.CodeOf(err) == fault.NotFound {
		return payments.Opened{}, &NotFoundError{}
	}
	return o, err
}

// customerCredit is the provider of store credit. It needs no token: whoever
// buys pays with what is theirs.
type customerCredit struct{ provider }

// Keep refuses a token: there is none to give.
func (customerCredit) Keep(token string) (string, error) {
	if token != "" {
		return "", fault.Wrong("token", "store credit is paid with without a token")
	}
	return "", nil
}

// Open tells how much store credit a customer has.
func (c customerCredit) Open(ctx context.Context, r payments.OpenRequest) (payments.Opened, error) {
	if r.Customer == "" {
		return payments.Opened{}, fault.New(fault.Refused, "store credit is for customers who are logged in")
	}
	customer := accounts.CustomerID(r.Customer)
	slot, err := id.SlotOf(r.Customer)
	if err != nil {
		return payments.Opened{}, err
	}
	o, err := c.open(ctx, c.service.creditOf(customer, slot, r.Currency), r.Currency)
	if fault.CodeOf(err) == fault.NotFound {
		return payments.Opened{Token: string(c.service.creditOf(customer, slot, r.Currency)), Left: money.Zero(r.Currency)}, nil
	}
	return o, err
}
