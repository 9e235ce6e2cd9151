package money_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/money"
)

func TestArithmeticAgreesWithUnboundedIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genCurrency().Draw(t, "currency")
		x, y := genInt().Draw(t, "x"), genInt().Draw(t, "y")
		a, b := money.New(x, c), money.New(y, c)
		bigX, bigY := big.NewInt(x), big.NewInt(y)

		sum, err := a.Add(b)
		checkExact(t, sum, err, new(big.Int).Add(bigX, bigY), c)
		diff, err := a.Sub(b)
		checkExact(t, diff, err, new(big.Int).Sub(bigX, bigY), c)
		product, err := a.Mul(y)
		checkExact(t, product, err, new(big.Int).Mul(bigX, bigY), c)
		neg, err := a.Neg()
		checkExact(t, neg, err, new(big.Int).Neg(bigX), c)

		if got, err := a.Cmp(b); err != nil || got != bigX.Cmp(bigY) {
			t.Fatalf("Cmp = %d, %v", got, err)
		}
		if a.IsZero() != (x == 0) || a.IsNegative() != (x < 0) || a.IsPositive() != (x > 0) {
			t.Fatalf("the sign of %v is wrong", a)
		}
	})
}

func TestSumFitsWhenItsTotalDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genCurrency().Draw(t, "currency")
		exact := new(big.Int)
		var amounts []money.Amount
		for _, minor := range rapid.SliceOf(genInt()).Draw(t, "minor") {
			amounts = append(amounts, money.New(minor, c))
			exact.Add(exact, big.NewInt(minor))
		}
		got, err := money.Sum(c, amounts...)
		checkExact(t, got, err, exact, c)
	})
}

func TestSumPassesThroughOverflow(t *testing.T) {
	got, err := money.Sum("EUR", eur(math.MaxInt64), eur(math.MaxInt64), eur(-math.MaxInt64))
	if err != nil || got != eur(math.MaxInt64) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestCurrenciesDoNotMix(t *testing.T) {
	a, b := eur(500), money.New(500, "USD")
	for name, op := range map[string]func() error{
		"add": func() error { _, err := a.Add(b); return err },
		"sub": func() error { _, err := a.Sub(b); return err },
		"cmp": func() error { _, err := a.Cmp(b); return err },
		"sum": func() error { _, err := money.Sum("EUR", a, b); return err },
	} {
		t.Run(name, func(t *testing.T) {
			e := mustErr[*money.CurrencyMismatchError](t, op())
			if e.Want != "EUR" || e.Have != "USD" {
				t.Errorf("got %+v", e)
			}
		})
	}
}

func TestNoMoneyIsNotNothing(t *testing.T) {
	var unset money.Amount
	if unset == money.Zero("EUR") || unset.Check() == nil || !unset.IsZero() {
		t.Error("the zero Amount is not what its doc says")
	}
	for _, pair := range [][2]money.Amount{{unset, eur(5)}, {eur(5), unset}, {unset, money.Zero("EUR")}} {
		if sum, err := pair[0].Add(pair[1]); err == nil {
			t.Errorf("%v + %v = %v", pair[0], pair[1], sum)
		}
	}
	if _, err := money.Sum("EUR", eur(5), unset); err == nil {
		t.Error("Sum takes an amount without a currency for nothing")
	}
}

func TestErrorTexts(t *testing.T) {
	_, overflow := eur(math.MaxInt64).Mul(2)
	_, mismatch := eur(1).Add(money.Amount{})
	_, unknown := money.ParseCurrency("EURO")
	_, missing := money.ParseCurrency("")
	_, digits := money.ParseDecimal("12.505", "EUR")
	_, weights := eur(100).Allocate([]int64{0})
	for err, want := range map[error]string{
		overflow: "92233720368547758.07 EUR × 2 is outside the range of 64 bits",
		mismatch: "an amount in EUR is needed here, and this one is in no currency",
		unknown:  `"EURO" is not the ISO 4217 code of a currency with minor units`,
		missing:  "the currency is missing",
		digits:   `"12.505" is not an amount: EUR has 2 digits after the point`,
		weights:  "1.00 EUR cannot be handed out: no weight is positive",
	} {
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
	}
}
