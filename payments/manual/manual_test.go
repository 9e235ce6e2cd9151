package manual_test

import (
	"testing"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments/manual"
	"github.com/keelshop/commerce/payments/paymentstest"
)

func TestKeepsTheProvidersPromises(t *testing.T) {
	paymentstest.Run(t, func(*testing.T) paymentstest.Harness {
		return paymentstest.Harness{Provider: manual.New(), Currency: "EUR", Currencies: []money.Currency{"JPY", "KWD", "CLF"}, Bookless: true}
	})
}
