package documents_test

import (
	"slices"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/pricing"
)

func TestAnInvoiceAndItsCreditNotes(t *testing.T) {
	s := newShop(t, commerce.WithShards(3))
	ctx := t.Context()
	o := s.buys(checkout.Complete{})
	invoice := s.issue(o.ID, 1)[0]
	if invoice.Number != "INV-2026-000001" || invoice.Gross != o.Total || invoice.Tax != o.Tax || len(invoice.Lines) != 3 || invoice.OrderNumber != o.Number {
		t.Fatalf("got %+v", invoice)
	}
	if !slices.Equal(invoice.Taxes, o.Taxes) || len(o.Taxes) != 2 {
		t.Errorf("taxes are %+v, the order's %+v", invoice.Taxes, o.Taxes)
	}
	if again := s.issue(o.ID, 1)[0]; again.ID != invoice.ID {
		t.Errorf("there are two invoices, %s and %s", invoice.ID, again.ID)
	}
	who, err := s.Documents.Contact(ctx, invoice)
	if err != nil || who.Name != "Ada Lovelace" || invoice.Seller.Name != "Keel & Sons" {
		t.Errorf("for %+v, %v from %+v", who, err, invoice.Seller)
	}

	// A packet of tea and the shipping are paid back, then one for goodwill.
	s.grant(orders.GrantRefund{Order: o.ID, Lines: []orders.RefundLine{{Line: 2, Quantity: 1}}, Shipping: euro(495)})
	credit := s.issue(o.ID, 2)[1]
	want := []pricing.TaxSum{{Name: "MwSt.", Rate: money.Percent(7), Base: 840, Amount: 59}, {Name: "MwSt.", Rate: money.Percent(19), Base: 416, Amount: 79}}
	if credit.Number != "CN-2026-000001" || credit.Of != invoice.ID || credit.Gross != euro(899+495) || !slices.Equal(credit.Taxes, want) {
		t.Errorf("got %+v, want taxes %+v", credit, want)
	}
	s.grant(orders.GrantRefund{Order: o.ID, Other: euro(100)})
	if credit = s.issue(o.ID, 3)[2]; credit.Gross != euro(100) || !credit.Tax.IsZero() {
		t.Errorf("got %+v", credit)
	}
	if found, err := s.Documents.ByNumber(ctx, "CN-2026-000002"); err != nil || found.ID != credit.ID {
		t.Errorf("found %s, %v", found.ID, err)
	}
	_, err = s.Documents.ByNumber(ctx, "INV-2026-000009")
	wants(t, err, fault.NotFound)

	moments, err := s.Timeline(ctx, o.ID)
	if err != nil || !slices.ContainsFunc(moments, func(m orders.Moment) bool { return m.Kind == "document.invoice" && m.Text == invoice.Number }) ||
		!slices.ContainsFunc(moments, func(m orders.Moment) bool { return m.Kind == "payment.captured" && m.Amount == o.Total }) {
		t.Errorf("the timeline is %+v, %v", moments, err)
	}
}

// TestAnInvoiceOfWhatIsLeft: what was canceled and paid back before is not
// invoiced.
func TestAnInvoiceOfWhatIsLeft(t *testing.T) {
	s := newShop(t)
	o := s.buys(checkout.Complete{AuthorizeOnly: true})
	_, err := s.Orders.CancelLines(t.Context(), orders.CancelLines{Order: o.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}, {Line: 2, Quantity: 2}}, Reason: "sold out"})
	s.must(err)
	invoice := s.issue(o.ID, 1)[0]
	want := []pricing.TaxSum{{Name: "MwSt.", Rate: money.Percent(19), Base: 2100 + 416, Amount: 400 + 79}}
	if invoice.Gross != euro(2500+495) || len(invoice.Lines) != 2 || invoice.Lines[0].Quantity != 2 || !slices.Equal(invoice.Taxes, want) {
		t.Errorf("got %+v, want taxes %+v", invoice, want)
	}
}

func TestACanceledOrderIsCreditedInFull(t *testing.T) {
	s := newShop(t)
	o := s.buys(checkout.Complete{})
	s.issue(o.ID, 1)
	s.grant(orders.GrantRefund{Order: o.ID, Other: euro(300)})
	s.issue(o.ID, 2)
	_, err := s.Orders.Cancel(t.Context(), orders.Cancel{Order: o.ID, Reason: "by the shopper"})
	s.must(err)
	all := s.issue(o.ID, 3)
	tax := int64(0)
	for _, sum := range all[2].Taxes {
		tax += sum.Amount
	}
	if got := all[2]; got.Gross.Minor() != o.Total.Minor()-300 || got.Tax != o.Tax || tax != o.Tax.Minor() || got.Reason != "by the shopper" {
		t.Errorf("got %+v", got)
	}
	never := s.buys(checkout.Complete{})
	_, err = s.Orders.Cancel(t.Context(), orders.Cancel{Order: never.ID, Reason: "x"})
	s.must(err)
	s.issue(never.ID, 0)
}

