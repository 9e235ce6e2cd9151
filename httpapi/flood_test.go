package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/httpapi"
)

// TestAFloodAtFiveTimesCapacity measures what the API can do and then offers five
// times as much, whatever becomes of it: visitors come when they come, and do
// not wait for each other. Most of them browse, and are turned away; of those who
// buy and are let in, 99 of 100 get what they buy. Memory stays bounded, and
// when the flood ends everybody is served again.
func TestAFloodAtFiveTimesCapacity(t *testing.T) {
	w := newWorld(t)
	api, err := httpapi.New(w.shop, httpapi.Options{AtOnce: 100, Patience: 10 * time.Millisecond, PerAddress: httpapi.Unlimited})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		w.stock(catalog.SKU(fmt.Sprintf("thing-%d", i)), 1250, 100_000)
	}
	lasts, long := time.Second, os.Getenv("COMMERCE_LONG") != ""
	if long {
		lasts = time.Minute
	}
	before := heap()
	calm := newVisitors(t, api)
	capacity := calm.oneByOne(8, 500*time.Millisecond)
	t.Logf("capacity: %.0f visits a second, %v", capacity, calm)
	if n := calm.bought.failed.Load() + calm.listed.failed.Load(); n > 0 {
		t.Fatalf("%d visits failed before the flood: %v", n, calm.odd.Load())
	}

	var flood *visitors
	for times := 5.0; ; times *= 2 { // if it has become faster meanwhile, because others rest, that was no flood
		flood = newVisitors(t, api)
		most, offered := flood.asTheyCome(times*capacity, lasts)
		t.Logf("flood: %.1f times that, %v, at most %d MB of heap", offered/capacity, flood, most>>20)
		if most > before+256<<20 {
			t.Errorf("the flood takes %d MB of memory", (most-before)>>20)
		}
		if flood.listed.turnedAway.Load() > 0 || times > 40 {
			break
		}
	}
	if flood.listed.turnedAway.Load() == 0 || flood.listed.served.Load() == 0 {
		t.Errorf("nobody or everybody who browses was turned away: %v", flood)
	}
	if failed, served := flood.bought.failed.Load(), flood.bought.served.Load(); served == 0 || failed*100 > served+failed {
		t.Errorf("of those who were let in to buy, %d could and %d could not: %v", served, failed, flood.odd.Load())
	}
	if long && flood.bought.share() < 2*flood.listed.share() { // a second may be that of a slow disk
		t.Errorf("who buys is turned away as often as who browses: %v", flood)
	}
	if n := flood.listed.failed.Load(); n > 0 {
		t.Errorf("%d who browse got neither a list nor were turned away: %v", n, flood.odd.Load())
	}

	over := time.Now()
	for calm.buy() != served || calm.browse() != served {
		if time.Since(over) > time.Minute {
			t.Fatal("nobody is served after the flood")
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Logf("%v after the flood somebody has bought and somebody has browsed", time.Since(over).Round(time.Millisecond))
}

// visitors are people who come to a shop: one in sixteen buys.
type visitors struct {
	t              *testing.T
	api            http.Handler // without a network: a client costs more than turning it away
	listed, bought tally
	odd            atomic.Value // an answer that was neither what was asked for nor that one is turned away
}

type outcome int

const (
	served     outcome = iota
	turnedAway         // before anything was done
	failed
)

type tally struct{ served, turnedAway, failed atomic.Int64 }

func (t *tally) count(o outcome) {
	switch o {
	case served:
		t.served.Add(1)
	case turnedAway:
		t.turnedAway.Add(1)
	default:
		t.failed.Add(1)
	}
}

// share returns how many of 100 were served.
func (t *tally) share() int64 {
	return t.served.Load() * 100 / max(t.served.Load()+t.turnedAway.Load()+t.failed.Load(), 1)
}

func (t *tally) String() string {
	return fmt.Sprintf("%d served, %d turned away, %d failed", t.served.Load(), t.turnedAway.Load(), t.failed.Load())
}

func newVisitors(t *testing.T, api http.Handler) *visitors { return &visitors{t: t, api: api} }

func (v *visitors) String() string {
	return fmt.Sprintf("lists: %v; checkouts: %v", &v.listed, &v.bought)
}

func (v *visitors) visit(i int64) {
	if i%16 == 0 {
		v.bought.count(v.buy())
	} else {
		v.listed.count(v.browse())
	}
}

func (v *visitors) browse() outcome {
	o, _ := v.ask("GET", "/products?limit=60", "", http.StatusOK)
	return o
}

func (v *visitors) buy() outcome {
	o, text := v.ask("POST", "/carts?fields=id", `{"lines":[{"sku":"thing-1","quantity":1}]}`, http.StatusCreated)
	if o != served {
		return o
	}
	o, _ = v.ask("POST", "/carts/"+strings.Split(text, `"`)[3]+"/checkout", goodCard, http.StatusOK)
	return o
}

// ask sends a request. A store that cannot go on answers 503 too: only who is
// told that too much is going on was not let in.
func (v *visitors) ask(method, path, body string, want int) (outcome, string) {
	r := httptest.NewRequestWithContext(v.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	v.api.ServeHTTP(w, r)
	switch {
	case w.Code == want:
		return served, w.Body.String()
	case w.Code == http.StatusServiceUnavailable && strings.Contains(w.Body.String(), "too much is going on"):
		return turnedAway, ""
	}
	v.odd.Store(fmt.Sprintf("%s %s: %d %s", method, path, w.Code, w.Body))
	return failed, ""
}

// oneByOne has some visitors come again as soon as they have been served, for
// some time, and returns how many were served in a second.
func (v *visitors) oneByOne(people int, lasts time.Duration) float64 {
	var visits atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for range people {
		all.Go(func() {
			for time.Since(start) < lasts {
				v.visit(visits.Add(1))
			}
		})
	}
	all.Wait()
	return float64(v.listed.served.Load()+v.bought.served.Load()) / time.Since(start).Seconds()
}

// asTheyCome has visitors come at a rate, in visits a second, whether those
// before have been served or not. It returns the most memory that was used, and
// the rate at which they came.
func (v *visitors) asTheyCome(rate float64, lasts time.Duration) (most uint64, offered float64) {
	var all sync.WaitGroup
	total := max(int64(rate*lasts.Seconds()), 1)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	start := time.Now()
	for come := int64(0); come < total; <-tick.C {
		for due := min(int64(rate*time.Since(start).Seconds()), total); come < due; come++ {
			i := come
			all.Go(func() { v.visit(i) })
		}
		most = max(most, heap())
	}
	offered = float64(total) / time.Since(start).Seconds()
	all.Wait()
	return most, offered
}

// heap returns how many bytes are in use.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
