package web_test

import (
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/internal/web"
)

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := web.LimitAddresses(web.Rate{Requests: 2, Per: time.Minute}, nil, web.Problem)(text("x"))
		ask := func(remote string) *httptest.ResponseRecorder {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = remote
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w
		}
		w := ask("192.0.2.1:1")
		if w.Code != 200 || w.Header().Get("RateLimit") != `"address";r=1;t=60` || w.Header().Get("RateLimit-Policy") != `"address";q=2;w=60` {
			t.Errorf("the first: %d %v", w.Code, w.Header())
		}
		ask("192.0.2.1:2")
		if w = ask("192.0.2.1:3"); w.Code != 429 || w.Header().Get("Retry-After") != "60" || w.Header().Get("RateLimit") != `"address";r=0;t=60` {
			t.Errorf("the third: %d %v", w.Code, w.Header())
		}
		if w = ask("192.0.2.2:1"); w.Code != 200 {
			t.Errorf("somebody else: %d", w.Code)
		}
		for i, remote := range []string{"[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::3]:1"} {
			if w = ask(remote); (w.Code == 429) != (i == 2) {
				t.Errorf("request %d of a /64: %d", i+1, w.Code)
			}
		}
		time.Sleep(2 * time.Minute) // virtual
		if w = ask("192.0.2.1:4"); w.Code != 200 {
			t.Errorf("two windows later: %d", w.Code)
		}
	})
}

func TestNoRateIsNoLimit(t *testing.T) {
	h := web.LimitAddresses(web.Rate{}, nil, web.Problem)(text("x"))
	for range 100 {
		if w := get(h); w.Code != 200 || w.Header().Get("RateLimit") != "" {
			t.Fatalf("%d %v", w.Code, w.Header())
		}
	}
}
