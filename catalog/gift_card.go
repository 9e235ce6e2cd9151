package catalog

import (
	"fmt"
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// GiftCard says that a variant is a gift card: each unit becomes a card of its
// own, which is issued when the order is paid (see package credit) and is worth
// what was paid for it. Several values are several variants of a product; a
// value that the shopper chooses is a property of the line, see Worth.
//
// A gift card that pays for anything in the shop is a multi-purpose voucher:
// which tax will be due is not known when it is sold, and tax is due when
// something is bought with it (Directive (EU) 2016/1065, articles 30a and 30b).
// So no tax is on it when it is sold, and no promotion makes it cheaper than
// what it is worth.
type GiftCard struct {
	// Ranges let the shopper choose what the card is worth, at most one in a
	// currency. Without one it is worth the variant's price.
	Ranges []GiftCardRange `json:"ranges,omitempty" cbor:"1,keyasint,omitempty"`
}

// GiftCardRange bounds what a shopper may choose. Both bounds can be chosen.
type GiftCardRange struct {
	Least money.Amount `json:"least" cbor:"1,keyasint"`
	Most  money.Amount `json:"most" cbor:"2,keyasint"`
}

// GiftCardWorth is the property of a cart's line by which a shopper chooses
// what a gift card is worth, as a decimal number such as "25" or "12.50".
const GiftCardWorth = "worth"

const mostGiftCardRanges = 50

// GiftCardWorthError says that a gift card cannot be worth what was chosen.
type GiftCardWorthError struct {
	SKU         SKU
	Want        string       // as it was written
	Least, Most money.Amount // zero if nothing can be chosen in the currency
}

func (e *GiftCardWorthError) Error() string {
	if e.Most.IsZero() {
		return fmt.Sprintf("gift card %q cannot be worth %.40q: what it is worth is its price", e.SKU, e.Want)
	}
	return fmt.Sprintf("gift card %q cannot be worth %.40q: choose from %v to %v", e.SKU, e.Want, e.Least, e.Most)
}

// Unwrap returns fault.Invalid.
func (e *GiftCardWorthError) Unwrap() error { return fault.Invalid }

// IsGiftCard reports whether it is a gift card.
func (d *Digital) IsGiftCard() bool { return d != nil && d.GiftCard != nil }

// Worth returns what a gift card is worth for which a shopper has chosen a value
// in a currency, or a *GiftCardWorthError.
func (v Variant) Worth(chosen string, c money.Currency) (money.Amount, error) {
	var r GiftCardRange
	if v.Digital.IsGiftCard() {
		if i := slices.IndexFunc(v.Digital.GiftCard.Ranges, func(r GiftCardRange) bool { return r.Least.Currency() == c }); i >= 0 {
			r = v.Digital.GiftCard.Ranges[i]
		}
	}
	worth, err := money.ParseDecimal(chosen, c)
	if err != nil || r.Most.IsZero() || worth.Minor() < r.Least.Minor() || worth.Minor() > r.Most.Minor() {
		return money.Amount{}, &GiftCardWorthError{SKU: v.SKU, Want: chosen, Least: r.Least, Most: r.Most}
	}
	return worth, nil
}

func (d *Digital) checkGiftCard(sku SKU) error {
	if d.GiftCard == nil {
		return nil
	}
	if len(d.Files) > 0 || d.Downloads > 0 {
		return fault.Wrong("digital.files", "%q is a gift card: it has no files to download", sku)
	}
	ranges := d.GiftCard.Ranges
	if len(ranges) > mostGiftCardRanges {
		return fault.Wrong("digital.gift_card.ranges", "gift card %q has %d ranges: the limit is %d", sku, len(ranges), mostGiftCardRanges)
	}
	for i, r := range ranges {
		c := r.Least.Currency()
		if err := c.Check(); err != nil {
			return fault.InField(fault.Item("digital.gift_card.ranges", i)+".least.currency", err)
		}
		if !r.Least.IsPositive() || r.Most.Currency() != c || r.Most.Minor() < r.Least.Minor() {
			return fault.Wrong(fault.Item("digital.gift_card.ranges", i), "gift card %q cannot be worth from %v to %v", sku, r.Least, r.Most)
		}
		if slices.ContainsFunc(ranges[:i], func(o GiftCardRange) bool { return o.Least.Currency() == c }) {
			return fault.Wrong(fault.Item("digital.gift_card.ranges", i), "gift card %q has two ranges in %s", sku, c)
		}
	}
	return nil
}

func (g *GiftCard) equal(other *GiftCard) bool {
	if g == nil || other == nil {
		return g == other
	}
	return slices.Equal(g.Ranges, other.Ranges)
}
