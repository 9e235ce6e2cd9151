package storefront

import (
	"net/http"
	"slices"
	"strings"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// setPreferences remembers language and currency. A cart is in one currency: a
// shopper who changes it gets a new cart with the same goods.
func setPreferences(v *visit) error {
	language, chosen := v.r.PostFormValue("language"), money.Currency(v.r.PostFormValue("currency"))
	if slices.ContainsFunc(v.site.locales, func(l *locale) bool { return l.Code == language }) {
		v.setCookie(cookieLanguage, language)
	}
	to := backTo(v.r.PostFormValue("back"), v.site.Base)
	if slices.Contains(v.site.Currencies, chosen) {
		v.setCookie(cookieCurrency, string(chosen))
		complete, err := v.exchange(chosen)
		if err != nil {
			return err
		}
		if !complete {
			to = v.site.Base + "/cart?note=currency"
		}
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

// exchange puts the cart's goods into a new cart in another currency. It
// reports false if some have no price in it.
func (v *visit) exchange(to money.Currency) (complete bool, err error) {
	if v.basket.Status != cart.Active || len(v.basket.Lines) == 0 || v.basket.Currency == to {
		return true, nil
	}
	fresh := cart.AddLines{Currency: to, Customer: v.basket.Customer}
	for _, l := range v.basket.Lines {
		variant, err := v.site.shop.Catalog.BySKU(v.ctx(), l.SKU)
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			return false, err
		}
		if _, ok := variant.Price(to); ok && variant.Purchasable {
			fresh.Lines = append(fresh.Lines, cart.AddedLine{SKU: l.SKU, Quantity: l.Quantity})
		}
	}
	if len(fresh.Lines) == 0 {
		v.setCookie(cookieCart, "")
		return false, nil
	}
	basket, err := v.site.shop.Carts.AddLines(v.ctx(), fresh)
	if err != nil {
		return false, err
	}
	v.keepCart(basket.ID)
	return len(fresh.Lines) == len(v.basket.Lines), nil
}

// backTo returns a path of the shop that a form named, or the home page. A
// form must not send a browser elsewhere.
func backTo(path, base string) string {
	if !strings.HasPrefix(path, base+"/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return base + "/"
	}
	return path
}
