package storefront

import (
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// purseView is what a payment takes from a gift card and from the customer's
// credit, before what is paid otherwise.
type purseView struct {
	Gift      *money.Amount // nil if none is used
	GiftLast4 string
	Offered   *money.Amount // what could be taken from the customer's credit
	Credit    *money.Amount // what is taken from it; nil if it is not used
	Rest      money.Amount  // what is left to pay
	NoGift    bool          // the code that was entered is none that pays
	code      string
}

// purse returns what gift card and credit come to, of a total that buyer pays, ""
// for a guest. Credit pays for what its customer buys: not for what they bought
// as a guest, also if that was joined to their account.
func (v *visit) purse(total money.Amount, buyer accounts.CustomerID) (purseView, error) {
	p := purseView{Rest: total, NoGift: v.r.URL.Query().Get("gift") == "no"}
	if p.code = v.cookie(cookieGift); p.code != "" {
		card, err := v.giftCard(p.code)
		if err != nil {
			return p, err
		}
		if p.Gift = take(&p.Rest, card); p.Gift == nil {
			p.code = ""
		}
		p.GiftLast4 = card.Last4
	}
	if buyer == "" || buyer != v.customer {
		return p, nil
	}
	own, err := v.site.shop.Credit.OfCustomer(v.ctx(), v.customer, total.Currency())
	if fault.CodeOf(err) == fault.NotFound {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	rest := p.Rest
	if p.Offered = take(&rest, own); v.cookie(cookieCredit) != "" {
		p.Credit, p.Rest = p.Offered, rest
	}
	return p, nil
}

// giftCard returns the zero Balance for a code that is none.
func (v *visit) giftCard(code string) (credit.Balance, error) {
	card, err := v.site.shop.Credit.ByCode(v.ctx(), code)
	if c := fault.CodeOf(err); c == fault.NotFound || c == fault.Invalid {
		return credit.Balance{}, nil
	}
	return card, err
}

// take takes as much as a balance has off a sum and returns how much that is,
// nil for nothing.
func take(rest *money.Amount, b credit.Balance) *money.Amount {
	if !b.Usable(time.Now()) || b.Left.Currency() != rest.Currency() || !b.Left.IsPositive() || !rest.IsPositive() {
		return nil
	}
	part := b.Left
	if part.Minor() > rest.Minor() {
		part = *rest
	}
	*rest = money.New(rest.Minor()-part.Minor(), rest.Currency())
	return &part
}

// payBy says how a checkout is paid: from gift card and credit, if they are used,
// and the rest by the chosen method, or later if that is payment terms.
func (p purseView) payBy(c *checkout.Complete, method methodView, token string) {
	if terms := method.Terms(); terms != "" {
		c.Tenders = p.tenders(nil)
		if p.Rest.IsPositive() {
			c.Terms = terms
		}
		return
	}
	c.PayWith, c.Token = method.Provider, token
	c.Tenders = p.tenders(&checkout.Tender{PayWith: method.Provider, Token: token})
}

// tenders returns the payments that a gift card and credit are a part of, none
// if they are not used. What they leave is paid by rest, if there is one.
func (p purseView) tenders(rest *checkout.Tender) []checkout.Tender {
	var out []checkout.Tender
	if p.Gift != nil {
		out = append(out, checkout.Tender{PayWith: credit.GiftCards, Token: p.code})
	}
	if p.Credit != nil {
		out = append(out, checkout.Tender{PayWith: credit.StoreCredit})
	}
	if len(out) > 0 && p.Rest.IsPositive() && rest != nil {
		out = append(out, *rest)
	}
	return out
}

// setGift remembers the code of a gift card for the payment, or forgets it.
func setGift(v *visit) error {
	code := clip(v.r.PostFormValue("gift"))
	back, currency, err := v.payingFor()
	if err != nil {
		return err
	}
	if v.r.PostFormValue("remove") != "" || code == "" {
		v.setCookie(cookieGift, "")
		return v.redirect(back)
	}
	card, err := v.giftCard(code)
	if err != nil {
		return err
	}
	if !card.Usable(time.Now()) || !card.Left.IsPositive() || card.Left.Currency() != currency {
		return v.redirect(back + "?gift=no")
	}
	normal, err := credit.NormalizeCode(code)
	if err != nil {
		return err
	}
	v.setCookie(cookieGift, normal)
	return v.redirect(back)
}

// setCredit remembers whether the customer's credit is to be used.
func setCredit(v *visit) error {
	back, _, err := v.payingFor()
	if err != nil {
		return err
	}
	v.setCookie(cookieCredit, v.r.PostFormValue("use"))
	return v.redirect(back)
}

// payingFor returns the page on which the shopper pays, and in which currency:
// the cart's, or that of an order of theirs that the form names.
func (v *visit) payingFor() (page string, c money.Currency, err error) {
	id := v.r.PostFormValue("order")
	if id == "" {
		return paymentPage, v.currency, nil
	}
	o, err := v.orderOf(orders.ID(id))
	return duePage(o.ID), o.Currency, err
}
