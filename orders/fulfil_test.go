package orders_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
)

func TestAnOrderIsShippedInParts(t *testing.T) {
	s := newShop(t, 4)
	s.stocks("mug", 1250, 10)
	s.stocks("tea", 399, 5)
	s.stocks("wrap", 100, 0)
	o := s.sold(wanted{"mug", 3}, wanted{"tea", 2}, wanted{"wrap", 1})
	s.has("mug", 10, 7, 3)

	ship := func(c orders.Ship) orders.Order {
		t.Helper()
		c.Order = o
		got, err := s.orders.Ship(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := ship(orders.Ship{Lines: []orders.LineQuantity{{Line: 1, Quantity: 2}, {Line: 3, Quantity: 1}}, Tracking: "T1", Key: "a"})
	if got.FulfilmentStatus != orders.Partial || got.Shipped != 3 || got.Lines[0].Shipped != 2 || got.Lines[1].Shipped != 0 {
		t.Errorf("got %+v", got)
	}
	again := ship(orders.Ship{Lines: []orders.LineQuantity{{Line: 1, Quantity: 2}, {Line: 3, Quantity: 1}}, Tracking: "T1", Key: "a"})
	if again.Shipped != 3 {
		t.Errorf("a retry shipped again: %+v", again)
	}
	s.has("mug", 8, 7, 1)
	got = ship(orders.Ship{Version: got.Version}) // the rest
	if got.FulfilmentStatus != orders.Fulfilled || got.Shipped != 6 {
		t.Errorf("got %+v", got)
	}
	s.has("mug", 7, 7, 0)
	s.has("tea", 3, 3, 0)
	if kinds := s.events(o); !slices.Equal(kinds, []string{"order.placed", "order.shipped", "order.shipped"}) {
		t.Errorf("events: %v", kinds)
	}
	_, err := s.orders.Ship(t.Context(), orders.Ship{Order: o})
	wantsError(t, err, &orders.StatusError{Order: o, Have: "fulfilled", Want: "unfulfilled"})
}

func TestShipAndReturnRefusals(t *testing.T) {
	s := newShop(t, 1)
	s.stocks("mug", 1250, 10)
	o := s.sold(wanted{"mug", 3})
	pending := s.pending(s.draft(s.engine.SlotOn(0), wanted{"mug", 1}))
	gone := orders.ID(strings.Replace(string(o), "ord_0", "ord_7", 1))
	ship := func(o orders.ID, version int64, lines ...orders.LineQuantity) error {
		_, err := s.orders.Ship(t.Context(), orders.Ship{Order: o, Version: version, Lines: lines})
		return err
	}
	back := func(o orders.ID, version int64, lines ...orders.LineQuantity) error {
		_, err := s.orders.Return(t.Context(), orders.Return{Order: o, Version: version, Lines: lines, Reason: "broken"})
		return err
	}
	l := func(line int, quantity int64) orders.LineQuantity {
		return orders.LineQuantity{Line: line, Quantity: quantity}
	}
	wantsError(t, ship(o, 0, l(1, 4)), &orders.QuantityError{Order: o, Line: 1, Want: 4, Have: 3, Verb: "ship"})
	wantsError(t, ship(o, 0, l(2, 1)), &orders.QuantityError{Order: o, Line: 2, Want: 1, Verb: "ship"})
	wantsError(t, ship(o, 9), &orders.VersionError{Order: o, Want: 9, Have: 2})
	wantsError(t, ship(pending, 0), &orders.StatusError{Order: pending, Have: "pending", Want: "placed"})
	wantsError(t, ship(gone, 0), &orders.NotFoundError{Order: gone})
	if err := ship(o, 0, l(1, 2)); err != nil {
		t.Fatal(err)
	}
	wantsError(t, back(o, 0, l(1, 3)), &orders.QuantityError{Order: o, Line: 1, Want: 3, Have: 2, Verb: "return"})
	wantsError(t, back(o, 0, l(7, 1)), &orders.QuantityError{Order: o, Line: 7, Want: 1, Verb: "return"})
	wantsError(t, back(o, 1, l(1, 1)), &orders.VersionError{Order: o, Want: 1, Have: 3})
	wantsError(t, back(pending, 0, l(1, 1)), &orders.StatusError{Order: pending, Have: "pending", Want: "placed"})
	wantsError(t, back(gone, 0, l(1, 1)), &orders.NotFoundError{Order: gone})

	for name, err := range map[string]error{
		"line 0":       ship(o, 0, l(0, 1)),
		"quantity 0":   ship(o, 0, l(1, 0)),
		"huge":         ship(o, 0, l(1, 1e9+1)),
		"twice":        ship(o, 0, l(1, 1), l(1, 1)),
		"too many":     ship(o, 0, make([]orders.LineQuantity, 4001)...),
		"not an order": ship("cart_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", 0),
		"no lines":     back(o, 0),
		"back twice":   back(o, 0, l(1, 1), l(1, 1)),
	} {
		if fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err := s.orders.Return(t.Context(), orders.Return{Order: o, Lines: []orders.LineQuantity{l(1, 1)}})
	wants(t, err, fault.Invalid)
	_, err = s.orders.Ship(t.Context(), orders.Ship{Order: o, Tracking: strings.Repeat("x", 501)})
	wants(t, err, fault.Invalid)
	if got := s.get(o); got.Shipped != 2 || got.Returned != 0 || got.Version != 3 {
		t.Errorf("a refusal changed the order: %+v", got)
	}
}

func TestAReturnGrantsWhatWasPaid(t *testing.T) {
	s := newShop(t, 2)
	s.stocks("mug", 1250, 10)
	s.stocks("tea", 399, 10)
	o := s.sold(wanted{"mug", 3}, wanted{"tea", 2})
	s.pay(o, orders.PaymentDelta{Authorized: 4548, Captured: 4548})
	if _, err := s.orders.Ship(t.Context(), orders.Ship{Order: o}); err != nil {
		t.Fatal(err)
	}
	got, err := s.orders.Return(t.Context(), orders.Return{
		Order: o, Lines: []orders.LineQuantity{{Line: 2, Quantity: 1}, {Line: 1, Quantity: 2}}, Reason: "too many", Key: "a",
	})
	if err != nil || got.RefundGranted != euro(2*1250+399) || got.Returned != 3 || got.Lines[0].Returned != 2 || got.FulfilmentStatus != orders.Fulfilled {
		t.Errorf("got %+v, %v", got, err)
	}
	if due := s.engine.Timers(orders.TimerSettle); !slices.Equal(due, []string{string(o)}) {
		t.Errorf("timers: %v", due)
	}
	s.has("mug", 9, 9, 0)
	got, err = s.orders.Return(t.Context(), orders.Return{
		Order: o, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "broken", Discard: true,
	})
	if err != nil || got.RefundGranted != euro(3*1250+399) || got.Returned != 4 {
		t.Errorf("got %+v, %v", got, err)
	}
	s.has("mug", 9, 9, 0) // discarded goods are not on hand
	s.has("tea", 9, 9, 0)
	if kinds := s.events(o); !slices.Equal(kinds, []string{"order.placed", "order.shipped", "order.refund_granted", "order.returned", "order.refund_granted", "order.returned"}) {
		t.Errorf("events: %v", kinds)
	}
}

// Discount and tax go back with the goods, to the cent once all is back;
// shipping does not.
func TestAReturnGrantsItsPartOfDiscountAndTax(t *testing.T) {
	s := newShop(t, 1)
	s.stocks("mug", 1000, 10)
	s.stocks("tea", 333, 10)
	c := s.draft(s.engine.SlotOn(0), wanted{"mug", 2}, wanted{"tea", 1})
	c.Order.Discount, c.Order.Tax, c.Order.Shipping = 500, 101, 495
	c.Order.Total = 2333 - 500 + 101 + 495
	c.spread()
	o := s.placed(c)
	if _, err := s.orders.Ship(t.Context(), orders.Ship{Order: o}); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		line int
		want int64
	}{{2, 276}, {1, 1105}, {1, 1934}} { // ⌊1934×333/2333⌋, ⌊1934×1333/2333⌋, all
		got, err := s.orders.Return(t.Context(), orders.Return{
			Order: o, Lines: []orders.LineQuantity{{Line: step.line, Quantity: 1}}, Reason: "x",
		})
		if err != nil || got.RefundGranted != euro(step.want) {
			t.Errorf("return %d: granted %v, %v; want %d", i, got.RefundGranted, err, step.want)
		}
	}
}

// What was granted for other reasons is not granted twice.
func TestReturnsNeverGrantMoreThanTheOrder(t *testing.T) {
	s := newShop(t, 1)
	s.stocks("mug", 1000, 10)
	s.stocks("gift", 0, 10)
	o := s.sold(wanted{"mug", 2})
	s.pay(o, orders.PaymentDelta{Authorized: 2000, Captured: 2000})
	if _, err := s.orders.GrantRefund(t.Context(), orders.GrantRefund{Order: o, Other: euro(1500), Reason: "a late delivery", Release: true}); err != nil {
		t.Fatal(err)
	}
	s.pay(o, orders.PaymentDelta{Refunded: 1500})
	free := s.sold(wanted{"gift", 1})
	for _, o := range []orders.ID{o, free} {
		if _, err := s.orders.Ship(t.Context(), orders.Ship{Order: o}); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []int64{2000, 2000} {
		got, err := s.orders.Return(t.Context(), orders.Return{Order: o, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "x"})
		if err != nil || got.RefundGranted != euro(want) {
			t.Errorf("granted %v, %v; want %d", got.RefundGranted, err, want)
		}
	}
	got, err := s.orders.Return(t.Context(), orders.Return{Order: free, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "x"})
	if err != nil || got.RefundGranted != euro(0) {
		t.Errorf("granted %v, %v", got.RefundGranted, err)
	}
	if due := slices.Compact(s.engine.Timers(orders.TimerSettle)); !slices.Equal(due, []string{string(o)}) {
		t.Errorf("timers: %v; a free order has nothing to settle", due)
	}
}

func TestCancelFreesStockAndGrantsTheMoney(t *testing.T) {
	s := newShop(t, 4)
	s.stocks("mug", 1250, 10)
	s.stocks("advice", 5000, 0)
	captured, authorized := s.sold(wanted{"mug", 4}, wanted{"advice", 1}), s.sold(wanted{"mug", 2})
	unpaid, service := s.sold(wanted{"mug", 1}), s.sold(wanted{"advice", 1})
	s.pay(captured, orders.PaymentDelta{Authorized: 10000, Captured: 10000})
	s.pay(authorized, orders.PaymentDelta{Authorized: 2500})
	s.has("mug", 10, 3, 7)
	for _, o := range []orders.ID{captured, authorized, unpaid, service} {
		got, err := s.orders.Cancel(t.Context(), orders.Cancel{Order: o, Reason: "changed my mind", Version: s.get(o).Version})
		if err != nil || got.Status != orders.Canceled || got.FulfilmentStatus != orders.FulfilmentCanceled || got.CancelReason != "changed my mind" ||
			got.CanceledAt != s.engine.Now() || got.RefundGranted != got.Captured {
			t.Errorf("got %+v, %v", got, err)
		}
		if kinds := s.events(o); !slices.Equal(kinds, []string{"order.placed", "order.canceled"}) {
			t.Errorf("events: %v", kinds)
		}
	}
	s.has("mug", 10, 10, 0)
	due, want := s.engine.Timers(orders.TimerSettle), []string{string(captured), string(authorized), string(unpaid), string(service)}
	slices.Sort(want)
	if !slices.Equal(due, want) {
		t.Errorf("timers: %v, want %v", due, want)
	}
}

func TestCancelRefusals(t *testing.T) {
	s := newShop(t, 1)
	s.stocks("mug", 1250, 10)
	o := s.sold(wanted{"mug", 3})
	pending := s.pending(s.draft(s.engine.SlotOn(0), wanted{"mug", 1}))
	gone := orders.ID(strings.Replace(string(o), "ord_0", "ord_7", 1))
	cancel := func(o orders.ID, version int64) error {
		_, err := s.orders.Cancel(t.Context(), orders.Cancel{Order: o, Reason: "x", Version: version})
		return err
	}
	wantsError(t, cancel(pending, 0), &orders.StatusError{Order: pending, Have: "pending", Want: "placed"})
	wantsError(t, cancel(gone, 0), &orders.NotFoundError{Order: gone})
	wantsError(t, cancel(o, 9), &orders.VersionError{Order: o, Want: 9, Have: 2})
	wants(t, cancel("ord_1", 0), fault.Invalid)
	_, err := s.orders.Cancel(t.Context(), orders.Cancel{Order: o})
	wants(t, err, fault.Invalid)
	if _, err := s.orders.Ship(t.Context(), orders.Ship{Order: o, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}}); err != nil {
		t.Fatal(err)
	}
	wantsError(t, cancel(o, 0), &orders.StatusError{Order: o, Have: "partial", Want: "unfulfilled"})
	wantsError(t, s.run(step{Do: "cancel", ID: o}), &orders.StatusError{Order: o, Have: "partial", Want: "unfulfilled"})
	other := s.sold(wanted{"mug", 1})
	if err := cancel(other, 0); err != nil {
		t.Fatal(err)
	}
	wantsError(t, cancel(other, 0), &orders.StatusError{Order: other, Have: "canceled", Want: "placed"})
}

func TestRecordPaymentRefusals(t *testing.T) {
	s := newShop(t, 1)
	s.stocks("mug", 1000, 10)
	o := s.sold(wanted{"mug", 1})
	s.pay(o, orders.PaymentDelta{Captured: 400})
	for _, test := range []struct {
		delta orders.PaymentDelta
		want  *orders.PaymentError
	}{
		{orders.PaymentDelta{Refunded: 401}, &orders.PaymentError{Order: o, What: "captured and not refunded", Have: euro(400), Change: -401}},
		{orders.PaymentDelta{Captured: -401}, &orders.PaymentError{Order: o, What: "captured", Have: euro(400), Change: -401}},
		{orders.PaymentDelta{Authorized: -1}, &orders.PaymentError{Order: o, What: "authorized", Have: euro(0), Change: -1}},
		{orders.PaymentDelta{Captured: 1<<63 - 1}, &orders.PaymentError{Order: o, What: "captured", Have: euro(400), Change: 1<<63 - 1}},
	} {
		wantsError(t, s.run(step{Do: "pay", ID: o, Delta: test.delta}), test.want)
	}
	_, err := s.orders.GrantRefund(t.Context(), orders.GrantRefund{Order: o, Other: euro(1001), Reason: "x"})
	wantsError(t, err, &orders.CapError{Order: o, What: "the order", Want: euro(1001), Have: euro(1000)})
	if got := s.get(o); got.Captured != euro(400) || got.PaymentStatus != orders.PartiallyPaid || got.Version != 3 {
		t.Errorf("got %+v", got)
	}
}

// What does not add up is refused by the tables, whoever makes the order.
func TestInsertRefusals(t *testing.T) {
	s := newShop(t, 1)
	s.stocks("advice", 1000, 0)
	for name, spoil := range map[string]func(*orders.New){
		"total":           func(n *orders.New) { n.Total++ },
		"line's total":    func(n *orders.New) { n.Lines[0].Total++ },
		"no lines":        func(n *orders.New) { n.Lines = nil },
		"no units":        func(n *orders.New) { n.Lines[0].Quantity, n.Lines[0].Total = 0, 0 },
		"no currency":     func(n *orders.New) { n.Currency = "" },
		"large discount":  func(n *orders.New) { n.Discount, n.Total = 2001, -1 },
		"contact alone":   func(n *orders.New) { n.Contact = []byte{1} },
		"subject alone":   func(n *orders.New) { n.ContactSubject = "cus_1" },
		"negative charge": func(n *orders.New) { n.Shipping, n.Total = -1, n.Total-1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := s.draft(s.engine.SlotOn(0), wanted{catalog.SKU("advice"), 2})
			spoil(&c.Order)
			wants(t, s.run(c), fault.Refused)
			_, err := s.orders.Get(t.Context(), c.Order.ID)
			wantsError(t, err, &orders.NotFoundError{Order: c.Order.ID})
		})
	}
	c := s.draft(s.engine.SlotOn(0), wanted{"advice", 1})
	s.pending(c)
	c.Order.ExternalReference = "other"
	wants(t, s.run(c), fault.Unavailable) // the ID exists
}
