package orders_test

import (
	"testing"

	"github.com/keelshop/commerce/orders"
)

func TestPaymentStatusIsDerived(t *testing.T) {
	const total = 100
	seen := map[orders.PaymentStatus]bool{}
	for _, test := range []struct {
		name                                            string
		total                                           int64
		authorized, captured, voided, granted, refunded int64
		want                                            orders.PaymentStatus
	}{
		{"nothing happened", total, 0, 0, 0, 0, 0, orders.PaymentNone},
		{"nothing to pay", 0, 0, 0, 0, 0, 0, orders.Paid},
		{"authorized", total, 100, 0, 0, 0, 0, orders.Authorized},
		{"authorized in part", total, 40, 0, 0, 0, 0, orders.Authorized},
		{"one of two authorizations voided", total, 200, 0, 100, 0, 0, orders.Authorized},
		{"authorized and voided", total, 100, 0, 100, 0, 0, orders.Voided},
		{"captured in part", total, 100, 40, 0, 0, 0, orders.PartiallyPaid},
		{"captured in part, the rest voided", total, 100, 40, 60, 0, 0, orders.PartiallyPaid},
		{"captured", total, 100, 100, 0, 0, 0, orders.Paid},
		{"captured without authorization", total, 0, 100, 0, 0, 0, orders.Paid},
		{"refunded in part", total, 100, 100, 0, 30, 30, orders.PartiallyRefunded},
		{"captured and refunded in part", total, 100, 40, 0, 10, 10, orders.PartiallyRefunded},
		{"refunded", total, 100, 100, 0, 100, 100, orders.Refunded},
		{"all of a part refunded", total, 100, 40, 0, 40, 40, orders.Refunded},
		{"captured twice", total, 200, 200, 0, 0, 0, orders.Overcharged},
		{"captured twice, not all given back", total, 200, 200, 0, 50, 50, orders.Overcharged},
		{"captured twice, once given back", total, 200, 200, 0, 100, 100, orders.Paid},
		{"all but what was canceled", total, 100, 70, 0, 30, 0, orders.Paid},
		{"less than what was not canceled", total, 100, 60, 0, 30, 0, orders.PartiallyPaid},
		{"granted and not paid back yet", total, 100, 100, 0, 30, 0, orders.Paid},
		{"captured for nothing", 0, 10, 10, 0, 0, 0, orders.Overcharged},
		{"captured for nothing and given back", 0, 10, 10, 0, 10, 10, orders.Refunded},
	} {
		seen[test.want] = true
		got := orders.PaymentStatusOf(test.total, test.authorized, test.captured, test.voided, test.granted, test.refunded)
		if got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
	for _, word := range []orders.PaymentStatus{
		orders.PaymentNone, orders.Authorized, orders.PartiallyPaid, orders.Paid,
		orders.PartiallyRefunded, orders.Refunded, orders.Overcharged, orders.Voided,
	} {
		if !seen[word] {
			t.Errorf("no case gives %s", word)
		}
	}
}

func TestFulfilmentStatusIsDerived(t *testing.T) {
	for _, test := range []struct {
		status                    orders.Status
		units, shipped, delivered int64
		want                      orders.FulfilmentStatus
	}{
		{orders.Pending, 3, 0, 0, orders.Unfulfilled},
		{orders.Placed, 3, 0, 0, orders.Unfulfilled},
		{orders.Placed, 3, 1, 0, orders.Partial},
		{orders.Placed, 3, 1, 1, orders.Partial},
		{orders.Placed, 3, 3, 0, orders.Fulfilled},
		{orders.Placed, 3, 3, 2, orders.Fulfilled},
		{orders.Placed, 3, 3, 3, orders.Delivered},
		{orders.Canceled, 3, 0, 0, orders.FulfilmentCanceled},
	} {
		if got := orders.FulfilmentStatusOf(test.status, test.units, test.shipped, test.delivered); got != test.want {
			t.Errorf("%+v: got %s", test, got)
		}
	}
}

func TestOrdersMoveAsTheTableSays(t *testing.T) {
	all := []orders.Status{orders.Pending, orders.Placed, orders.Canceled}
	allowed := map[[2]orders.Status]bool{
		{orders.Pending, orders.Placed}: true, {orders.Pending, orders.Canceled}: true, {orders.Placed, orders.Canceled}: true,
	}
	s := newShop(t, 1)
	s.stocks("advice", 5000, 0)
	for _, from := range all {
		for _, to := range all {
			if got := from.MayBecome(to); got != allowed[[2]orders.Status{from, to}] {
				t.Errorf("%s may become %s: %t", from, to, got)
			}
			if to == orders.Pending {
				continue
			}
			o := s.pending(s.draft(s.engine.SlotOn(0), wanted{"advice", 1}))
			reach := map[orders.Status]string{orders.Placed: "place", orders.Canceled: "cancel"}
			if do := reach[from]; do != "" {
				if err := s.run(step{Do: do, ID: o}); err != nil {
					t.Fatal(err)
				}
			}
			err := s.run(step{Do: reach[to], ID: o})
			if (err == nil) != from.MayBecome(to) {
				t.Errorf("%s to %s: %v", from, to, err)
			}
			if err != nil {
				want := map[orders.Status]string{orders.Placed: "pending", orders.Canceled: "pending or placed"}[to]
				wantsError(t, err, &orders.StatusError{Order: o, Have: string(from), Want: want})
			}
		}
	}
}
