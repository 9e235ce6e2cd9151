package stripeserver

import (
	"fmt"
	"net/http"

	"github.com/keelshop/commerce/payments"
)

func (s *Server) createCustomer(r *http.Request) (any, error) {
	meta := map[string]string{}
	if err := putMetadata(r.PostForm, meta); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.customers++
	return object{"id": fmt.Sprintf("cus_sim%06d", s.customers), "object": "customer", "livemode": false, "metadata": meta}, nil
}

// createSetup keeps a means of payment at once, as a SetupIntent that is
// confirmed when it is made.
func (s *Server) createSetup(r *http.Request) (any, error) {
	meta := map[string]string{}
	if err := putMetadata(r.PostForm, meta); err != nil {
		return nil, err
	}
	customer, token := r.PostForm.Get("customer"), r.PostForm.Get("payment_method")
	switch {
	case customer == "":
		return nil, invalid("customer", "Only SetupIntents of a customer are kept here.")
	case r.PostForm.Get("confirm") != "true" || token == "":
		return nil, invalid("confirm", "SetupIntents are confirmed when they are made here, with a payment_method.")
	}
	s.mu.Lock()
	s.setups++
	id := fmt.Sprintf("seti_sim%06d", s.setups)
	s.mu.Unlock()
	said, err := s.bank.SaveMethod(r.Context(), payments.SaveRequest{Key: id, Customer: customer, Token: token})
	if err != nil {
		return nil, err
	}
	out := object{"id": id, "object": "setup_intent", "livemode": false, "customer": customer, "metadata": meta}
	switch said.Decline {
	case "":
	case payments.DeclineAuthentication:
		out["status"], out["payment_method"] = "requires_action", token
		return out, nil
	default:
		return nil, cardError(payments.Outcome{State: payments.Declined, Decline: said.Decline, Raw: string(said.Decline)})
	}
	out["status"] = "succeeded"
	out["payment_method"] = object{
		"id": said.Method, "object": "payment_method", "type": "card", "customer": customer,
		"card": object{"brand": said.Brand, "last4": said.Last4, "exp_month": said.ExpiresMonth, "exp_year": said.ExpiresYear},
	}
	return out, nil
}

func (s *Server) detachMethod(r *http.Request) (any, error) {
	id := r.PathValue("id")
	if err := s.bank.ForgetMethod(r.Context(), payments.ForgetRequest{Key: id, Method: id}); err != nil {
		return nil, err
	}
	return object{"id": id, "object": "payment_method", "type": "card", "customer": nil}, nil
}
