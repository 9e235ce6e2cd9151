package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// stub is a node that says what came.
type stub struct {
	*httptest.Server
	asked, turned atomic.Int64
	cutOff        atomic.Bool
}

func newStub(t *testing.T) *stub {
	s := &stub{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		w.Header().Set("X-Request-Id", r.Header.Get("X-Request-Id"))
		switch {
		case r.URL.Path == "/busy":
			s.turned.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case r.URL.Path == "/own/cut-off" && s.cutOff.Load():
			w.WriteHeader(http.StatusBadGateway)
			return
		case strings.HasPrefix(r.URL.Path, "/api/"):
			w.Header().Set("Vary", "Authorization, Cookie")
		}
		if !strings.HasPrefix(r.URL.Path, "/own") {
			w.Header().Set("Cache-Control", "public, s-maxage=30")
		}
		fmt.Fprintf(w, "%s for %q", r.URL, r.Header.Get("Cookie"))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *stub) addr() string { return strings.TrimPrefix(s.URL, "http://") }

// TestNginxAlone is what nginx does with answers that nodes rarely give.
func TestNginxAlone(t *testing.T) {
	a, b := newStub(t), newStub(t)
	front := startNginx(t, findNginx(t), a.addr(), b.addr())

	// A node that turns somebody away is not down, and the others are not asked.
	for range 2 {
		if got := visit(t, front, "/busy", nil); got.status != http.StatusServiceUnavailable {
			t.Errorf("a node that is busy answers %d", got.status)
		}
	}
	if n := a.turned.Load() + b.turned.Load(); n != 2 {
		t.Errorf("two requests that were turned away reached nodes %d times", n)
	}
	beforeA, beforeB := a.asked.Load(), b.asked.Load()
	for range 6 {
		visit(t, front, "/own", nil)
	}
	if gotA, gotB := a.asked.Load()-beforeA, b.asked.Load()-beforeB; gotA != 3 || gotB != 3 {
		t.Errorf("of six requests afterwards, one node gets %d and the other %d", gotA, gotB)
	}

	// A reader's own name for their request reaches no other reader.
	mine := visit(t, front, "/page", http.Header{"X-Request-Id": {"chosen-by-a-reader"}})
	next := visit(t, front, "/page", nil)
	if next.cache != "HIT" || mine.header.Get("X-Request-Id") == "chosen-by-a-reader" || len(next.header["X-Request-Id"]) != 1 || next.header.Get("X-Request-Id") == mine.header.Get("X-Request-Id") {
		t.Errorf("the requests are called %q and %q", mine.header["X-Request-Id"], next.header["X-Request-Id"])
	}

	// What advertisements append is not another page.
	for _, page := range []struct{ path, want string }{
		{"/page?utm_source=x&utm_medium=mail", "HIT"}, {"/page?fbclid=IwAR0", "HIT"},
		{"/page?color=red", "MISS"}, {"/page?color=red&gclid=7&utm_id=2", "HIT"},
		{"/page?q=utm_source=", "MISS"}, {"/page?gclid=7&color=blue", "MISS"},
		{"/", "MISS"}, {"/?zzz=1", "HIT"}, {"/?", "HIT"}, {"/pages/about?zzz=1", "MISS"}, {"/pages/about?zzz=2", "HIT"},
		{"/p/mug?sku=M-1", "MISS"}, {"/p/mug?zzz=1&sku=M-1&zzz=2", "HIT"}, {"/p/mug?sku=M-1&sku=M-2", "HIT"}, {"/p/mug?sku=M-2", "MISS"},
		// The shop takes what comes first, and this for a SKU as well.
		{"/p/mug?sku=M-3&sku=M-1", "MISS"}, {"/p/mug?s%6Bu=M-4&sku=M-1", "MISS"}, {"/p/mug?sku&sku=M-1", "MISS"}, {"/p/mug?sku=M%2D1&sku=M-2", "MISS"}, {"/p/mug?xsku=M-1", "MISS"},
	} {
		if got := visit(t, front, page.path, nil); got.cache != page.want {
			t.Errorf("%s is %s, want %s", page.path, got.cache, page.want)
		}
	}

	// What a node cannot serve that is cut off, the next one is asked for.
	a.cutOff.Store(true)
	for range 2 {
		if got := visit(t, front, "/own/cut-off", nil); got.status != http.StatusOK {
			t.Errorf("with one node cut off, the answer is %d", got.status)
		}
	}
	a.cutOff.Store(false)

	// An API's answers go by the cookies that a program knows its users by.
	guest := visit(t, front, "/api/prices", nil)
	member := visit(t, front, "/api/prices", http.Header{"Cookie": {"app=ann"}})
	if guest.body == member.body || member.cache == "HIT" {
		t.Errorf("a customer gets what was kept for guests: %s", member.body)
	}
	if again := visit(t, front, "/api/prices", nil); again.cache != "HIT" || again.body != guest.body {
		t.Errorf("the next guest: %s %s", again.cache, again.body)
	}
}
