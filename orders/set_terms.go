package orders

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/money"
)

// SetTerms replaces the terms on which orders may be placed unpaid. Orders keep
// those that they were placed on. Every store begins without any.
type SetTerms struct {
	Terms   []Terms `cbor:"1,keyasint"`
	Version int64   `cbor:"2,keyasint,omitempty"` // of all terms, see TermsAndVersion; 0 does not check
	Key     string  `cbor:"-"`
}

const (
	maxTerms     = 100
	maxTermsName = 40
	maxTermsDays = 365
	maxMembers   = 1000 // groups, and customers, of one of the terms
)

// Kind returns "orders.set_terms".
func (SetTerms) Kind() command.Kind { return "orders.set_terms" }

// Validate checks that the names are different and each of the terms is usable.
func (c SetTerms) Validate() error {
	if len(c.Terms) > maxTerms {
		return fault.Wrong("items", "a store cannot have %d payment terms, only %d", len(c.Terms), maxTerms)
	}
	for i, t := range c.Terms {
		if err := t.check(); err != nil {
			return fault.InField(fault.Item("items", i), err)
		}
		if slices.ContainsFunc(c.Terms[:i], func(other Terms) bool { return other.Name == t.Name }) {
			return fault.Wrong(fault.Item("items", i)+".name", "the payment terms %s are given twice", t.Name)
		}
	}
	return nil
}

func (t Terms) check() error {
	switch {
	case t.Name == "" || len(t.Name) > maxTermsName || strings.Trim(t.Name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "":
		return fault.Wrong("name", "the name %.40q of payment terms must be up to %d characters of a–z, 0–9, _ and -", t.Name, maxTermsName)
	case t.Days < 0 || t.Days > maxTermsDays:
		return fault.Wrong("days", "the payment terms %s give %d days, which must be 0 to %d", t.Name, t.Days, maxTermsDays)
	case len(t.Groups) > maxMembers || len(t.Customers) > maxMembers:
		return fault.Wrong("customers", "the payment terms %s name more than %d groups or customers: put the customers into a group", t.Name, maxMembers)
	case slices.Contains(t.Groups, ""):
		return fault.Wrong("groups", "the payment terms %s name a group without a name", t.Name)
	}
	for _, customer := range t.Customers {
		if err := id.Check("cus", string(customer)); err != nil {
			return fault.InField("customers", fault.Wrap(fault.Invalid, err, "customer of the payment terms %s", t.Name))
		}
	}
	for i, limit := range t.Limits {
		same := func(other money.Amount) bool { return other.Currency() == limit.Currency() }
		if !limit.IsPositive() || slices.ContainsFunc(t.Limits[:i], same) {
			return fault.Wrong("limits", "the payment terms %s must have one limit above nothing for a currency, not %v", t.Name, limit)
		}
	}
	return nil
}

func (c SetTerms) apply(tx *command.Tx) (struct{}, error) {
	_, have, err := termsTx(tx.Tx)
	if err != nil {
		return struct{}{}, err
	}
	if !command.Meets(c.Version, have) {
		return struct{}{}, &TermsVersionError{Have: have, Want: c.Version}
	}
	b, err := command.Marshal(c.Terms)
	if err != nil {
		return struct{}{}, err
	}
	_, err = tx.Exec(`INSERT INTO payment_terms (one, slot, version, terms) VALUES (1, ?, ?, ?)
		ON CONFLICT (one) DO UPDATE SET version = excluded.version, terms = excluded.terms`, tx.Slot, have+1, b)
	return struct{}{}, err
}

// TermsAtStart is the Version of a change for payment terms that were never set:
// theirs is 0.
const TermsAtStart = command.AtStart

// TermsVersionError says that the payment terms were changed since they were read.
// It counts as fault.Conflict.
type TermsVersionError struct{ Have, Want int64 }

func (e *TermsVersionError) Error() string {
	return fmt.Sprintf("the payment terms are at version %d, not %d: read them again and decide", e.Have, max(0, e.Want))
}

// Unwrap returns fault.Conflict.
func (e *TermsVersionError) Unwrap() error { return fault.Conflict }

// SetTerms runs the command and returns the terms that the store offers then, or a
// *TermsVersionError.
func (s *Service) SetTerms(ctx context.Context, c SetTerms) ([]Terms, error) {
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: id.StoreSlot}, func(ctx context.Context, _ struct{}) ([]Terms, error) {
		return s.Terms(ctx)
	})
}
