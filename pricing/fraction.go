package pricing

import "math/bits"

// fraction is a ratio that is not negative; den is positive.
type fraction struct{ num, den int64 }

// plus returns f + g over the least common denominator of both, so that the
// denominator of a sum is a multiple of that of each part.
func (f fraction) plus(g fraction) (sum fraction, ok bool) {
	d := gcd(f.den, g.den)
	a, ok1 := product(f.num, g.den/d)
	b, ok2 := product(g.num, f.den/d)
	den, ok3 := product(f.den/d, g.den)
	num := a + b
	return fraction{num, den}, ok1 && ok2 && ok3 && num >= 0
}

// times returns f × g in lowest terms.
func (f fraction) times(g fraction) (fraction, bool) {
	a, b := gcd(f.num, g.den), gcd(g.num, f.den)
	num, ok1 := product(f.num/a, g.num/b)
	den, ok2 := product(f.den/b, g.den/a)
	return fraction{num, den}, ok1 && ok2
}

// product returns x × y, neither of them negative, and whether it fits.
func product(x, y int64) (int64, bool) {
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	return int64(lo), hi == 0 && int64(lo) >= 0
}

// gcd is never 0: that of 0 and 0 is 1.
func gcd(x, y int64) int64 {
	for y != 0 {
		x, y = y, x%y
	}
	return max(x, 1)
}
