package cart

import (
	"context"
	"errors"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/pricing"
)

// snapshot is all that a cart's price depends on and its shard knows, read at
// one moment.
type snapshot struct {
	cart      Cart
	codes     []string
	sealed    seal.Sealed // the contact, if more than its country matters
	lacks     []string    // what the address lacks, if the store asks
	owner     string      // the subject whose key opens it; "" if it does not matter
	groups    []string
	exempt    []pricing.Exemption
	hasBought bool
	uses      pricing.Uses // what the customer has used of limits; nil if it does not matter
	frozen    *frozenPrice // of a hard freeze
}

// snapshot reads the cart that find names.
func (s *Service) snapshot(ctx context.Context, slot id.Slot, rules *pricing.Rules, asks pricing.Asked, find func(*sqlite.Tx) (ID, error)) (snapshot, error) {
	var out snapshot
	err := s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		cart, err := find(tx)
		if err != nil {
			return err
		}
		return out.read(tx, cart, rules, asks)
	})
	return out, err
}

func (out *snapshot) read(tx *sqlite.Tx, cart ID, rules *pricing.Rules, asks pricing.Asked) (err error) {
	stored, err := GetTx(tx, cart)
	if err != nil {
		return err
	}
	out.cart = stored.Cart
	if out.cart.Lines, err = LinesTx(tx, cart, out.cart.Currency); err != nil {
		return err
	}
	if out.cart.Frozen == frozenHard {
		if out.frozen, err = frozenPriceTx(tx, cart); err != nil {
			return err
		}
	}
	if asks.Codes {
		if out.codes, err = codesTx(tx, cart); err != nil {
			return err
		}
	}
	needsContact := rules.Settings.FullAddresses || rules.NeedsAddress(out.cart.ShippingCountry)
	if out.cart.Customer != "" {
		if out.exempt, err = pricing.ExemptionsTx(tx, out.cart.Customer); err != nil {
			return err
		}
		for _, e := range out.exempt {
			needsContact = needsContact || e.NeedsAddress(out.cart.ShippingCountry)
		}
	}
	if needsContact {
		out.sealed, out.owner = stored.Contact, stored.ContactSubject
	}
	if out.cart.Customer == "" {
		return nil
	}
	if asks.Groups {
		if out.groups, err = accounts.GroupsTx(tx, out.cart.Customer); err != nil {
			return err
		}
	}
	// What a cart is being bought with counts as used: it is not held against it.
	if out.cart.Status == Active && (asks.PerCustomer || len(out.codes) > 0) {
		if out.uses, err = pricing.UsesTx(tx, string(out.cart.Customer)); err != nil {
			return err
		}
	}
	if asks.FirstOrder {
		out.hasBought, err = HasBoughtTx(tx, out.cart.Customer, cart)
	}
	return err
}

// HasBoughtTx reports whether a customer has bought another cart than this one,
// or is buying it right now.
func HasBoughtTx(tx *sqlite.Tx, customer accounts.CustomerID, but ID) (bool, error) {
	_, found, err := tx.Int64(`SELECT 1 FROM carts WHERE customer = ? AND customer <> '' AND (status = 'completed' OR status = 'locking') AND id <> ? LIMIT 1`, customer, but)
	return found, err
}

// input returns what is to be priced, without its lines.
func (s *Service) input(ctx context.Context, slot id.Slot, rules *pricing.Rules, from *snapshot) (pricing.Input, error) {
	c := &from.cart
	in := pricing.Input{
		Currency: c.Currency, At: pricing.At(s.engine.Now()), Method: c.ShippingMethod,
		Channel: c.Channel, Address: pricing.Address{Country: c.ShippingCountry},
		LoggedIn: c.Customer != "", HasBought: from.hasBought, Groups: from.groups,
		Spent: s.pricing.SpentPromotions(rules, c.Currency, from.uses),
	}
	if c.Payment != "" {
		in.Payments = []string{c.Payment}
	}
	if from.owner != "" {
		contact, err := OpenContact(ctx, s.engine, s.sealer, slot, from.owner, from.sealed)
		if err != nil {
			return in, err
		}
		if rules.Settings.FullAddresses {
			from.lacks = append(contact.ShippingAddress.Missing(), contact.ShippingAddress.Malformed()...)
		}
		in.Address.Region, in.Address.Postcode = contact.ShippingAddress.Region.Reveal(), contact.ShippingAddress.Postcode.Reveal()
	}
	taxed := in.Address
	if taxed.Country == "" {
		taxed = rules.Settings.Home // as the rules tax it
	}
	for _, e := range from.exempt {
		if e.Holds(taxed, in.At) {
			in.TaxExempt = e.Certificate
			break
		}
	}
	for _, code := range from.codes {
		coupon, err := s.pricing.Coupon(ctx, code)
		if _, gone := errors.AsType[*pricing.UnknownCodeError](err); gone {
			coupon = pricing.Coupon{Code: code, Revoked: true}
		} else if err != nil {
			return in, err
		}
		coupon.Spent = s.pricing.SpentCoupon(coupon, c.Currency, from.uses)
		in.Coupons = append(in.Coupons, coupon)
	}
	return in, nil
}

// isGone reports whether err says that something is not there any more.
func isGone(err error) bool { return fault.CodeOf(err) == fault.NotFound }
