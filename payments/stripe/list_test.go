package stripe_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/stripe"
)

// TestForeignPaymentsDoNotStopTheList: what another program was paid in a
// currency that the store does not know is left out; what it cannot read of its
// own payments is an error.
func TestForeignPaymentsDoNotStopTheList(t *testing.T) {
	for _, c := range []struct {
		metadata string // of the payment that cannot be read
		broken   bool
	}{{`{}`, false}, {`{"commerce_attempt":"pay_1"}`, true}} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			const intent = `{"id":"pi_%d","object":"payment_intent","status":"succeeded","amount":500,"amount_received":500,"currency":%q,"metadata":%s}`
			fmt.Fprintf(w, `{"object":"list","has_more":false,"data":[`+intent+`,`+intent+`]}`, 1, "zzz", c.metadata, 2, "eur", `{"commerce_attempt":"pay_2"}`)
		}))
		t.Cleanup(web.Close)
		p, err := stripe.New("sk_test_x", stripe.WithURL(web.URL))
		must(t, err)
		var got []payments.Listed
		var failed error
		for l, err := range p.List(t.Context(), time.Time{}) {
			if err != nil {
				failed = err
				break
			}
			got = append(got, l)
		}
		if c.broken != (failed != nil) || !c.broken && (len(got) != 1 || got[0].Key != "pay_2") {
			t.Errorf("metadata %s: listed %+v, %v", c.metadata, got, failed)
		}
	}
}
