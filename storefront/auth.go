package storefront

import (
	"net/http"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
)

// Auth says which customer of the shop sends a request. A program with users of
// its own implements it. It is called from many goroutines, and for every page,
// since prices may be a customer's own.
//
// A cache in front must not answer from what it keeps to whoever Customer knows.
// Pages say that they vary by Cookie: if Customer goes by something else, tell the
// cache.
type Auth interface {
	// Customer returns the customer who sends a request, "" for a guest, and
	// fault.Denied if what the request says of its sender is not true. It must
	// be a customer that the shop has: see accounts.Service.Register.
	Customer(r *http.Request) (accounts.CustomerID, error)
	// LogInURL returns where the program lets guests log in. The browser is to
	// come back to back, the path of a page of the shop with its query.
	LogInURL(back string) string
}

// identify finds out whether a page is the shopper's own and, if the program
// says who they are, who they are.
func (v *visit) identify(to audience) (err error) {
	switch {
	case to == everybody, to == crawlers:
		v.public = true
	case v.site.Auth == nil:
		v.public = to == guests && v.cookie(cookieSession) == ""
	default:
		v.readPosition() // the program may look the customer up
		v.customer, err = v.site.Auth.Customer(v.r)
		v.public = to == guests && v.customer == ""
		if err == nil && to == oneself {
			v.noteCustomer()
		}
	}
	return err
}

// noteCustomer forgets what somebody has left in the browser who is not logged in
// any more: the program has not told the shop. What a guest has left is for
// whoever logs in next.
func (v *visit) noteCustomer() {
	if was := v.cookie(cookieCustomer); was != "" && was != string(v.customer) {
		v.forget()
	}
	if v.customer == "" {
		v.noteCookie(cookieCustomer, "")
		return
	}
	v.setCookie(cookieCustomer, string(v.customer)) // each time, so that it outlives what it guards
}

// joinCart puts what the shopper chose as a guest to what the customer who they
// are has chosen. It is done with the first form that they send, since looking
// changes nothing.
func (v *visit) joinCart() error {
	guests := v.basket.ID != "" && v.basket.Customer == "" && v.basket.Status == cart.Active
	if v.r.Method != http.MethodPost || v.customer == "" || !guests {
		return nil
	}
	merged, err := v.site.shop.Carts.Merge(v.ctx(), v.basket.ID, v.customer)
	if err != nil {
		return v.stillGuests(err)
	}
	v.basket, v.joined = merged, true
	v.keepCart(merged.ID)
	return nil
}

// unlessJoined is for forms of the checkout behind the address: what a shopper
// saw when they filled one in is not what they have once their cart has been
// joined with another.
func unlessJoined(h func(*visit) error) func(*visit) error {
	return func(v *visit) error {
		if v.joined {
			return v.redirect("/cart?note=moved")
		}
		return h(v)
	}
}

// stillGuests returns nil if a cart could not be joined with another because a
// checkout of it runs, which goes on as a guest's.
func (v *visit) stillGuests(err error) error {
	if is[*cart.StatusError](err) {
		return nil
	}
	return err
}
