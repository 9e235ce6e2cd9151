package storefront

import (
	"crypto/rand"
	"net/url"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// duePage is where a shopper pays what is due for a placed order, below the base.
func duePage(o orders.ID) string { return "/orders/" + url.PathEscape(string(o)) + "/payment" }

// OrderPath returns a link to an order that opens it in any browser, below the
// shop's address and Options.Base, for letters of the program to the shopper. For
// an order of a guest it holds a secret, which lets whoever has it see the order
// and pay what is due for it: it belongs into a letter to its buyer and nowhere
// else. A customer has to log in.
func OrderPath(o orders.Order) string {
	path := "/orders/" + url.PathEscape(string(o.ID))
	if o.Customer != "" {
		return path
	}
	return path + "/of/" + url.PathEscape(o.Cart)
}

// followOrderLink lets a browser that comes with the link of a guest's order see
// that, and takes the secret out of its address.
func followOrderLink(v *visit) error {
	secret := v.r.PathValue("cart")
	o, err := v.site.shop.Orders.Get(v.ctx(), orders.ID(v.r.PathValue("order")))
	if code := fault.CodeOf(err); code == fault.Invalid || code == fault.NotFound || err == nil && (o.Customer != "" || o.Cart == "" || o.Cart != secret) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	v.keepOrder(cart.ID(secret))
	return v.redirect("/orders/" + url.PathEscape(string(o.ID)))
}

// duePayment is the page on which a shopper pays what is due for a placed order:
// what a change of it has added, or all of it if it was bought on payment terms.
type duePayment struct {
	page
	Order    orders.Order
	For      orders.ID // the same, for the forms of gift card and credit
	Lines    []lineView
	Sum      sumView
	Paid     money.Amount // what has been paid of the total, less what went back
	Due      money.Amount // what nobody is paying yet
	Paying   *payingView  // the payment that is under way, nil if none is
	Methods  []methodView
	Method   methodView
	Purse    purseView
	Token    string
	Card     string // the last digits
	Declined string // why the last payment failed, for the shopper
	Key      string // of the payment that the form would make
}

// payingView is a payment that waits for the shopper, or for their bank.
type payingView struct {
	Amount  money.Amount
	Action  *payments.NextAction
	Voucher []payments.Detail
}

// underWay returns the newest payment of a placed order that is not decided, nil
// if there is none.
func underWay(attempts []payments.Attempt) (last *payments.Attempt) {
	for i := range attempts {
		if attempts[i].Further && !attempts[i].State.Settled() {
			last = &attempts[i]
		}
	}
	return last
}

// showDue shows what is due for an order and the ways to pay it, or what a
// payment that was begun waits for.
func showDue(v *visit) error {
	o, err := v.order()
	if err != nil {
		return err
	}
	if o.Status != orders.Placed {
		return v.redirect("/orders/" + url.PathEscape(string(o.ID)))
	}
	attempts, err := v.site.shop.Payments.ByOrder(v.ctx(), o.ID)
	if err != nil {
		return err
	}
	due, err := v.site.shop.Checkout.Due(v.ctx(), o.ID)
	if err != nil {
		return err
	}
	waits := underWay(attempts)
	if waits == nil && !due.IsPositive() {
		return v.redirect("/orders/" + url.PathEscape(string(o.ID)))
	}
	data, err := v.duePayment(o, due)
	if err != nil {
		return err
	}
	if waits != nil {
		data.Paying = &payingView{Amount: waits.Amount, Action: waits.Next, Voucher: v.voucher(waits.Next)}
	} else if n := len(attempts); n > 0 && attempts[n-1].Further && attempts[n-1].State == payments.Declined {
		data.Declined = v.locale.text(declineText(attempts[n-1].Decline))
	}
	return v.show(200, "due", data)
}

func (v *visit) duePayment(o orders.Order, due money.Amount) (duePayment, error) {
	p, err := v.page(v.locale.text("Pay for your order"))
	if err != nil {
		return duePayment{}, err
	}
	p.NoIndex = true
	data := duePayment{page: p, Order: o, For: o.ID, Sum: v.orderSum(o), Due: due, Key: rand.Text()}
	data.Paid = money.New(o.Total.Minor()-o.Outstanding().Minor(), o.Currency)
	q := v.r.URL.Query()
	data.Token, data.Card = q.Get("token"), lastDigits(q.Get("card"))
	if payments.CheckToken(data.Token) != nil {
		data.Token = ""
	}
	data.Methods = v.methodsNow(duePage(o.ID))
	data.Method = chooseMethod(data.Methods, q.Get("method"))
	if data.Lines, err = v.orderLines(o); err != nil {
		return duePayment{}, err
	}
	data.Purse, err = v.purse(due, o.Customer)
	return data, err
}

// payDue pays what is due for an order, as the shopper saw it. What can be
// declined is asked for first: until it is paid, gift card and credit are left
// alone, and the page asks for them again afterwards.
func payDue(v *visit) error {
	o, err := v.order()
	if err != nil {
		return err
	}
	if o.Status != orders.Placed {
		return v.backToOrder(o, nil)
	}
	due, err := v.site.shop.Checkout.Due(v.ctx(), o.ID)
	if err != nil {
		return err
	}
	if !due.IsPositive() { // a second click, or it was paid elsewhere
		return v.backToOrder(o, nil)
	}
	seen, err := money.Parse(v.r.PostFormValue("due"))
	if err != nil || seen != due {
		return v.redirect(duePage(o.ID) + "?note=due")
	}
	purse, err := v.purse(due, o.Customer)
	if err != nil {
		return err
	}
	chosen := v.r.PostFormValue("method")
	method := chooseMethod(v.methodsNow(duePage(o.ID)), chosen)
	if purse.Rest.IsPositive() && method.Provider != chosen { // nobody pays by another way unasked
		return v.redirect(duePage(o.ID) + "?note=way")
	}
	for i, t := range purse.due(method, v.r.PostFormValue("token")) {
		c := checkout.Pay{Order: o.ID, Tender: t, Key: v.paymentKey(i)}
		paid, err := v.site.shop.Checkout.Pay(v.ctx(), c)
		if err != nil {
			return v.dueRefused(o, method, err)
		}
		if !paid.Payment.State.Paid() {
			return v.redirect(duePage(o.ID))
		}
	}
	v.forgetPurse()
	return v.backToOrder(o, nil)
}

// paymentKey returns the key of a payment that the form asks for, so that a form
// that is sent twice pays once.
func (v *visit) paymentKey(i int) string {
	key := clip(v.r.PostFormValue("key"))
	if key == "" {
		return ""
	}
	return key + "/" + string(rune('a'+i))
}

// dueRefused sends the shopper to where they can do something about it.
func (v *visit) dueRefused(o orders.Order, method methodView, err error) error {
	way := "?" + url.Values{"method": {method.Provider}}.Encode()
	switch code := fault.CodeOf(err); {
	case is[*checkout.DeclinedError](err): // which the page tells from the payment
		return v.redirect(duePage(o.ID) + way)
	case code == fault.Uncertain:
		return v.redirect(duePage(o.ID))
	case code == fault.Invalid:
		return v.redirect(duePage(o.ID) + way + "&note=card")
	case code == fault.Refused || code == fault.Conflict:
		return v.redirect(duePage(o.ID) + "?note=due")
	}
	return err
}

// due returns the payments of what is due for an order: what the method pays
// first, then what gift card and credit do.
func (p purseView) due(method methodView, token string) (out []checkout.Tender) {
	if p.Rest.IsPositive() {
		out = append(out, checkout.Tender{PayWith: method.Provider, Token: token, Amount: &p.Rest})
	}
	for _, t := range p.tenders(nil) {
		t.Amount = p.Gift
		if t.Token == "" {
			t.Amount = p.Credit
		}
		out = append(out, t)
	}
	return out
}

// abandonPayments gives up what of a placed order is being paid.
func (v *visit) abandonPayments(o orders.ID) error {
	attempts, err := v.site.shop.Payments.ByOrder(v.ctx(), o)
	if err != nil {
		return err
	}
	for _, a := range attempts {
		if a.Further && !a.State.Settled() {
			if _, err := v.site.shop.Checkout.AbandonPayment(v.ctx(), a.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
