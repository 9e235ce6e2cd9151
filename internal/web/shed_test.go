package web_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/internal/web"
)

// overloaded is a server that can do ten things at a time, each in 10 ms, and
// keeps the rest waiting.
type overloaded struct {
	shed  *web.Shedder
	slots chan struct{}
}

func (o overloaded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	running, ok := o.shed.Admit(w, r, r.URL.Path == "/checkout")
	if !ok {
		return
	}
	defer running.Done()
	o.slots <- struct{}{}
	time.Sleep(10 * time.Millisecond) // virtual
	<-o.slots
}

// TestCheckoutsLiveWhileBrowsingIsShed floods a server at five times what it
// can do and counts who was served, in virtual time.
func TestCheckoutsLiveWhileBrowsingIsShed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := overloaded{web.NewShedder(1000, 100*time.Millisecond, web.Problem), make(chan struct{}, 10)}
		var sold, refused, browsed, shed atomic.Int64
		var slowest atomic.Int64
		ask := func(path string) (int, time.Duration) {
			start := time.Now()
			w := httptest.NewRecorder()
			o.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			return w.Code, time.Since(start)
		}
		full := o.shed.Limit()
		var all sync.WaitGroup
		for ms := range 10_000 { // ten seconds, of 5,000 visitors each; 1,000 can be served
			for range 5 - (ms+1)%2 {
				all.Go(func() {
					if status, _ := ask("/browse"); status == 200 {
						browsed.Add(1)
					} else {
						shed.Add(1)
					}
				})
			}
			if ms%2 == 0 { // 500 checkouts a second
				all.Go(func() {
					status, took := ask("/checkout")
					if status != 200 {
						refused.Add(1)
						return
					}
					sold.Add(1)
					if ms > 5000 && took > time.Duration(slowest.Load()) {
						slowest.Store(int64(took))
					}
				})
			}
			time.Sleep(time.Millisecond) // virtual
		}
		all.Wait()
		if refused.Load() > 0 || sold.Load() != 5000 {
			t.Errorf("%d checkouts were served and %d refused", sold.Load(), refused.Load())
		}
		if shed.Load() < 10_000 || browsed.Load() < 1000 {
			t.Errorf("%d browsers were served and %d turned away", browsed.Load(), shed.Load())
		}
		if took := time.Duration(slowest.Load()); took > 300*time.Millisecond {
			t.Errorf("once it had adapted, a checkout took %s", took)
		}
		low := o.shed.Limit()
		if low >= full {
			t.Errorf("the limit is at %d, where it began", low)
		}
		for range 2000 { // the flood is over: 500 a second, in bursts that reach the limit
			for range low + 1 {
				all.Go(func() { ask("/browse") })
			}
			all.Wait()
		}
		if o.shed.Limit() <= low {
			t.Errorf("the limit stays at %d after the flood", low)
		}
	})
}

func TestWhatIsEssentialIsBoundedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := overloaded{web.NewShedder(5, time.Second, web.Problem), make(chan struct{}, 10)}
		var refused atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				w := httptest.NewRecorder()
				o.ServeHTTP(w, httptest.NewRequest("POST", "/checkout", nil))
				if w.Code == 503 && w.Header().Get("Retry-After") != "" {
					refused.Add(1)
				}
			})
		}
		all.Wait()
		if refused.Load() != 3 {
			t.Errorf("%d of 8 were turned away, want 3", refused.Load())
		}
	})
}
