package web

import (
	"fmt"
	"net/http"

	"github.com/keelshop/commerce/fault"
)

// LimitBody refuses requests whose body is announced as longer than limit
// bytes, and makes reading any other fail at that length with an
// *http.MaxBytesError.
func LimitBody(limit int64, refuse Refuse) Middleware {
	refuse = unread(refuse)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength > limit {
				w.Header().Set("Connection", "close") // what follows is not worth reading
				refuse(w, r, http.StatusRequestEntityTooLarge, tooLarge(limit))
				return
			}
			if r.Body != nil && r.Body != http.NoBody {
				r.Body = http.MaxBytesReader(w, r.Body, limit)
			}
			next.ServeHTTP(w, r)
		})
	}
}

func tooLarge(limit int64) error {
	return fault.New(fault.Invalid, "the body of a request may have %s at most", bytesText(limit))
}

func bytesText(n int64) string {
	if n >= 1024 && n%1024 == 0 {
		return fmt.Sprintf("%d KiB", n/1024)
	}
	return fmt.Sprintf("%d bytes", n)
}
