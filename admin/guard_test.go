package admin_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/admin"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/payments/simulator"
)

// TestLookingIsTurnedAwayFirst: when there is too much to do, what changes
// something goes on. Nothing of that fills the log.
func TestLookingIsTurnedAwayFirst(t *testing.T) {
	var log strings.Builder
	var seen []admin.Served
	h, err := admin.New(commercetest.Open(t, commerce.WithPayments(simulator.New())), admin.Options{
		AtOnce: 1, Logger: slog.New(slog.NewTextHandler(&log, nil)), // nobody may look, one may work
		Observe: func(_ *http.Request, s admin.Served) { seen = append(seen, s) },
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		h.ServeHTTP(w, r)
		return w
	}
	for _, path := range []string{"/", "/orders", "/login"} {
		w := ask("GET", path)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || w.Header().Get("X-Request-Id") == "" {
			t.Errorf("%s: %d, %v", path, w.Code, w.Header())
		}
	}
	if log.Len() > 0 {
		t.Errorf("the log says\n%s", log.String())
	}
	for request, want := range map[[2]string]int{{"GET", "/static/admin.css"}: 200, {"POST", "/login"}: 422, {"POST", "/orders/x/ship"}: 403} {
		if w := ask(request[0], request[1]); w.Code != want {
			t.Errorf("%v: %d, want %d", request, w.Code, want)
		}
	}
	if len(seen) != 6 || seen[0].Route != "GET /{$}" || strings.Count(log.String(), "msg=request") != 3 {
		t.Errorf("the program heard of %+v, and the log says\n%s", seen, log.String())
	}
}

// TestAnotherMethod: what a page does not take is told from what is not there.
func TestAnotherMethod(t *testing.T) {
	h, err := admin.New(commercetest.Open(t), admin.Options{Base: "/admin"})
	if err != nil {
		t.Fatal(err)
	}
	for request, want := range map[[2]string]struct {
		status int
		allow  string
	}{
		{"DELETE", "/admin/orders"}:       {http.StatusMethodNotAllowed, "GET, HEAD"},
		{"GET", "/admin/orders/x/ship"}:   {http.StatusMethodNotAllowed, "POST"},
		{"PUT", "/admin/orders/x/change"}: {http.StatusMethodNotAllowed, "GET, HEAD, POST"},
		{"GET", "/admin/nothing"}:         {http.StatusNotFound, ""},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(request[0], request[1], nil))
		if w.Code != want.status || w.Header().Get("Allow") != want.allow {
			t.Errorf("%v: %d, allowed is %q", request, w.Code, w.Header().Get("Allow"))
		}
	}
}
