package money_test

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/money"
)

func TestFormat(t *testing.T) {
	for _, test := range []struct {
		amount money.Amount
		want   string
	}{
		{eur(1250), "12.50 EUR"},
		{eur(-5), "-0.05 EUR"},
		{eur(0), "0.00 EUR"},
		{money.New(1250, "JPY"), "1250 JPY"},
		{money.New(-5, "KWD"), "-0.005 KWD"},
		{money.New(12345, "CLF"), "1.2345 CLF"},
		{eur(math.MinInt64), "-92233720368547758.08 EUR"},
		{money.Amount{}, "no money"},
		{money.New(7, ""), "7 no currency"},
		{money.New(7, "QQQ"), "7 QQQ"},
	} {
		if got := test.amount.String(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestParseDecimal(t *testing.T) {
	for _, test := range []struct {
		in       string
		currency money.Currency
		want     int64
	}{
		{"12.50", "EUR", 1250},
		{"12.5", "EUR", 1250},
		{"12", "EUR", 1200},
		{"-0.05", "EUR", -5},
		{"-0", "EUR", 0},
		{"007.00", "EUR", 700},
		{"12.50000000000000000000000000000", "EUR", 1250},
		{"100.00", "JPY", 100},
		{"0.005", "KWD", 5},
		{"92233720368547758.07", "EUR", math.MaxInt64},
		{"-92233720368547758.08", "EUR", math.MinInt64},
	} {
		got, err := money.ParseDecimal(test.in, test.currency)
		if want := money.New(test.want, test.currency); err != nil || got != want {
			t.Errorf("%q = %v, %v", test.in, got, err)
		}
	}
	for _, in := range []string{
		"", "-", ".", "5.", ".5", "+5", " 5", "5 ", "--5", "1e3", "1,50", "1.500,00", "1_000", "0x10", "٥", "5-", "NaN", "12.5.0",
		"12.505", "0.001", "0.00000000000000000000000000001",
	} {
		if got, err := money.ParseDecimal(in, "EUR"); err == nil {
			t.Errorf("%q = %v", in, got)
		} else {
			mustErr[*money.ParseError](t, err)
		}
	}
	for _, in := range []string{
		"92233720368547758.08", "-92233720368547758.09", "999999999999999999999999",
		"184467440737095516.16", "184467440737095516.19", // 2⁶⁴ and 3 more, which must not wrap around to almost nothing
	} {
		_, err := money.ParseDecimal(in, "EUR")
		mustErr[*money.OverflowError](t, err)
	}
	_, err := money.ParseDecimal("1", "XAU")
	mustErr[*money.UnknownCurrencyError](t, err)
}

func TestParseDecimalRounded(t *testing.T) {
	for _, test := range []struct {
		in      string
		mode    money.Rounding
		want    int64
		rounded bool
	}{
		{"0.001", money.HalfEven, 0, true},
		{"0.001", money.Up, 1, true},
		{"-0.001", money.Floor, -1, true},
		{"0.005", money.HalfEven, 0, true},
		{"0.015", money.HalfEven, 2, true},
		{"0.00500000000000000000000000000000001", money.HalfEven, 1, true},
		{"0.00499999999999999999999999999999999", money.HalfUp, 0, true},
		{"1.230000", money.Up, 123, false},
		{"1.2", money.Up, 120, false},
	} {
		got, rounded, err := money.ParseDecimalRounded(test.in, "GBP", test.mode)
		if err != nil || got != money.New(test.want, "GBP") || rounded != test.rounded {
			t.Errorf("%q, %v = %v, %v, %v", test.in, test.mode, got, rounded, err)
		}
	}
	for _, in := range []string{"92233720368547758.071", "184467440737095516.151"} {
		got, rounded, err := money.ParseDecimalRounded(in, "GBP", money.Up)
		mustErr[*money.OverflowError](t, err)
		if rounded || got != (money.Amount{}) {
			t.Errorf("%q gives %v, %v beside its error", in, got, rounded)
		}
	}
}

func TestParse(t *testing.T) {
	if got, err := money.Parse("12.50 EUR"); err != nil || got != eur(1250) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, in := range []string{"", "12.50", "12.50EUR", "EUR 12.50", "12.50  EUR", "12.50 EUR ", "12.50 eur", "12.50 XAU", "no money", " EUR"} {
		if got, err := money.Parse(in); err == nil {
			t.Errorf("%q = %v", in, got)
		}
	}
}

func TestErrorsShortenHostileInput(t *testing.T) {
	_, err := money.ParseDecimal(strings.Repeat("é", 1<<20), "EUR")
	if len(err.Error()) > 300 {
		t.Errorf("the text has %d bytes", len(err.Error()))
	}
	_, err = money.ParseDecimal(strings.Repeat("9", 1<<20), "EUR")
	if len(err.Error()) > 300 {
		t.Errorf("the text has %d bytes", len(err.Error()))
	}
}

func TestParseReadsWhatStringWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genAmount().Draw(t, "amount")
		if got, err := money.Parse(a.String()); err != nil || got != a {
			t.Fatalf("%q came back as %v, %v", a.String(), got, err)
		}
		if got, err := money.ParseDecimal(a.Decimal(), a.Currency()); err != nil || got != a {
			t.Fatalf("%q came back as %v, %v", a.Decimal(), got, err)
		}
	})
}

func TestParseDecimalRoundedAgreesWithRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genCurrency().Draw(t, "currency")
		mode := rapid.SampledFrom(modes).Draw(t, "mode")
		in := rapid.StringMatching(`-?[0-9]{1,20}(\.([0-9]{1,8}|[0-9]{0,4}50*))?`).Draw(t, "in")
		checkRounded(t, in, c, mode)
	})
}

// checkRounded compares the reading of a decimal number with that of math/big.
func checkRounded(t fatal, in string, c money.Currency, mode money.Rounding) {
	t.Helper()
	exact, ok := new(big.Rat).SetString(in)
	if !ok {
		t.Fatalf("math/big does not read %q", in)
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Digits())), nil)
	exact.Mul(exact, new(big.Rat).SetInt(unit))
	got, rounded, err := money.ParseDecimalRounded(in, c, mode)
	checkExact(t, got, err, roundRat(exact, mode), c)
	if err == nil && rounded == exact.IsInt() {
		t.Fatalf("%q: rounded = %v", in, rounded)
	}
	strict, err := money.ParseDecimal(in, c)
	if rounded && err == nil || !rounded && strict != got {
		t.Fatalf("%q reads as %v, %v strictly, and as %v otherwise", in, strict, err, got)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"12.50 EUR", "-0.005 KWD", "1250 JPY", "1. EUR", "9223372036854775808 JPY", "0.0 CLF"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := money.Parse(s)
		if err != nil {
			return
		}
		if back, err := money.Parse(a.String()); err != nil || back != a {
			t.Errorf("%q reads as %v, which reads as %v, %v", s, a, back, err)
		}
	})
}

func FuzzParseDecimalRounded(f *testing.F) {
	f.Add("0.001", byte(0), uint8(3))
	f.Add("-99999999999999999.995", byte(44), uint8(0))
	f.Fuzz(func(t *testing.T, s string, currency byte, mode uint8) {
		all := money.Currencies()
		c, m := all[int(currency)%len(all)], modes[int(mode)%len(modes)]
		_, _, err := money.ParseDecimalRounded(s, c, m)
		if _, wrong := errors.AsType[*money.ParseError](err); !wrong && len(s) < 1000 {
			checkRounded(t, s, c, m)
		}
	})
}

func FuzzParseRate(f *testing.F) {
	for _, seed := range []string{"9.975%", "0.19", "1/3", "-5%", "1/0", "9223372036854775807"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := money.ParseRate(s)
		if err != nil {
			return
		}
		if back, err := money.ParseRate(r.String()); err != nil || back != r {
			t.Errorf("%q reads as %v, which reads as %v, %v", s, r, back, err)
		}
	})
}
