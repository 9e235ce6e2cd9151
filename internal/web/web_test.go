package web_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/web"
	"github.com/klauspost/compress/zstd"
)

func text(s string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, s) })
}

func get(h http.Handler, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/some/path?q=secret", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestChainRunsTheFirstPartFirst(t *testing.T) {
	var order []string
	part := func(name string) web.Middleware {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				order = append(order, name)
				next.ServeHTTP(w, r)
			})
		}
	}
	get(web.Chain(text(""), part("a"), nil, part("b")))
	if strings.Join(order, "") != "ab" {
		t.Errorf("the parts ran as %v, want a before b", order)
	}
}

func TestSecurityHeaders(t *testing.T) {
	w := get(web.SecurityHeaders(web.CSP{Frames: []string{"https://pay.example.com"}}, false)(text("x")))
	csp := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'self';", "frame-src 'self' https://pay.example.com;", "frame-ancestors 'none';"} {
		if !strings.Contains(csp, want) {
			t.Errorf("the policy %q lacks %q", csp, want)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("the policy %q allows something unsafe", csp)
	}
	if w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Error("X-Content-Type-Options is missing")
	}
	if w.Header().Get("Strict-Transport-Security") != "" {
		t.Error("HSTS is promised without TLS")
	}
	if w = get(web.SecurityHeaders(web.CSP{}, true)(text("x"))); w.Header().Get("Strict-Transport-Security") == "" {
		t.Error("HSTS is not promised behind a proxy that ends TLS")
	}
}

func TestLimitBody(t *testing.T) {
	read := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})
	h := web.LimitBody(10, web.PlainText)(read)
	for _, test := range []struct {
		name    string
		body    string
		chunked bool
		want    int
	}{
		{"fits", "0123456789", false, 200},
		{"announced", "0123456789a", false, 413},
		{"fits in chunks", "0123456789", true, 200},
		{"too long in chunks", "0123456789a", true, 413},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(test.body))
		if test.chunked {
			r.ContentLength = -1
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != test.want {
			t.Errorf("%s: %d, want %d", test.name, w.Code, test.want)
		}
	}
}

func TestRequestID(t *testing.T) {
	var seen string
	h := web.RequestID(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = web.ID(r.Context()) }))
	if w := get(h); seen == "" || w.Header().Get("X-Request-Id") != seen {
		t.Errorf("a new ID: %q within, %q in the answer", seen, w.Header().Get("X-Request-Id"))
	}
	if get(h, "X-Request-Id", "from-the-proxy"); seen != "from-the-proxy" {
		t.Errorf("the proxy's ID became %q", seen)
	}
	for _, odd := range []string{"short", strings.Repeat("x", 65), "line\nbreak", "quote\"quote"} {
		if get(h, "X-Request-Id", odd); seen == odd {
			t.Errorf("the ID %q was taken over", odd)
		}
	}
}

func TestTheLogHoldsNothingPersonal(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /some/{thing}", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })
	get(web.Chain(mux, web.RequestID, web.Observe(web.LogTo(log))), "User-Agent", "agent-x", "Cookie", "session=tok")
	line := out.String()
	for _, secret := range []string{"path", "secret", "agent-x", "tok", "192.0.2"} {
		if strings.Contains(line, secret) {
			t.Errorf("the log holds %q: %s", secret, line)
		}
	}
	var got struct {
		Route  string
		Status int
		ID     string
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.Route != "GET /some/{thing}" || got.Status != 418 || got.ID == "" {
		t.Errorf("logged %s (%v)", line, err)
	}
}

func TestRecover(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	boom := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("card 4242424242424242") })
	w := get(web.Chain(boom, web.RequestID, web.Observe(func(*http.Request, web.Served) {}), web.Recover(log, web.Problem)))
	if w.Code != 500 || strings.Contains(w.Body.String(), "4242") {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	var problem struct {
		Code    string
		Request string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil || problem.Code != "broken" || problem.Request == "" {
		t.Errorf("the problem is %s (%v)", w.Body, err)
	}
	if strings.Contains(out.String(), "4242") || !strings.Contains(out.String(), "card ****") {
		t.Errorf("logged %s", &out)
	}
	if !strings.Contains(out.String(), "web_test.go") {
		t.Errorf("the log does not say where: %s", &out)
	}
	late := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200); panic("late") })
	defer func() {
		if cause := recover(); cause != http.ErrAbortHandler {
			t.Errorf("after a panic half way: %v, want the connection to end", cause)
		}
	}()
	get(web.Recover(log, web.Problem)(late))
}

