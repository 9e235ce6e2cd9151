package storefront

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/internal/web"
)

// The names of the cookies. With Options.HTTPS they begin with __Host-, so that
// no other host can set them, or with __Secure- if the shop is a part of a site:
// a __Host- cookie would be sent to all of it.
const (
	cookieCart     = "cart"   // the ID of the cart, which nobody can guess
	cookieOrders   = "orders" // the IDs of the carts that a guest's last orders were made of
	cookieSession  = "session"
	cookieLanguage = "language"
	cookieCurrency = "currency"
	cookieUnits    = "units"    // how many units are in the cart, which the script shows on public pages
	cookieGift     = "gift"     // the code of a gift card that is to pay
	cookieCredit   = "credit"   // the customer's credit is to pay
	cookieMarket   = "market"   // the country that the cart goes to, where goods may have other prices
	cookieCustomer = "customer" // the ID of the one that the program has logged in: see Auth
	cookiePosition = web.PositionCookie
)

const (
	cookieLife = 90 * 24 * time.Hour
	mostOrders = 10
)

// personal are the cookies that the next to use a browser must not find.
func personal() []string {
	return []string{cookieSession, cookieCart, cookieOrders, cookieGift, cookieCredit, cookieUnits, cookieMarket}
}

// forget removes what is personal from the browser, and from this request.
func (v *visit) forget() {
	v.forgotten = true
	for _, name := range personal() {
		v.setCookie(name, "")
	}
}

func (s *site) cookieName(name string) string {
	switch {
	case s.HTTPS && s.Base == "":
		return "__Host-" + name
	case s.HTTPS:
		return "__Secure-" + name
	}
	return name
}

func (v *visit) cookie(name string) string {
	c, err := v.r.Cookie(v.site.cookieName(name))
	if err != nil || v.forgotten && slices.Contains(personal(), name) {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie for a quarter of a year, or removes it if the value
// is "".
func (v *visit) setCookie(name, value string) {
	c := v.newCookie(name, value)
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(v.w, c)
}

func (v *visit) newCookie(name, value string) *http.Cookie {
	return &http.Cookie{
		Name: v.site.cookieName(name), Value: value, Path: cmp.Or(v.site.Base, "/"), MaxAge: int(cookieLife.Seconds()),
		HttpOnly: name != cookieUnits, SameSite: http.SameSiteLaxMode, Secure: v.site.HTTPS,
	}
}

// tellPublicPages notes in the browser what public pages need to know of the
// cart, which they do not look at, if it has changed.
func (v *visit) tellPublicPages() {
	units := ""
	if n := v.units(); n > 0 {
		units = strconv.FormatInt(n, 10)
	}
	v.noteCookie(cookieUnits, units)
	v.noteCookie(cookieMarket, v.market)
	if len(v.basket.Lines) > 0 && v.currency != v.site.Currencies[0] {
		v.noteCookie(cookieCurrency, string(v.currency))
	}
}

// noteCookie sets a cookie that the browser does not have like this.
func (v *visit) noteCookie(name, value string) {
	if v.cookie(name) != value {
		v.setCookie(name, value)
	}
}

// keepCart remembers a cart in the shopper's browser. If it takes the place of
// one that was bought, the order of that is remembered.
func (v *visit) keepCart(id cart.ID) {
	if v.bought.ID != "" {
		v.keepOrder(v.bought.ID)
	}
	if v.cookie(cookieCart) != string(id) {
		v.setCookie(cookieCart, string(id))
	}
}

// keepOrder remembers in a guest's browser which cart an order was made of: it
// is what lets them look at it. The ID of the order would not do, since that is
// in addresses, which get around. The newest is first.
func (v *visit) keepOrder(id cart.ID) {
	list := strings.Split(v.cookie(cookieOrders), ".")
	list = slices.DeleteFunc(list, func(o string) bool { return o == "" || o == string(id) })
	list = slices.Insert(list, 0, string(id))
	v.setCookie(cookieOrders, strings.Join(list[:min(len(list), mostOrders)], "."))
}

// forgetPurse forgets what was to pay, when it has.
func (v *visit) forgetPurse() {
	for _, name := range []string{cookieGift, cookieCredit} {
		if v.cookie(name) != "" {
			v.setCookie(name, "")
		}
	}
}

// knowsCart reports whether the browser names a cart, as its own now or as one
// that an order was made of. Nobody else's does, since nobody can guess one.
func (v *visit) knowsCart(id string) bool {
	return id != "" && (id == v.cookie(cookieCart) || slices.Contains(strings.Split(v.cookie(cookieOrders), "."), id))
}
