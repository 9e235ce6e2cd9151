package httpapi_test

import (
	"testing"

	"github.com/keelshop/commerce/httpapi"
)

// A channel brings its own prices, so shoppers do not choose one that is not
// open to them.
func TestOnlyStaffBuyThroughAnyChannel(t *testing.T) {
	w := newWorld(t, httpapi.Options{Channels: []string{"app"}})
	for _, test := range []struct {
		who, channel string
		status       int
	}{
		{"", "", 201}, {"", "app", 201}, {"", "trade", 422}, {w.alice, "trade", 422}, {w.alice, "app", 201}, {w.staff, "trade", 201},
	} {
		r := w.ask(test.who, "POST", "/carts", `{"channel":"`+test.channel+`","lines":[{"sku":"mug","quantity":1}]}`)
		if r.status != test.status || r.status == 422 && r.at("fields.0.location") != "body.channel" {
			t.Errorf("%.3q through %q: %d %s", test.who, test.channel, r.status, r.text)
		}
	}
}
