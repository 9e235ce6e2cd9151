package storefront

import (
	"errors"
	"net/url"
	"slices"
	"strconv"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

type cartPage struct {
	page
	Lines  []lineView
	Sum    sumView
	Locked bool // a payment is under way
	Order  string
	Codes  []codeView
	NoCode string // what is wrong with a code that was entered
	Stuck  string // what must be done before it can be bought
	Gifts  []giftView
}

// giftView is what a promotion gives and can be put into the cart for nothing.
type giftView struct {
	lineView
	Name string // of the promotion
}

// gifts returns what promotions give, each choice of it.
func (v *visit) gifts() ([]giftView, error) {
	var out []giftView
	for _, g := range v.basket.Gifts {
		for _, choice := range g.Choices {
			line, err := v.line(choice.SKU, choice.Title)
			if err != nil {
				return nil, err
			}
			line.Quantity = min(g.Units, mostUnits)
			out = append(out, giftView{line, g.Name})
		}
	}
	return out, nil
}

// lineView is a line of a cart or an order.
type lineView struct {
	SKU      catalog.SKU
	ID       int64 // of a cart's line
	Delivery int64 // 0 if all goes to one place
	Title    string
	Options  string
	URL      string
	Picture  *picture
	Quantity int64
	Unit     money.Amount
	Total    money.Amount
	Short    bool // there are only Left
	Left     int64
	Problem  string // what has changed since it was put there
}

func showCart(v *visit) error {
	p, err := v.page(v.locale.text("Cart"))
	if err != nil {
		return err
	}
	p.NoIndex = true
	reason := pricing.CodeReason(v.r.URL.Query().Get("code"))
	data := cartPage{page: p, Codes: v.codes(), NoCode: v.codeProblem(reason), Sum: v.cartSum(), Stuck: v.stuck(), Locked: v.basket.Status == cart.Locking, Order: v.basket.Order}
	if data.Lines, err = v.cartLines(); err != nil {
		return err
	}
	if data.Gifts, err = v.gifts(); err != nil {
		return err
	}
	return v.show(200, "cart", data)
}

// showUnits is how many units are in the cart, as a page of its own: public
// pages show it in a frame where there are no scripts.
func showUnits(v *visit) error {
	body, err := v.site.theme.fragment(v.locale, "units", "units", page{Locale: v.locale, Units: v.units()})
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Security-Policy", web.CSP{FramedBy: []string{"'self'"}}.String())
	return v.send(200, body)
}

// cartLines returns the lines of the cart with what is in stock.
func (v *visit) cartLines() ([]lineView, error) {
	lines := make([]lineView, 0, len(v.basket.Lines))
	for _, l := range v.basket.Lines {
		view, err := v.line(l.SKU, l.Title)
		if err != nil {
			return nil, err
		}
		view.ID, view.Quantity, view.Unit, view.Total = l.ID, l.Quantity, l.UnitPrice, l.Total
		if len(v.basket.Deliveries) > 0 {
			view.Delivery = l.Delivery
		}
		view.Problem = v.problem(l.SKU)
		if !l.Untracked && v.basket.Status == cart.Active {
			levels, err := v.site.shop.Inventory.AvailableTo(v.ctx(), v.basket.CountryOf(l), []catalog.SKU{l.SKU})
			switch {
			case fault.CodeOf(err) == fault.NotFound:
				view.Short = true
			case err != nil:
				return nil, err
			default:
				view.Left = levels[0].Available + levels[0].Backorder
				view.Short = !levels[0].Can(l.Quantity)
			}
		}
		lines = append(lines, view)
	}
	return lines, nil
}

// stuck says what keeps the cart from being bought.
func (v *visit) stuck() string {
	broken := slices.DeleteFunc(v.basket.Unsellable(), isOfTaxes) // which the address decides
	switch {
	case len(broken) == 0:
		return ""
	case slices.ContainsFunc(broken, func(p cart.Problem) bool { return p.Code == cart.TooManyShares }):
		return v.locale.text("There are too many discounts for one order. Please buy these things in several orders.")
	}
	return v.locale.text("Please take out what can no longer be bought.")
}

func isOfTaxes(p cart.Problem) bool {
	return p.Code == cart.TaxesRefused || p.Code == cart.TaxesUnknown
}

// problem says what has changed about a SKU since it was put into the cart.
func (v *visit) problem(sku catalog.SKU) string {
	for _, p := range v.basket.Problems {
		switch {
		case p.SKU != sku:
		case p.Code == cart.PriceChanged:
			return v.locale.text("The price has changed from %s to %s.", v.locale.money(p.Was), v.locale.money(p.Is))
		case p.Code == cart.Discontinued || p.Code == cart.NoPrice:
			return v.locale.text("That can no longer be bought.")
		}
	}
	return ""
}

// line returns what the catalog says of a SKU now, in the shopper's language,
// and the title that was agreed if it says nothing any more.
func (v *visit) line(sku catalog.SKU, title string) (lineView, error) {
	view := lineView{SKU: sku, Title: title}
	variant, err := v.site.shop.Catalog.BySKU(v.ctx(), sku)
	if fault.CodeOf(err) == fault.NotFound {
		return view, nil
	}
	if err != nil {
		return view, err
	}
	p, err := v.site.shop.Catalog.Get(v.ctx(), variant.Product)
	if err != nil {
		return view, err
	}
	p = p.In(v.locale.Code)
	view.Title = p.Title
	for i, o := range choose(p, sku).Options {
		if i > 0 {
			view.Options += ", "
		}
		view.Options += o.Value
	}
	view.URL = v.site.Base + "/p/" + p.Handle + "?" + url.Values{"sku": {string(sku)}}.Encode()
	if pics := v.gallery(p, variant); len(pics) > 0 {
		view.Picture = &pics[0]
	}
	return view, nil
}

func addToCart(v *visit) error {
	quantity, err := readQuantity(v.r.PostFormValue("quantity"))
	if err != nil {
		return v.redirect("/cart?note=quantity")
	}
	line := cart.AddedLine{SKU: catalog.SKU(v.r.PostFormValue("sku")), Quantity: max(quantity, 1), Properties: v.chosenWorth()}
	add := cart.AddLines{Cart: v.basket.ID, Currency: v.currency, Lines: []cart.AddedLine{line}}
	if v.basket.Status == cart.Locking {
		return v.redirect("/cart?note=locked")
	}
	if v.basket.ID != "" {
		add.Currency = ""
	} else {
		add.Customer = v.customer
	}
	basket, err := v.site.shop.Carts.AddLines(v.ctx(), add)
	if err != nil {
		return v.cartRefused(err)
	}
	v.keepCart(basket.ID)
	return v.redirect("/cart?note=added")
}

func changeCart(v *visit) error {
	sku := catalog.SKU(v.r.PostFormValue("sku"))
	quantity, err := readQuantity(v.r.PostFormValue("quantity"))
	if err != nil {
		return v.redirect("/cart?note=quantity")
	}
	if v.r.PostFormValue("remove") != "" {
		quantity = 0
	}
	line, _ := strconv.ParseInt(v.r.PostFormValue("line"), 10, 64) // without one, the SKU says it
	if v.basket.ID == "" {
		return v.redirect("/cart")
	}
	if v.joined { // its lines are others than those that the form is of
		return v.redirect("/cart?note=moved")
	}
	_, err = v.site.shop.Carts.SetQuantity(v.ctx(), cart.SetQuantity{Cart: v.basket.ID, SKU: sku, Line: max(line, 0), Quantity: quantity})
	if err != nil {
		return v.cartRefused(err)
	}
	return v.redirect("/cart?note=changed")
}

// cartRefused shows the cart with the reason for which it did not change, if
// it is one that shoppers cause.
func (v *visit) cartRefused(err error) error {
	switch {
	case is[*cart.StatusError](err):
		return v.redirect("/cart?note=locked")
	case is[*inventory.OutOfStockError](err):
		return v.redirect("/cart?note=short")
	case is[*cart.NotForSaleError](err), is[*catalog.UnknownSKUError](err), is[*cart.CurrencyError](err), is[*cart.NotFoundError](err):
		return v.redirect("/cart?note=gone")
	case is[*catalog.GiftCardWorthError](err):
		return v.redirect("/cart?note=worth")
	case is[*cart.LimitError](err), fault.CodeOf(err) == fault.Invalid:
		return v.redirect("/cart?note=quantity")
	}
	return err
}

// is reports whether an error is or wraps one of a type.
func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// mostUnits is how many of one thing a shopper can put into the cart at once.
const mostUnits = 999

func readQuantity(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if s == "" {
		return 1, nil
	}
	if err != nil || n < 0 || n > mostUnits {
		return 0, fault.New(fault.Invalid, "%q is not a quantity from 0 to %d", s, mostUnits)
	}
	return n, nil
}

// notes are what can have happened, by the query's "note".
var notes = map[string]string{
	"added": "It is in your cart.", "changed": "Your cart was changed.", "quantity": "Please enter a quantity from 1 to 999.",
	"locked": "A payment for this cart is under way. Finish it or give it up first.", "short": "We do not have that many.",
	"gone": "That can no longer be bought.", "worth": "This gift card cannot be worth that. Please choose another amount.", "moved": "The cart has changed meanwhile. Please look at it again.",
	"taxes":    "The taxes for this address are not known. Please check the address, or try again in a moment.",
	"currency": "Some goods have no price in that currency and were left out.",
	"delivery": "Please choose how it shall come.",
	"saved":    "That was saved.", "invalid": "That did not work", "letter": "A letter is on its way to you.",
	"password": "The password is not right.",
	"weak":     "That password is too short or easy to guess. Please choose another.",
	"wait":     "That failed too often. Please wait a little and try again.",
	"many":     "A cart cannot be divided further.",
	"place":    "Please say where each delivery goes.",
	"due":      "What is to be paid has changed. Please look at it again.",
	"way":      "This way to pay is not there any more. Please choose another.",
	"card":     "Number, date or security code of the card are not right. Please check them.",
	"empty":    "Your cart is empty.", "address": "Please fill in your address first.",
}

// note returns what has just happened, in the shopper's language.
func (v *visit) note() string {
	if key, ok := notes[v.r.URL.Query().Get("note")]; ok {
		return v.locale.text(key)
	}
	return ""
}
