package storefront

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// paymentPage is the last step, below the base.
const paymentPage = "/checkout/payment"

// checkoutPage is what the steps of the checkout have in common.
type checkoutPage struct {
	page
	Steps     []stepView
	Lines     []lineView
	Sum       sumView
	Version   int64
	Form      form
	Countries []string

	Contact  cart.Contact
	Offers   []offerView
	Places   []placeView // where it goes, if to several places
	Methods  []methodView
	Method   methodView
	Token    string
	Card     string // the last digits
	Declined string // why, for the shopper
	Purse    purseView
	For      orders.ID // "": what is paid is no order yet
}

// stepView is one step of the checkout in the line at its top.
type stepView struct {
	Title, URL string
	Here, Done bool
}

func (v *visit) steps(here string) []stepView {
	steps := []stepView{{Title: v.locale.text("Cart"), URL: v.site.Base + "/cart"}}
	for _, step := range []struct{ name, title, path string }{
		{"address", "Address", "/checkout"}, {"delivery", "Delivery", "/checkout/delivery"}, {"payment", "Payment", "/checkout/payment"},
	} {
		if step.name == "delivery" && !v.delivers() {
			continue
		}
		steps = append(steps, stepView{Title: v.locale.text(step.title), URL: v.site.Base + step.path, Here: step.name == here})
	}
	for i := range steps {
		if steps[i].Here {
			steps[i].URL = ""
			for j := range i {
				steps[j].Done = true
			}
			for j := i + 1; j < len(steps); j++ {
				steps[j].URL = "" // not yet
			}
		}
	}
	return steps
}

// methodView is a way to pay.
type methodView struct {
	Provider, Title, URL string
	Field                string // address of the provider's frame, "" if there is none
	Chosen               bool
}

// checkoutPage returns a step of the checkout. It returns false, having
// redirected, if there is nothing to buy or a payment is under way.
func (v *visit) checkoutPage(step, title string) (checkoutPage, bool, error) {
	switch {
	case v.basket.Status == cart.Locking && v.basket.Order != "":
		return checkoutPage{}, false, v.redirect("/orders/" + url.PathEscape(v.basket.Order))
	case len(v.basket.Lines) == 0 && v.bought.ID != "":
		return checkoutPage{}, false, v.toBought()
	case len(v.basket.Lines) == 0:
		return checkoutPage{}, false, v.redirect("/cart?note=empty")
	}
	v.keepCart(v.basket.ID) // so that pay knows which one was shown
	p, err := v.page(v.locale.text(title))
	if err != nil {
		return checkoutPage{}, false, err
	}
	p.NoIndex = true
	data := checkoutPage{page: p, Steps: v.steps(step), Sum: v.cartSum(), Version: v.basket.Version, Countries: v.site.Countries}
	data.Lines, err = v.cartLines()
	return data, err == nil, err
}

func showContact(v *visit) error {
	data, ok, err := v.checkoutPage("address", "Your address")
	if !ok {
		return err
	}
	contact, err := v.site.shop.Carts.Contact(v.ctx(), v.basket.ID)
	if err != nil {
		return err
	}
	if contact, err = v.knownContact(contact); err != nil {
		return err
	}
	data.Form = contactForm(contact)
	for _, name := range []string{"country", billing + "country"} {
		if data.Form.Values[name] == "" {
			data.Form.Values[name] = v.site.Countries[0]
		}
	}
	return v.show(200, "checkout", data)
}

// knownContact fills an empty contact in with what is known of the customer.
func (v *visit) knownContact(c cart.Contact) (cart.Contact, error) {
	if v.customer == "" || c.Email != "" {
		return c, nil
	}
	customer, err := v.site.shop.Accounts.Get(v.ctx(), v.customer)
	if err != nil {
		return c, err
	}
	if len(customer.Addresses) > 0 {
		c.ShippingAddress = customer.Addresses[len(customer.Addresses)-1].Address
	} else {
		c.ShippingAddress.Name = customer.Name
	}
	c.Email = customer.Email
	return c, nil
}

