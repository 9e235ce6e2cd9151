package catalog

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/fault"
)

// Number is an exact decimal number, Mantissa × 10^Exponent. Two that mean the
// same are equal once both have gone through Normal.
type Number struct {
	Mantissa int64 `cbor:"1,keyasint,omitempty"` // at most 18 digits
	Exponent int32 `cbor:"2,keyasint,omitempty"` // -18 to 0
}

// Bounds of a Number.
const (
	mostPlaces   = 18
	mostMantissa = 1_000_000_000_000_000_000 - 1
)

// ParseNumber reads a number like "15.6" or "-2000". It is strict: no spaces,
// no separators of thousands, no exponent, digits on both sides of a point,
// and no more of them than a Number holds.
func ParseNumber(s string) (Number, error) {
	whole, fraction, point := strings.Cut(s, ".")
	digits := strings.TrimPrefix(whole, "-")
	m, err := strconv.ParseInt(whole+fraction, 10, 64)
	n := Number{Mantissa: m, Exponent: -int32(min(len(fraction), mostPlaces+1))}
	if err != nil || digits == "" || point && fraction == "" || digits[0] == '+' || strings.ContainsAny(fraction, "+-_") || n.check() != nil {
		if len(s) > 40 {
			s = s[:40] + "…"
		}
		return Number{}, fault.Wrong("number", "%q is not a number: write it like \"15.6\", with at most %d digits", s, mostPlaces)
	}
	return n.Normal(), nil
}

// Normal returns the same number without zeros at the end of its fraction.
func (n Number) Normal() Number {
	for n.Exponent < 0 && n.Mantissa%10 == 0 {
		n.Mantissa /= 10
		n.Exponent++
	}
	return n
}

// Cmp returns -1, 0 or 1 as n is less than, equal to or greater than other.
func (n Number) Cmp(other Number) int {
	low := min(n.Exponent, other.Exponent)
	return n.scaled(low).Cmp(other.scaled(low))
}

// scaled returns the mantissa that n has with a lower exponent.
func (n Number) scaled(exponent int32) *big.Int {
	factor := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n.Exponent)-int64(exponent)), nil)
	return factor.Mul(factor, big.NewInt(n.Mantissa))
}

// String writes the number as ParseNumber reads it.
func (n Number) String() string {
	n = n.Normal()
	sign, digits := "", strconv.FormatInt(n.Mantissa, 10)
	if n.Mantissa < 0 {
		sign, digits = "-", digits[1:]
	}
	places := -int(n.Exponent)
	if places <= 0 {
		return sign + digits
	}
	if len(digits) <= places {
		digits = strings.Repeat("0", places-len(digits)+1) + digits
	}
	return sign + digits[:len(digits)-places] + "." + digits[len(digits)-places:]
}

// MarshalText returns what String returns.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (n *Number) UnmarshalText(text []byte) (err error) {
	*n, err = ParseNumber(string(text))
	return err
}

func (n Number) check() error {
	if n.Exponent < -mostPlaces || n.Exponent > 0 || n.Mantissa < -mostMantissa || n.Mantissa > mostMantissa {
		return fault.Wrong("number", "the number %d × 10^%d is out of range: at most %d digits, all of them from the point on", n.Mantissa, n.Exponent, mostPlaces)
	}
	return nil
}
