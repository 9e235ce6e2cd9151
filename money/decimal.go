package money

import (
	"cmp"
	"math/bits"
	"strconv"
	"strings"
)

// Parse reads an amount as [Amount.String] writes it, such as "12.50 EUR". It is strict as [ParseDecimal] is.
func Parse(s string) (Amount, error) {
	number, code, ok := strings.Cut(s, " ")
	if !ok {
		return Amount{}, amountError(s, `write it like "12.50 EUR"`)
	}
	c, err := ParseCurrency(code)
	if err != nil {
		return Amount{}, err
	}
	return ParseDecimal(number, c)
}

// ParseDecimal reads a decimal number such as "12.50", "12.5" or "-12" as an amount in c. More digits after the
// point than the currency has are an error unless they are zeros. So are spaces, separators of thousands, an
// exponent, a plus sign, and a point without digits on both sides.
func ParseDecimal(s string, c Currency) (Amount, error) {
	a, rounded, err := ParseDecimalRounded(s, c, Down)
	if err != nil {
		return Amount{}, err
	}
	if rounded {
		return Amount{}, amountError(s, string(c)+" has "+strconv.Itoa(c.Digits())+" digits after the point")
	}
	return a, nil
}

// ParseDecimalRounded is [ParseDecimal] for numbers with any count of digits, such as a unit price of "0.001" GBP
// in a file from elsewhere. It rounds to whole minor units by mode and reports whether that changed the number.
func ParseDecimalRounded(s string, c Currency, mode Rounding) (a Amount, rounded bool, err error) {
	if err := cmp.Or(c.Check(), mode.Check()); err != nil {
		return Amount{}, false, err
	}
	d, ok := scanDecimal(s)
	if !ok {
		return Amount{}, false, amountError(s, `write the number like "12.50"`)
	}
	kept, dropped := d.cut(c.Digits())
	mag, ok := digitsToUint(d.whole, kept)
	rounded = dropped != ""
	if ok && rounded && mode.away(d.neg, mag%2 == 1, strings.Compare(dropped, "5")) {
		mag++
		ok = mag != 0 // it has not wrapped around
	}
	minor, fits := signed(mag, d.neg)
	if !ok || !fits {
		return Amount{}, false, overflow("%s %s", shorten(s), c)
	}
	return Amount{minor, c}, rounded, nil
}

// Decimal returns the number without its currency, with as many digits after the point as the currency has, such as
// "12.50", "1250" in JPY or "-0.005" in KWD. A currency that is not in the table counts as one without digits.
func (a Amount) Decimal() string { return formatDecimal(a.minor, a.currency.Digits()) }

// String returns the amount for people and for [Parse], such as "12.50 EUR". The zero Amount is "no money".
func (a Amount) String() string {
	if a == (Amount{}) {
		return "no money"
	}
	return a.Decimal() + " " + a.currency.orNone()
}

func amountError(input, reason string) error {
	return parseError("an amount", input, reason)
}

// decimal is a decimal number as it was written: digits only, at least one of them before the point.
type decimal struct {
	neg         bool
	whole, frac string
}

func scanDecimal(s string) (decimal, bool) {
	var d decimal
	var point bool
	s, d.neg = strings.CutPrefix(s, "-")
	d.whole, d.frac, point = strings.Cut(s, ".")
	ok := isDigits(d.whole) && (isDigits(d.frac) || !point)
	return d, ok
}

// cut returns the first places digits after the point, filled up with zeros, and those behind them without the
// zeros at their end. The latter compare with "5" as the number that they stand for compares with one half.
func (d decimal) cut(places int) (kept, dropped string) {
	if len(d.frac) < places {
		return d.frac + strings.Repeat("0", places-len(d.frac)), ""
	}
	return d.frac[:places], strings.TrimRight(d.frac[places:], "0")
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// digitsToUint returns the number that the digits of all parts together spell, and whether it fits.
func digitsToUint(parts ...string) (uint64, bool) {
	var n uint64
	for _, part := range parts {
		for i := range len(part) {
			hi, lo := bits.Mul64(n, 10)
			sum, carry := bits.Add64(lo, uint64(part[i]-'0'), 0)
			if hi != 0 || carry != 0 {
				return 0, false
			}
			n = sum
		}
	}
	return n, true
}

func scanInt(s string) (int64, bool) {
	digits, neg := strings.CutPrefix(s, "-")
	if !isDigits(digits) {
		return 0, false
	}
	mag, ok := digitsToUint(digits)
	n, fits := signed(mag, neg)
	return n, ok && fits
}

// formatDecimal writes n/10^places.
func formatDecimal(n int64, places int) string {
	digits := strconv.FormatUint(magnitude(n), 10)
	if missing := places + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	if places > 0 {
		point := len(digits) - places
		digits = digits[:point] + "." + digits[point:]
	}
	if n < 0 {
		return "-" + digits
	}
	return digits
}
