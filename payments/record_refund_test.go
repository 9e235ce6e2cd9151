package payments_test

import (
	"errors"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// TestRecordRefund: a refund that the bank refuses for ever is settled by hand,
// once, and the bank is not asked again.
func TestRecordRefund(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_refundFail", true)
	_, err := s.pay.Refund(s.ctx, payments.Refund{Order: it.order, Amount: eur(300), Reason: "late"})
	s.must(err)
	if ops := s.operations(it); len(ops) != 1 || ops[0].State != payments.OpFailed {
		t.Fatalf("the operations are %+v", ops)
	}
	for name, c := range map[string]struct {
		command payments.RecordRefund
		code    fault.Code
	}{
		"no reference":  {payments.RecordRefund{Attempt: it.pay}, fault.Invalid},
		"a card number": {payments.RecordRefund{Attempt: it.pay, Reference: "4242 4242 4242 4242"}, fault.Invalid},
		"too much":      {payments.RecordRefund{Attempt: it.pay, Reference: "x", Amount: eur(301)}, fault.Refused},
		"not there":     {payments.RecordRefund{Attempt: "pay_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", Reference: "x"}, fault.NotFound},
	} {
		if _, err := s.pay.RecordRefund(s.ctx, c.command); fault.CodeOf(err) != c.code {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for range 2 {
		op, err := s.pay.RecordRefund(s.ctx, payments.RecordRefund{Attempt: it.pay, Reference: "SEPA 17", Reason: "card closed", Key: "k"})
		if err != nil || op.State != payments.OpSucceeded || op.Amount != eur(300) || op.ProviderID != "SEPA 17" {
			t.Fatalf("got %+v, %v", op, err)
		}
	}
	s.must(s.settle())
	s.quiet()
	if o := s.order(it); o.Refunded != eur(300) || o.PaymentStatus != orders.PartiallyRefunded {
		t.Errorf("the order is %s, refunded %v", o.PaymentStatus, o.Refunded)
	}
	if c, _ := s.bank.Charge(string(it.pay)); !c.Refunded.IsZero() {
		t.Errorf("the bank gave back %v", c.Refunded)
	}
	books := s.books(it)
	if books[payments.ByHand] != -300 || books[payments.Receivable] != 0 {
		t.Errorf("the books are %v", books)
	}
	_, err = s.pay.RecordRefund(s.ctx, payments.RecordRefund{Attempt: it.pay, Reference: "again"})
	if e, ok := errors.AsType[*payments.AmountError](err); !ok || e.Have != eur(0) {
		t.Errorf("nothing is owed any more: %v", err)
	}
}
