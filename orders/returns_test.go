package orders_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/orders"
)

func units(pairs ...int64) (out []orders.LineQuantity) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, orders.LineQuantity{Line: int(pairs[i]), Quantity: pairs[i+1]})
	}
	return out
}

// sent is a paid order that has left completely.
func (s *shop) sent(lines ...wanted) orders.Order {
	s.Helper()
	o := s.sold(lines...)
	s.pay(o, orders.PaymentDelta{Authorized: s.get(o).Total.Minor(), Captured: s.get(o).Total.Minor()})
	got, err := s.orders.Ship(s.Context(), orders.Ship{Order: o})
	if err != nil {
		s.Fatal(err)
	}
	return got
}

func TestAReturnFromRequestToRefund(t *testing.T) {
	s := newShop(t, 2)
	s.stocks("mug", 1250, 10)
	s.stocks("tea", 399, 10)
	o := s.sent(wanted{"mug", 3}, wanted{"tea", 2})
	ctx := t.Context()

	r, err := s.orders.RequestReturn(ctx, orders.RequestReturn{Order: o.ID, Lines: units(1, 3, 2, 1), Reason: orders.ChangedMind, Key: "a"})
	if err != nil || r.State != orders.ReturnRequested || len(r.Lines) != 2 {
		t.Fatalf("got %+v, %v", r, err)
	}
	again, err := s.orders.RequestReturn(ctx, orders.RequestReturn{Order: o.ID, Lines: units(1, 3, 2, 1), Reason: orders.ChangedMind, Key: "a"})
	if err != nil || again.ID != r.ID {
		t.Errorf("a retry made %+v, %v", again, err)
	}
	if can, err := s.orders.Returnable(ctx, o); err != nil || !slices.Equal(can, []int64{0, 1}) {
		t.Errorf("returnable are %v, %v", can, err)
	}
	_, err = s.orders.RequestReturn(ctx, orders.RequestReturn{Order: o.ID, Lines: units(1, 1), Reason: orders.TooSmall})
	wantsError(t, err, &orders.QuantityError{Order: o.ID, Line: 1, Want: 1, Verb: "return"})
	_, err = s.orders.ReceiveReturn(ctx, orders.ReceiveReturn{Return: r.ID, Lines: []orders.ReceivedLine{{Line: 1, Resellable: 1}}})
	wantsError(t, err, &orders.ReturnStateError{Return: r.ID, Have: orders.ReturnRequested, Want: orders.ReturnApproved})

	s.engine.Advance(time.Minute)
	r, err = s.orders.DecideReturn(ctx, orders.DecideReturn{Return: r.ID, State: orders.ReturnApproved, Note: "Print the label."})
	if err != nil || r.State != orders.ReturnApproved || r.Payer != orders.PaidByShopper || r.Note != "Print the label." {
		t.Fatalf("got %+v, %v", r, err)
	}
	// Two of three mugs come, one of them broken; nothing is paid back yet.
	r, err = s.orders.ReceiveReturn(ctx, orders.ReceiveReturn{Return: r.ID, Lines: []orders.ReceivedLine{{Line: 1, Resellable: 1, Damaged: 1}}})
	if err != nil || r.State != orders.ReturnApproved || r.Lines[0] != (orders.ReturnLine{Line: 1, Quantity: 3, Received: 2, Damaged: 1}) {
		t.Fatalf("got %+v, %v", r, err)
	}
	if got := s.get(o.ID); got.Returned != 2 || !got.RefundGranted.IsZero() {
		t.Errorf("got %+v", got)
	}
	s.has("mug", 8, 8, 0)
	_, err = s.orders.ReceiveReturn(ctx, orders.ReceiveReturn{Return: r.ID, Lines: []orders.ReceivedLine{{Line: 1, Damaged: 2}}})
	wantsError(t, err, &orders.QuantityError{Order: o.ID, Line: 1, Want: 2, Have: 1, Verb: "receive"})

	// The tea comes and is paid back at once; the last mug never comes.
	r, err = s.orders.ReceiveReturn(ctx, orders.ReceiveReturn{Return: r.ID, Lines: []orders.ReceivedLine{{Line: 2, Resellable: 1}}, Refund: true, Close: true})
	if err != nil || r.State != orders.ReturnReceived {
		t.Fatalf("got %+v, %v", r, err)
	}
	if got := s.get(o.ID); got.RefundGranted != euro(399) {
		t.Errorf("granted %v", got.RefundGranted)
	}
	// For the mugs: one in full, one at half its price.
	g, err := s.orders.GrantRefund(ctx, orders.GrantRefund{Order: o.ID, Return: r.ID, Reason: "one was broken", Lines: []orders.RefundLine{
		{Line: 1, Quantity: 2, Amount: euro(1875)},
	}})
	if err != nil || g.State != orders.Granted || g.Amount != euro(1875) || g.Source != orders.FromReturn {
		t.Fatalf("got %+v, %v", g, err)
	}
	if got := s.get(o.ID); got.RefundGranted != euro(399) {
		t.Errorf("an open grant is owed: %v", got.RefundGranted)
	}
	if g, err = s.orders.ReleaseRefund(ctx, orders.ReleaseRefund{Order: o.ID, Grant: g.Number}); err != nil || g.State != orders.Released {
		t.Fatalf("got %+v, %v", g, err)
	}
	if got := s.get(o.ID); got.RefundGranted != euro(399+1875) {
		t.Errorf("granted %v", got.RefundGranted)
	}
	_, err = s.orders.ReleaseRefund(ctx, orders.ReleaseRefund{Order: o.ID, Grant: g.Number})
	wants(t, err, fault.Conflict)
	if due := s.engine.Timers(orders.TimerSettle); !slices.Contains(due, string(o.ID)) {
		t.Errorf("nobody pays: %v", due)
	}
	_, err = s.orders.DecideReturn(ctx, orders.DecideReturn{Return: r.ID, State: orders.ReturnCanceled})
	wantsError(t, err, &orders.ReturnStateError{Return: r.ID, Have: orders.ReturnReceived, Want: orders.ReturnRequested})
	if can, err := s.orders.Returnable(ctx, o); err != nil || !slices.Equal(can, []int64{1, 1}) {
		t.Errorf("returnable are %v, %v", can, err)
	}
	var kinds []string
	moments, err := s.orders.Timeline(command.WithPrincipal(ctx, "staff"), o.ID)
	for _, m := range orders.ForShoppers(moments) {
		kinds = append(kinds, m.Kind)
		if strings.HasPrefix(m.Kind, "refund.") && m.Text != "" {
			t.Errorf("a shopper reads what staff wrote for each other: %q", m.Text)
		}
	}
	want := []string{"order.made", "order.placed", "parcel.shipped", "return.requested", "return.approved", "return.received", "refund.granted", "refund.granted"}
	slices.Sort(kinds)
	slices.Sort(want)
	if err != nil || !slices.Equal(kinds, want) {
		t.Errorf("the shopper's timeline is %v, %v", kinds, err)
	}
}

