package httpapi

import (
	"context"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
)

// policy says who may use a route. The zero policy is none, and no route may
// have it.
type policy int

const (
	// forAll is for anybody, and the answer is the same for all of them: who
	// asks is not even looked at, so that caches may keep it.
	forAll policy = iota + 1
	// forAnyone is for anybody, known or not.
	forAnyone
	// forCartHolder is for a cart's customer and for staff. A guest's cart is for
	// whoever knows its ID, which nobody can guess.
	forCartHolder
	// forOrderOwner is for an order's customer and for staff.
	forOrderOwner
	// forCustomer is for customers who are logged in, and concerns themselves.
	forCustomer
	// forStaff is for those who run the shop.
	forStaff
	// forSession is for whoever shows the token of a session, which the route looks
	// at itself: also of one that the same request, asked before, has ended.
	forSession
	// forProvider is for payment providers, who prove themselves by a signature.
	forProvider
)

// String returns the policy's name as it stands in the OpenAPI document.
func (p policy) String() string {
	names := [...]string{"undeclared", "public", "anyone", "cart-holder", "order-owner", "customer", "staff", "session", "provider"}
	if p < 0 || int(p) >= len(names) {
		return names[0]
	}
	return names[p]
}

// permit returns nil if caller may use a route with this policy. path gives
// the parameters in the request's path.
func (a *api) permit(ctx context.Context, p policy, c Caller, path func(string) string) error {
	switch p {
	case forAll, forAnyone, forSession, forProvider:
		return nil
	case forCartHolder:
		return a.permitCart(ctx, c, cart.ID(path("cart")))
	case forOrderOwner:
		return a.permitOrder(ctx, c, orders.ID(path("order")))
	case forCustomer:
		if c.Customer != "" {
			return nil
		}
		return denied(c, "this is for customers who are logged in")
	case forStaff:
		if c.Staff {
			return nil
		}
		return denied(c, "this is for the shop's staff")
	}
	return fault.New(fault.Broken, "a route does not say who may use it")
}

// placed says where in a request it is what permit finds to be no ID.
func (p policy) placed(err error) error {
	if err == nil || fault.CodeOf(err) != fault.Invalid {
		return err
	}
	if p == forOrderOwner {
		return &placedError{"path.order", err}
	}
	return &placedError{"path.cart", err}
}

func denied(c Caller, why string) error {
	if !c.known() {
		return &anonymousError{why}
	}
	return fault.New(fault.Denied, "%s", why)
}

// anonymousError says that a route is not for people who are not known.
type anonymousError struct{ why string }

func (e *anonymousError) Error() string { return e.why }

// Unwrap returns fault.Denied.
func (e *anonymousError) Unwrap() error { return fault.Denied }

// permitCart answers as if there were no cart to whoever may not know of it.
func (a *api) permitCart(ctx context.Context, c Caller, id cart.ID) error {
	if c.Staff {
		return nil // what is not there is found out soon enough
	}
	owner, err := a.shop.Carts.Owner(ctx, id)
	if err != nil {
		return err
	}
	return mayHold(c, id, owner)
}

// mayHold returns nil if a cart is a guest's, the caller's, or the caller staff.
func mayHold(c Caller, id cart.ID, owner accounts.CustomerID) error {
	if c.Staff || owner == "" || owner == c.Customer {
		return nil
	}
	return &cart.NotFoundError{Cart: id}
}

func (a *api) permitOrder(ctx context.Context, c Caller, id orders.ID) error {
	if c.Staff {
		return nil
	}
	if !c.known() {
		return denied(c, "log in to see your orders; a guest's order is found by its cart")
	}
	o, err := a.shop.Orders.Get(ctx, id)
	if err != nil {
		return err
	}
	if !o.IsOf(c.Customer) {
		return &orders.NotFoundError{Order: id}
	}
	return nil
}
