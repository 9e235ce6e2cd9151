package storefront

import (
	"errors"
	"net/url"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/pricing"
)

// codeView is a code on the cart.
type codeView struct {
	Code, Name string
	Problem    string // why it has no effect, "" if it has
}

func (v *visit) codes() []codeView {
	views := make([]codeView, len(v.basket.Codes))
	for i, c := range v.basket.Codes {
		views[i] = codeView{c.Code, v.locale.name(c.Name), v.codeProblem(c.Reason)}
	}
	return views
}

// codeProblem says why a code has no effect.
func (v *visit) codeProblem(reason pricing.CodeReason) string {
	switch reason {
	case "":
		return ""
	case pricing.CodeExpired:
		return v.locale.text("This code has expired.")
	case pricing.CodeMinimum:
		return v.locale.text("The cart is not large enough for this code yet.")
	case pricing.CodeNotLoggedIn:
		return v.locale.text("This code is for those who are logged in.")
	case pricing.CodeIneligible:
		return v.locale.text("This code is not for these goods or not for you.")
	case pricing.CodeCombination:
		return v.locale.text("This code cannot be used together with the others.")
	case pricing.CodeApplied:
		return v.locale.text("This code is on the cart already.")
	case pricing.CodeLimit:
		return v.locale.text("This code has been used up.")
	}
	return v.locale.text("There is no such code.")
}

func applyCode(v *visit) error {
	code := clip(v.r.PostFormValue("code"))
	if v.basket.ID == "" || code == "" {
		return v.redirect("/cart")
	}
	_, err := v.site.shop.Carts.ApplyCode(v.ctx(), cart.ApplyCode{Cart: v.basket.ID, Code: code})
	return v.afterCode(err)
}

func removeCode(v *visit) error {
	if v.basket.ID == "" {
		return v.redirect("/cart")
	}
	_, err := v.site.shop.Carts.RemoveCode(v.ctx(), cart.RemoveCode{Cart: v.basket.ID, Code: v.r.PostFormValue("code")})
	return v.afterCode(err)
}

// afterCode shows the cart again, with what is wrong with a code.
func (v *visit) afterCode(err error) error {
	q := url.Values{"note": {"changed"}}
	if reason, ok := isCode(err); ok {
		q = url.Values{"code": {string(reason)}}
	} else if err != nil {
		return v.cartRefused(err)
	}
	return v.redirect("/cart?" + q.Encode())
}

// isCode returns what is wrong with a code, if that is what is wrong.
func isCode(err error) (pricing.CodeReason, bool) {
	if e, ok := errors.AsType[*cart.CodeError](err); ok {
		return e.Reason, true
	}
	return pricing.CodeInvalid, fault.CodeOf(err) == fault.Invalid || fault.CodeOf(err) == fault.NotFound
}
