package pricing

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Exemption says that a customer owes no tax in some areas, by a certificate.
// Prices stay as they are and no tax is added to them; where a store's prices
// contain their tax, a price list without it is for such customers. Nothing
// personal belongs here: it is not sealed.
type Exemption struct {
	Certificate string `cbor:"1,keyasint" json:"certificate"` // its number, unique for the customer
	Reason      string `cbor:"2,keyasint,omitempty" json:"reason,omitempty"`
	Areas       []Area `cbor:"3,keyasint" json:"areas"` // where; an area without a country is everywhere
	Period      Period `cbor:"4,keyasint,omitempty" json:"period,omitempty,omitzero"`
}

// MaxExemptions bounds the exemptions of one customer.
const MaxExemptions = 100

// Check returns fault.Invalid unless the exemption can be used.
func (e Exemption) Check() error {
	switch {
	case e.Certificate == "" || len(e.Certificate) > maxName:
		return fault.Wrong("certificate", "an exemption has the number of a certificate, of at most %d bytes", maxName)
	case len(e.Reason) > maxName:
		return fault.Wrong("reason", "the reason of an exemption is at most %d bytes", maxName)
	case len(e.Areas) == 0 || len(e.Areas) > MaxMethods:
		return fault.Wrong("areas", "an exemption holds in 1 to %d areas, not in %d", MaxMethods, len(e.Areas))
	case e.Period.empty():
		return fault.Wrong("period", "exemption %q ends before it begins", e.Certificate)
	}
	for i, a := range e.Areas {
		if err := a.check(); err != nil {
			return fault.InField(fault.Item("areas", i), fmt.Errorf("exemption %q: %w", e.Certificate, err))
		}
	}
	return nil
}

// Holds reports whether the exemption is good at an address and a moment.
func (e Exemption) Holds(to Address, at Moment) bool {
	if !e.Period.Holds(at) {
		return false
	}
	postcode := plainPostcode(to.Postcode)
	for _, a := range e.Areas {
		if a.fit(to, postcode) >= 0 {
			return true
		}
	}
	return false
}

// NeedsAddress reports whether more of an address in a country than the country
// decides where the exemption is good.
func (e Exemption) NeedsAddress(country string) bool {
	return slices.ContainsFunc(e.Areas, func(a Area) bool { return a.Country == country && a != Area{Country: country} })
}

// PutExemption makes an exemption or replaces the customer's with its
// certificate.
type PutExemption struct {
	Customer  accounts.CustomerID `cbor:"1,keyasint"`
	Exemption Exemption           `cbor:"2,keyasint"`
	// Withdraw takes it away; of the Exemption only the certificate matters.
	Withdraw bool `cbor:"3,keyasint,omitempty"`
	// Version is OnlyNew, OnlyThere, or 0 for any: exemptions have no versions.
	Version int64  `cbor:"4,keyasint,omitempty"`
	Key     string `cbor:"-"`
}

// Kind returns "pricing.put_exemption".
func (PutExemption) Kind() command.Kind { return "pricing.put_exemption" }

// Validate checks the form of the customer's ID and the exemption.
func (c PutExemption) Validate() error {
	if err := id.Check("cus", string(c.Customer)); err != nil {
		return err
	}
	if err := unversioned("an exemption", c.Version); err != nil || c.Withdraw {
		return err
	}
	return c.Exemption.Check()
}

func (c PutExemption) apply(tx *command.Tx) (struct{}, error) {
	none := struct{}{}
	if c.Withdraw {
		n, err := tx.Exec(`DELETE FROM tax_exemptions WHERE customer = ? AND certificate = ?`, c.Customer, c.Exemption.Certificate)
		if err == nil && n == 0 {
			err = &NotFoundError{Kind: KindExemption, ID: c.Exemption.Certificate}
		}
		return none, err
	}
	_, known, err := tx.Int64(`SELECT 1 FROM customers WHERE id = ?`, c.Customer)
	if err == nil && !known {
		err = &NotFoundError{Kind: "customer", ID: string(c.Customer)}
	}
	if err != nil {
		return none, err
	}
	_, there, err := tx.Int64(`SELECT 1 FROM tax_exemptions WHERE customer = ? AND certificate = ?`, c.Customer, c.Exemption.Certificate)
	switch {
	case err != nil:
		return none, err
	case c.Version == OnlyNew && there:
		return none, &ExistsError{Kind: KindExemption, ID: c.Exemption.Certificate}
	case c.Version == OnlyThere && !there:
		return none, &NotFoundError{Kind: KindExemption, ID: c.Exemption.Certificate}
	}
	n, _, err := tx.Int64(`SELECT count(*) FROM tax_exemptions WHERE customer = ? AND certificate <> ?`, c.Customer, c.Exemption.Certificate)
	if err != nil {
		return none, err
	}
	if n >= MaxExemptions {
		return none, &FullError{Kind: KindExemption, Max: MaxExemptions}
	}
	body, err := command.Marshal(c.Exemption)
	if err != nil {
		return none, err
	}
	_, err = tx.Exec(`INSERT INTO tax_exemptions (customer, certificate, slot, body, updated_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (customer, certificate) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at`,
		c.Customer, c.Exemption.Certificate, tx.Slot, body, tx.At)
	return none, err
}

// PutExemption runs the command. It returns a *NotFoundError if there is no
// such customer or, to withdraw, no such certificate, and a *FullError if the
// customer has as many as they may. With OnlyNew it returns an *ExistsError, with
// OnlyThere a *NotFoundError, if the exemption is what it should not be.
func (s *Service) PutExemption(ctx context.Context, c PutExemption) error {
	slot, err := c.Customer.Slot()
	if err != nil {
		return err
	}
	_, err = command.Do[struct{}](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot})
	return err
}

// Exemptions returns a customer's exemptions by their certificates.
func (s *Service) Exemptions(ctx context.Context, customer accounts.CustomerID) (out []Exemption, err error) {
	slot, err := customer.Slot()
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		out, err = ExemptionsTx(tx, customer)
		return err
	})
	return out, err
}

// ExemptionsTx is Exemptions in a transaction on the customer's slot.
func ExemptionsTx(tx *sqlite.Tx, customer accounts.CustomerID) ([]Exemption, error) {
	rows := tx.Query(`SELECT body FROM tax_exemptions WHERE customer = ? ORDER BY certificate`, customer)
	var out []Exemption
	for rows.Next() {
		if err := appendRule(&out, rows.Blob(0)); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
	}
	return out, rows.Close()
}
