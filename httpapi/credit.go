package httpapi

import (
	"context"
	"net/url"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/money"
)

// Balance is money that the shop owes: a gift card or a customer's credit.
type Balance struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind" enum:"gift_card,store_credit"`
	Customer  string     `json:"customer,omitempty" doc:"Whose credit it is."`
	Last4     string     `json:"last4,omitempty" doc:"The end of a gift card's code."`
	Left      Money      `json:"left" doc:"What can be paid with."`
	Issued    Money      `json:"issued"`
	Held      Money      `json:"held" doc:"What payments under way have set aside."`
	Spent     Money      `json:"spent"`
	Usable    bool       `json:"usable"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	Version   int64      `json:"version"`
}

// GiftCard is what whoever has its code may know.
type GiftCard struct {
	Left      Money      `json:"left"`
	Usable    bool       `json:"usable"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// IssuedGiftCard is a new gift card.
type IssuedGiftCard struct {
	Balance
	Code string `json:"code" doc:"Told only now: the shop does not keep it."`
}

func (a *api) addCredit() {
	const group = "Gift cards and credit"
	add(a, route{forAnyone, "POST", "/gift-cards/balance", "get-gift-card", group, "Get what is left on a gift card", 0, true}, a.getGiftCard)
	add(a, route{forCustomer, "GET", "/customers/me/credit", "list-my-credit", group, "List the credit of whoever is logged in", 0, false}, a.listMyCredit)
	add(a, route{forStaff, "POST", "/staff/gift-cards", "issue-gift-card", group, "Make a gift card", 201, false}, a.issueGiftCard)
	add(a, route{forStaff, "POST", "/staff/customers/{customer}/credit", "grant-credit", group, "Give a customer credit", 0, false}, a.grantCredit)
	add(a, route{forStaff, "GET", "/staff/balances", "list-balances", group, "List gift cards and credit", 0, false}, a.listBalances)
	add(a, route{forStaff, "POST", "/staff/balances/{balance}/adjustments", "adjust-balance", group, "Put more into a balance, or take some out", 0, false}, a.adjustBalance)
	add(a, route{forStaff, "PUT", "/staff/balances/{balance}/state", "set-balance-state", group, "Keep a balance from paying, or let it pay again", 0, false}, a.setBalanceState)
}

func showBalance(b credit.Balance) Balance {
	return Balance{
		ID: string(b.ID), Kind: string(b.Kind), Customer: string(b.Customer), Last4: b.Last4, Left: moneyOf(b.Left), Issued: moneyOf(b.Issued),
		Held: moneyOf(b.Held), Spent: moneyOf(b.Spent), Usable: b.Usable(time.Now()), ExpiresAt: timeOr(b.ExpiresAt), Version: b.Version,
	}
}

func balanceAnswer(b credit.Balance, err error) (*answer[Balance], error) {
	if err != nil {
		return nil, err
	}
	return &answer[Balance]{ETag: web.ETag(b.Version, ""), Body: showBalance(b)}, nil
}

// getGiftCardInput has the code in its body, since addresses on the web end up
// in logs.
type getGiftCardInput struct {
	Repeatable
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"100"`
	}
}

func (a *api) getGiftCard(ctx context.Context, in *getGiftCardInput) (*answer[GiftCard], error) {
	b, err := a.shop.Credit.ByCode(ctx, in.Body.Code)
	if err != nil {
		return nil, err
	}
	return &answer[GiftCard]{Body: GiftCard{Left: moneyOf(b.Left), Usable: b.Usable(time.Now()), ExpiresAt: timeOr(b.ExpiresAt)}}, nil
}

// mostCredit bounds the balances of one customer: there is one in a currency.
const mostCredit = 100

func (a *api) listMyCredit(ctx context.Context, _ *struct{}) (*answer[List[Balance]], error) {
	out := List[Balance]{Items: []Balance{}}
	for b, err := range a.shop.Credit.All(ctx, credit.Filter{Kind: credit.CustomerCredit, Customer: callerOf(ctx).Customer, Limit: mostCredit}) {
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, showBalance(b))
	}
	return &answer[List[Balance]]{Body: out}, nil
}

type issueGiftCardInput struct {
	Keyed
	Body struct {
		Amount    MoneyInput `json:"amount"`
		ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Never if it is missing."`
		Code      string     `json:"code,omitempty" maxLength:"100" doc:"Of a card that exists elsewhere. The shop makes one that nobody can guess."`
		Reason    string     `json:"reason,omitempty" maxLength:"500"`
	}
}

