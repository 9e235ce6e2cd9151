package web_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/internal/web"
)

// TestTheServersLogNamesNobody: what net/http says of clients goes to the log
// without their addresses.
func TestTheServersLogNamesNobody(t *testing.T) {
	for line, want := range map[string]string{
		"http: TLS handshake error from 192.0.2.7:4711: EOF":                                       "http: TLS handshake error from a client: EOF",
		"http: panic serving [2001:db8::7]:4711: oh":                                               "http: panic serving a client: oh",
		"http2: server: error reading preface from client 192.0.2.7:4711: bogus greeting \"POST\"": "http2: server: error reading preface from client a client: bogus greeting \\\"POST\\\"",
		"http: response: read tcp 10.0.0.1:443->192.0.2.7:4711: read: connection reset by peer":    "http: response: read tcp a client: -> a client: read: connection reset by peer",
	} {
		var out bytes.Buffer
		server := web.Server(nil, slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
		server.ErrorLog.Print(line)
		if !strings.Contains(out.String(), want) || strings.Contains(out.String(), "4711") || strings.Contains(out.String(), "192.0.2") {
			t.Errorf("%q becomes %q", line, out.String())
		}
	}
}

// TestGuessesAreLogged: who is turned away for guessing too often leaves a line,
// unlike who only asks too often.
func TestGuessesAreLogged(t *testing.T) {
	var out bytes.Buffer
	secret := web.NewLimiter("secret", web.Rate{Requests: 1, Per: time.Hour}, web.Problem)
	h := web.Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { secret.Allow(w, r, "192.0.2.7") }),
		web.RequestID, web.Observe(web.LogTo(slog.New(slog.NewTextHandler(&out, nil)))))
	for range 2 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil))
	}
	if !strings.Contains(out.String(), "status=429") {
		t.Errorf("the log says %q", out.String())
	}
}

// TestAFloodIsNotLogged: who is turned away leaves no line at the usual levels,
// and a failure does.
func TestAFloodIsNotLogged(t *testing.T) {
	var out bytes.Buffer
	shed := web.NewShedder(1, time.Second, web.Problem)
	limit := web.LimitAddresses(web.Rate{Requests: 3, Per: time.Hour}, nil, web.Problem)
	h := web.Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if running, ok := shed.Admit(w, r, false); ok { // the bound on these is a half, so none
			defer running.Done()
			_, _ = io.WriteString(w, "served")
		}
	}), web.RequestID, web.Observe(web.LogTo(slog.New(slog.NewTextHandler(&out, nil)))), limit)
	for _, want := range []struct {
		path   string
		status int
		line   string
	}{{"/", 503, ""}, {"/broken", 503, "level=WARN"}, {"/", 503, ""}, {"/", 429, ""}} {
		out.Reset()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", want.path, nil))
		if w.Code != want.status || want.line == "" && out.Len() > 0 || !strings.Contains(out.String(), want.line) {
			t.Errorf("%s answers %d and logs %q", want.path, w.Code, out.String())
		}
	}
}
