package pricing

import (
	"cmp"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// Settings are the choices that hold for all of a store. The zero Settings are
// those of a new store: any currency, prices without tax, half-even rounding,
// tax computed on lines.
type Settings struct {
	// Currencies are those that carts may be in; none means any.
	Currencies []money.Currency `cbor:"1,keyasint,omitempty" json:"currencies,omitempty"`
	// TaxIncluded says that prices of goods and shipping contain their tax.
	TaxIncluded bool `cbor:"2,keyasint,omitempty" json:"tax_included,omitempty"`
	// TaxRounding is how each tax is rounded.
	TaxRounding money.Rounding `cbor:"3,keyasint,omitempty" json:"tax_rounding,omitempty,omitzero"`
	// TaxPerUnit rounds the tax of one unit and multiplies it by the quantity.
	// Otherwise the tax of the whole line is rounded.
	TaxPerUnit bool `cbor:"4,keyasint,omitempty" json:"tax_per_unit,omitempty"`
	// Home is where a shopper is taken to be while the cart has no country.
	Home Address `cbor:"5,keyasint,omitempty" json:"home,omitempty,omitzero"`
	// PriceRounding is how discounts that are a share of a price are rounded.
	PriceRounding money.Rounding `cbor:"6,keyasint,omitempty" json:"price_rounding,omitempty,omitzero"`
	// HoldMinutes is how long a checkout that waits for its shopper, as for a 3-D
	// Secure challenge, keeps the goods set aside; 0 is half an hour.
	HoldMinutes int64 `cbor:"7,keyasint,omitempty" json:"hold_minutes,omitempty"`
	// FullAddresses says that goods are sent only to addresses that have all that
	// mail in their country asks for: see accounts.Address.Missing.
	FullAddresses bool `cbor:"8,keyasint,omitempty" json:"full_addresses,omitempty"`
}

// MaxCurrencies bounds the currencies of a store.
const MaxCurrencies = 200

// Check returns fault.Invalid unless the settings can be used.
func (s Settings) Check() error {
	if len(s.Currencies) > MaxCurrencies {
		return fault.Wrong("currencies", "%d currencies are more than the %d that a store may have", len(s.Currencies), MaxCurrencies)
	}
	if s.HoldMinutes < 0 || s.HoldMinutes > catalog.MostHoldMinutes {
		return fault.Wrong("hold_minutes", "a checkout keeps goods for 0 to %d minutes, not %d", catalog.MostHoldMinutes, s.HoldMinutes)
	}
	seen := map[money.Currency]bool{}
	for i, c := range s.Currencies {
		if err := c.Check(); err != nil {
			return fault.InField(fault.Item("currencies", i), err)
		}
		if seen[c] {
			return fault.Wrong(fault.Item("currencies", i), "%s is listed twice", c)
		}
		seen[c] = true
	}
	if err := cmp.Or(fault.InField("tax_rounding", s.TaxRounding.Check()), fault.InField("price_rounding", s.PriceRounding.Check())); err != nil {
		return err
	}
	return fault.InField("home", s.Home.check())
}

// Sells reports whether carts may be in a currency.
func (s Settings) Sells(c money.Currency) bool {
	for _, have := range s.Currencies {
		if have == c {
			return true
		}
	}
	return len(s.Currencies) == 0
}
