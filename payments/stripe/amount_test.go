package stripe

import (
	"testing"

	"github.com/keelshop/commerce/money"
	"pgregory.net/rapid"
)

func TestAmountsAsStripeWritesThem(t *testing.T) {
	for _, c := range []struct {
		amount money.Amount
		want   int64 // 0: cannot be charged
	}{
		{money.New(1250, "EUR"), 1250},
		{money.New(500, "JPY"), 500},
		{money.New(5, "ISK"), 500}, // two digits for old time's sake
		{money.New(5, "UGX"), 500},
		{money.New(500, "MGA"), 5}, // none
		{money.New(550, "MGA"), 0},
		{money.New(5120, "KWD"), 5120}, // the last of three digits must be 0
		{money.New(5124, "KWD"), 0},
		{money.New(12340, "CLF"), 0}, // four
		{money.New(12300, "CLF"), 1230},
	} {
		n, err := minor(c.amount)
		if (err != nil) != (c.want == 0) || n != c.want {
			t.Errorf("%v is written as %d, %v; want %d", c.amount, n, err, c.want)
		}
	}
}

// TestAmountsComeBack: what can be charged is read back as it was.
func TestAmountsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := money.New(rapid.Int64Range(1, 1<<50).Draw(t, "minor"), rapid.SampledFrom(money.Currencies()).Draw(t, "currency"))
		n, err := minor(a)
		if err != nil {
			t.Skip("cannot be charged")
		}
		if back, err := amount(n, code(a.Currency())); err != nil || back != a {
			t.Fatalf("%v was written as %d and read as %v, %v", a, n, back, err)
		}
	})
}