func TestDocumentsFollowOrders(t *testing.T) {
	for _, when := range []documents.When{documents.OnPayment, documents.OnShip} {
		t.Run(string(when), func(t *testing.T) {
			s := newShop(t, commerce.WithShards(2))
			ctx := t.Context()
			settings, err := s.Documents.Settings(ctx)
			s.must(err)
			settings.Invoice = when
			_, err = s.Documents.PutSettings(ctx, documents.PutSettings{Settings: settings, Version: settings.Version})
			s.must(err)
			_, err = s.Documents.PutSettings(ctx, documents.PutSettings{Settings: settings, Version: 1})
			wants(t, err, fault.Conflict)
			paid, later := s.buys(checkout.Complete{}), s.buys(checkout.Complete{AuthorizeOnly: true})
			count := func(o orders.ID, want int) {
				t.Helper()
				s.must(s.Documents.Follow(ctx))
				if all, err := s.Documents.ByOrder(ctx, o); err != nil || len(all) != want {
					t.Errorf("%d documents, %v; want %d", len(all), err, want)
				}
			}
			before := 0
			if when == documents.OnPayment {
				before = 1
			}
			count(paid.ID, before)
			count(later.ID, 0)
			_, err = s.Orders.Ship(ctx, orders.Ship{Order: paid.ID})
			s.must(err)
			count(paid.ID, 1)
			_, err = s.Orders.Return(ctx, orders.Return{Order: paid.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "x"})
			s.must(err)
			count(paid.ID, 2)
		})
	}
}

// TestAnOrderThatIsSoonRefunded is invoiced on payment though a part of it has
// gone back before anybody looked, and not if all of it has.
func TestAnOrderThatIsSoonRefunded(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	settings, err := s.Documents.Settings(ctx)
	s.must(err)
	settings.Invoice = documents.OnPayment
	_, err = s.Documents.PutSettings(ctx, documents.PutSettings{Settings: settings})
	s.must(err)
	part, all := s.buys(checkout.Complete{}), s.buys(checkout.Complete{})
	for o, amount := range map[orders.ID]money.Amount{part.ID: euro(300), all.ID: all.Total} {
		_, err := s.Payments.Refund(ctx, payments.Refund{Order: o, Amount: amount, Reason: "late"})
		s.must(err)
	}
	s.must(s.Documents.Follow(ctx))
	if got, err := s.Documents.ByOrder(ctx, part.ID); err != nil || len(got) != 1 || got[0].Gross.Minor() != part.Total.Minor()-300 {
		t.Errorf("after a part went back: %+v, %v", got, err)
	}
	if got, err := s.Documents.ByOrder(ctx, all.ID); err != nil || len(got) != 0 {
		t.Errorf("after all went back: %+v, %v", got, err)
	}
}

// TestSeriesBeginAnewEachYear: and their numbers follow the dates.
func TestSeriesBeginAnewEachYear(t *testing.T) {
	s := newShop(t)
	first := s.issue(s.buys(checkout.Complete{}).ID, 1)[0]
	s.clock.Advance(60 * 24 * time.Hour)
	second := s.issue(s.buys(checkout.Complete{}).ID, 1)[0]
	s.clock.Jump(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)) // a wrong clock
	third := s.issue(s.buys(checkout.Complete{}).ID, 1)[0]
	if first.Number != "INV-2026-000001" || second.Number != "INV-2027-000001" || third.Number != "INV-2027-000002" || third.IssuedAt.Before(second.IssuedAt) {
		t.Errorf("got %s, %s and %s", first.Number, second.Number, third.Number)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	s := newShop(t)
	for name, c := range map[string]documents.Settings{
		"no time":      {Invoice: "sometimes"},
		"small letter": {InvoicePrefix: "inv"},
		"long":         {CreditPrefix: "ABCDEFGHI"},
		"the same":     {InvoicePrefix: "CN"},
		"many rows":    {Seller: documents.Seller{Address: make([]string, 60)}},
		"long row":     {Seller: documents.Seller{Note: string(make([]byte, 501))}},
	} {
		if _, err := s.Documents.PutSettings(t.Context(), documents.PutSettings{Settings: c}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	pending := orders.ID("ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1")
	_, err := s.Documents.Issue(t.Context(), pending)
	wants(t, err, fault.NotFound)
	_, err = s.Documents.Get(t.Context(), "doc_01KAJ3W7Q8Z5D4F6G7H8J9K0M1")
	wants(t, err, fault.NotFound)
}

// TestACreditNoteOfShippingAndFees: each has the tax that is in what is paid back
// of it, whatever all of it cost.
func TestACreditNoteOfShippingAndFees(t *testing.T) {
	s := newShop(t)
	_, err := s.Pricing.PutFee(t.Context(), pricing.PutFee{Fee: pricing.Fee{
		ID: "small", Name: "Small order", Kind: pricing.SmallOrder, BelowSubtotal: []money.Amount{euro(10_000)}, Amounts: []money.Amount{euro(119)},
	}})
	s.must(err)
	o := s.buys(checkout.Complete{})
	s.issue(o.ID, 1)
	s.grant(orders.GrantRefund{Order: o.ID, Shipping: euro(198), Fees: euro(119)})
	credit := s.issue(o.ID, 2)[1]
	if len(credit.Lines) != 2 || credit.Tax != euro(19+31) {
		t.Fatalf("got %+v", credit)
	}
	for i, want := range []struct{ gross, tax int64 }{{119, 19}, {198, 31}} {
		if l := credit.Lines[i]; l.Gross != euro(want.gross) || l.Tax != euro(want.tax) || l.Net != euro(want.gross-want.tax) {
			t.Errorf("%s is %v with a tax of %v", l.Kind, l.Gross, l.Tax)
		}
	}
}
