package httpapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/manual"
)

// Checkout is what a checkout came to.
type Checkout struct {
	Order Order `json:"order" doc:"Placed, or pending while the payment is not known."`
	// Next is set while the shopper must do something.
	Next *NextAction `json:"next_action,omitempty" doc:"What the shopper must do before the payment can go on. Resume the checkout afterwards."`
}

// NextAction is what the shopper's browser must do.
type NextAction struct {
	Kind         string          `json:"kind" enum:"redirect,three_ds_challenge,trigger_client_sdk,wait_for_customer,show_voucher"`
	URL          string          `json:"url,omitempty" doc:"Where to go, or what to show in a frame."`
	ClientSecret string          `json:"client_secret,omitempty" doc:"For the provider's script in the browser."`
	Details      []PaymentDetail `json:"details,omitempty" doc:"What the shopper pays by elsewhere: of a voucher or a transfer."`
	ExpiresAt    *time.Time      `json:"expires_at,omitempty" doc:"Until when a voucher can be paid, if the provider says so."`
}

// PaymentDetail is something that a shopper needs to pay elsewhere.
type PaymentDetail struct {
	Name  string `json:"name" example:"iban"`
	Value string `json:"value"`
}

func showNext(n *payments.NextAction) *NextAction {
	if n == nil {
		return nil
	}
	out := &NextAction{Kind: string(n.Kind), URL: n.URL, ClientSecret: n.ClientSecret}
	for _, d := range n.Details {
		out.Details = append(out.Details, PaymentDetail(d))
	}
	if n.ExpiresAt > 0 {
		t := time.UnixMilli(n.ExpiresAt).UTC()
		out.ExpiresAt = &t
	}
	return out
}

// Quote is what a cart costs now, and what a checkout would be refused for.
type Quote struct {
	Cart    string `json:"cart"`
	Version int64  `json:"version" doc:"Of the cart; send it as If-Match with the checkout."`
	Totals
	Taxes    []TaxSum        `json:"taxes" nullable:"false" doc:"The tax by name and rate."`
	Offers   []ShippingOffer `json:"shipping_offers" nullable:"false"`
	Problems []CartProblem   `json:"problems" nullable:"false"`
	Missing  []string        `json:"missing" nullable:"false" doc:"What is missing before the cart can be bought."`
	Explain  string          `json:"explanation" doc:"How each amount came about, in plain lines; for staff also by which price lists, by what agreement, and which promotions are not applied."`
}

// TaxSum is the tax of one name and rate.
type TaxSum struct {
	Name   string `json:"name"`
	Rate   string `json:"rate" example:"19%"`
	Amount Money  `json:"amount"`
}

func (a *api) addCheckout() {
	add(a, route{forCartHolder, "GET", "/carts/{cart}/quote", "get-quote", "Checkout", "Get what a cart costs now", 0, false}, a.getQuote)
	add(a, route{forCartHolder, "POST", "/carts/{cart}/checkout", checkOutID, "Checkout", "Buy what is in a cart", 0, false}, a.checkOut)
	add(a, route{forCartHolder, "POST", "/carts/{cart}/checkout/resume", "resume-checkout", "Checkout", "Go on after the shopper has acted", 0, false}, a.resumeCheckout)
	add(a, route{forCartHolder, "POST", "/carts/{cart}/checkout/abandon", "abandon-checkout", "Checkout", "Give a pending order up", 0, false}, a.abandonCheckout)
	add(a, route{forCartHolder, "GET", "/carts/{cart}/order", "get-order-of-cart", "Checkout", "Get the order that was made of a cart", 0, false}, a.getOrderOfCart)
}

func (a *api) getQuote(ctx context.Context, in *getCartInput) (*answer[Quote], error) {
	p, err := a.shop.Carts.Price(ctx, in.id())
	if err != nil {
		return nil, err
	}
	out := &answer[Quote]{ETag: cartTag(p.Cart, variantOf(ctx))}
	if err := out.unlessMatched(in.IfNoneMatch); err != nil {
		return nil, err
	}
	shown := showCart(p.Cart)
	out.Body = Quote{
		Cart: shown.ID, Version: shown.Version, Totals: shown.Totals, Taxes: taxesOf(p),
		Offers: shown.Offers, Problems: shown.Problems, Missing: shown.Missing, Explain: p.ExplainForShoppers(),
	}
	if callerOf(ctx).Staff {
		out.Body.Explain = p.Explain()
	}
	return out, nil
}

func taxesOf(p *cart.Priced) []TaxSum {
	sums := p.Quote.TaxSums()
	out := make([]TaxSum, len(sums))
	for i, s := range sums {
		out[i] = TaxSum{s.Name, s.Rate.String(), moneyOf(money.New(s.Amount, p.Currency))}
	}
	return out
}

// checkOutID is the operation that takes means of payment.
const checkOutID = "check-out"

// offersGiftCard reports whether a checkout is to be paid with a gift card,
// whose code can be guessed: the answer says whether there is such a card. The
// body has been read, and stays as it is.
func offersGiftCard(r *http.Request) bool {
	if r.Body == nil {
		return false
	}
	raw, err := web.BodyAgain(r)
	var in struct {
		PayWith string `json:"pay_with"`
		Tenders []struct {
			PayWith string `json:"pay_with"`
		} `json:"tenders"`
	}
	if err != nil || json.Unmarshal(raw, &in) != nil {
		return false // it is refused before anything is looked up
	}
	for _, t := range in.Tenders {
		if t.PayWith == credit.GiftCards {
			return true
		}
	}
	return in.PayWith == credit.GiftCards
}

