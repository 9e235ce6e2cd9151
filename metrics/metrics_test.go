package metrics_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/metrics"
	"github.com/keelshop/commerce/money"
)

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestWhatPrometheusSees(t *testing.T) {
	m := metrics.New()
	private := httptest.NewServer(m.Handler())
	defer private.Close()
	if status, _ := get(t, private.URL+"/readyz"); status != 503 {
		t.Errorf("without a store it is ready: %d", status)
	}
	shop := commercetest.Open(t, commerce.WithObserver(m.Observer()))
	ctx, cancel := context.WithCancel(t.Context())
	watched := make(chan error)
	go func() { watched <- m.Watch(ctx, shop) }()

	api, err := httpapi.New(shop, httpapi.Options{Observe: m.Request})
	if err != nil {
		t.Fatal(err)
	}
	public := httptest.NewServer(api)
	defer public.Close()
	_, err = shop.Catalog.PutProduct(ctx, catalog.PutProduct{Handle: "mug", Title: "Mug", Variants: []catalog.PutVariant{
		{SKU: "mug", Untracked: true, Prices: []money.Amount{money.New(1250, "EUR")}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	m.Follow("nobody", func() commerce.Position { return "" })
	if _, err := shop.Endpoints.Put(ctx, endpoints.Put{URL: "https://erp.example.com/hook", Kinds: []string{"order.*"}}); err != nil {
		t.Fatal(err)
	}
	basket, err := shop.Carts.AddLine(ctx, cart.AddLine{SKU: "mug", Quantity: 1})
	if err != nil {
		t.Fatal(err)
	}
	for status := 0; status != 200; { // until the watcher has begun
		status, _ = get(t, private.URL+"/readyz")
	}
	if _, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: basket.ID, PayWith: "manual"}); err != nil {
		t.Fatal(err)
	}
	if _, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: basket.ID, CartVersion: 99, PayWith: "manual"}); err == nil {
		t.Log("buying again is answered with the order that was made")
	}
	for range 2 {
		get(t, public.URL+"/products/mug")
	}
	for _, kept := range []httpapi.Served{{Kept: "no"}, {Kept: "yes"}, {Kept: "yes"}} { // as the storefront tells of pages
		m.Request(nil, kept)
	}
	text := ""
	for !strings.Contains(text, `commerce_events_total{kind="order.placed"}`) || !strings.Contains(text, `commerce_payments_total{`) { // events are followed, not waited for
		_, text = get(t, private.URL+"/metrics")
	}
	for _, want := range []string{
		`commerce_commands_total{kind="cart.add_lines",outcome="done"} 1`,
		`commerce_batch_commands_count{shard="0"}`, `commerce_apply_seconds_bucket{shard="0",le="0.0005"}`,
		`commerce_commit_seconds_count{shard="0"}`, `commerce_payments_total{outcome="accepted"} 1`,
		`commerce_behind_events{consumer="nobody"} `, `commerce_webhook_behind_events{endpoint="`,
		`commerce_shard_leading{shard="0"} 1`, `commerce_shard_waiting{shard="0"} 0`, `commerce_cache_reads_total{found="yes"}`,
		`commerce_behind_events{consumer="metrics"} `, `http_page_cache_reads_total{found="no"} 1`, `http_page_cache_reads_total{found="yes"} 2`,
		`http_requests_total{method="GET",route="GET /products/{product}",status="200"} 2`, `commerce_store_failed 0`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(text, string(basket.ID)) {
		t.Error("a cart's ID is in the metrics")
	}
	if status, _ := get(t, private.URL+"/debug/pprof/goroutine?debug=1"); status != 200 {
		t.Errorf("the goroutines: %d", status)
	}
	if status, _ := get(t, private.URL+"/debug/pprof/nothing"); status != 404 {
		t.Errorf("a profile that there is not: %d", status)
	}
	cancel()
	if err := <-watched; err != nil {
		t.Errorf("the watcher: %v", err)
	}
}

func TestProfilesStayOffTheDefaultMux(t *testing.T) {
	if _, pattern := http.DefaultServeMux.Handler(httptest.NewRequest("GET", "/debug/pprof/heap", nil)); pattern != "" {
		t.Errorf("http.DefaultServeMux serves %s", pattern)
	}
}