func setContact(v *visit) error {
	data, ok, err := v.checkoutPage("address", "Your address")
	if !ok {
		return err
	}
	data.Form = v.readForm(slices.Concat(contactFields, billingFields)...)
	v.checkEmail(data.Form)
	v.checkAddress(data.Form, "")
	if data.Form.Billed() {
		v.checkAddress(data.Form, billing)
	}
	if len(data.Form.Errors) > 0 {
		return v.show(422, "checkout", data)
	}
	v.basket, err = v.site.shop.Carts.SetContact(v.ctx(), cart.SetContact{Cart: v.basket.ID, Contact: data.Form.contact()})
	if err != nil {
		return v.cartRefused(err)
	}
	if err := v.noteLanguage(); err != nil {
		return v.cartRefused(err)
	}
	if v.customer != "" && v.r.PostFormValue("save") != "" {
		save := accounts.AddAddress{Customer: v.customer, Address: data.Form.address("")}
		if _, err := v.site.shop.Accounts.AddAddress(v.ctx(), save); err != nil {
			return err
		}
	}
	if v.delivers() {
		return v.redirect("/checkout/delivery")
	}
	return v.redirect("/checkout/payment")
}

// showPayment shows the ways to pay, or, when a provider's field has sent its
// token, what is to be paid with which card.
func showPayment(v *visit) error {
	data, ok, err := v.checkoutPage("payment", "Payment")
	if !ok {
		return err
	}
	if data.Contact, err = v.site.shop.Carts.Contact(v.ctx(), v.basket.ID); err != nil {
		return err
	}
	if data.Contact.Email == "" {
		return v.redirect("/checkout?note=address")
	}
	q := v.r.URL.Query()
	if page := v.lacking(); page != "" {
		return v.redirect(page)
	}
	if len(v.basket.Deliveries) > 0 {
		if data.Places, err = v.places(data); err != nil {
			return err
		}
	}
	data.Token, data.Card = q.Get("token"), lastDigits(q.Get("card"))
	if payments.CheckToken(data.Token) != nil {
		data.Token = ""
	}
	if code := payments.DeclineCode(q.Get("declined")); code != "" {
		data.Declined = v.locale.text(declineText(code))
	}
	if reason := q.Get("terms"); reason != "" {
		data.Declined = v.locale.text(termsText(reason))
	}
	if data.Methods, data.Method, err = v.methods(q.Get("method")); err != nil {
		return err
	}
	if data.Purse, err = v.purse(data.Sum.Total, v.customer); err != nil {
		return err
	}
	return v.show(200, "payment", data)
}

// methods returns the ways to pay for the cart, the customer's payment terms
// behind the others, and the chosen one, the first if the name is not known.
func (v *visit) methods(name string) ([]methodView, methodView, error) {
	views := v.methodsNow(paymentPage)
	terms, err := v.terms()
	if err != nil {
		return nil, methodView{}, err
	}
	for _, t := range terms {
		views = append(views, v.methodView(paymentPage, PaymentMethod{Provider: onTerms + t.Name}, v.termsTitle(t)))
	}
	return views, chooseMethod(views, name), nil
}

// methodsNow returns the ways to pay at once that a page offers.
func (v *visit) methodsNow(page string) (views []methodView) {
	for _, m := range v.site.Payments {
		views = append(views, v.methodView(page, m, v.locale.name(m.Title)))
	}
	return views
}

func (v *visit) methodView(page string, m PaymentMethod, title string) methodView {
	here := v.site.Base + page + "?" + url.Values{"method": {m.Provider}}.Encode()
	view := methodView{Provider: m.Provider, Title: title, URL: here}
	if m.Field != "" {
		view.Field = m.Field + "?" + url.Values{"return": {here}, "lang": {v.locale.Code}}.Encode()
	}
	return view
}

// chooseMethod marks the method of a name as the chosen one, the first if the
// name is not known, and returns it.
func chooseMethod(views []methodView, name string) methodView {
	i := max(0, slices.IndexFunc(views, func(m methodView) bool { return m.Provider == name }))
	views[i].Chosen = true
	return views[i]
}

func lastDigits(s string) string {
	if _, err := strconv.ParseUint(s, 10, 32); err != nil || len(s) != 4 {
		return ""
	}
	return s
}

// toBought shows the order of the cart that the browser still names: the answer
// to its payment was lost, or that was finished without the browser.
func (v *visit) toBought() error {
	v.keepOrder(v.bought.ID)
	v.setCookie(cookieCart, "")
	return v.redirect("/orders/" + url.PathEscape(v.bought.Order))
}

