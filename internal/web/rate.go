package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/httprate"
	"github.com/keelshop/commerce/fault"
)

// Rate is how many requests one client may send in a window of time, counted
// over a sliding window. The zero Rate is no limit.
type Rate struct {
	Requests int
	Per      time.Duration // a second at least
}

// A Limiter counts requests by key and turns those away that are too many. It
// is safe for concurrent use. Memory is bounded by the keys seen in two
// windows.
type Limiter struct {
	name   string
	rate   Rate
	policy string
	window string // seconds
	count  *httprate.RateLimiter
	refuse Refuse
}

// NewLimiter returns a limiter; name is what its headers call it, such as
// "address".
func NewLimiter(name string, rate Rate, refuse Refuse) *Limiter {
	l := &Limiter{name: name, rate: rate, refuse: refuse}
	if rate.Requests > 0 {
		rate.Per = max(rate.Per, time.Second)
		l.window = strconv.Itoa(int(rate.Per.Seconds()))
		l.policy = fmt.Sprintf("%q;q=%d;w=%s", name, rate.Requests, l.window)
		l.count = httprate.NewRateLimiter(rate.Requests, rate.Per, httprate.WithResponseHeaders(httprate.ResponseHeaders{}))
	}
	return l
}

// Allow counts a request of key, sets the headers RateLimit and
// RateLimit-Policy, and reports whether it may go on. If not, it has been
// answered with 429. A key of "" is not limited.
func (l *Limiter) Allow(w http.ResponseWriter, r *http.Request, key string) bool {
	if l.count == nil || key == "" {
		return true
	}
	over := l.count.OnLimit(w, r, key)
	left := 0
	if _, used, err := l.count.Status(key); err == nil && !over {
		left = max(0, l.rate.Requests-int(used))
	}
	h := w.Header()
	h["Ratelimit-Policy"] = append(h["Ratelimit-Policy"], l.policy)
	h["Ratelimit"] = append(h["Ratelimit"], `"`+l.name+`";r=`+strconv.Itoa(left)+`;t=`+l.window)
	if over {
		h.Set("Retry-After", l.window)
		l.refuse(w, r, http.StatusTooManyRequests, fault.New(fault.Unavailable,
			"too many requests: %d in %s are allowed", l.rate.Requests, l.rate.Per))
	}
	return !over
}