func TestSameOrigin(t *testing.T) {
	guard, err := web.SameOrigin([]string{"https://partner.example"}, web.Problem)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		method, origin, site string
		want                 int
	}{
		{"POST", "", "", 200}, // no browser
		{"POST", "https://shop.example", "same-origin", 200},
		{"POST", "https://evil.example", "cross-site", 403},
		{"POST", "https://partner.example", "cross-site", 200},
		{"GET", "https://evil.example", "cross-site", 200},
	} {
		r := httptest.NewRequest(test.method, "https://shop.example/", nil)
		r.Header.Set("Origin", test.origin)
		r.Header.Set("Sec-Fetch-Site", test.site)
		w := httptest.NewRecorder()
		guard(text("")).ServeHTTP(w, r)
		if w.Code != test.want {
			t.Errorf("%s from %q: %d, want %d", test.method, test.origin, w.Code, test.want)
		}
	}
	if _, err := web.SameOrigin([]string{"no origin"}, web.Problem); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("trusting nonsense: %v", err)
	}
}

func TestCompress(t *testing.T) {
	long := strings.Repeat("a mug is a mug. ", 200)
	compress, err := web.Compress()
	if err != nil {
		t.Fatal(err)
	}
	h := compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("ETag", web.ETag(7, ""))
		_, _ = io.WriteString(w, long)
	}))
	decode := map[string]func(io.Reader) (io.Reader, error){
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
		"":     func(r io.Reader) (io.Reader, error) { return r, nil },
	}
	for accept, want := range map[string]string{"gzip": "gzip", "gzip, zstd": "zstd", "br": "", "": ""} {
		w := get(h, "Accept-Encoding", accept)
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Fatalf("accepting %q: encoded as %q, want %q", accept, got, want)
		}
		r, err := decode[want](w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(r); err != nil || string(body) != long {
			t.Errorf("accepting %q: %d bytes came back, %v", accept, len(body), err)
		}
		if !web.MatchETag(w.Header().Get("ETag"), web.ETag(7, "")) {
			t.Errorf("accepting %q: the tag %s does not match", accept, w.Header().Get("ETag"))
		}
	}
}

func TestETags(t *testing.T) {
	tag := web.ETag(7, "de")
	for header, want := range map[string]bool{
		tag: true, "W/" + tag: true, `"7.de-z-gzip"`: true, `"6.de", "7.de"`: true, "*": true,
		"": false, `"7"`: false, `"7.en"`: false, `7.de`: false,
	} {
		if web.MatchETag(header, tag) != want {
			t.Errorf("%s matches %s: want %v", header, tag, want)
		}
	}
	for header, want := range map[string]int64{"": 0, "*": 0, `"7"`: 7, `W/"7"`: 7, `"7-z-zstd"`: 7, `"7.de"`: 7} {
		if got, ok := web.VersionOf(header); !ok || got != want {
			t.Errorf("the version of %s is %d, %v, want %d", header, got, ok, want)
		}
	}
	for _, header := range []string{"7", `""`, `"x"`, `"-1"`, `"0"`, `"1", "2"`, `"99999999999999999999"`, `"`} {
		if got, ok := web.VersionOf(header); ok {
			t.Errorf("the version of %s is %d, want none", header, got)
		}
	}
}

func TestClientAddress(t *testing.T) {
	proxies := web.Proxies{netip.MustParsePrefix("10.0.0.0/8")}
	for _, test := range []struct{ remote, forwarded, want string }{
		{"192.0.2.1:80", "", "192.0.2.1"},
		{"192.0.2.1:80", "198.51.100.9", "192.0.2.1"}, // not a proxy: not believed
		{"10.0.0.1:80", "198.51.100.9", "198.51.100.9"},
		{"10.0.0.1:80", "1.1.1.1, 198.51.100.9, 10.0.0.2", "198.51.100.9"},
		{"10.0.0.1:80", "nonsense", "10.0.0.1"},
		{"10.0.0.1:80", "", "10.0.0.1"},
		{"[::ffff:10.0.0.1]:80", "198.51.100.9", "198.51.100.9"},
		{"", "198.51.100.9", "invalid IP"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = test.remote
		r.Header.Set("X-Forwarded-For", test.forwarded)
		if got := proxies.Client(r).String(); got != test.want {
			t.Errorf("from %q for %q: %s, want %s", test.remote, test.forwarded, got, test.want)
		}
	}
}
