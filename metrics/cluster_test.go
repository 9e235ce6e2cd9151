package metrics_test

import (
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/metrics"
	"github.com/keelshop/commerce/money"
)

// value returns what the metrics say of one, and false if they do not.
func value(text, metric string) (float64, bool) {
	for line := range strings.Lines(text) {
		if number, ok := strings.CutPrefix(line, metric+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			return n, err == nil
		}
	}
	return 0, false
}

// TestNodesAddUp: all nodes see every event, and one of them counts it.
func TestNodesAddUp(t *testing.T) {
	c := commercetest.OpenCluster(t, 3, commerce.WithShards(2))
	var urls []string
	for _, shop := range c.Nodes {
		m := metrics.New()
		private := httptest.NewServer(m.Handler())
		t.Cleanup(private.Close)
		urls = append(urls, private.URL)
		go m.Watch(t.Context(), shop)
		for status := 0; status != 200; { // until the watcher has begun
			status, _ = get(t, private.URL+"/readyz")
		}
	}
	_, err := c.Nodes[0].Catalog.PutProduct(t.Context(), catalog.PutProduct{Handle: "mug", Title: "Mug", Variants: []catalog.PutVariant{
		{SKU: "mug", Untracked: true, Prices: []money.Amount{money.New(1250, "EUR")}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	at := func(metric string) (sum float64, all bool) {
		all = true
		for _, u := range urls {
			_, text := get(t, u+"/metrics")
			n, ok := value(text, metric)
			sum, all = sum+n, all && ok
		}
		return sum, all
	}
	const placed, paid = `commerce_events_total{kind="order.placed"}`, `commerce_payments_total{outcome="accepted"}`
	const orders = 12
	before := ""
	for { // until nobody's leadership has moved for two rounds: while it does, nodes may differ
		terms := termsOf(c)
		placedBefore, _ := at(placed)
		paidBefore, _ := at(paid)
		for i := range orders {
			buy(t, c.Nodes[i%len(c.Nodes)])
		}
		for { // until every node has everything, and every watcher has seen it
			behind, known := at(`commerce_behind_events{consumer="metrics"}`)
			if known && behind == 0 && haveTheSame(c) {
				break
			}
		}
		placedNow, _ := at(placed)
		paidNow, _ := at(paid)
		settled := before == terms && terms == termsOf(c)
		before = terms
		if !settled {
			continue
		}
		if placedNow-placedBefore != orders || paidNow-paidBefore != orders {
			t.Errorf("of %d orders that are paid, the nodes count %v and %v together", orders, placedNow-placedBefore, paidNow-paidBefore)
		}
		return
	}
}

func buy(t *testing.T, shop *commerce.Store) {
	t.Helper()
	basket, err := shop.Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug", Quantity: 1})
	if err == nil {
		_, err = shop.Checkout.Complete(t.Context(), checkout.Complete{Cart: basket.ID, PayWith: "manual"})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// termsOf says who leads what, and since when.
func termsOf(c *commercetest.Cluster) (out string) {
	for _, shop := range c.Nodes {
		for _, s := range shop.Status().Shards {
			out += fmt.Sprint(s.Shard, s.Term, s.Leading, " ")
		}
	}
	return out
}

// haveTheSame reports whether all nodes have the same events.
func haveTheSame(c *commercetest.Cluster) bool {
	have := map[string]bool{}
	for _, shop := range c.Nodes {
		events := ""
		for _, s := range shop.Status().Shards {
			events += fmt.Sprint(s.Shard, s.Events, " ")
		}
		have[events] = true
	}
	return len(have) == 1
}
