package simulator

import (
	"context"
	"strings"

	"github.com/keelshop/commerce/payments"
)

// kept is a means of payment that a customer keeps.
type kept struct{ token, customer string }

// SaveMethod keeps what a token stands for, under a name that depends on the
// key. A card that cannot be charged without its owner, or is declined, is not
// kept.
func (s *Simulator) SaveMethod(ctx context.Context, r payments.SaveRequest) (payments.Saved, error) {
	var said payments.Saved
	_, err := s.through(ctx, Call{Of: "method", Key: r.Key}, func() (payments.Outcome, error) {
		c := cardOf(r.Token)
		if c.challenge && c.decline == "" {
			c.decline = payments.DeclineAuthentication
		}
		if c.decline != "" {
			said.Decline = c.decline
			return payments.Outcome{}, nil
		}
		said = payments.Saved{Customer: r.Customer, Method: s.idOf("method", r.Key), Brand: brandOf(r.Token), Last4: "4242", ExpiresMonth: 12, ExpiresYear: 2034}
		if said.Customer == "" {
			said.Customer = s.idOf("customer", r.Owner)
		}
		s.keptMu.Lock()
		defer s.keptMu.Unlock()
		s.kept[said.Method] = kept{token: r.Token, customer: said.Customer}
		return payments.Outcome{}, nil
	})
	return said, err
}

// ForgetMethod drops a method: what is asked with it is declined from then on.
func (s *Simulator) ForgetMethod(ctx context.Context, r payments.ForgetRequest) error {
	_, err := s.through(ctx, Call{Of: "forget", Key: r.Key}, func() (payments.Outcome, error) {
		s.keptMu.Lock()
		defer s.keptMu.Unlock()
		delete(s.kept, r.Method)
		return payments.Outcome{}, nil
	})
	return err
}

// Kept returns how many means of payment are kept.
func (s *Simulator) Kept() int {
	s.keptMu.Lock()
	defer s.keptMu.Unlock()
	return len(s.kept)
}

// cardOf returns what stands behind a token, or a kept method of a customer's.
func (s *Simulator) cardOf(token, customer string) card {
	s.keptMu.Lock()
	defer s.keptMu.Unlock()
	if k, ok := s.kept[token]; ok {
		if k.customer != customer {
			return declined(payments.DeclineUnsupported, "unknown_token")
		}
		token = k.token
	}
	return cardOf(token)
}

func brandOf(token string) string {
	for _, brand := range []string{"visa", "mastercard", "amex", "discover", "diners", "jcb", "unionpay"} {
		if strings.Contains(token, brand) {
			return brand
		}
	}
	return ""
}
