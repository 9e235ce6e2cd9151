package storefront_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestAnotherMethod: what a page does not take is told from what is not there.
func TestAnotherMethod(t *testing.T) {
	for request, want := range map[[2]string]struct {
		status int
		allow  string
	}{
		{"DELETE", "/cart"}:     {http.StatusMethodNotAllowed, "GET, HEAD"},
		{"PUT", "/cart/add"}:    {http.StatusMethodNotAllowed, "POST"},
		{"GET", "/cart/change"}: {http.StatusMethodNotAllowed, "POST"},
		{"DELETE", "/nothing"}:  {http.StatusNotFound, ""},
	} {
		w := httptest.NewRecorder()
		sample.handler.ServeHTTP(w, httptest.NewRequest(request[0], request[1], nil))
		if w.Code != want.status || w.Header().Get("Allow") != want.allow {
			t.Errorf("%v: %d, allowed is %q", request, w.Code, w.Header().Get("Allow"))
		}
	}
}

// TestFilteredCategoriesAreNotIndexed: they are too many, and each is part of one
// that is.
func TestFilteredCategoriesAreNotIndexed(t *testing.T) {
	b := sample.visitor(t)
	b.open("/c/clothing")
	const robots = `name="robots"`
	if strings.Contains(b.text, robots) {
		t.Error("a category is not indexed")
	}
	b.open("/c/clothing?price=0-3000")
	if !strings.Contains(b.text, robots) {
		t.Error("a filtered category is indexed")
	}
}
