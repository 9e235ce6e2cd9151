// Package money is the arithmetic of prices: exact, checked, and in one currency at a time.
//
// An [Amount] is a whole number of a currency's minor units, 1250 for 12.50 EUR, in 64 bits. Every operation that
// could leave that range or mix two currencies returns an error instead. Nothing here is a floating-point number:
// percentages are exact ratios ([Rate]), a division names its [Rounding], and [Amount.Split] and [Amount.Allocate]
// hand out every minor unit.
//
// # No money
//
// The zero Amount has no currency. It is not an amount of zero: it is a price that nobody set, and adding it to
// 5.00 EUR is a [CurrencyMismatchError], since a forgotten price must not pass for a free gift. Start a running
// total with [Zero], or use [Sum].
//
// # Errors
//
// The errors of this package are typed and count as fault.Invalid.
package money

// Amount is a sum of money: minor units and a currency. Amounts are values; == compares both parts.
//
// Do not tag a field of this type omitzero: 0.00 EUR would be left out and return without its currency. The zero
// Amount already takes no space in the binary form.
type Amount struct {
	minor    int64
	currency Currency
}

// New returns an amount of minor units of c, such as cents. It does not check c: a currency that comes from outside
// has been through [ParseCurrency], and [Amount.Check] finds the others.
func New(minor int64, c Currency) Amount { return Amount{minor, c} }

// Zero returns nothing, in c: the start of a running total.
func Zero(c Currency) Amount { return Amount{currency: c} }

// Minor returns the number of minor units.
func (a Amount) Minor() int64 { return a.minor }

// Currency returns the currency, which is empty for the zero Amount.
func (a Amount) Currency() Currency { return a.currency }

// IsZero reports whether the amount is nothing, in whatever currency or in none.
func (a Amount) IsZero() bool { return a.minor == 0 }

// IsNegative reports whether the amount is less than nothing.
func (a Amount) IsNegative() bool { return a.minor < 0 }

// IsPositive reports whether the amount is more than nothing.
func (a Amount) IsPositive() bool { return a.minor > 0 }

// Check returns an [UnknownCurrencyError] unless the amount is in a currency of the table. The zero Amount fails
// too: where an amount is optional, look at its Currency first.
func (a Amount) Check() error { return a.currency.Check() }
