package orders

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// Terms let some customers place orders unpaid, or paid in part.
type Terms struct {
	Name string `cbor:"1,keyasint"` // such as net_30
	// Days are how long after it was placed an order is to be paid; 0 is at
	// receipt.
	Days int `cbor:"2,keyasint,omitempty"`
	// Groups and Customers may use them; nobody else may.
	Groups    []string              `cbor:"3,keyasint,omitempty"`
	Customers []accounts.CustomerID `cbor:"4,keyasint,omitempty"`
	// Limits are the most that a customer may owe on any terms together, the new
	// order included, one for each currency. Other currencies are not limited.
	Limits []money.Amount `cbor:"5,keyasint,omitempty"`
}

// owing selects orders that are not paid for: see Order.Outstanding.
const owing = `total - (refund_granted - excess_granted) - (authorized - voided - refunded) > 0`

// grace is how long after PaymentDueAt an order is overdue: the day itself is to
// be over everywhere.
const grace = 24 * time.Hour

// TermsError says that an order cannot be placed on terms.
type TermsError struct {
	Terms  string
	Reason string // unknown, customer or limit
	Limit  money.Amount
	Owed   money.Amount // with the order; both are zero unless Reason is limit
}

func (e *TermsError) Error() string {
	switch e.Reason {
	case "unknown":
		return fmt.Sprintf("the store has no payment terms %.40q: choose one of those that it offers, or pay now", e.Terms)
	case "limit":
		return fmt.Sprintf("with this order %v would be owed, and the payment terms %s allow up to %v: pay what is open first, or this order now", e.Owed, e.Terms, e.Limit)
	}
	return fmt.Sprintf("the payment terms %s are not for this customer: pay now, or have the store name them in the terms", e.Terms)
}

// Unwrap returns fault.Refused.
func (e *TermsError) Unwrap() error { return fault.Refused }

// Terms returns the terms that the store offers.
func (s *Service) Terms(ctx context.Context) ([]Terms, error) {
	all, _, err := s.TermsAndVersion(ctx)
	return all, err
}

// TermsAndVersion returns the terms that the store offers and their version, which
// counts the changes of all of them; it is 0 until they are set for the first time.
func (s *Service) TermsAndVersion(ctx context.Context) (all []Terms, version int64, err error) {
	err = s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) (err error) {
		all, version, err = termsTx(tx)
		return err
	})
	return all, version, err
}

func termsTx(tx *sqlite.Tx) (all []Terms, version int64, err error) {
	rows := tx.One(`SELECT version, terms FROM payment_terms WHERE one = 1`)
	if rows.Next() {
		version = rows.Int64(0)
		if err := command.Unmarshal(rows.Blob(1), &all); err != nil {
			return nil, 0, fault.Wrap(fault.Broken, err, "reading the payment terms")
		}
	}
	return all, version, rows.Close()
}

// TermsNamed returns the terms of a name, or a *TermsError.
func (s *Service) TermsNamed(ctx context.Context, name string) (Terms, error) {
	all, err := s.Terms(ctx)
	if err != nil {
		return Terms{}, err
	}
	i := slices.IndexFunc(all, func(t Terms) bool { return t.Name == name })
	if i < 0 {
		return Terms{}, &TermsError{Terms: name, Reason: "unknown"}
	}
	return all[i], nil
}

// MayOwe refuses to leave an amount to terms with a *TermsError: to customers
// whom the terms do not name, and beyond what they may owe, with the orders that
// they are placing. It is called in apply, on the slot of the customer, where all
// their orders are.
func MayOwe(tx *command.Tx, t Terms, customer accounts.CustomerID, more money.Amount) error {
	if customer == "" {
		return &TermsError{Terms: t.Name, Reason: "customer"}
	}
	groups, err := accounts.GroupsTx(tx.Tx, customer)
	if err != nil {
		return err
	}
	named := func(group string) bool { return slices.Contains(t.Groups, group) }
	if !slices.Contains(t.Customers, customer) && !slices.ContainsFunc(groups, named) {
		return &TermsError{Terms: t.Name, Reason: "customer"}
	}
	for _, limit := range t.Limits {
		if limit.Currency() != more.Currency() {
			continue
		}
		owed, err := owedTx(tx.Tx, customer, limit.Currency())
		if err != nil {
			return err
		}
		if owed > limit.Minor()-more.Minor() {
			return &TermsError{Terms: t.Name, Reason: "limit", Limit: limit, Owed: money.New(owed+more.Minor(), limit.Currency())}
		}
	}
	return nil
}

// owedTx returns what a customer owes on terms, or will by an order whose gift
// cards are being asked for, in minor units.
func owedTx(tx *sqlite.Tx, customer accounts.CustomerID, c money.Currency) (int64, error) {
	owed, _, err := tx.Int64(`SELECT coalesce(sum(iif(status = 'pending', on_terms, total - (refund_granted - excess_granted) - (authorized - voided - refunded))), 0) FROM orders
		WHERE payment_due IS NOT NULL AND customer = ? AND currency = ? AND (status = 'pending' OR status = 'placed' AND `+owing+`)`, customer, c)
	return owed, err
}
