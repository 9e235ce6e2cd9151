package money_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/money"
)

func TestRounding(t *testing.T) {
	// Each row rounds tenths: 25 is 2.5. The columns are in the order of modes.
	for _, test := range []struct {
		tenths int64
		want   [7]int64
	}{ //        even up down Up Down Fl Ceil
		{25, [7]int64{2, 3, 2, 3, 2, 2, 3}},
		{35, [7]int64{4, 4, 3, 4, 3, 3, 4}},
		{24, [7]int64{2, 2, 2, 3, 2, 2, 3}},
		{26, [7]int64{3, 3, 3, 3, 2, 2, 3}},
		{30, [7]int64{3, 3, 3, 3, 3, 3, 3}},
		{-25, [7]int64{-2, -3, -2, -3, -2, -3, -2}},
		{-35, [7]int64{-4, -4, -3, -4, -3, -4, -3}},
		{-24, [7]int64{-2, -2, -2, -3, -2, -3, -2}},
		{-26, [7]int64{-3, -3, -3, -3, -2, -3, -2}},
		{4, [7]int64{0, 0, 0, 1, 0, 0, 1}},
		{-4, [7]int64{0, 0, 0, -1, 0, -1, 0}},
		{0, [7]int64{}},
	} {
		for i, mode := range modes {
			got, err := eur(test.tenths).Scale(money.Percent(10), mode)
			if err != nil || got != eur(test.want[i]) {
				t.Errorf("%d tenths, %v = %v, %v", test.tenths, mode, got, err)
			}
		}
	}
}

func TestScaleAgreesWithUnboundedRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, r := genAmount().Draw(t, "amount"), genRate().Draw(t, "rate")
		mode := rapid.SampledFrom(modes).Draw(t, "mode")
		exact := new(big.Rat).Mul(new(big.Rat).SetInt64(a.Minor()), ratOf(r))
		got, err := a.Scale(r, mode)
		checkExact(t, got, err, roundRat(exact, mode), a.Currency())
	})
}

