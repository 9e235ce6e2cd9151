package money_test

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/money"
)

func TestSplit(t *testing.T) {
	for _, test := range []struct {
		minor int64
		n     int
		want  []int64
	}{
		{100, 3, []int64{34, 33, 33}},
		{-100, 3, []int64{-34, -33, -33}},
		{2, 4, []int64{1, 1, 0, 0}},
		{0, 2, []int64{0, 0}},
		{7, 1, []int64{7}},
		{math.MinInt64, 2, []int64{math.MinInt64 / 2, math.MinInt64 / 2}},
	} {
		parts, err := eur(test.minor).Split(test.n)
		if err != nil || !slices.Equal(minors(parts), test.want) {
			t.Errorf("%d in %d parts = %v, %v", test.minor, test.n, parts, err)
		}
	}
	for _, n := range []int{0, -1} {
		_, err := eur(1).Split(n)
		mustErr[*money.AllocateError](t, err)
	}
}

func TestAllocate(t *testing.T) {
	const most = math.MaxInt64
	for _, test := range []struct {
		minor   int64
		weights []int64
		want    []int64
	}{
		{100, []int64{1, 1, 1}, []int64{34, 33, 33}},
		{101, []int64{1, 1, 1}, []int64{34, 34, 33}},
		{-101, []int64{1, 1, 1}, []int64{-34, -34, -33}},
		{5, []int64{3, 7}, []int64{2, 3}},        // 1.5 and 3.5: a tie goes to the lower index
		{10, []int64{1, 2, 3}, []int64{2, 3, 5}}, // 1.67, 3.33, 5
		{1, []int64{1, 0, 2}, []int64{0, 0, 1}},
		{0, []int64{1, 2}, []int64{0, 0}},
		{0, []int64{0, 0}, []int64{0, 0}},
		{0, nil, []int64{}},
		{math.MinInt64, []int64{most}, []int64{math.MinInt64}},
		{most, []int64{0, most}, []int64{0, most}},
		{most, []int64{most / 2, most/2 + 1}, []int64{most / 2, most/2 + 1}},
	} {
		parts, err := eur(test.minor).Allocate(test.weights)
		if err != nil || !slices.Equal(minors(parts), test.want) {
			t.Errorf("%d by %v = %v, %v", test.minor, test.weights, parts, err)
		}
	}
}

func TestAllocateBreaksManyTiesByIndex(t *testing.T) {
	weights := make([]int64, 1000) // 1, 2, 3, 1, 2, 3, … with three kinds of remainder
	for i := range weights {
		weights[i] = int64(i%3) + 1
	}
	parts, err := eur(1500).Allocate(weights)
	if err != nil {
		t.Fatal(err)
	}
	for i := 3; i < len(parts); i++ {
		if parts[i].Minor() > parts[i-3].Minor() {
			t.Fatalf("part %d went before part %d, which has the same weight", i, i-3)
		}
	}
}

func TestAllocateRefuses(t *testing.T) {
	for _, weights := range [][]int64{nil, {0, 0}, {5, -1}, {-1}} {
		_, err := eur(1).Allocate(weights)
		mustErr[*money.AllocateError](t, err)
	}
	_, err := eur(1).Allocate([]int64{math.MaxInt64, 1})
	mustErr[*money.OverflowError](t, err)
}

func TestSplitLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genAmount().Draw(t, "amount")
		n := rapid.IntRange(1, 50).Draw(t, "n")
		parts, err := a.Split(n)
		if err != nil || len(parts) != n {
			t.Fatalf("%v, %v", parts, err)
		}
		checkTotal(t, a, parts)
		low, high := slices.Min(minors(parts)), slices.Max(minors(parts))
		if high-low > 1 {
			t.Fatalf("parts are uneven: %v", parts)
		}
	})
}

func TestAllocateLosesNothingAndIsFair(t *testing.T) {
	weight := rapid.OneOf(rapid.Int64Range(0, 10), rapid.Int64Range(0, math.MaxInt64/20))
	rapid.Check(t, func(t *rapid.T) {
		a := genAmount().Draw(t, "amount")
		weights := rapid.SliceOfN(weight, 1, 20).Draw(t, "weights")
		weights[0]++
		parts, err := a.Allocate(weights)
		if err != nil || len(parts) != len(weights) {
			t.Fatalf("%v, %v", parts, err)
		}
		checkTotal(t, a, parts)
		checkFair(t, a, weights, parts)

		if opposite, err := a.Neg(); err == nil {
			mirrored, err := opposite.Allocate(weights)
			for i := range mirrored {
				if err != nil || mirrored[i].Minor() != -parts[i].Minor() {
					t.Fatalf("%v mirrors to %v, %v", parts, mirrored, err)
				}
			}
		}
	})
}

// checkFair holds parts against the definition: each is its exact share cut off towards zero, or one more, and who
// got one more had a larger remainder, or an equal one and a lower index.
func checkFair(t *rapid.T, a money.Amount, weights []int64, parts []money.Amount) {
	total := new(big.Int)
	for _, w := range weights {
		total.Add(total, big.NewInt(w))
	}
	var lucky, unlucky []*big.Int // remainders, in the order of the index
	var luckyAt, unluckyAt []int
	for i, w := range weights {
		exact := new(big.Int).Mul(new(big.Int).Abs(big.NewInt(a.Minor())), big.NewInt(w))
		floor, rest := new(big.Int).QuoRem(exact, total, new(big.Int))
		got := new(big.Int).Abs(big.NewInt(parts[i].Minor()))
		switch extra := got.Sub(got, floor); {
		case extra.Sign() == 0:
			unlucky, unluckyAt = append(unlucky, rest), append(unluckyAt, i)
		case extra.IsInt64() && extra.Int64() == 1 && w > 0:
			lucky, luckyAt = append(lucky, rest), append(luckyAt, i)
		default:
			t.Fatalf("part %d is off by %v: %v by %v = %v", i, extra, a, weights, parts)
		}
	}
	for i := range lucky {
		for j := range unlucky {
			order := lucky[i].Cmp(unlucky[j])
			if order < 0 || order == 0 && luckyAt[i] > unluckyAt[j] {
				t.Fatalf("part %d went before %d: %v by %v = %v", luckyAt[i], unluckyAt[j], a, weights, parts)
			}
		}
	}
}

func checkTotal(t *rapid.T, a money.Amount, parts []money.Amount) {
	if sum, err := money.Sum(a.Currency(), parts...); err != nil || sum != a {
		t.Fatalf("the parts of %v add up to %v, %v", a, sum, err)
	}
}

func minors(amounts []money.Amount) []int64 {
	out := make([]int64, len(amounts))
	for i, a := range amounts {
		out[i] = a.Minor()
	}
	return out
}
