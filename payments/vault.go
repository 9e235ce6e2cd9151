package payments

import "context"

// Vault is a Provider that keeps means of payment, so that a customer need not
// enter them again. The store keeps the provider's names for them, never a card.
type Vault interface {
	Provider
	// SaveMethod keeps what a token stands for. Asking again with the same key
	// does nothing new and tells the same.
	SaveMethod(ctx context.Context, r SaveRequest) (Saved, error)
	// ForgetMethod drops a method. One that is not kept is no error.
	ForgetMethod(ctx context.Context, r ForgetRequest) error
}

// SaveRequest asks a Vault to keep a means of payment.
type SaveRequest struct {
	Key      string // the method's ID
	Owner    string // the customer's ID in the store, for the provider's own records
	Customer string // what the provider calls the customer; "" if it does not know them yet
	Token    string // as in a PayRequest
}

// ForgetRequest asks a Vault to drop a means of payment.
type ForgetRequest struct {
	Key      string
	Customer string
	Method   string
}

// Saved is a Vault's answer. It is sealed before it is logged.
type Saved struct {
	// Customer and Method are what the provider calls them. Method takes the
	// place of a token in a PayRequest that names Customer.
	Customer, Method string
	// What people know a card by; "" and 0 for other means of payment.
	Brand, Last4              string
	ExpiresMonth, ExpiresYear int
	// Decline is set if it cannot be kept, and the rest is not then.
	Decline DeclineCode
}

// check refuses an answer that cannot be recorded.
func (s Saved) check() error {
	switch {
	case s.Decline == "" && s.Method == "":
		return errNoName
	case len(s.Customer) > maxProviderID || len(s.Method) > maxProviderID || len(s.Brand) > maxProviderID || len(s.Last4) > 4:
		return errLongName
	}
	for _, text := range []string{s.Customer, s.Method, s.Brand} {
		if err := RefusePAN(text); err != nil {
			return err
		}
	}
	return nil
}
