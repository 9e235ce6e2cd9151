package paymentstest

import (
	"fmt"
	"sync"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// atOnce is how many ask at the same time.
const atOnce = 16

// together does something many times at the same time.
func together(do func(i int)) {
	var wg sync.WaitGroup
	for i := range atOnce {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
}

// sameKeyForAnother: the key of a payment is no other payment's, of another
// amount, in another currency or for another order. Whoever asks so is not told
// that it was paid, and nothing more is.
func (s *suite) sameKeyForAnother() {
	first := s.pay(true)
	for name, change := range map[string]func(*payments.PayRequest){
		"amount":   func(r *payments.PayRequest) { r.Amount = s.amount(price + 1) },
		"currency": func(r *payments.PayRequest) { r.Amount = money.New(price, another(s.h.Currency)) },
		"order":    func(r *payments.PayRequest) { r.Order = order[:len(order)-1] + "9" },
		"capture":  func(r *payments.PayRequest) { r.AutoCapture = false },
	} {
		r := s.request(s.h.Approve, true)
		change(&r)
		if o, err := s.ask(s.ctx, r); err == nil && o.State.Paid() {
			s.Errorf("the same key with another %s is %+v", name, o)
		}
	}
	s.must(s.lookUp(first))(payments.Captured, price)
	s.must(s.refundOf(first, key+"/1", price))(payments.Refunded, price)
	s.must(s.refundOf(first, key+"/2", 1))(payments.Declined, 0)
}

func another(c money.Currency) money.Currency {
	if c == "USD" {
		return "EUR"
	}
	return "USD"
}

// captureAtOnce: one capture that many ask for is one.
func (s *suite) captureAtOnce() {
	paid := s.pay(false)
	together(func(int) {
		if o, err := s.captureOf(paid, key+"/1", 500, 500); err != nil || o.State != payments.Captured || o.Amount != s.amount(500) {
			s.Errorf("one capture, asked for at once, gives %+v, %v", o, err)
		}
	})
	s.needBooks()
	s.must(s.lookUp(paid))(payments.Captured, 500)
	s.must(s.refundOf(paid, key+"/2", 501))(payments.Declined, 0)
	s.must(s.refundOf(paid, key+"/3", 500))(payments.Refunded, 500)
}

// capturesAtOnce: captures together take no more than was authorized.
func (s *suite) capturesAtOnce() {
	paid := s.pay(false)
	var done sync.Map
	together(func(i int) {
		o, err := s.captureOf(paid, fmt.Sprint(key, "/", i+1), 100, 100) // they do not know of each other
		if err != nil || o.State != payments.Captured && o.State != payments.Declined {
			s.Errorf("a capture gives %+v, %v", o, err)
		}
		if o.State == payments.Captured {
			done.Store(i, nil)
		}
	})
	n := int64(0)
	done.Range(func(any, any) bool { n++; return true })
	if n != price/100 {
		s.Errorf("%d of %d captures of 100 were made of %d", n, atOnce, price)
	}
	s.must(s.lookUp(paid))(payments.Captured, n*100)
}

// refundAtOnce: one refund that many ask for is one.
func (s *suite) refundAtOnce() {
	paid := s.pay(true)
	var ids sync.Map
	together(func(int) {
		o, err := s.refundOf(paid, key+"/1", 500)
		if err != nil || o.State != payments.Refunded || o.Amount != s.amount(500) {
			s.Errorf("one refund, asked for at once, gives %+v, %v", o, err)
		}
		ids.Store(o.ProviderID, nil)
	})
	n := 0
	ids.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		s.Errorf("one refund has %d names", n)
	}
	s.needBooks()
	s.must(s.refundOf(paid, key+"/2", 751))(payments.Declined, 0)
	s.must(s.refundOf(paid, key+"/3", 750))(payments.Refunded, 750)
}

// refundsAtOnce: refunds together give back no more than was taken.
func (s *suite) refundsAtOnce() {
	paid := s.pay(true)
	var done sync.Map
	together(func(i int) {
		o, err := s.refundOf(paid, fmt.Sprint(key, "/", i+1), 100)
		if err != nil || o.State != payments.Refunded && o.State != payments.Declined {
			s.Errorf("a refund gives %+v, %v", o, err)
		}
		if o.State == payments.Refunded {
			done.Store(i, nil)
		}
	})
	n := 0
	done.Range(func(any, any) bool { n++; return true })
	if n != price/100 {
		s.Errorf("%d of %d refunds of 100 were made of %d", n, atOnce, price)
	}
	s.must(s.refundOf(paid, key+"/last", price%100))(payments.Refunded, price%100)
	s.must(s.refundOf(paid, key+"/more", 1))(payments.Declined, 0)
}
