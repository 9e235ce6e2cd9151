package cart

import (
	"fmt"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// NotFoundError says that there is no such cart, or no such line in it.
type NotFoundError struct {
	Cart ID
	SKU  catalog.SKU // "" if the cart itself is missing
}

func (e *NotFoundError) Error() string {
	if e.SKU != "" {
		return fmt.Sprintf("cart %s has no line with SKU %q at that price", e.Cart, e.SKU)
	}
	return fmt.Sprintf("there is no cart %s", e.Cart)
}

// Unwrap returns fault.NotFound.
func (e *NotFoundError) Unwrap() error { return fault.NotFound }

// StatusError says that a cart cannot be changed any more, or not now.
type StatusError struct {
	Cart  ID
	Have  Status
	Order string // the order that it became or is becoming; "" if none
}

func (e *StatusError) Error() string {
	if e.Order != "" {
		return fmt.Sprintf("cart %s is %s with order %s", e.Cart, e.Have, e.Order)
	}
	return fmt.Sprintf("cart %s is %s", e.Cart, e.Have)
}

// Unwrap returns fault.Conflict.
func (e *StatusError) Unwrap() error { return fault.Conflict }

// VersionError says that a cart has changed since it was read.
type VersionError struct {
	Cart       ID
	Want, Have int64
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("cart %s is at version %d, not %d: show it again and ask", e.Cart, e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *VersionError) Unwrap() error { return fault.Conflict }

// CurrencyError says that something has no price in the cart's currency, or
// that currencies were mixed.
type CurrencyError struct {
	SKU  catalog.SKU
	Want money.Currency
}

func (e *CurrencyError) Error() string {
	return fmt.Sprintf("%q has no price in %s, the currency of the cart", e.SKU, e.Want)
}

// Unwrap returns fault.Refused.
func (e *CurrencyError) Unwrap() error { return fault.Refused }

// LimitError says that a cart would outgrow a limit.
type LimitError struct {
	Cart ID
	What string // such as "lines"
	Max  int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("cart %s cannot have more than %d %s", e.Cart, e.Max, e.What)
}

// Unwrap returns fault.Refused.
func (e *LimitError) Unwrap() error { return fault.Refused }
