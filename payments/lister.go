package payments

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/keelshop/commerce/money"
)

// Lister is a Provider that can tell of all that it was asked for, so that its
// books and the store's can be compared from both sides.
type Lister interface {
	Provider
	// List yields the payments that were made since a time, in any order, with
	// what has become of them so far.
	List(ctx context.Context, since time.Time) iter.Seq2[Listed, error]
}

// Listed is a payment in a provider's books.
type Listed struct {
	Key        string // the attempt's ID; "" if the provider was told none
	ProviderID string
	// Store is the mark that it was asked with; "" if the provider keeps none, or
	// the payment is another program's. Without it nothing is ever given back.
	Store string
	State State
	// Captured is what was taken in all, Refunded what of it went back.
	Captured, Refunded money.Amount
	Held               money.Amount // authorized and neither captured nor let go
	CreatedAt          time.Time    // zero if the provider does not say
}

// Listers returns the names of the providers that are Listers, sorted.
func (s *Service) Listers() (names []string) {
	for name := range s.listers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
