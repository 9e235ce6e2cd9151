package web_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

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
