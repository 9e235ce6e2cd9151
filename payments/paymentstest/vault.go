package paymentstest

import "github.com/keelshop/commerce/payments"

// keptMethod: a means of payment that is kept pays for its customer, as often as
// they like, and for nobody else; once forgotten it pays for nobody.
func (s *suite) keptMethod() {
	vault := s.h.Provider.(payments.Vault)
	save := payments.SaveRequest{Key: "pmt_01KAJ3W7Q8Z5D4F6G7H8J9K0M3", Owner: "cus_01KAJ3W7Q8Z5D4F6G7H8J9K0M4", Token: s.h.Approve}
	said, err := vault.SaveMethod(s.ctx, save)
	if err != nil || said.Decline != "" || said.Method == "" || said.Customer == "" {
		s.Fatalf("keeping gives %+v, %v", said, err)
	}
	if again, err := vault.SaveMethod(s.ctx, save); err != nil || again != said {
		s.Errorf("asked again it gives %+v, %v; first %+v", again, err, said)
	}
	if s.h.Decline != "" {
		no := payments.SaveRequest{Key: "pmt_01KAJ3W7Q8Z5D4F6G7H8J9K0M5", Owner: "cus_01KAJ3W7Q8Z5D4F6G7H8J9K0M6", Token: s.h.Decline}
		if got, err := vault.SaveMethod(s.ctx, no); err != nil || got.Decline == "" || got.Method != "" {
			s.Errorf("keeping what is declined gives %+v, %v", got, err)
		}
	}
	pay := func(n, customer string) payments.Outcome {
		r := s.request(said.Method, true)
		r.Key, r.Customer = key+n, customer
		o, err := s.ask(s.ctx, r)
		if err != nil {
			s.Fatalf("paying with a kept method: %v", err)
		}
		return o
	}
	for _, n := range []string{"a", "b"} {
		if o := pay(n, said.Customer); o.State != payments.Captured {
			s.Errorf("a kept method gives %+v", o)
		}
	}
	if o := pay("c", ""); o.State != payments.Declined {
		s.Errorf("without its customer it gives %+v", o)
	}
	for range 2 {
		if err := vault.ForgetMethod(s.ctx, payments.ForgetRequest{Key: save.Key + "/forget", Customer: said.Customer, Method: said.Method}); err != nil {
			s.Errorf("forgetting: %v", err)
		}
	}
	if o := pay("d", said.Customer); o.State != payments.Declined {
		s.Errorf("a forgotten method gives %+v", o)
	}
}
