package traces_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/traces"
)

// TestFromRequestToDisk: adding to a cart is a span of the request, of the
// command in it, and of what the command goes through, all in the trace that the
// caller has begun.
func TestFromRequestToDisk(t *testing.T) {
	seen := tracetest.NewSpanRecorder()
	tracer := traces.New(sdk.NewTracerProvider(sdk.WithSpanProcessor(seen)))
	var counted atomic.Int64
	shop := commercetest.Open(t, commerce.WithObserver(tracer.Observer()),
		commerce.WithObserver(commerce.Observer{Command: func(commerce.ObservedCommand) { counted.Add(1) }}))
	_, err := shop.Catalog.PutProduct(t.Context(), catalog.PutProduct{Handle: "mug", Title: "Mug", Variants: []catalog.PutVariant{
		{SKU: "mug", Untracked: true, Prices: []money.Amount{money.New(1250, "EUR")}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen.Ended()) != 0 || counted.Load() == 0 {
		t.Fatalf("without a request there are %d spans; the other observer saw %d commands", len(seen.Ended()), counted.Load())
	}
	api, err := httpapi.New(shop, httpapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/carts?fields=id", strings.NewReader(`{"lines": [{"sku": "mug", "quantity": 1}]}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	w := httptest.NewRecorder()
	tracer.Handler(api).ServeHTTP(w, r)
	if w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	byName := map[string]sdk.ReadOnlySpan{}
	for _, s := range seen.Ended() {
		byName[s.Name()] = s
		if s.SpanContext().TraceID().String() != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("%s is in a trace of its own", s.Name())
		}
		for _, a := range s.Attributes() {
			if strings.Contains(a.Value.String(), "cart_") {
				t.Errorf("%s names the cart: %v", s.Name(), a)
			}
		}
	}
	request := byName["POST /carts"]
	if request == nil || request.Parent().SpanID().String() != "b7ad6b7169203331" {
		t.Fatalf("the request has no span below the caller's: %v", byName)
	}
	command := byName["command cart.add_lines"]
	if command == nil || command.Parent().SpanID() != request.SpanContext().SpanID() {
		t.Fatalf("the command has no span below the request's: %v", byName)
	}
	at := command.StartTime()
	for _, name := range []string{"wait", "log", "apply"} {
		s := byName[name]
		if s == nil || s.Parent().SpanID() != command.SpanContext().SpanID() {
			t.Fatalf("%s has no span below the command's: %v", name, byName)
		}
		if s.StartTime().Before(at) || s.EndTime().Before(s.StartTime()) || s.EndTime().After(command.EndTime()) {
			t.Errorf("%s, %v to %v, is not where it belongs", name, s.StartTime(), s.EndTime())
		}
		at = s.EndTime()
	}
}

// TestWhatIsNotSampled: no span is made, and the request is answered.
func TestWhatIsNotSampled(t *testing.T) {
	seen := tracetest.NewSpanRecorder()
	tracer := traces.New(sdk.NewTracerProvider(sdk.WithSpanProcessor(seen), sdk.WithSampler(sdk.NeverSample())))
	w := httptest.NewRecorder()
	tracer.Handler(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 404 || len(seen.Ended()) != 0 {
		t.Errorf("%d, %d spans", w.Code, len(seen.Ended()))
	}
}
