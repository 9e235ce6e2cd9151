package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/keelshop/commerce/httpapi"
)

// TestRefusalsKeepToTheDocument: what is answered before a route is reached is a
// problem as the document describes it, and its type leads to its explanation.
func TestRefusalsKeepToTheDocument(t *testing.T) {
	w := newWorld(t)
	problem := w.document().schema(pointer("components", "schemas", "Problem"))
	for _, test := range []struct {
		name    string
		options httpapi.Options
		request string
		header  http.Header
		status  int
		kind    string
	}{
		{"no such path", httpapi.Options{}, "GET /nothing", nil, 404, "not_found"},
		{"another method", httpapi.Options{}, "DELETE /products", nil, 405, "invalid"},
		{"another site", httpapi.Options{}, "POST /carts", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403, "denied"},
		{"too often", httpapi.Options{PerAddress: httpapi.Rate{Requests: 1, Per: time.Hour}}, "GET /products", nil, 429, "unavailable"},
		{"too much to do", httpapi.Options{AtOnce: 1}, "GET /products", nil, 503, "unavailable"},
	} {
		test.options.Prefix = "/api"
		api, err := httpapi.New(w.shop, test.options)
		if err != nil {
			t.Fatal(err)
		}
		var got *httptest.ResponseRecorder
		for range 2 { // the second is too often
			method, path, _ := strings.Cut(test.request, " ")
			r := httptest.NewRequest(method, "/api"+path, nil)
			for name, values := range test.header {
				r.Header[name] = values
			}
			got = httptest.NewRecorder()
			api.ServeHTTP(got, r)
		}
		if got.Code != test.status || got.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", test.name, got.Code, got.Header().Get("Content-Type"))
		}
		body, err := jsonschema.UnmarshalJSON(strings.NewReader(got.Body.String()))
		if err != nil {
			t.Fatal(err)
		}
		if err := problem.Validate(body); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if kind := body.(map[string]any)["type"]; kind != "/api/docs#"+test.kind {
			t.Errorf("%s: its type is %v", test.name, kind)
		}
	}
}