func TestScaleOverflow(t *testing.T) {
	third, _ := money.NewRate(math.MaxInt64, 3)
	for _, a := range []money.Amount{eur(math.MaxInt64), eur(math.MinInt64), eur(4)} {
		got, err := a.Scale(third, money.Up)
		if e := mustErr[*money.OverflowError](t, err); e.Expr == "" || got != (money.Amount{}) {
			t.Errorf("%v, %v", got, err)
		}
	}
	fourfold, _ := money.NewRate(4, 1)
	_, err := eur(1<<62).Scale(fourfold, money.Up) // 2⁶⁴
	mustErr[*money.OverflowError](t, err)
	almost, _ := money.NewRate(3074457345618258603, 1537228672809129301)
	_, err = eur(9223372036854775805).Scale(almost, money.Up) // a little less than 2⁶⁴, and 2⁶⁴ when rounded
	mustErr[*money.OverflowError](t, err)
	if got, err := eur(3).Scale(third, money.Up); err != nil || got != eur(math.MaxInt64) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestUnknownRoundingIsRefused(t *testing.T) {
	_, err := eur(1).Scale(money.Percent(50), 7)
	mustErr[*money.ParseError](t, err)
	_, _, err = money.ParseDecimalRounded("1", "EUR", 7)
	mustErr[*money.ParseError](t, err)
}

func TestRoundingNames(t *testing.T) {
	golden := []string{"half_even", "half_up", "half_down", "up", "down", "floor", "ceiling"}
	for i, want := range golden {
		mode := money.Rounding(i) // numbers and names are stored
		text, err := mode.MarshalText()
		if err != nil || string(text) != want || mode.String() != want {
			t.Errorf("mode %d is %q, %v", i, text, err)
		}
		var back money.Rounding
		if err := back.UnmarshalText(text); err != nil || back != mode {
			t.Errorf("%q came back as %v, %v", text, back, err)
		}
	}
	if text, err := money.Rounding(7).MarshalText(); err == nil {
		t.Errorf("mode 7 is %q", text)
	}
	mustErr[*money.ParseError](t, new(money.Rounding).UnmarshalText([]byte("HalfUp")))
}

func TestParseRate(t *testing.T) {
	for _, test := range []struct {
		in       string
		num, den int64
		out      string
	}{
		{"9.975%", 399, 4000, "9.975%"},
		{"0.19", 19, 100, "19%"},
		{"19%", 19, 100, "19%"},
		{"19.00000000000000000000000%", 19, 100, "19%"},
		{"0", 0, 1, "0%"},
		{"-0%", 0, 1, "0%"},
		{"-5%", -1, 20, "-5%"},
		{"250%", 5, 2, "250%"},
		{"1/3", 1, 3, "1/3"},
		{"-2/6", -1, 3, "-1/3"},
		{"0.000000000000000001", 1, 1e18, "0.0000000000000001%"},
		{"9223372036854775807", math.MaxInt64, 1, "9223372036854775807/1"},
		{"-9223372036854775808/9223372036854775807", math.MinInt64, math.MaxInt64, "-9223372036854775808/9223372036854775807"},
	} {
		r, err := money.ParseRate(test.in)
		if err != nil || r.Num() != test.num || r.Den() != test.den || r.String() != test.out {
			t.Errorf("%q = %v (%d/%d), %v", test.in, r, r.Num(), r.Den(), err)
		}
	}
	for _, in := range []string{
		"", "%", "-", "1.", ".5", "+1%", " 1%", "1 %", "1e2", "1%%", "1,5%", "٣%", "1/0", "1/-3", "/", "1/", "1/2%", "1/2/3",
		"0.0000000000000000001", "0.00000000000000000001", "9223372036854775808", "1/9223372036854775808", "NaN", "0x1",
	} {
		if r, err := money.ParseRate(in); err == nil {
			t.Errorf("%q = %v", in, r)
		} else {
			mustErr[*money.ParseError](t, err)
		}
	}
}

func TestRateArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, s := genRate().Draw(t, "r"), genRate().Draw(t, "s")
		if sum, err := r.Add(s); err == nil {
			if want := new(big.Rat).Add(ratOf(r), ratOf(s)); ratOf(sum).Cmp(want) != 0 {
				t.Fatalf("%v + %v = %v", r, s, sum)
			}
		}
		onePlus := new(big.Rat).Add(big.NewRat(1, 1), ratOf(r))
		if share, err := r.Included(); err == nil {
			if want := new(big.Rat).Quo(ratOf(r), onePlus); ratOf(share).Cmp(want) != 0 {
				t.Fatalf("%v included is %v", r, share)
			}
		} else if onePlus.Sign() > 0 && onePlus.Num().IsInt64() {
			t.Fatalf("%v included: %v", r, err)
		}
	})
}

func TestRateEdges(t *testing.T) {
	if money.Percent(0) != (money.Rate{}) || (money.Rate{}).Den() != 1 {
		t.Error("the zero Rate is not 0 %")
	}
	qst, _ := money.ParseRate("9.975%")
	if sum, err := money.Percent(5).Add(qst); err != nil || sum.String() != "14.975%" {
		t.Errorf("5%% + 9.975%% = %v, %v", sum, err)
	}
	huge, _ := money.NewRate(math.MaxInt64, 1)
	_, err := huge.Add(money.Percent(1))
	mustErr[*money.OverflowError](t, err)
	_, err = huge.Included()
	mustErr[*money.OverflowError](t, err)
	for _, n := range []int64{-100, -101} {
		_, err = money.Percent(n).Included()
		mustErr[*money.ParseError](t, err)
	}
	for _, den := range []int64{0, -1, math.MinInt64} {
		_, err = money.NewRate(1, den)
		mustErr[*money.ParseError](t, err)
	}
}

func ratOf(r money.Rate) *big.Rat { return big.NewRat(r.Num(), r.Den()) }
