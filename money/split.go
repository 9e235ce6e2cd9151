package money

import (
	"cmp"
	"math/bits"
	"slices"
)

// Split divides the amount into n parts that differ by one minor unit at most and add up to it. The parts that are
// further from zero come first. It fails when n is less than 1; the caller bounds n from above.
func (a Amount) Split(n int) ([]Amount, error) {
	if n < 1 {
		return nil, &AllocateError{a, "there has to be one part at least"}
	}
	each, rest := a.minor/int64(n), a.minor%int64(n)
	step := int64(1)
	if rest < 0 {
		step, rest = -1, -rest
	}
	parts := make([]Amount, n)
	for i := range parts {
		parts[i] = Amount{each, a.currency}
		if int64(i) < rest {
			parts[i].minor += step
		}
	}
	return parts, nil
}

// Allocate divides the amount in proportion to weights by the method of the largest remainder. The parts add up to
// the amount, each is within one minor unit of its exact share, and a weight of zero gets nothing. Of equal
// remainders the one with the lower index goes first; a negative amount is divided as its opposite is.
//
// It fails when a weight is negative, when the weights add up to more than 64 bits hold, and when there is something
// to hand out and no weight is positive.
func (a Amount) Allocate(weights []int64) ([]Amount, error) {
	total, err := a.totalWeight(weights)
	if err != nil {
		return nil, err
	}
	parts := make([]Amount, len(weights))
	if total == 0 {
		for i := range parts {
			parts[i].currency = a.currency
		}
		return parts, nil
	}
	shares := floorShares(magnitude(a.minor), weights, total)
	for i, share := range shares {
		minor, _ := signed(share, a.minor < 0) // fits: no share exceeds the amount
		parts[i] = Amount{minor, a.currency}
	}
	return parts, nil
}

func (a Amount) totalWeight(weights []int64) (uint64, error) {
	var total int64
	for _, w := range weights {
		if w < 0 {
			return 0, &AllocateError{a, "a weight is negative"}
		}
		if total += w; total < 0 {
			return 0, overflow("the sum of %d weights", len(weights))
		}
	}
	if total == 0 && a.minor != 0 {
		return 0, &AllocateError{a, "no weight is positive"}
	}
	return uint64(total), nil
}

// floorShares divides mag by weights, rounding down, and gives the units that are left to the largest remainders.
func floorShares(mag uint64, weights []int64, total uint64) []uint64 {
	shares := make([]uint64, len(weights))
	remainders := make([]uint64, len(weights))
	left := mag
	for i, w := range weights {
		hi, lo := bits.Mul64(mag, uint64(w)) // hi < total, since w ≤ total and mag < 2⁶⁴
		shares[i], remainders[i] = bits.Div64(hi, lo, total)
		left -= shares[i]
	}
	if left == 0 {
		return shares
	}
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(remainders[j], remainders[i]) })
	for _, i := range order[:left] {
		shares[i]++
	}
	return shares
}
