package cart

import (
	"context"
	"errors"
	"slices"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog"
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
	sealed    seal.Sealed // the contact
	lacks     []string    // what the address lacks, if the store asks
	owner     string      // the subject whose key opens it; "" if there is none
	groups    []string
	exempt    []pricing.Exemption
	hasBought bool
	uses      pricing.Uses // what the customer has used of limits; nil if it does not matter
	frozen    *frozenPrice // of a hard freeze

	deliveries []further // beside the first

	kept *kept // what the lines are of, if that is kept
}

// further is a delivery that is not the first, and what its address lacks.
type further struct {
	StoredDelivery
	lacks []string
}

// asksOf returns what a cart's price depends on, by the rules and price lists
// of now.
func asksOf(rules *pricing.Rules, lists *catalog.PriceLists) pricing.Asked {
	asks := rules.AsksFor()
	asks.Groups = asks.Groups || lists.AskForGroups()
	return asks
}

// snapshot reads a cart, of which by is the last change, if that is known.
func (s *Service) snapshot(ctx context.Context, slot id.Slot, cart ID, asks pricing.Asked, by *change) (*snapshot, error) {
	out := &snapshot{kept: s.keeper.take(cart)}
	err := s.engine.View(ctx, slot, func(tx *sqlite.Tx) error { return out.read(tx, cart, asks, by) })
	return out, err
}

// readLines reads the lines, or what has changed of those that are kept.
func (out *snapshot) readLines(tx *sqlite.Tx, stored *Stored, by *change) (err error) {
	follows := false
	if out.kept != nil && stored.Status == Active {
		if follows, err = out.kept.follow(tx, stored, by); err != nil {
			return err
		}
	}
	if !follows {
		lines, err := linesTx(tx, stored.ID, stored.Currency, stored.lineCount)
		if out.kept = nil; err != nil || stored.Status != Active || len(lines) < leastKept {
			out.cart.Lines = lines
			return err
		}
		out.kept = newKept(stored.Version, lines)
	}
	out.cart.Lines = out.kept.copied()
	return nil
}

func (out *snapshot) read(tx *sqlite.Tx, cart ID, asks pricing.Asked, by *change) (err error) {
	stored, err := GetTx(tx, cart)
	if err != nil {
		return err
	}
	out.cart, out.sealed, out.owner = stored.Cart, stored.Contact, stored.ContactSubject
	if err := out.readLines(tx, &stored, by); err != nil {
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
	if stored.LastDelivery > FirstDelivery {
		more, err := DeliveriesTx(tx, cart)
		if err != nil {
			return err
		}
		for _, d := range more {
			out.deliveries = append(out.deliveries, further{StoredDelivery: d})
		}
	}
	if out.cart.Customer == "" {
		return nil
	}
	if out.exempt, err = pricing.ExemptionsTx(tx, out.cart.Customer); err != nil {
		return err
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

// needsAddress reports whether more of an address in a country matters.
func (out *snapshot) needsAddress(rules *pricing.Rules, country string) bool {
	return rules.Settings.FullAddresses || rules.NeedsAddress(country) ||
		slices.ContainsFunc(out.exempt, func(e pricing.Exemption) bool { return e.NeedsAddress(country) })
}

// exemption returns the certificate by which no tax is due at an address, "" if
// it is.
func (out *snapshot) exemption(rules *pricing.Rules, a pricing.Address, at pricing.Moment) string {
	if a.Country == "" {
		a = rules.Settings.Home // as the rules tax it
	}
	for _, e := range out.exempt {
		if e.Holds(a, at) {
			return e.Certificate
		}
	}
	return ""
}

// lacking returns what an address lacks, if the store asks for all of it.
func lacking(rules *pricing.Rules, a accounts.Address) []string {
	if !rules.Settings.FullAddresses {
		return nil
	}
	return append(a.Missing(), a.Malformed()...)
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
	if from.owner != "" && from.needsAddress(rules, c.ShippingCountry) {
		contact, err := OpenContact(ctx, s.engine, s.sealer, slot, from.owner, from.sealed)
		if err != nil {
			return in, err
		}
		from.lacks = lacking(rules, contact.ShippingAddress)
		in.Address.Region, in.Address.Postcode = contact.ShippingAddress.Region.Reveal(), contact.ShippingAddress.Postcode.Reveal()
	}
	in.TaxExempt = from.exemption(rules, in.Address, in.At)
	if err := s.addDeliveries(ctx, slot, rules, from, &in); err != nil {
		return in, err
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
