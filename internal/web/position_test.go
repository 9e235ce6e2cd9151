package web_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"testing"

	"github.com/keelshop/commerce/internal/web"
)

// newest returns the highest of the positions of a request.
func newest(r *http.Request) (out int) {
	for _, c := range web.Positions(r, web.PositionCookie) {
		if n, err := strconv.Atoi(c.Value); err == nil {
			out = max(out, n)
		}
	}
	return out
}

// TestAnswersAtTheSameTimeKeepBothPositions: whichever of two answers a browser
// takes last, it has seen what both of them say, and no more cookies are left
// than there were answers at the same time.
func TestAnswersAtTheSameTimeKeepBothPositions(t *testing.T) {
	shop, err := url.Parse("https://shop.example")
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	request := func() *http.Request {
		r := httptest.NewRequest("POST", "https://shop.example/", nil)
		for _, c := range jar.Cookies(shop) {
			r.AddCookie(c)
		}
		return r
	}
	answer := func(r *http.Request, wrote int) []*http.Cookie {
		w := httptest.NewRecorder()
		web.KeepPosition(w, r, http.Cookie{Name: web.PositionCookie, Value: strconv.Itoa(max(wrote, newest(r))), Path: "/", MaxAge: 60, Secure: true})
		return w.Result().Cookies()
	}
	jar.SetCookies(shop, []*http.Cookie{{Name: web.PositionCookie, Value: "3", Path: "/"}, {Name: "positions", Value: "9", Path: "/"}})
	for round := range 30 {
		tabs := []*http.Request{request(), request(), request()} // all on their way before any answer comes
		base := 10 * (round + 1)
		answers := [][]*http.Cookie{answer(tabs[0], base+5), answer(tabs[1], base+7), answer(tabs[2], base)}
		if round%2 == 1 {
			slices.Reverse(answers)
		}
		for _, a := range answers {
			jar.SetCookies(shop, a)
		}
		if got := newest(request()); got != base+7 {
			t.Fatalf("round %d: the browser is at %d, want %d", round, got, base+7)
		}
		if left := len(jar.Cookies(shop)); left != 4 {
			t.Fatalf("round %d: %d cookies are left, want one of each answer and another", round, left)
		}
	}
	jar.SetCookies(shop, answer(request(), 0))
	if got := request().Cookies(); len(got) != 2 || newest(request()) != 307 {
		t.Errorf("after one more answer the browser has %v", got)
	}
}
