// Package web is what every HTTP edge of a shop has in common: middleware and
// a server with sensible limits. The API, the storefront and the admin are
// built from the same parts.
//
// A part is a Middleware: it takes a handler and returns one. Parts that may
// turn a request away are given a Refuse, which writes the answer in the
// words of the edge: a problem document or a page.
package web

import (
	"encoding/json"
	"net/http"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
)

// Middleware adds something to a handler.
type Middleware = func(http.Handler) http.Handler

// Chain returns h behind the given middleware. The first sees a request first.
// Nil ones are left out.
func Chain(h http.Handler, parts ...Middleware) http.Handler {
	for i := len(parts) - 1; i >= 0; i-- {
		if parts[i] != nil {
			h = parts[i](h)
		}
	}
	return h
}

// Refuse answers a request that goes no further: with status, for the reason
// that err gives. What err says is fit for whoever asks.
type Refuse func(w http.ResponseWriter, r *http.Request, status int, err error)

// Problem is a Refuse that writes a problem document (RFC 9457), of a type that
// is not explained anywhere.
func Problem(w http.ResponseWriter, r *http.Request, status int, err error) {
	writeProblem(w, r, "about:blank", status, err)
}

// Problems returns a Refuse that writes problem documents whose types begin with
// types and end with the fault code, as in /docs#unavailable.
func Problems(types string) Refuse {
	return func(w http.ResponseWriter, r *http.Request, status int, err error) {
		writeProblem(w, r, types+fault.CodeOf(err).String(), status, err)
	}
}

func writeProblem(w http.ResponseWriter, r *http.Request, kind string, status int, err error) {
	body, _ := json.Marshal(struct { // strings and numbers only: it cannot fail
		Type    string `json:"type"`
		Title   string `json:"title"`
		Status  int    `json:"status"`
		Detail  string `json:"detail"`
		Code    string `json:"code"`
		Request string `json:"request,omitempty"`
	}{kind, http.StatusText(status), status, pan.Masked(err.Error()), fault.CodeOf(err).String(), ID(r.Context())})
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone if this fails
}

// PlainText is a Refuse that writes one line of text.
func PlainText(w http.ResponseWriter, _ *http.Request, status int, err error) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, pan.Masked(err.Error()), status)
}
