package payments_test

import (
	"testing"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/payments"
)

// TestWhatWasDoneIsNeverCalledUndone: a command was carried out and the
// operation cannot be read. The key of the error gives the operation, and the
// money moves once.
func TestWhatWasDoneIsNeverCalledUndone(t *testing.T) {
	for _, test := range []struct {
		kind    command.Kind
		capture bool // the sale comes captured
		ask     func(s *payments.Service, it sale, key string) (payments.Operation, error)
	}{
		{"payments.capture", false, func(s *payments.Service, it sale, key string) (payments.Operation, error) {
			return s.Capture(t.Context(), payments.Capture{Attempt: it.pay, Amount: eur(500), Key: key})
		}},
		{"payments.refund", true, func(s *payments.Service, it sale, key string) (payments.Operation, error) {
			ops, err := s.Refund(t.Context(), payments.Refund{Order: it.order, Amount: eur(500), Key: key})
			if err != nil {
				return payments.Operation{}, err
			}
			return ops[len(ops)-1], nil
		}},
	} {
		t.Run(string(test.kind), func(t *testing.T) {
			s := newShop(t)
			it := s.sell("pm_card_visa", test.capture)
			blind := payments.NewService(&commandtest.Blind{Engine: s.engine, Kind: test.kind}, s.orders,
				map[string]payments.Provider{s.bank.Name(): s.bank}, nil)
			_, err := test.ask(blind, it, "")
			key := commandtest.KeyOf(t, err)
			for range 2 {
				op, err := test.ask(s.pay, it, key)
				if err != nil || op.State != payments.OpSucceeded || op.Amount != eur(500) {
					t.Errorf("asked again: got %+v, %v", op, err)
				}
			}
			if ops := s.operations(it); len(ops) != 1 {
				t.Errorf("the operations are %+v", ops)
			}
		})
	}
}
