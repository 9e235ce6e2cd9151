package money

import (
	"cmp"
	"math"
	"math/bits"
)

// Add returns a + b. Both must be in the same currency.
func (a Amount) Add(b Amount) (Amount, error) {
	if err := a.same(b); err != nil {
		return Amount{}, err
	}
	sum, ok := add(a.minor, b.minor)
	if !ok {
		return Amount{}, overflow("%v + %v", a, b)
	}
	return Amount{sum, a.currency}, nil
}

// Sub returns a - b. Both must be in the same currency.
func (a Amount) Sub(b Amount) (Amount, error) {
	if err := a.same(b); err != nil {
		return Amount{}, err
	}
	diff, ok := sub(a.minor, b.minor)
	if !ok {
		return Amount{}, overflow("%v - %v", a, b)
	}
	return Amount{diff, a.currency}, nil
}

// Mul returns a × n, such as a unit price times a quantity.
func (a Amount) Mul(n int64) (Amount, error) {
	product, ok := mul(a.minor, n)
	if !ok {
		return Amount{}, overflow("%v × %d", a, n)
	}
	return Amount{product, a.currency}, nil
}

// Neg returns -a. It fails for the smallest amount alone, whose opposite does not exist in 64 bits.
func (a Amount) Neg() (Amount, error) {
	if a.minor == math.MinInt64 {
		return Amount{}, overflow("the opposite of %v", a)
	}
	return Amount{-a.minor, a.currency}, nil
}

// Cmp returns -1, 0 or +1 as a is less than, equal to or greater than b. Both must be in the same currency.
func (a Amount) Cmp(b Amount) (int, error) {
	if err := a.same(b); err != nil {
		return 0, err
	}
	return cmp.Compare(a.minor, b.minor), nil
}

// Sum returns the total of amounts, all of which must be in c; without any it is [Zero]. Only the total has to fit
// into 64 bits, so the order of the amounts does not matter.
func Sum(c Currency, amounts ...Amount) (Amount, error) {
	var hi, lo uint64 // a 128-bit number in two's complement
	for _, a := range amounts {
		if a.currency != c {
			return Amount{}, &CurrencyMismatchError{Want: c, Have: a.currency}
		}
		var carry uint64
		lo, carry = bits.Add64(lo, uint64(a.minor), 0)
		hi, _ = bits.Add64(hi, uint64(a.minor>>63), carry)
	}
	total := int64(lo)
	if hi != uint64(total>>63) {
		return Amount{}, overflow("the sum of %d amounts in %s", len(amounts), c.orNone())
	}
	return Amount{total, c}, nil
}

func (a Amount) same(b Amount) error {
	if a.currency != b.currency {
		return &CurrencyMismatchError{Want: a.currency, Have: b.currency}
	}
	return nil
}