func (a *api) issueGiftCard(ctx context.Context, in *issueGiftCardInput) (*answer[IssuedGiftCard], error) {
	amount, err := in.Body.Amount.amount("body.amount")
	if err != nil {
		return nil, err
	}
	issue := credit.Issue{Amount: amount, Code: in.Body.Code, Reason: in.Body.Reason, Key: in.Key}
	if in.Body.ExpiresAt != nil {
		issue.ExpiresAt = *in.Body.ExpiresAt
	}
	card, err := a.shop.Credit.Issue(ctx, issue)
	if err != nil {
		return nil, err
	}
	return &answer[IssuedGiftCard]{Body: IssuedGiftCard{Balance: showBalance(card.Balance), Code: card.Code}}, nil
}

type grantCreditInput struct {
	Keyed
	CustomerRef
	Body struct {
		Amount MoneyInput `json:"amount"`
		Reason string     `json:"reason,omitempty" maxLength:"500"`
	}
}

func (a *api) grantCredit(ctx context.Context, in *grantCreditInput) (*answer[Balance], error) {
	amount, err := in.Body.Amount.amount("body.amount")
	if err != nil {
		return nil, err
	}
	return balanceAnswer(a.shop.Credit.Grant(ctx, credit.Grant{
		Customer: accounts.CustomerID(in.Customer), Amount: amount, Reason: in.Body.Reason, Key: in.Key,
	}))
}

type listBalancesInput struct {
	Page
	Kind     string `query:"kind" enum:"gift_card,store_credit"`
	Customer string `query:"customer" maxLength:"64"`
}

func (a *api) listBalances(ctx context.Context, in *listBalancesInput) (*answer[List[Balance]], error) {
	all := a.shop.Credit.All(ctx, credit.Filter{
		Kind: credit.Kind(in.Kind), Customer: accounts.CustomerID(in.Customer), After: credit.ID(in.After), Limit: in.Limit + 1,
	})
	l, err := collect(all, in.Limit, func(b credit.Balance) string { return string(b.ID) }, showBalance)
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	if in.Kind != "" {
		query.Set("kind", in.Kind)
	}
	if in.Customer != "" {
		query.Set("customer", in.Customer)
	}
	return listed(ctx, a, "/staff/balances", in.Page, query, l), nil
}

type BalanceRef struct {
	Balance string `path:"balance" maxLength:"64" doc:"A balance's ID."`
}

type adjustBalanceInput struct {
	Keyed
	BalanceRef
	Body struct {
		Amount MoneyInput `json:"amount" doc:"Below nothing takes out."`
		Reason string     `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (a *api) adjustBalance(ctx context.Context, in *adjustBalanceInput) (*answer[Balance], error) {
	amount, err := in.Body.Amount.amount("body.amount")
	if err != nil {
		return nil, err
	}
	return balanceAnswer(a.shop.Credit.Adjust(ctx, credit.Adjust{Balance: credit.ID(in.Balance), Amount: amount, Reason: in.Body.Reason, Key: in.Key}))
}

type setBalanceStateInput struct {
	Keyed
	BalanceRef
	Body struct {
		Disabled bool   `json:"disabled"`
		Reason   string `json:"reason,omitempty" maxLength:"500"`
	}
}

func (a *api) setBalanceState(ctx context.Context, in *setBalanceStateInput) (*answer[Balance], error) {
	return balanceAnswer(a.shop.Credit.Disable(ctx, credit.Disable{Balance: credit.ID(in.Balance), Enable: !in.Body.Disabled, Reason: in.Body.Reason, Key: in.Key}))
}

// TenderInput is one of several payments for an order.
type TenderInput struct {
	PayWith      string      `json:"pay_with" minLength:"1" maxLength:"64" doc:"The name of a payment provider; gift_card and store_credit are two."`
	Token        string      `json:"token,omitempty" maxLength:"500" doc:"As in the checkout's own, or the code of a gift card."`
	Amount       *MoneyInput `json:"amount,omitempty" doc:"The most that it pays; missing means as far as it goes."`
	Installments int         `json:"installments,omitempty" minimum:"0" maximum:"99"`
}

// amountOr returns nil for no amount.
func amountOr(m *MoneyInput, at string) (*money.Amount, error) {
	if m == nil {
		return nil, nil
	}
	a, err := m.amount(at)
	return &a, err
}
