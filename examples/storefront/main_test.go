package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/internal/samplegoods"
	"github.com/keelshop/commerce/metrics"
	"github.com/keelshop/commerce/payments/simulator"
)

func TestTheShopOpens(t *testing.T) {
	bank := simulator.New(simulator.WithURL("/bank"))
	shop := commercetest.Open(t, commerce.WithPayments(bank))
	if _, err := samplegoods.Load(t.Context(), shop); err != nil {
		t.Fatal(err)
	}
	finders, err := openFinders(t.Context(), shop)
	if err != nil {
		t.Fatal(err)
	}
	defer closeFinders(finders)
	watched := metrics.New()
	handler, err := parts{shop, bank, finders, &console{to: io.Discard}, nil, slog.New(slog.DiscardHandler), watched}.routes()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	for path, want := range map[string]string{
		"/": "Fewer things that stay longer", "/pages/about": "About us", "/pages/delivery": "Delivery and returns",
		"/static/theme.css": "Fraunces", "/bank/card": "Card number", "/c/kitchen": "Everyday mug", "/search?q=mugs": "Camp mug",
		"/admin/login": "Log in", "/api/docs": `href="/api/openapi.json"`, "/api/openapi.json": `"/carts/{cart}/checkout"`,
		"/api/products/rain-coat": `"formatted":"189.00`, "/api/search?q=mugs": "camp-mug",
	} {
		answer, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v, %s, without %q", path, err, answer.Status, want)
		}
	}
	w := httptest.NewRecorder()
	watched.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, route := range []string{"GET /c/{handle}", "GET /admin/login", "GET /api/products/{product}"} {
		if want := `route="` + route + `"`; !strings.Contains(w.Body.String(), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// TestAMerchantsOwnGoods: an export takes the place of the sample goods, also at
// the next start, without being named again.
func TestAMerchantsOwnGoods(t *testing.T) {
	bank := simulator.New(simulator.WithURL("/bank"))
	shop := commercetest.Open(t, commerce.WithPayments(bank))
	own := imported{file: "../import/products.csv", currency: "CHF"}
	for _, i := range []imported{own, {}} {
		if err := stockUp(t.Context(), shop, i, io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	handler, err := parts{shop, bank, nil, &console{to: io.Discard}, nil, slog.New(slog.DiscardHandler), metrics.New()}.routes()
	if err != nil {
		t.Fatal(err)
	}
	page := httptest.NewRecorder()
	handler.ServeHTTP(page, httptest.NewRequest("GET", "/c/pots", nil))
	text := page.Body.String()
	if !strings.Contains(text, "Terracotta pot") || !strings.Contains(text, "CHF") || strings.Contains(text, "Kitchen") {
		t.Errorf("the shop does not sell what was imported:\n%s", text)
	}
}

// TestSpans: a request and what it causes are written down, of one trace.
func TestSpans(t *testing.T) {
	var out strings.Builder
	tracer := tracing(&out)
	shop := commercetest.Open(t, commerce.WithObserver(tracer.Observer()))
	api, err := httpapi.New(shop, httpapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/customers", strings.NewReader(`{"email":"ada@example.com","name":"Ada","password":"a long walk home"}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	tracer.Handler(api).ServeHTTP(w, r)
	if w.Code != http.StatusCreated {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	ids := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		ids[strings.Fields(line)[1]] = true
	}
	if !strings.Contains(out.String(), "POST /customers\n") || !strings.Contains(out.String(), "command accounts.register") || len(ids) != 1 || strings.Contains(out.String(), "ada@") {
		t.Errorf("the spans are\n%s", out.String())
	}
}

func TestLetters(t *testing.T) {
	var out strings.Builder
	mailer := &console{to: &out, site: "http://localhost:8080"}
	letter := accounts.Letter{Kind: accounts.ResetPassword, To: "ada@example.com", Name: "Ada", Token: "t0k/n"}
	if err := mailer.Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	if want := "http://localhost:8080/password/new?token=t0k%2Fn"; !strings.Contains(out.String(), want) {
		t.Errorf("the letter lacks %s:\n%s", want, out.String())
	}
}
