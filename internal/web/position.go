package web

import (
	"crypto/rand"
	"net/http"
	"strings"
)

// PositionHeader carries what a client has seen and written, from an answer to
// the next request. PositionCookie does in a browser.
const (
	PositionHeader = "Shop-Position"
	PositionCookie = "position"
)

// mostPositions bounds the position cookies of one request that count. There
// are as many as answers were under way at the same time.
const mostPositions = 20

// Positions returns the position cookies of a request. Together they say what
// the browser has seen and written.
func Positions(r *http.Request, name string) []*http.Cookie {
	var out []*http.Cookie
	for _, c := range r.Cookies() {
		if (c.Name == name || strings.HasPrefix(c.Name, name+"-")) && len(out) < mostPositions {
			out = append(out, c)
		}
	}
	return out
}

// KeepPosition sets a position cookie that takes the place of those that came
// with the request: its value covers theirs. It has a name of its own, so that
// answers to two requests at the same time, as from two tabs, keep both.
func KeepPosition(w http.ResponseWriter, r *http.Request, position http.Cookie) {
	name := position.Name
	position.Name = name + "-" + rand.Text()[:10]
	http.SetCookie(w, &position)
	for _, old := range Positions(r, name) {
		gone := position
		gone.Name, gone.Value, gone.MaxAge = old.Name, "", -1
		http.SetCookie(w, &gone)
	}
}
