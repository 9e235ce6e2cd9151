package web

import (
	"net/http"
	"sync"

	"github.com/keelshop/commerce/fault"
)

// crowd counts the requests of each network that are being worked on, from the
// first byte of the body to the last of the answer. Whoever sends or reads slowly
// on purpose takes up nothing but their own share.
type crowd struct {
	most int
	mu   sync.Mutex
	here map[string]int
}

// minAtOnce is what one network may do at once at least: browsers ask for
// several things at a time, and a few people may sit behind one address.
const minAtOnce = 32

// newCrowd lets a network have a fifth of what rate allows running at once: who
// keeps to the rate gets there only if requests take long.
func newCrowd(rate Rate) *crowd {
	return &crowd{most: max(rate.Requests/5, minAtOnce), here: map[string]int{}}
}

func (c *crowd) enter(network string) bool {
	if network == "" {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.here[network] >= c.most {
		return false
	}
	c.here[network]++
	return true
}

func (c *crowd) leave(network string) {
	if network == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.here[network]--; c.here[network] <= 0 {
		delete(c.here, network)
	}
}

// turnAway answers a request that comes while too many of its network run.
func (c *crowd) turnAway(w http.ResponseWriter, r *http.Request, refuse Refuse) {
	turnedAway(r.Context())
	w.Header().Set("Retry-After", "1")
	refuse(w, r, http.StatusTooManyRequests, fault.New(fault.Unavailable, "too many requests at once: %d of one address may be under way", c.most))
}

// LimitAddresses limits the requests of each client address, those of a Network
// together: how many come in a time, how many are under way at once, which is a
// fifth of that and 32 at least, and behind BoundBodies what is held of their bodies.
func LimitAddresses(rate Rate, proxies Proxies, refuse Refuse) Middleware {
	refuse = unread(refuse)
	limiter := NewLimiter("address", rate, refuse)
	return func(next http.Handler) http.Handler {
		if limiter.count == nil {
			return next
		}
		here := newCrowd(rate)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			network := Network(proxies.Client(r))
			if !limiter.Allow(w, r, network) {
				turnedAway(r.Context())
				return
			}
			if !here.enter(network) {
				here.turnAway(w, r, refuse)
				return
			}
			defer here.leave(network)
			sentBy(r, network)
			next.ServeHTTP(w, r)
		})
	}
}
