package payments

import (
	"context"

	"github.com/keelshop/commerce/money"
)

// Purse is a Provider whose means of payment hold a balance that is known
// before they pay: gift cards, store credit, points. What an order takes of
// them is worked out from it.
type Purse interface {
	Provider
	// Keep returns what may be written down in the place of a token that a
	// shopper has given: a name, and no secret. It asks nobody, and gives the same
	// name for the same token always. It returns fault.Invalid for what cannot be
	// a token.
	Keep(token string) (string, error)
	// Open tells how much can be paid now. It returns fault.NotFound if there is
	// no such purse, and fault.Refused if the customer cannot pay with it.
	Open(ctx context.Context, r OpenRequest) (Opened, error)
}

// OpenRequest names a purse.
type OpenRequest struct {
	Token    string // as Keep returned it
	Customer string // whose order is to be paid; "" is a guest
	Currency money.Currency
}

// Opened is what a purse holds.
type Opened struct {
	// Token is what PayRequest takes; "" is that of the OpenRequest.
	Token string
	// Left is how much it can pay now, in the currency of the OpenRequest.
	Left money.Amount
}

// Purse returns the provider of a name if it is a Purse.
func (s *Service) Purse(name string) (Purse, bool) {
	p, ok := s.purses[name]
	return p, ok
}
