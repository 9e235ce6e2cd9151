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

	"github.com/keelshop/commerce/accounts"
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

// TestGuessingGiftCardsIsLimited, though the code comes in a cookie; a visitor
// without one is not stopped.
func TestGuessingGiftCardsIsLimited(t *testing.T) {
	h, err := sample.routes(storefront.Options{
		PerAddress: storefront.Unlimited, PerPayment: storefront.Unlimited, PerSecret: storefront.Rate{Requests: 2, Per: time.Minute},
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, cookie string) int {
		r := httptest.NewRequest(method, "/checkout/payment", nil)
		r.RemoteAddr = "192.0.2.7:1234"
		if cookie != "" {
			r.AddCookie(&http.Cookie{Name: "gift", Value: cookie})
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	for _, method := range []string{"GET", "POST"} {
		if got := ask(method, "NOSUCHCODE123456"); got == http.StatusTooManyRequests {
			t.Errorf("%s, one of the first two guesses: %d", method, got)
		}
	}
	for _, method := range []string{"GET", "POST"} {
		if got := ask(method, "NOSUCHCODE123456"); got != http.StatusTooManyRequests {
			t.Errorf("%s, after two guesses: %d", method, got)
		}
		if got := ask(method, ""); got == http.StatusTooManyRequests {
			t.Errorf("%s without a gift card: %d", method, got)
		}
	}
}

// stuck is a program that takes its time to say who looks for wool.
type stuck struct{ begun, free chan struct{} }

func (s stuck) Customer(r *http.Request) (accounts.CustomerID, error) {
	if r.URL.Query().Get("q") == "wool" {
		s.begun <- struct{}{}
		<-s.free
	}
	return "", nil
}

func (stuck) LogInURL(string) string { return "/" }

// TestBrowsingIsTurnedAwayFirst: while as many browse as may, the next one is
// turned away, and who has something in their cart is not.
func TestBrowsingIsTurnedAwayFirst(t *testing.T) {
	var mu sync.Mutex
	statuses := map[int]int{}
	var log strings.Builder
	begun, free := make(chan struct{}), make(chan struct{})
	h, err := sample.routes(storefront.Options{
		Auth: stuck{begun, free}, AtOnce: 4, Logger: slog.New(slog.NewTextHandler(&log, nil)), // two of them may browse
		Observe: func(_ *http.Request, s storefront.Served) {
			mu.Lock()
			defer mu.Unlock()
			statuses[s.Status]++
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Code
	}
	var browsing sync.WaitGroup
	for range 2 {
		browsing.Go(func() {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/search?q=wool", nil))
		})
		<-begun
	}
	for path, want := range map[string]int{"/": 503, "/p/camp-mug": 503, "/cart": 200, "/checkout": 303, "/static/shop.css": 200} {
		if got := ask(path); got != want {
			t.Errorf("while two browse, %s answers %d, want %d", path, got, want)
		}
	}
	close(free)
	browsing.Wait()
	if got := ask("/p/camp-mug"); got != 200 {
		t.Errorf("afterwards a page answers %d", got)
	}
	if statuses[http.StatusServiceUnavailable] != 2 || strings.Contains(log.String(), "wool") {
		t.Errorf("the program heard of %v", statuses)
	}
}
