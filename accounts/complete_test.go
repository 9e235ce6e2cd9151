package accounts_test

import (
	"strings"
	"testing"

	"github.com/keelshop/commerce/accounts"
)

func TestAddressesLackWhatTheirCountryAsksFor(t *testing.T) {
	for _, test := range []struct {
		address accounts.Address
		want    string
	}{
		{accounts.Address{}, "country line1 city"},
		{accounts.Address{Country: "DE", Line1: "Unter den Linden 1", City: "Berlin"}, "postcode"},
		{accounts.Address{Country: "DE", Line1: "Unter den Linden 1", City: "Berlin", Postcode: "10117"}, ""},
		{accounts.Address{Country: "IE", Line1: "1 Main St", City: "Cork"}, ""},
		{accounts.Address{Country: "US", Line1: "1 Main St", City: "Albany"}, "region postcode"},
		{accounts.Address{Country: "JP", Line1: "1-1", Region: "Tokyo"}, "postcode"},
		{accounts.Address{Country: "HK", Line1: "1 Queen's Road"}, ""},
		{accounts.Address{Country: "SG", Postcode: "018956"}, "line1"},
	} {
		if got := strings.Join(test.address.Missing(), " "); got != test.want {
			t.Errorf("%s lacks %q, want %q", test.address.Country, got, test.want)
		}
	}
}
