package storefront_test

import (
	"errors"
	"io"
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

// BenchmarkServed compares a page that was kept with a bare handler that writes
// the same bytes, both over loopback with one connection for each processor.
func BenchmarkServed(b *testing.B) {
	w := httptest.NewRecorder()
	sample.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/p/lambswool-sweater", nil))
	body := w.Body.Bytes()
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(body)
	}))
	defer bare.Close()
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}} // the same bytes from both
	for name, url := range map[string]string{"bare": bare.URL, "page": sample.url} {
		b.Run(name, func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					answer, err := client.Get(url + "/p/lambswool-sweater")
					if err != nil {
						b.Error(err)
						return
					}
					_, err = io.Copy(io.Discard, answer.Body)
					if err := errors.Join(err, answer.Body.Close()); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
