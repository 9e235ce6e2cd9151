package simulator_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

func ask(h http.Handler, method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestCardField(t *testing.T) {
	h := simulator.New().Handler(simulator.Pages{Path: "/bank"})
	for _, test := range []struct {
		name, back, number, sample string
		status                     int
		to                         string
	}{
		{"good", "/pay", "4242 4242 4242 4242", "", 303, "/pay?card=4242&token=pm_card_visa"},
		{"by its button", "/pay?x=1", "", "4000 0000 0000 0002", 303, "/pay?x=1&card=0002&token=pm_card_visa_chargeDeclined"},
		{"to another site", "//evil.example/", "4242424242424242", "", 303, "/?card=4242&token=pm_card_visa"},
		{"with a backslash", "/\\evil.example/", "4242424242424242", "", 303, "/?card=4242&token=pm_card_visa"},
		{"not a test number", "/pay", "4111 1111 1111 1111", "", 422, ""},
		{"empty", "/pay", "", "", 422, ""},
	} {
		w := ask(h, "POST", "/bank/card", url.Values{"return": {test.back}, "number": {test.number}, "test": {test.sample}})
		if w.Code != test.status || w.Header().Get("Location") != test.to {
			t.Errorf("%s: %d to %q, want %d to %q", test.name, w.Code, w.Header().Get("Location"), test.status, test.to)
		}
		if strings.Contains(w.Body.String(), "4111") {
			t.Errorf("%s: the page repeats the number", test.name)
		}
	}
	w := ask(h, "GET", "/bank/card?return="+url.QueryEscape(`/"><script>`), nil)
	if w.Code != 200 || strings.Contains(w.Body.String(), "<script>") || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("the field: %d %s", w.Code, w.Body)
	}
}

func TestThreeDSecurePages(t *testing.T) {
	var told []string
	sim := simulator.New(simulator.WithURL("/bank"))
	h := sim.Handler(simulator.Pages{Path: "/bank", Return: "/orders/", Notify: func(_ context.Context, order string) error {
		told = append(told, order)
		return nil
	}})
	for _, test := range []struct {
		answer string
		want   payments.State
	}{{"yes", payments.Captured}, {"no", payments.Declined}} {
		key := "pay_" + test.answer
		o, err := sim.Pay(t.Context(), payments.PayRequest{
			Key: key, Order: "ord_" + test.answer, Token: "pm_card_authenticationRequired", Amount: money.New(8400, "EUR"), AutoCapture: true,
		})
		if err != nil || o.Next == nil || o.Next.URL != "/bank/3ds/"+key {
			t.Fatalf("got %+v, %v", o, err)
		}
		if w := ask(h, "GET", o.Next.URL, nil); w.Code != 200 || !strings.Contains(w.Body.String(), "84.00 EUR") {
			t.Errorf("the question: %d %s", w.Code, w.Body)
		}
		for range 2 { // pressed twice
			w := ask(h, "POST", o.Next.URL, url.Values{"answer": {test.answer}})
			if w.Code != 303 || w.Header().Get("Location") != "/orders/ord_"+test.answer {
				t.Errorf("the answer leads to %d %q", w.Code, w.Header().Get("Location"))
			}
		}
		if c, _ := sim.Charge(key); c.State != test.want {
			t.Errorf("after %q the payment is %s, want %s", test.answer, c.State, test.want)
		}
		if w := ask(h, "GET", o.Next.URL, nil); w.Code != 404 {
			t.Errorf("an answered question is asked again: %d", w.Code)
		}
	}
	if len(told) != 4 || told[0] != "ord_yes" {
		t.Errorf("told of %v", told)
	}
	if w := ask(h, "POST", "/bank/3ds/pay_unknown", url.Values{"answer": {"yes"}}); w.Code != 404 {
		t.Errorf("an unknown payment: %d", w.Code)
	}
}
