package storefront

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
)

// swept are the cookies that may have been left at the root of a site, and that
// the next to use the browser must not find.
func swept() []string {
	return []string{cookieSession, cookieCart, cookieOrders, cookieGift, cookieUnits}
}

// sweep removes what a shop below a path has left at the root of the site, where
// it was before it moved. Browsers send those cookies as well, and they would be
// read as soon as the shop's own are gone. With keep, what they hold stays, below
// the path. What is not of this store is the site's own, and left alone.
func (v *visit) sweep(keep bool) {
	if v.site.Base == "" {
		return
	}
	for _, name := range swept() {
		for _, full := range []string{v.site.cookieName(name), "__Host-" + name} {
			if !v.anyOurs(name, v.r.CookiesNamed(full)) {
				continue
			}
			if value := v.cookie(name); keep && value != "" && name != cookieSession {
				v.setCookie(name, value)
			}
			http.SetCookie(v.w, &http.Cookie{Name: full, Path: "/", MaxAge: -1, HttpOnly: name != cookieUnits, SameSite: http.SameSiteLaxMode, Secure: v.site.HTTPS})
		}
	}
}

func (v *visit) anyOurs(name string, cookies []*http.Cookie) bool {
	for _, c := range cookies {
		if v.ours(name, c.Value) {
			return true
		}
	}
	return false
}

// ours reports whether this store knows what a cookie holds. What cannot be read
// now counts as unknown: the next time will do.
func (v *visit) ours(name, value string) bool {
	shop := v.site.shop
	switch name {
	case cookieSession:
		_, err := shop.Accounts.Session(v.ctx(), commerce.Personal(value))
		return err == nil
	case cookieCart, cookieOrders:
		first, _, _ := strings.Cut(value, ".")
		_, err := shop.Carts.Get(v.ctx(), cart.ID(first))
		return err == nil
	case cookieGift:
		_, err := shop.Credit.ByCode(v.ctx(), value)
		return err == nil
	case cookieUnits:
		_, err := strconv.ParseUint(value, 10, 32)
		return err == nil
	}
	return false
}
