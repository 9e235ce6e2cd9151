package checkout

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// DeclinedError says that the payment was declined. The order of a checkout is
// canceled, the cart is open for another try and holds what it set aside before,
// and the other stock is free again; an
// order that was placed stands, and what is due for it still is.
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
	// Changes are the prices that have changed since lines were added.
	Changes []cart.Problem `json:",omitempty"`
}

func (e *TotalChangedError) Error() string {
	return fmt.Sprintf("cart %s costs %v, not %v: show it again and ask", e.Cart, e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *TotalChangedError) Unwrap() error { return fault.Conflict }

// UncoveredError says that the payments do not add up to what the cart costs,
// since a gift card holds less than it was thought to, say.
type UncoveredError struct {
	Cart           cart.ID
	Total, Covered money.Amount
}

func (e *UncoveredError) Error() string {
	return fmt.Sprintf("cart %s costs %v, and its payments make only %v: add another", e.Cart, e.Total, e.Covered)
}

// Unwrap returns fault.Refused.
func (e *UncoveredError) Unwrap() error { return fault.Refused }

// EmptyCartError says that there is nothing in the cart to buy.
type EmptyCartError struct{ Cart cart.ID }

func (e *EmptyCartError) Error() string { return fmt.Sprintf("cart %s is empty", e.Cart) }

// Unwrap returns fault.Refused.
func (e *EmptyCartError) Unwrap() error { return fault.Refused }

// IncompleteError says what is missing before a cart can be bought.
type IncompleteError struct {
	Cart    cart.ID
	Missing []cart.Requirement
}

func (e *IncompleteError) Error() string {
	return fmt.Sprintf("cart %s cannot be bought yet: it needs %s", e.Cart, join(e.Missing))
}

// Unwrap returns fault.Refused.
func (e *IncompleteError) Unwrap() error { return fault.Refused }

// ProblemsError says what has broken about a cart, so that it cannot be bought
// as it is.
type ProblemsError struct {
	Cart     cart.ID
	Problems []cart.Problem
}

func (e *ProblemsError) Error() string {
	codes := make([]cart.ProblemCode, len(e.Problems))
	for i, p := range e.Problems {
		codes[i] = p.Code
	}
	return fmt.Sprintf("cart %s cannot be bought as it is: %s", e.Cart, join(codes))
}

// Unwrap returns fault.Refused.
func (e *ProblemsError) Unwrap() error { return fault.Refused }

// join lists words, each once.
func join[S ~string](words []S) string {
	var out []string
	for _, w := range words {
		if !slices.Contains(out, string(w)) {
			out = append(out, string(w))
		}
	}
	return strings.Join(out, ", ")
}

// staleError says that a cart has changed since it was priced: price it again.
type staleError struct{ Cart cart.ID }

func (e *staleError) Error() string {
	return fmt.Sprintf("cart %s keeps changing while it is bought: try again", e.Cart)
}

// Unwrap returns fault.Unavailable, so that it is never recorded as an answer.
func (e *staleError) Unwrap() error { return fault.Unavailable }
