package stripe

import (
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// exponents lists the currencies whose amounts Stripe writes with other digits
// than ISO 4217 does (docs.stripe.com/currencies).
var exponents = map[money.Currency]int{"ISK": 2, "MGA": 0, "UGX": 2}

// minor returns an amount as Stripe writes it.
func minor(a money.Amount) (int64, error) {
	c := a.Currency()
	digits := c.Digits()
	theirs, odd := exponents[c]
	if !odd {
		theirs = min(digits, 3)
	}
	n := a.Minor()
	for ; digits < theirs; digits++ {
		if n > 1<<55 {
			return 0, fault.New(fault.Invalid, "%v is more than Stripe can be asked for", a)
		}
		n *= 10
	}
	for ; digits > theirs; digits-- {
		if n%10 != 0 {
			return 0, unrepresentable(a)
		}
		n /= 10
	}
	if theirs == 3 && n%10 != 0 { // the last digit must be 0
		return 0, unrepresentable(a)
	}
	return n, nil
}

func unrepresentable(a money.Amount) error {
	return fault.New(fault.Invalid, "Stripe cannot charge exactly %v", a)
}

// amount reads what Stripe wrote.
func amount(n int64, currency string) (money.Amount, error) {
	c, err := money.ParseCurrency(strings.ToUpper(currency))
	if err != nil {
		return money.Amount{}, err
	}
	digits := c.Digits()
	theirs, odd := exponents[c]
	if !odd {
		theirs = min(digits, 3)
	}
	for ; theirs > digits; theirs-- {
		n /= 10
	}
	for ; theirs < digits; theirs++ {
		n *= 10
	}
	return money.New(n, c), nil
}

func code(c money.Currency) string { return strings.ToLower(string(c)) }
