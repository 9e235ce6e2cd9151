package stripeserver

import (
	"strings"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// object is a JSON object as Stripe writes it.
type object = map[string]any

// show returns an intent as Stripe writes it.
func (s *Server) show(i *intent) object {
	c, _ := s.bank.Charge(i.key())
	status := s.status(i)
	out := object{
		"id": i.id, "object": "payment_intent", "livemode": false, "created": i.created,
		"amount": i.amount.Minor(), "currency": lower(i.amount.Currency()), "status": status,
		"amount_received": c.Captured.Minor(), "amount_capturable": 0,
		"capture_method": "automatic", "confirmation_method": "automatic",
		"client_secret": secretOf(i.id), "metadata": i.metadata,
		"payment_method": nil, "next_action": nil, "last_payment_error": nil, "latest_charge": nil,
		"payment_method_types": []string{"card"},
	}
	if i.manual {
		out["capture_method"] = "manual"
	}
	if c.Authorized.IsPositive() {
		out["latest_charge"] = "ch_" + i.id
	}
	if i.method != "" && status != "requires_payment_method" {
		out["payment_method"] = i.method
	}
	switch o := s.outcome(i); {
	case status == "requires_capture":
		out["amount_capturable"] = open(c)
	case status == "requires_action" && vouchers[i.method] != nil:
		out["next_action"] = vouchers[i.method](i)
	case status == "requires_action":
		out["next_action"] = object{"type": "redirect_to_url", "redirect_to_url": object{"url": o.Next.URL, "return_url": nil}}
	case o.State == payments.Declined:
		out["last_payment_error"] = cardError(o)
		if vouchers[i.method] != nil {
			out["last_payment_error"] = &problem{Type: "invalid_request_error", Code: "payment_intent_payment_attempt_expired", Message: "The voucher expired before it was paid."}
		}
	}
	return out
}

// secretOf returns by what a browser may confirm a payment.
func secretOf(intent string) string { return intent + "_secret" }

func lower(c money.Currency) string { return strings.ToLower(string(c)) }
