package storefront

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/orders"
)

// The names of the cookies. With Options.HTTPS they begin with __Host-, so that
// no other host can set them.
const (
	cookieCart     = "cart"   // the ID of the cart, which nobody can guess
	cookieOrders   = "orders" // the IDs of a guest's last orders
	cookieSession  = "session"
	cookieLanguage = "language"
	cookieCurrency = "currency"
)

const (
	cookieLife = 90 * 24 * time.Hour
	mostOrders = 10
)

func (s *site) cookieName(name string) string {
	if s.HTTPS {
		return "__Host-" + name
	}
	return name
}

func (v *visit) cookie(name string) string {
	c, err := v.r.Cookie(v.site.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie for a quarter of a year, or removes it if the value
// is "".
func (v *visit) setCookie(name, value string) {
	c := &http.Cookie{
		Name: v.site.cookieName(name), Value: value, Path: "/", MaxAge: int(cookieLife.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.site.HTTPS,
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(v.w, c)
}

// keepCart remembers a cart in the shopper's browser.
func (v *visit) keepCart(id cart.ID) {
	if v.cookie(cookieCart) != string(id) {
		v.setCookie(cookieCart, string(id))
	}
}

// keepOrder remembers an order in a guest's browser: it is what lets them look
// at it. The newest is first.
func (v *visit) keepOrder(id orders.ID) {
	list := strings.Split(v.cookie(cookieOrders), ".")
	list = slices.DeleteFunc(list, func(o string) bool { return o == "" || o == string(id) })
	list = slices.Insert(list, 0, string(id))
	v.setCookie(cookieOrders, strings.Join(list[:min(len(list), mostOrders)], "."))
}

func (v *visit) keptOrder(id orders.ID) bool {
	return slices.Contains(strings.Split(v.cookie(cookieOrders), "."), string(id))
}
