package orders_test

import (
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
)

func TestErrorsSayWhatToDo(t *testing.T) {
	for _, test := range []struct {
		err  error
		code fault.Code
		text string
	}{
		{&orders.NotFoundError{Order: "ord_1"}, fault.NotFound, "there is no order ord_1"},
		{&orders.StatusError{Order: "ord_1", Have: "pending", Want: "placed"}, fault.Conflict, "order ord_1 is pending; this needs it to be placed"},
		{&orders.QuantityError{Order: "ord_1", Line: 2, Want: 3, Have: 1, Verb: "ship"}, fault.Refused, "order ord_1 line 2: 3 to ship, but only 1 can be"},
		{&orders.VersionError{Order: "ord_1", Want: 1, Have: 2}, fault.Conflict, "order ord_1 is at version 2, not 1: read it again and decide"},
		{
			&orders.PaymentError{Order: "ord_1", What: "captured", Have: euro(100), Change: -200}, fault.Conflict,
			"order ord_1 has 1.00 EUR captured: a change by -200 minor units is impossible",
		},
	} {
		if got := test.err.Error(); got != test.text {
			t.Errorf("got %q, want %q", got, test.text)
		}
		wants(t, test.err, test.code)
	}
}
