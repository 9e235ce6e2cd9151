package money_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/money"
)

var modes = []money.Rounding{
	money.HalfEven, money.HalfUp, money.HalfDown, money.Up, money.Down, money.Floor, money.Ceiling,
}

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

func genCurrency() *rapid.Generator[money.Currency] { return rapid.SampledFrom(money.Currencies()) }

// genInt favours the ends of the range, where overflows live.
func genInt() *rapid.Generator[int64] {
	return rapid.OneOf(
		rapid.Int64(),
		rapid.Int64Range(-1000, 1000),
		rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64 - 1, math.MaxInt64}),
	)
}

func genAmount() *rapid.Generator[money.Amount] {
	return rapid.Custom(func(t *rapid.T) money.Amount {
		return money.New(genInt().Draw(t, "minor"), genCurrency().Draw(t, "currency"))
	})
}

func genRate() *rapid.Generator[money.Rate] {
	return rapid.Custom(func(t *rapid.T) money.Rate {
		den := rapid.OneOf(
			rapid.Int64Range(1, math.MaxInt64),
			rapid.Int64Range(1, 50),
			rapid.SampledFrom([]int64{100, 1000, 1_000_000, 1_000_000_000_000_000_000}),
		).Draw(t, "den")
		r, err := money.NewRate(genInt().Draw(t, "num"), den)
		if err != nil {
			t.Fatal(err)
		}
		return r
	})
}

// fatal is what testing.T and rapid.T have in common here.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkExact compares a checked operation with the same one in unbounded integers: equal if that fits, an
// OverflowError if not.
func checkExact(t fatal, got money.Amount, err error, exact *big.Int, c money.Currency) {
	t.Helper()
	if !exact.IsInt64() {
		if _, ok := errors.AsType[*money.OverflowError](err); !ok || got != (money.Amount{}) {
			t.Fatalf("got %v, %v for %v, which overflows", got, err, exact)
		}
		return
	}
	if want := money.New(exact.Int64(), c); err != nil || got != want {
		t.Fatalf("got %v, %v, want %v", got, err, want)
	}
}

// roundRat rounds x to an integer, in the plainest way there is.
func roundRat(x *big.Rat, mode money.Rounding) *big.Int {
	floor := new(big.Int).Div(x.Num(), x.Denom()) // Euclidean, and Denom is positive
	if x.IsInt() {
		return floor
	}
	ceiling := new(big.Int).Add(floor, big.NewInt(1))
	toZero, fromZero := floor, ceiling
	if x.Sign() < 0 {
		toZero, fromZero = ceiling, floor
	}
	even := floor
	if floor.Bit(0) == 1 {
		even = ceiling
	}
	middle := new(big.Rat).Add(new(big.Rat).SetInt(floor), big.NewRat(1, 2))
	side := x.Cmp(middle)
	nearest := func(tie *big.Int) *big.Int {
		return [3]*big.Int{floor, tie, ceiling}[side+1]
	}
	return map[money.Rounding]*big.Int{
		money.HalfEven: nearest(even),
		money.HalfUp:   nearest(fromZero),
		money.HalfDown: nearest(toZero),
		money.Up:       fromZero,
		money.Down:     toZero,
		money.Floor:    floor,
		money.Ceiling:  ceiling,
	}[mode]
}

func mustErr[E error](t *testing.T, err error) E {
	t.Helper()
	e, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("got error %v (%T)", err, err)
	}
	return e
}