type checkOutInput struct {
	Keyed
	Conditional
	CartRef
	Body struct {
		PayWith  string        `json:"pay_with,omitempty" maxLength:"64" doc:"The name of a payment provider."`
		Token    string        `json:"token,omitempty" maxLength:"500" doc:"What the provider's own field in the browser gave for the means of payment. Never a card number: those are refused."`
		Tenders  []TenderInput `json:"tenders,omitempty" nullable:"false" maxItems:"10" doc:"Several payments in the place of pay_with and token. Gift cards and credit are taken first; together they must make the total."`
		Terms    string        `json:"terms,omitempty" maxLength:"40" doc:"Payment terms of the shop on which the order is placed unpaid, such as net_30, in the place of pay_with and token. Tenders may be gift cards and credit then: what they leave is owed."`
		Expected *MoneyInput   `json:"expected_total,omitempty" doc:"What the shopper saw; the checkout is refused if the cart costs something else."`
	}
}

func (a *api) checkOut(ctx context.Context, in *checkOutInput) (*statusAnswer[Checkout], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	c := checkout.Complete{Cart: in.id(), CartVersion: version, PayWith: in.Body.PayWith, Token: in.Body.Token, Terms: in.Body.Terms, Key: in.Key}
	if c.Tenders, err = a.tenders(in.Body.Tenders); err != nil {
		return nil, err
	}
	if len(c.Tenders) == 0 && c.Terms == "" && !a.paysWith(in.Body.PayWith) {
		return nil, notOffered("body.pay_with")
	}
	if in.Body.Expected != nil {
		total, err := in.Body.Expected.amount("body.expected_total")
		if err != nil {
			return nil, err
		}
		c.ExpectedTotal = &total
	}
	r, err := a.shop.Checkout.Complete(ctx, c)
	return a.checkoutOr(ctx, r, ifMatched[*cart.VersionError](version, err))
}

// tenders reads several payments.
func (a *api) tenders(in []TenderInput) ([]checkout.Tender, error) {
	var out []checkout.Tender
	for i, t := range in {
		at := fmt.Sprintf("body.tenders[%d]", i)
		if !a.paysWith(t.PayWith) {
			return nil, notOffered(at + ".pay_with")
		}
		amount, err := amountOr(t.Amount, at+".amount")
		if err != nil {
			return nil, err
		}
		out = append(out, checkout.Tender{PayWith: t.PayWith, Token: t.Token, Amount: amount, Installments: t.Installments})
	}
	return out, nil
}

// paysWith reports whether shoppers may choose a provider. No name is the
// provider that takes the shopper's word, as in the checkout.
func (a *api) paysWith(name string) bool {
	name = cmp.Or(name, manual.Name)
	if len(a.options.PayWith) == 0 {
		return name != manual.Name
	}
	return slices.Contains(a.options.PayWith, name)
}

// notOffered refuses a provider that shoppers may not choose.
func notOffered(field string) error {
	return &fieldError{field, "is not a way to pay in this shop"}
}

// cartAction carries a checkout on: the provider is asked how things stand.
type cartAction struct {
	Repeatable
	CartRef
}

func (a *api) resumeCheckout(ctx context.Context, in *cartAction) (*statusAnswer[Checkout], error) {
	return a.onOrder(ctx, in.id(), a.shop.Checkout.Resume)
}

func (a *api) abandonCheckout(ctx context.Context, in *cartAction) (*statusAnswer[Checkout], error) {
	return a.onOrder(ctx, in.id(), a.shop.Checkout.Abandon)
}

func (a *api) onOrder(ctx context.Context, id cart.ID, do func(context.Context, orders.ID) (checkout.Result, error)) (*statusAnswer[Checkout], error) {
	order, err := a.orderOf(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := do(ctx, order)
	return a.checkoutOr(ctx, r, err)
}

// orderOf returns the order that was or is being made of a cart.
func (a *api) orderOf(ctx context.Context, id cart.ID) (orders.ID, error) {
	c, err := a.shop.Carts.Get(ctx, id)
	if err != nil {
		return "", err
	}
	if c.Order == "" {
		return "", &orders.NotFoundError{}
	}
	return orders.ID(c.Order), nil
}

func (a *api) checkoutOr(ctx context.Context, r checkout.Result, err error) (*statusAnswer[Checkout], error) {
	if d, ok := errors.AsType[*checkout.DeclinedError](err); ok {
		return nil, a.declined(ctx, d, err)
	}
	if err != nil {
		return nil, err
	}
	out := &statusAnswer[Checkout]{
		Status: http.StatusOK, ETag: web.ETag(r.Version, ""), Body: Checkout{Order: showOrder(r.Order)},
	}
	if r.Order.Status == orders.Pending {
		out.Status = http.StatusAccepted
	}
	out.Body.Next = showNext(r.NextAction)
	return out, nil
}

// declined adds what a shopper may try next.
func (a *api) declined(ctx context.Context, d *checkout.DeclinedError, err error) error {
	f, ok := errors.AsType[*failure](a.problemOf(ctx, err))
	if !ok {
		return err
	}
	f.About = jsonObject(map[string]string{
		"order": string(d.Order), "code": d.Code, "advice": string(payments.DeclineCode(d.Code).Advice()),
	})
	return f
}

type getOrderOfCartInput struct {
	CartRef
	Read
}

func (a *api) getOrderOfCart(ctx context.Context, in *getOrderOfCartInput) (*answer[Order], error) {
	order, err := a.orderOf(ctx, in.id())
	if err != nil {
		return nil, err
	}
	return a.orderAnswer(ctx, order, in.Read)
}