// pay buys the cart as the shopper saw it.
func pay(v *visit) error {
	switch {
	case v.bought.ID != "": // a second click
		return v.toBought()
	case v.basket.ID == "":
		return v.redirect("/cart?note=empty")
	}
	contact, err := v.site.shop.Carts.Contact(v.ctx(), v.basket.ID)
	if err != nil {
		return err
	}
	if contact.Email == "" {
		return v.redirect("/checkout?note=address")
	}
	chosen := v.r.PostFormValue("method")
	_, method, err := v.methods(chosen)
	if err != nil {
		return err
	}
	if method.Provider != chosen { // it was there when the page was shown; nobody pays by another way unasked
		return v.redirect("/checkout/payment?terms=unknown")
	}
	total, err := money.Parse(v.r.PostFormValue("total"))
	if err != nil {
		return v.redirect("/cart?note=moved")
	}
	version, err := strconv.ParseInt(v.r.PostFormValue("version"), 10, 64)
	if err != nil {
		return v.redirect("/cart?note=moved")
	}
	purse, err := v.purse(total, v.customer)
	if err != nil {
		return err
	}
	buy := checkout.Complete{Cart: v.basket.ID, CartVersion: version, ExpectedTotal: &total}
	purse.payBy(&buy, method, v.r.PostFormValue("token"))
	done, err := v.site.shop.Checkout.Complete(v.ctx(), buy)
	if err != nil {
		return v.paymentRefused(method, err)
	}
	v.forgetPurse()
	v.keepOrder(v.basket.ID)
	if done.Status == orders.Placed {
		v.setCookie(cookieCart, "")
	}
	return v.redirect("/orders/" + url.PathEscape(string(done.ID)))
}

// paymentRefused sends the shopper to where they can do something about it.
func (v *visit) paymentRefused(method methodView, err error) error {
	if declined, ok := errors.AsType[*checkout.DeclinedError](err); ok {
		q := url.Values{"method": {method.Provider}, "declined": {declined.Code}}
		return v.redirect("/checkout/payment?" + q.Encode())
	}
	if terms, ok := errors.AsType[*orders.TermsError](err); ok {
		return v.redirect("/checkout/payment?" + url.Values{"terms": {terms.Reason}}.Encode())
	}
	switch {
	case is[*inventory.OutOfStockError](err):
		return v.redirect("/cart?note=short")
	case is[*checkout.TotalChangedError](err), is[*cart.VersionError](err):
		return v.redirect("/cart?note=moved")
	case is[*checkout.EmptyCartError](err):
		return v.redirect("/cart?note=empty")
	case is[*checkout.IncompleteError](err):
		return v.redirect("/checkout?note=address")
	case isOf(err, isOfTaxes):
		return v.redirect("/checkout?note=taxes")
	case is[*checkout.ProblemsError](err):
		return v.redirect("/cart?note=gone")
	case is[*cart.StatusError](err):
		return v.redirect("/cart?note=locked")
	case fault.CodeOf(err) == fault.Invalid: // a token that cannot be one
		return v.redirect("/checkout/payment?declined=" + string(payments.DeclineIncorrectDetails))
	}
	return fmt.Errorf("buying: %w", err)
}

// isOf reports whether a checkout was refused for a kind of problem.
func isOf(err error, kind func(cart.Problem) bool) bool {
	e, ok := errors.AsType[*checkout.ProblemsError](err)
	return ok && slices.ContainsFunc(e.Problems, kind)
}

// termsText says what a shopper can do who may not owe that.
func termsText(reason string) string {
	if reason == "limit" {
		return "With this order you would owe more than was agreed. Please pay another way, or what is open first."
	}
	return "You cannot buy on these terms. Please choose another way to pay."
}

// declineText says what a shopper can do after a decline.
func declineText(code payments.DeclineCode) string {
	switch code {
	case payments.DeclineInsufficientFunds:
		return "The card has not enough money on it. Please try another one."
	case payments.DeclineExpired:
		return "The card has expired. Please try another one."
	case payments.DeclineIncorrectDetails:
		return "Number, date or security code of the card are not right. Please check them."
	case payments.DeclineAuthentication:
		return "Your bank could not confirm that it was you. Please try again or use another card."
	case payments.DeclineProcessing:
		return "The bank had a problem. Please try again in a moment."
	}
	return "The card was declined. Please try another card or another way to pay."
}
