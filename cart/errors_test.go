package cart_test

import (
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

func TestErrorsSayWhatToDo(t *testing.T) {
	for _, test := range []struct {
		err  error
		code fault.Code
		text string
	}{
		{&cart.NotFoundError{Cart: "cart_1"}, fault.NotFound, "there is no cart cart_1"},
		{&cart.NotFoundError{Customer: "cus_1"}, fault.NotFound, "customer cus_1 has no active cart"},
		{&cart.NotFoundError{Cart: "cart_1", SKU: "mug"}, fault.NotFound, `cart cart_1 has no line with SKU "mug" at that price`},
		{&cart.StatusError{Cart: "cart_1", Have: cart.Merged}, fault.Conflict, "cart cart_1 is merged and cannot be changed"},
		{&cart.StatusError{Cart: "cart_1", Have: cart.Locking, Order: "ord_1"}, fault.Conflict, "cart cart_1 is locking with order ord_1 and cannot be changed"},
		{&cart.OwnerError{Cart: "cart_1"}, fault.Conflict, "cart cart_1 belongs to a customer, not to a guest"},
		{&cart.ErasedError{Cart: "cart_1"}, fault.Refused, "whoever had cart cart_1 was erased: it can have no contact any more"},
		{&cart.VersionError{Cart: "cart_1", Want: 1, Have: 2}, fault.Conflict, "cart cart_1 is at version 2, not 1: show it again and ask"},
		{&cart.CurrencyError{SKU: "mug"}, fault.Refused, `"mug" has no price in any currency`},
		{&cart.CurrencyError{SKU: "mug", Want: "EUR"}, fault.Refused, `"mug" has no price in EUR, the currency of the cart`},
		{&cart.NotForSaleError{SKU: "mug"}, fault.Refused, `"mug" is not for sale`},
		{&cart.AmbiguousLineError{Cart: "cart_1", SKU: "mug", Prices: make([]money.Amount, 2)}, fault.Invalid, `cart cart_1 has "mug" in 2 lines: say which one`},
		{&cart.LimitError{Cart: "cart_1", What: "lines", Max: 2}, fault.Refused, "cart cart_1 cannot have more than 2 lines"},
	} {
		if got := test.err.Error(); got != test.text {
			t.Errorf("got %q, want %q", got, test.text)
		}
		wants(t, test.err, test.code)
	}
}
