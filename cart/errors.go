package cart

import (
	"fmt"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// NotFoundError says that there is no such cart, or no such line in it.
type NotFoundError struct {
	Cart     ID                  // "" if any active cart of Customer would do
	Customer accounts.CustomerID // "" if the cart was named
	SKU      catalog.SKU         // "" if no line is missing
	Line     int64               // the line's ID, if it was named by that
	Delivery int64               // the one that the cart does not have; 0 if none was named
}

func (e *NotFoundError) Error() string {
	switch {
	case e.Delivery != 0:
		return fmt.Sprintf("cart %s has no delivery %d", e.Cart, e.Delivery)
	case e.Line != 0:
		return fmt.Sprintf("cart %s has no line %d", e.Cart, e.Line)
	case e.SKU != "":
		return fmt.Sprintf("cart %s has no line with SKU %q at that price", e.Cart, e.SKU)
	case e.Cart == "":
		return fmt.Sprintf("customer %s has no active cart", e.Customer)
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
		return fmt.Sprintf("cart %s is %s with order %s and cannot be changed", e.Cart, e.Have, e.Order)
	}
	return fmt.Sprintf("cart %s is %s and cannot be changed", e.Cart, e.Have)
}

// Unwrap returns fault.Conflict.
func (e *StatusError) Unwrap() error { return fault.Conflict }

// OwnerError says that a cart is a customer's and not, as was needed, a guest's.
type OwnerError struct{ Cart ID }

func (e *OwnerError) Error() string {
	return fmt.Sprintf("cart %s belongs to a customer, not to a guest", e.Cart)
}

// Unwrap returns fault.Conflict.
func (e *OwnerError) Unwrap() error { return fault.Conflict }

// ErasedError says that a cart can have no contact any more, since the person
// was erased.
type ErasedError struct{ Cart ID }

func (e *ErasedError) Error() string {
	return fmt.Sprintf("whoever had cart %s was erased: it can have no contact any more", e.Cart)
}

// Unwrap returns fault.Refused.
func (e *ErasedError) Unwrap() error { return fault.Refused }

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
	Want money.Currency // the cart's; "" if it has none yet
	Have money.Currency // what was asked for or agreed; "" if the catalog's prices lack Want
}

func (e *CurrencyError) Error() string {
	switch {
	case e.Want == "":
		return fmt.Sprintf("%q has no price in any currency", e.SKU)
	case e.Have != "":
		return fmt.Sprintf("%q is to be added in %s, and the cart is in %s: a cart has one currency", e.SKU, e.Have, e.Want)
	}
	return fmt.Sprintf("%q has no price in %s, the currency of the cart", e.SKU, e.Want)
}

// Unwrap returns fault.Refused.
func (e *CurrencyError) Unwrap() error { return fault.Refused }

// NotForSaleError says that a SKU exists and cannot be bought.
type NotForSaleError struct{ SKU catalog.SKU }

func (e *NotForSaleError) Error() string { return fmt.Sprintf("%q is not for sale", e.SKU) }

// Unwrap returns fault.Refused.
func (e *NotForSaleError) Unwrap() error { return fault.Refused }

// AmbiguousLineError says that a cart has a SKU in several lines, at several
// prices or in several deliveries, and that none was named.
type AmbiguousLineError struct {
	Cart   ID
	SKU    catalog.SKU
	Prices []money.Amount // from the lowest
}

func (e *AmbiguousLineError) Error() string {
	return fmt.Sprintf("cart %s has %q in %d lines: say which one", e.Cart, e.SKU, len(e.Prices))
}

// Unwrap returns fault.Invalid.
func (e *AmbiguousLineError) Unwrap() error { return fault.Invalid }

// LimitError says that a cart would outgrow a limit.
type LimitError struct {
	Cart ID
	What string // "lines", "units of one line", "minor units in total", "codes", "deliveries" or "discounts of its lines"
	Max  int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("cart %s cannot have more than %d %s", e.Cart, e.Max, e.What)
}

// Unwrap returns fault.Refused.
func (e *LimitError) Unwrap() error { return fault.Refused }

// MethodError says that a shipping method is not offered for a cart.
type MethodError struct {
	Cart   ID
	Method string
	Reason pricing.Reason
}

func (e *MethodError) Error() string {
	return fmt.Sprintf("cart %s cannot be sent by %q: %s", e.Cart, e.Method, e.Reason)
}

// Unwrap returns fault.Refused.
func (e *MethodError) Unwrap() error { return fault.Refused }

// CodeError says that a code cannot be put on a cart.
type CodeError struct {
	Cart   ID
	Code   string
	Reason pricing.CodeReason
}

func (e *CodeError) Error() string {
	return fmt.Sprintf("code %q cannot be put on cart %s: %s", e.Code, e.Cart, e.Reason)
}

// Unwrap returns fault.Refused.
func (e *CodeError) Unwrap() error { return fault.Refused }
