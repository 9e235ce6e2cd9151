package storefront_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce/storefront"
)

// TestGuessingIsLimited: log-ins, registrations and codes of one network are
// counted together, and another network is not stopped by them.
func TestGuessingIsLimited(t *testing.T) {
	few := storefront.Rate{Requests: 3, Per: time.Minute}
	h, err := sample.routes(storefront.Options{
		PerAddress: storefront.Unlimited, PerSecret: few, PerPayment: few, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	})
	if err != nil {
		t.Fatal(err)
	}
	post := func(path, from string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", path, strings.NewReader(url.Values{"email": {"a@example.com"}, "password": {"x"}, "code": {"x"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-For", from)
		r.RemoteAddr = "10.0.0.1:1234"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for _, path := range []string{"/login", "/cart/code", "/register"} {
		if w := post(path, "192.0.2.7"); w.Code == http.StatusTooManyRequests {
			t.Fatalf("%s, one of the first three: %d", path, w.Code)
		}
	}
	w := post("/login", "192.0.2.7")
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "One moment, please") {
		t.Errorf("the fourth guess: %d %v", w.Code, w.Header())
	}
	if w := post("/login", "192.0.2.8"); w.Code == http.StatusTooManyRequests {
		t.Error("another address is stopped too")
	}
	for range 3 {
		post("/checkout/payment", "192.0.2.9")
	}
	if w := post("/checkout/payment", "192.0.2.9"); w.Code != http.StatusTooManyRequests {
		t.Errorf("the fourth payment: %d", w.Code)
	}
}

// TestBrowsingIsTurnedAwayFirst: a shop that can do nothing else still lets
// those through who have something in their cart.
func TestBrowsingIsTurnedAwayFirst(t *testing.T) {
	var mu sync.Mutex
	statuses := map[int]int{}
	var log strings.Builder
	h, err := sample.routes(storefront.Options{
		AtOnce: 8, Patience: time.Nanosecond, Logger: slog.New(slog.NewTextHandler(&log, nil)), // every page takes longer than that
		Observe: func(_ *http.Request, s storefront.Served) {
			mu.Lock()
			defer mu.Unlock()
			statuses[s.Status]++
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	shed := 0
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for range 20 {
				w := ask("/search?q=wool")
				if w.Code == http.StatusServiceUnavailable {
					mu.Lock()
					shed++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	if shed == 0 {
		t.Error("64 visitors at once, and nobody is turned away")
	}
	if w := ask("/cart"); w.Code != http.StatusOK {
		t.Errorf("afterwards the cart answers %d", w.Code)
	}
	if w := ask("/static/shop.css"); w.Code != http.StatusOK {
		t.Errorf("afterwards a file answers %d", w.Code)
	}
	if statuses[http.StatusServiceUnavailable] != shed || strings.Contains(log.String(), "wool") {
		t.Errorf("the program heard of %v, %d were turned away", statuses, shed)
	}
}
