package stripeserver

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// refund is a Refund. Its money is in the bank's books, under its ID.
type refund struct {
	n        int
	id       string
	intent   *intent
	amount   money.Amount
	metadata map[string]string
	state    payments.State
	raw      string
}

func (s *Server) createRefund(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.intents[r.PostForm.Get("payment_intent")]
	if i == nil {
		return nil, missing("payment_intent", r.PostForm.Get("payment_intent"))
	}
	c, _ := s.bank.Charge(i.key())
	if !c.Captured.IsPositive() {
		return nil, invalid("payment_intent", "This PaymentIntent does not have a successful charge to refund.")
	}
	left := c.Captured.Minor() - c.Refunded.Minor()
	minor := left
	if text := r.PostForm.Get("amount"); text != "" {
		var err error
		if minor, err = strconv.ParseInt(text, 10, 64); err != nil || minor <= 0 {
			return nil, invalid("amount", "Invalid integer: "+text)
		}
	}
	meta := map[string]string{}
	if err := putMetadata(r.PostForm, meta); err != nil {
		return nil, err
	}
	s.asked++
	f := &refund{
		n: s.asked, id: fmt.Sprintf("re_sim%06d", s.asked), intent: i,
		amount: money.New(minor, i.amount.Currency()), metadata: meta,
	}
	o, err := s.bank.Refund(r.Context(), payments.RefundRequest{Key: f.id, PaymentKey: i.key(), Amount: f.amount})
	if err != nil {
		return nil, err
	}
	if o.State == payments.Declined && o.Decline == payments.DeclineState {
		return nil, &problem{Status: 400, Type: "invalid_request_error", Code: "charge_already_refunded", Message: "The refund is more than what is left of the charge."}
	}
	f.state, f.raw = o.State, o.Raw
	s.refunds[f.id] = f
	s.tellRefund(f)
	return f.show(), nil
}

func (s *Server) retrieveRefund(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.refunds[r.PathValue("id")]
	if f == nil {
		return nil, missing("refund", r.PathValue("id"))
	}
	return f.show(), nil
}

func (s *Server) listRefunds(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*refund
	for _, f := range s.refunds {
		if of := r.Form.Get("payment_intent"); of == "" || of == f.intent.id {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b *refund) int { return b.n - a.n }) // the newest first
	if after := r.Form.Get("starting_after"); after != "" {
		if at := slices.IndexFunc(all, func(f *refund) bool { return f.id == after }); at >= 0 {
			all = all[at+1:]
		}
	}
	limit, err := strconv.Atoi(r.Form.Get("limit"))
	if err != nil || limit < 1 || limit > 100 {
		limit = 10
	}
	more := len(all) > limit
	data := []object{}
	for _, f := range all[:min(len(all), limit)] {
		data = append(data, f.show())
	}
	return object{"object": "list", "url": "/v1/refunds", "has_more": more, "data": data}, nil
}

// DecideRefund ends a pending refund.
func (s *Server) DecideRefund(id string, ok bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.refunds[id]
	if f == nil {
		return missing("refund", id)
	}
	if err := s.bank.DecideRefund(f.intent.key(), id, ok); err != nil {
		return err
	}
	f.state = payments.Refunded
	if !ok {
		f.state, f.raw = payments.Declined, "declined"
	}
	s.tellRefund(f)
	return nil
}

func (f *refund) show() object {
	status := "succeeded"
	switch f.state {
	case payments.Pending:
		status = "pending"
	case payments.Declined:
		status = "failed"
	}
	out := object{
		"id": f.id, "object": "refund", "created": 1700000000, "payment_intent": f.intent.id, "charge": "ch_" + f.intent.id,
		"amount": f.amount.Minor(), "currency": strings.ToLower(string(f.amount.Currency())), "status": status, "metadata": f.metadata,
	}
	if status == "failed" {
		out["failure_reason"] = f.raw
	}
	return out
}
