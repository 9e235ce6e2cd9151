package webhooks_test

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/webhooks"
)

// BenchmarkDelivery sends events of many customers over loopback, and compares
// that with bare requests of the same size, as many at once.
func BenchmarkDelivery(b *testing.B) {
	const batch = 504 // a multiple of 8
	shop := commercetest.Open(b)
	c := newConsumer(b)
	e, err := shop.Endpoints.Put(b.Context(), endpoints.Put{URL: seal.Personal(c.URL)})
	if err != nil {
		b.Fatal(err)
	}
	for range batch {
		if _, err := shop.Accounts.Register(b.Context(), accounts.Register{}); err != nil {
			b.Fatal(err)
		}
	}
	d, err := webhooks.Start(b.Context(), shop, quick)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	wait := func(n int) {
		for range n {
			<-c.come
		}
	}
	wait(batch)
	var raw, ours time.Duration
	for b.Loop() {
		began := time.Now()
		bare(b, c, batch)
		wait(batch)
		raw += time.Since(began)
		if err := d.Replay(b.Context(), e.ID, commerce.Position(e.Position)); err != nil {
			b.Fatal(err)
		}
		wait(1) // the replay has been noticed
		began = time.Now()
		wait(batch - 1)
		ours += time.Since(began)
	}
	b.ReportMetric(float64(raw)/float64(ours), "of-raw")
	b.ReportMetric(float64(b.N*(batch-1))/ours.Seconds(), "messages/s")
}

func bare(b *testing.B, c *consumer, n int) {
	body := bytes.Repeat([]byte("x"), 200)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range n / 8 {
				answer, err := http.Post(c.URL, "application/json", bytes.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		})
	}
	all.Wait()
}
