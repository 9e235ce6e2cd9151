package httpapi_test

import (
	"fmt"
	"testing"

	"github.com/keelshop/commerce/httpapi"
)

// TestShoppersPayWithWhatIsOffered: wherever a shopper names a provider, one
// that the shop does not offer is refused before anything is begun; "manual",
// which agrees to everything, and no name at all, which stands for it, are
// offered by name only.
func TestShoppersPayWithWhatIsOffered(t *testing.T) {
	for _, c := range []struct {
		offered []string
		refused []string
		taken   string
	}{
		{nil, []string{"", "manual"}, "simulator"},
		{[]string{"simulator", "manual"}, []string{"gift_card", "store_credit"}, ""},
	} {
		w := newWorld(t, httpapi.Options{PayWith: c.offered})
		o := w.must(200, w.alice, "POST", w.cart(w.alice, "mug", 2)+"/checkout", goodCard).at("order.id").(string)
		const change = `{"reason":"one more","add":[{"sku":"mug","quantity":1}]}`
		p := w.must(200, "staff", "POST", "/staff/orders/"+o+"/changes/preview", change)
		w.must(200, "staff", "POST", "/staff/orders/"+o+"/changes", change, "If-Match", p.header.Get("ETag"))
		cart := w.cart(w.alice, "cup", 1)
		for _, at := range []struct{ path, body, location string }{
			{cart + "/checkout", `{"pay_with":%q}`, "body.pay_with"},
			{cart + "/checkout", `{"tenders":[{"pay_with":%q}]}`, "body.tenders[0].pay_with"},
			{"/orders/" + o + "/payments", `{"pay_with":%q,"token":"pm_card_visa"}`, "body.pay_with"},
			{"/payment-methods", `{"provider":%q,"token":"pm_card_visa"}`, "body.provider"},
		} {
			for _, name := range c.refused {
				before := w.logged()
				r := w.ask(w.alice, "POST", at.path, fmt.Sprintf(at.body, name))
				if r.status != 422 || r.at("fields.0.location") != at.location || fmt.Sprint(w.logged()) != fmt.Sprint(before) {
					t.Errorf("%v: %s with %q: %d %s", c.offered, at.path, name, r.status, r.text)
				}
			}
		}
		if r := w.must(200, w.alice, "POST", "/orders/"+o+"/payments", fmt.Sprintf(`{"pay_with":%q,"token":"pm_card_visa"}`, c.taken)); r.at("due.minor") != 0.0 {
			t.Errorf("%v: paying with %q came to %s", c.offered, c.taken, r.text)
		}
	}
}
