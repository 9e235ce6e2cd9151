package accounts_test

import (
	"strings"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/internal/seal"
)

func TestAddressesOfNoSuchForm(t *testing.T) {
	for _, test := range []struct{ country, region, postcode, want string }{
		{"DE", "", "10117", ""},
		{"DE", "", "1011", "postcode"},
		{"DE", "", "1O117", "postcode"},
		{"DE", "Bayern", "80331", ""},
		{"GB", "", "sw1a 1aa", ""},
		{"GB", "", "M1 1AE", ""},
		{"GB", "", "12345", "postcode"},
		{"NL", "", "1012 JS", ""},
		{"NL", "", "1012", "postcode"},
		{"SE", "", "SE-111 29", ""},
		{"LU", "", "L-1009", ""},
		{"PL", "", "00-950", ""},
		{"US", "NY", "12201-7050", ""},
		{"US", "us-ny", "12201", ""},
		{"US", "New York", "1220", "region postcode"},
		{"CA", "QC", "H2Y 1C6", ""},
		{"CA", "XX", "H2Y 1C6", "region"},
		{"IE", "", "D02 X285", ""},
		{"XX", "anything", "?", ""},
		{"FR", "", "", ""},
	} {
		a := accounts.Address{Country: test.country, Region: seal.Personal(test.region), Postcode: seal.Personal(test.postcode)}
		if got := strings.Join(a.Malformed(), " "); got != test.want {
			t.Errorf("%s %q %q: malformed are %q, want %q", test.country, test.region, test.postcode, got, test.want)
		}
	}
}