func TestReturnsThatEndEarly(t *testing.T) {
	s := newShop(t, 1)
	s.stocks("mug", 1250, 10)
	o := s.sent(wanted{"mug", 3})
	ask := func() orders.RMA {
		t.Helper()
		s.engine.Advance(time.Minute)
		r, err := s.orders.RequestReturn(t.Context(), orders.RequestReturn{Order: o.ID, Lines: units(1, 3), Reason: orders.WrongItem})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	decide := func(r orders.RMA, state orders.ReturnState) error {
		_, err := s.orders.DecideReturn(t.Context(), orders.DecideReturn{Return: r.ID, State: state, Note: "no"})
		return err
	}
	for _, path := range [][]orders.ReturnState{{orders.ReturnRejected}, {orders.ReturnCanceled}, {orders.ReturnApproved, orders.ReturnCanceled}} {
		r := ask() // the one before is over, so all can be asked for again
		for _, state := range path {
			if err := decide(r, state); err != nil {
				t.Fatal(err)
			}
		}
		wants(t, decide(r, orders.ReturnApproved), fault.Conflict)
	}
	r := ask()
	if err := decide(r, orders.ReturnApproved); err != nil {
		t.Fatal(err)
	}
	if _, err := s.orders.ReceiveReturn(t.Context(), orders.ReceiveReturn{Return: r.ID, Lines: []orders.ReceivedLine{{Line: 1, Resellable: 3}}, Refund: true}); err != nil {
		t.Fatal(err)
	}
	got := s.get(o.ID)
	if all, err := s.orders.Returns(t.Context(), o.ID); err != nil || len(all) != 4 || all[3].State != orders.ReturnReceived || got.RefundGranted != euro(3750) {
		t.Errorf("got %+v, %v", all, err)
	}
	s.has("mug", 10, 10, 0)
}

func TestRefundsAreCapped(t *testing.T) {
	s := newShop(t, 1)
	s.stocks("mug", 1000, 10)
	s.stocks("tea", 400, 10)
	c := s.draft(s.engine.SlotOn(0), wanted{"mug", 2}, wanted{"tea", 1})
	c.Order.Shipping, c.Order.Total, c.Order.TaxIncluded = 500, 2900, true
	c.Order.Tax, c.Order.ShippingTax = 463, 80
	c.spread()
	o := s.placed(c)
	s.pay(o, orders.PaymentDelta{Authorized: 2900, Captured: 2900})
	refund := func(c orders.GrantRefund) (orders.Grant, error) {
		c.Order, c.Reason = o, "x"
		return s.orders.GrantRefund(t.Context(), c)
	}
	line := func(l orders.RefundLine) orders.GrantRefund { return orders.GrantRefund{Lines: []orders.RefundLine{l}} }

	g, err := refund(line(orders.RefundLine{Line: 1, Quantity: 1}))
	if err != nil || g.Amount != euro(1000) || g.Tax != euro(159) {
		t.Fatalf("got %+v, %v", g, err)
	}
	_, err = refund(line(orders.RefundLine{Line: 1, Quantity: 2}))
	wantsError(t, err, &orders.QuantityError{Order: o, Line: 1, Want: 2, Have: 1, Verb: "pay back"})
	_, err = refund(line(orders.RefundLine{Line: 1, Amount: euro(1001)}))
	wantsError(t, err, &orders.CapError{Order: o, What: "line 1", Want: euro(1001), Have: euro(1000)})
	_, err = refund(line(orders.RefundLine{Line: 3, Quantity: 1}))
	wantsError(t, err, &orders.QuantityError{Order: o, Line: 3, Want: 1, Verb: "pay back"})
	if g, err = refund(orders.GrantRefund{Shipping: euro(300)}); err != nil || g.Tax != euro(48) {
		t.Fatalf("got %+v, %v", g, err)
	}
	_, err = refund(orders.GrantRefund{Shipping: euro(201)})
	wantsError(t, err, &orders.CapError{Order: o, What: "shipping", Want: euro(201), Have: euro(200)})
	_, err = refund(orders.GrantRefund{Other: euro(1601)})
	wantsError(t, err, &orders.CapError{Order: o, What: "the order", Want: euro(1601), Have: euro(1600)})

	// What is withdrawn can be granted again.
	if g, err = s.orders.ReleaseRefund(t.Context(), orders.ReleaseRefund{Order: o, Grant: 2, Withdraw: true}); err != nil || g.State != orders.Withdrawn {
		t.Fatalf("got %+v, %v", g, err)
	}
	if _, err = refund(orders.GrantRefund{Shipping: euro(500), Lines: []orders.RefundLine{{Line: 1, Quantity: 1}, {Line: 2, Quantity: 1}}, Release: true}); err != nil {
		t.Fatal(err)
	}
	grants, err := s.orders.Grants(t.Context(), o)
	tax := int64(0)
	for _, g := range grants {
		if g.State != orders.Withdrawn {
			tax += g.Tax.Minor()
		}
	}
	if err != nil || len(grants) != 3 || tax != 463 {
		t.Errorf("all taxes of the grants are %d, %v: %+v", tax, err, grants)
	}
	s.pay(o, orders.PaymentDelta{Refunded: 1900})
	if grants, err = s.orders.Grants(t.Context(), o); err != nil || !grants[2].Paid || grants[0].Paid {
		t.Errorf("got %+v, %v", grants, err)
	}
	for name, c := range map[string]orders.GrantRefund{
		"nothing":        {},
		"negative":       {Other: euro(-1)},
		"line of none":   line(orders.RefundLine{Line: 1}),
		"line below":     line(orders.RefundLine{Line: 1, Quantity: 1, Amount: euro(-1)}),
		"line 0":         line(orders.RefundLine{Quantity: 1}),
		"another return": {Other: euro(1), Return: "ret"},
	} {
		if _, err := refund(c); fault.CodeOf(err) != fault.Invalid && fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestLinesAreCanceled(t *testing.T) {
	s := newShop(t, 2)
	s.stocks("mug", 1000, 10)
	s.stocks("wrap", 100, 0)
	o := s.sold(wanted{"mug", 3}, wanted{"wrap", 1})
	s.pay(o, orders.PaymentDelta{Authorized: 3100})
	cancel := func(lines []orders.LineQuantity) (orders.Order, error) {
		return s.orders.CancelLines(t.Context(), orders.CancelLines{Order: o, Lines: lines, Reason: "not in the house"})
	}
	got, err := cancel(units(1, 1, 2, 1))
	if err != nil || got.Canceled != 2 || got.Lines[0].Canceled != 1 || got.RefundGranted != euro(1100) || got.Status != orders.Placed {
		t.Fatalf("got %+v, %v", got, err)
	}
	s.has("mug", 10, 8, 2)
	s.pay(o, orders.PaymentDelta{Captured: 2000})
	if got = s.get(o); got.PaymentStatus != orders.Paid {
		t.Errorf("all that is left is paid, and the order is %s", got.PaymentStatus)
	}
	_, err = cancel(units(1, 3))
	wantsError(t, err, &orders.QuantityError{Order: o, Line: 1, Want: 3, Have: 2, Verb: "cancel"})
	if got, err = s.orders.Ship(t.Context(), orders.Ship{Order: o, Lines: units(1, 1)}); err != nil || got.FulfilmentStatus != orders.Partial {
		t.Fatalf("got %+v, %v", got, err)
	}
	if got, err = cancel(units(1, 1)); err != nil || got.FulfilmentStatus != orders.Fulfilled {
		t.Errorf("what is left has shipped: %+v, %v", got, err)
	}
	s.has("mug", 9, 9, 0)

	all := s.sold(wanted{"mug", 1}, wanted{"wrap", 1})
	if _, err := s.orders.CancelLines(t.Context(), orders.CancelLines{Order: all, Lines: units(1, 1), Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	if got, err = s.orders.CancelLines(t.Context(), orders.CancelLines{Order: all, Lines: units(2, 1), Reason: "x"}); err != nil || got.Status != orders.Canceled {
		t.Errorf("an order of nothing is %+v, %v", got, err)
	}
}

func TestParcelsAreFollowed(t *testing.T) {
	s := newShop(t, 1)
	s.stocks("mug", 1000, 10)
	o := s.sold(wanted{"mug", 3})
	for _, c := range []orders.Ship{{Lines: units(1, 1), Carrier: "DHL", Tracking: "T1", URL: "https://example.com/T1"}, {}} {
		c.Order = o
		if _, err := s.orders.Ship(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	parcels, err := s.orders.Fulfilments(t.Context(), o)
	if err != nil || len(parcels) != 2 {
		t.Fatalf("got %+v, %v", parcels, err)
	}
	track := func(f orders.Fulfilment, status orders.ParcelStatus) orders.Order {
		t.Helper()
		if got, err := s.orders.Track(t.Context(), orders.Track{Fulfilment: f.ID, Status: status}); err != nil || got.Status != status {
			t.Fatalf("got %+v, %v", got, err)
		}
		return s.get(o)
	}
	track(parcels[0], orders.ParcelInTransit)
	if got := track(parcels[0], orders.ParcelDelivered); got.FulfilmentStatus != orders.Fulfilled || got.Delivered != parcels[0].Units {
		t.Errorf("got %+v", got)
	}
	if got := track(parcels[1], orders.ParcelDelivered); got.FulfilmentStatus != orders.Delivered {
		t.Errorf("got %+v", got)
	}
	if got := track(parcels[1], orders.ParcelReturnedToSender); got.FulfilmentStatus != orders.Fulfilled || got.Delivered != parcels[0].Units {
		t.Errorf("got %+v", got)
	}
	if again, err := s.orders.Fulfilments(t.Context(), o); err != nil || len(again[0].Events) != 2 || len(again[1].Events) != 2 {
		t.Errorf("got %+v, %v", again, err)
	}
	for name, c := range map[string]orders.Track{
		"no status": {Fulfilment: parcels[0].ID},
		"script":    {Fulfilment: parcels[0].ID, Status: orders.ParcelDelivered, URL: "javascript:alert(1)"},
		"no parcel": {Fulfilment: string(o), Status: orders.ParcelDelivered},
	} {
		if _, err := s.orders.Track(t.Context(), c); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
