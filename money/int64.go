package money

import (
	"math"
	"math/bits"
)

// add returns x + y and whether it fits.
func add(x, y int64) (int64, bool) {
	sum := x + y
	return sum, (sum > x) == (y > 0)
}

// sub returns x - y and whether it fits.
func sub(x, y int64) (int64, bool) {
	diff := x - y
	return diff, (diff < x) == (y > 0)
}

// mul returns x × y and whether it fits.
func mul(x, y int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(x), magnitude(y))
	if hi != 0 {
		return 0, false
	}
	return signed(lo, (x < 0) != (y < 0))
}

// magnitude returns |x|, which for the smallest int64 fits only into a uint64.
func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// signed returns mag, or -mag when neg, and whether it fits.
func signed(mag uint64, neg bool) (int64, bool) {
	switch {
	case !neg:
		return int64(mag), mag <= math.MaxInt64
	case mag <= -math.MinInt64:
		return int64(-mag), true
	}
	return 0, false
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// pow10 returns 10^n, for n up to 18.
func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}
