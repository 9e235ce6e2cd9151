package checkout

import (
	"fmt"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// DeclinedError says that the payment was declined. The order is canceled, the
// stock is free again and the cart is open for another try.
type DeclinedError struct {
	Order orders.ID
	Code  string // a neutral reason, as in payments.DeclineCode
}

func (e *DeclinedError) Error() string {
	return fmt.Sprintf("the payment of order %s was declined: %s", e.Order, e.Code)
}

// Unwrap returns fault.Refused.
func (e *DeclinedError) Unwrap() error { return fault.Refused }

// TotalChangedError says that the cart does not cost what the shopper saw.
type TotalChangedError struct {
	Cart       cart.ID
	Want, Have money.Amount
}

func (e *TotalChangedError) Error() string {
	return fmt.Sprintf("cart %s costs %v, not %v: show it again and ask", e.Cart, e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *TotalChangedError) Unwrap() error { return fault.Conflict }

// EmptyCartError says that there is nothing in the cart to buy.
type EmptyCartError struct{ Cart cart.ID }

func (e *EmptyCartError) Error() string { return fmt.Sprintf("cart %s is empty", e.Cart) }

// Unwrap returns fault.Refused.
func (e *EmptyCartError) Unwrap() error { return fault.Refused }
