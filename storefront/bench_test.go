package storefront_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Pages as they are rendered, without the network, and asked for again by a
// browser that has them.
func BenchmarkPages(b *testing.B) {
	h := sample.handler
	for _, path := range []string{"/", "/c/clothing", "/p/lambswool-sweater", "/search?q=wool", "/cart", "/login"} {
		for _, again := range []bool{false, true} {
			name := path
			r := httptest.NewRequest(http.MethodGet, path, nil)
			if again {
				name += " again"
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				r.Header.Set("If-None-Match", w.Header().Get("ETag"))
			}
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				bytes := 0
				for b.Loop() {
					w := httptest.NewRecorder()
					h.ServeHTTP(w, r)
					bytes = w.Body.Len()
				}
				b.ReportMetric(float64(bytes), "bytes")
			})
		}
	}
}
