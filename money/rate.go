package money

import (
	"cmp"
	"math/bits"
)

// Rate is an exact ratio, such as a tax of 9.975 % or a discount of one third. It is kept in lowest terms, so ==
// compares values. The zero Rate is 0 %.
type Rate struct {
	num int64
	den int64 // zero when num is zero, positive otherwise
}

// NewRate returns num/den. It fails unless den is positive.
func NewRate(num, den int64) (Rate, error) {
	if den <= 0 {
		return Rate{}, rateError(fraction(num, den), "the denominator has to be positive")
	}
	if num == 0 {
		return Rate{}, nil
	}
	g := gcd(magnitude(num), uint64(den)) // at most den, so it fits
	return Rate{num / int64(g), den / int64(g)}, nil
}

// Percent returns n %.
func Percent(n int64) Rate {
	r, _ := NewRate(n, 100)
	return r
}

// Num returns the numerator in lowest terms.
func (r Rate) Num() int64 { return r.num }

// Den returns the denominator in lowest terms. It is never less than 1.
func (r Rate) Den() int64 { return max(r.den, 1) }

// Add returns r + s, such as a state's tax and a county's.
func (r Rate) Add(s Rate) (Rate, error) {
	g := int64(gcd(uint64(r.Den()), uint64(s.Den())))
	left, ok1 := mul(r.num, s.Den()/g)
	right, ok2 := mul(s.num, r.Den()/g)
	den, ok3 := mul(r.Den()/g, s.Den())
	num, ok4 := add(left, right)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return Rate{}, overflow("%v + %v", r, s)
	}
	return NewRate(num, den)
}

// Included returns r/(1+r): the share that a surcharge of r has in a total which includes it. For a tax of 19 % it
// is 19/119, and scaling a gross price by it gives the tax. It fails for rates of -100 % and below.
func (r Rate) Included() (Rate, error) {
	den, ok := add(r.Den(), r.num)
	if !ok {
		return Rate{}, overflow("1 + %v", r)
	}
	return NewRate(r.num, den)
}

// Scale returns a × r, rounded to whole minor units by mode. The product is exact before it is rounded.
func (a Amount) Scale(r Rate, mode Rounding) (Amount, error) {
	if err := mode.Check(); err != nil {
		return Amount{}, err
	}
	neg := (a.minor < 0) != (r.num < 0)
	den := uint64(r.Den())
	hi, lo := bits.Mul64(magnitude(a.minor), magnitude(r.num))
	if hi >= den {
		return Amount{}, overflow("%v × %v", a, r)
	}
	quo, rem := bits.Div64(hi, lo, den)
	var carry uint64
	if rem != 0 && mode.away(neg, quo%2 == 1, cmp.Compare(rem, den-rem)) {
		quo, carry = bits.Add64(quo, 1, 0)
	}
	minor, ok := signed(quo, neg)
	if !ok || carry != 0 {
		return Amount{}, overflow("%v × %v", a, r)
	}
	return Amount{minor, a.currency}, nil
}
