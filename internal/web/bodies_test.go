package web_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/keelshop/commerce/internal/web"
)

// TestBodiesOfAllTogetherAreBounded: what is sent beyond it is turned away, small
// requests are not, and what was answered counts no longer.
func TestBodiesOfAllTogetherAreBounded(t *testing.T) {
	inside, leave, left := make(chan bool), make(chan bool), make(chan bool)
	h := web.BoundBodies(1)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := web.ReadBody(w, r, 64<<20); err != nil {
			web.Problem(w, r, web.PageStatus(err), err)
			return
		}
		if r.URL.Path == "/slow" {
			inside <- true
			<-leave
		}
	}))
	send := func(path string, size int) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", path, bytes.NewReader(make([]byte, size))))
		return w
	}
	const most, free = 32 << 20, 16 << 10
	go func() {
		send("/slow", most+free)
		left <- true
	}()
	<-inside
	for range 2 { // what was refused counts no longer, either
		if r := send("/", free+1); r.Code != 503 || r.Header().Get("Retry-After") == "" {
			t.Errorf("one byte too many is answered %d %v", r.Code, r.Header())
		}
	}
	if r := send("/", free); r.Code != 200 {
		t.Errorf("a small request is answered %d", r.Code)
	}
	close(leave)
	<-left
	if r := send("/", most); r.Code != 200 {
		t.Errorf("afterwards, the answer is %d", r.Code)
	}
	if r := send("/", most+free+1); r.Code != 503 {
		t.Errorf("more than there is room for is answered %d", r.Code)
	}
}

// TestBodiesOfOneNetworkAreBounded: who sends most is refused, and others are not.
func TestBodiesOfOneNetworkAreBounded(t *testing.T) {
	const share, free = 16 << 20, 16 << 10
	for name, test := range map[string]struct {
		rate        web.Rate
		same, other string // who asks next
		full        int    // what the same network is answered
	}{
		"IPv4":      {rate: web.Rate{Requests: 1000, Per: time.Minute}, same: "192.0.2.1:2", other: "192.0.2.2:1", full: 503},
		"IPv6":      {rate: web.Rate{Requests: 1000, Per: time.Minute}, same: "[2001:db8::2]:1", other: "[2001:db8:0:1::1]:1", full: 503},
		"unknown":   {rate: web.Rate{Requests: 1000, Per: time.Minute}, same: "@", other: "192.0.2.1:1", full: 200},
		"unlimited": {same: "192.0.2.1:2", other: "192.0.2.2:1", full: 200},
	} {
		t.Run(name, func(t *testing.T) {
			inside, leave, left := make(chan bool), make(chan bool), make(chan bool)
			h := web.Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, err := web.ReadBody(w, r, 64<<20); err != nil {
					web.Problem(w, r, web.PageStatus(err), err)
					return
				}
				if r.URL.Path == "/slow" {
					inside <- true
					<-leave
				}
			}), web.BoundBodies(1), web.LimitAddresses(test.rate, nil, web.Problem))
			send := func(from, path string, size int) int {
				w, r := httptest.NewRecorder(), httptest.NewRequest("POST", path, bytes.NewReader(make([]byte, size)))
				r.RemoteAddr = from
				h.ServeHTTP(w, r)
				return w.Code
			}
			go func() {
				send(test.same, "/slow", share+free)
				left <- true
			}()
			<-inside
			for range 2 { // what was refused counts no longer
				if code := send(test.same, "/", free+1); code != test.full {
					t.Errorf("one byte more of the same network is answered %d", code)
				}
			}
			if code := send(test.same, "/", free); code != 200 {
				t.Errorf("a small request of the same network is answered %d", code)
			}
			if code := send(test.other, "/", share); code != 200 {
				t.Errorf("another network is answered %d", code)
			}
			close(leave)
			<-left
			if code := send(test.same, "/", share); code != 200 {
				t.Errorf("afterwards, the answer is %d", code)
			}
		})
	}
}

// TestFilesAreNotHeld: files that are sent do not count, also where each body has
// a limit of its own, and keep nobody from sending a form.
func TestFilesAreNotHeld(t *testing.T) {
	const size = 48 << 20
	var form func() int
	read := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/form" {
			if _, err := web.ReadBody(w, r, 1<<20); err != nil {
				web.Problem(w, r, web.PageStatus(err), err)
			}
			return
		}
		n, err := io.Copy(io.Discard, web.LongBody(w, r, size))
		if err != nil || n != size {
			t.Errorf("of a file, %d bytes arrive: %v", n, err)
		}
		if code := form(); code != 200 {
			t.Errorf("a form is answered %d while a file is sent", code)
		}
	})
	limits := web.LimitAddresses(web.Rate{Requests: 1000, Per: time.Minute}, nil, web.Problem)
	for name, h := range map[string]http.Handler{
		"alone":          web.Chain(read, web.BoundBodies(1), limits),
		"limited":        web.Chain(read, web.BoundBodies(1), limits, web.LimitBody(size, web.Problem)),
		"limited before": web.Chain(read, web.BoundBodies(1), web.LimitBody(size, web.Problem), limits),
	} {
		t.Run(name, func(t *testing.T) {
			send := func(path string, size int64) int {
				w, r := httptest.NewRecorder(), httptest.NewRequest("POST", path, io.LimitReader(zeros{}, size))
				h.ServeHTTP(w, r)
				return w.Code
			}
			form = func() int { return send("/form", 100<<10) }
			if code := send("/file", size); code != 200 {
				t.Errorf("a file is answered %d", code)
			}
		})
	}
}

// zeros is a body without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
