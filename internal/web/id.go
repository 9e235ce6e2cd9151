package web

import (
	"context"
	"crypto/rand"
	"net/http"

	"github.com/keelshop/commerce/internal/pan"
)

// RequestIDHeader carries a request's ID, both ways.
const RequestIDHeader = "X-Request-Id"

// note is what the parts of this package remember about one request. One
// value in the context serves them all.
type note struct {
	id        string
	route     string
	admission *Admission // over once the answer begins to be sent
	turned    bool       // away, on purpose: see turnedAway
	kept      Kept
}

type noteKey struct{}

func noteOf(ctx context.Context) *note {
	n, _ := ctx.Value(noteKey{}).(*note)
	return n
}

// ID returns the ID of the request of ctx, or "" outside of RequestID.
func ID(ctx context.Context) string {
	if n := noteOf(ctx); n != nil {
		return n.id
	}
	return ""
}

// SetRoute tells the log and the metrics which route serves the request of
// ctx, such as "GET /products/{product}". A route never holds what came with
// a request: a path may.
func SetRoute(ctx context.Context, route string) {
	if n := noteOf(ctx); n != nil {
		n.route = route
	}
}

// Kept says whether an answer was one that had been kept.
type Kept string

// An answer that may be kept is one of two. What is always made anew is neither.
const (
	KeptBefore Kept = "yes" // it was sent as it had been made for somebody else
	KeptNow    Kept = "no"  // it could have been kept, and had to be made
)

// SetKept notes whether the answer to the request of ctx, which may be kept, was
// there already.
func SetKept(ctx context.Context, there bool) {
	n := noteOf(ctx)
	switch {
	case n == nil:
	case there:
		n.kept = KeptBefore
	default:
		n.kept = KeptNow
	}
}

// turnedAway notes that the request of ctx is refused because there are too many.
func turnedAway(ctx context.Context) {
	if n := noteOf(ctx); n != nil {
		n.turned = true
	}
}

// Noted returns a context in which SetRoute and Route work, for what stands in
// front of RequestID.
func Noted(ctx context.Context) context.Context {
	if noteOf(ctx) != nil {
		return ctx
	}
	return context.WithValue(ctx, noteKey{}, &note{})
}

// Route returns what SetRoute has said of the request of ctx, or "".
func Route(ctx context.Context) string {
	if n := noteOf(ctx); n != nil {
		return n.route
	}
	return ""
}

// RequestID gives each request an ID and returns it in a header. An ID that a
// proxy has given already is kept if it is 8 to 64 letters, digits, "-" or "_".
func RequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(RequestIDHeader)
		if !plausibleID(id) || pan.Within(id) {
			id = rand.Text()
		}
		w.Header().Set(RequestIDHeader, id)
		if n := noteOf(r.Context()); n != nil {
			n.id = id
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), noteKey{}, &note{id: id})))
	})
}

func plausibleID(s string) bool {
	if len(s) < 8 || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
