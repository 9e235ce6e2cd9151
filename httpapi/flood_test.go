package httpapi_test

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce/httpapi"
)

// TestAFloodOfBrowsing: forty clients ask for lists without a pause, five times as
// many as may be worked on at once, while eight buy. Browsing is turned away,
// who buys is served, memory stays bounded, and when the flood ends everybody is
// served again.
func TestAFloodOfBrowsing(t *testing.T) {
	const checkouts = 80
	w := newWorld(t, httpapi.Options{AtOnce: 16, Patience: 5 * time.Millisecond})
	w.stock("mug", 1250, 10*checkouts)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	ask := func(method, path, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		r.Header.Set("Content-Type", "application/json")
		answer, err := client.Do(r)
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Error(err)
		}
		return answer.StatusCode, string(text)
	}
	var over atomic.Bool
	var served, shed, odd, bought, failed atomic.Int64
	var browsers, buyers sync.WaitGroup
	for range 40 {
		browsers.Go(func() {
			for !over.Load() {
				switch status, _ := ask("GET", "/products?limit=100", ""); status {
				case http.StatusOK:
					served.Add(1)
				case http.StatusServiceUnavailable:
					shed.Add(1)
				default:
					odd.Add(1)
				}
			}
		})
	}
	var most uint64
	for range 8 {
		buyers.Go(func() {
			for range checkouts / 8 {
				if buyOne(ask) {
					bought.Add(1)
				} else {
					failed.Add(1)
				}
			}
		})
	}
	buyers.Wait()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	most = memory.HeapAlloc
	over.Store(true)
	browsers.Wait()
	t.Logf("%d lists served, %d turned away, %d orders, %d not, %d MB of heap", served.Load(), shed.Load(), bought.Load(), failed.Load(), most>>20)
	if shed.Load() == 0 || served.Load() == 0 || odd.Load() != 0 {
		t.Errorf("of those who browse %d were served, %d turned away, %d got something else", served.Load(), shed.Load(), odd.Load())
	}
	if failed.Load()*100 > checkouts {
		t.Errorf("%d of %d who buy could not", failed.Load(), checkouts)
	}
	if most > 512<<20 {
		t.Errorf("the flood takes %d MB of memory", most>>20)
	}
	for status := 0; status != http.StatusOK; { // recovery
		status, _ = ask("GET", "/products?limit=100", "")
	}
}

// buyOne fills a cart and pays. A 503 is asked again: nothing was admitted.
func buyOne(ask func(method, path, body string) (int, string)) bool {
	retry := func(method, path, body string) (int, string) {
		for {
			if status, text := ask(method, path, body); status != http.StatusServiceUnavailable {
				return status, text
			}
		}
	}
	status, text := retry("POST", "/carts?fields=id", `{"lines":[{"sku":"mug","quantity":1}]}`)
	if status != http.StatusCreated {
		return false
	}
	cart := "/carts/" + strings.Split(text, `"`)[3]
	status, _ = retry("POST", cart+"/checkout", goodCard)
	return status == http.StatusCreated || status == http.StatusOK
}
