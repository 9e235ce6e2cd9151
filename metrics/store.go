package metrics

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/keelshop/commerce"
	"github.com/prometheus/client_golang/prometheus"
)

// storeCollector reads the state of a store when it is asked for metrics.
type storeCollector struct {
	shop *atomic.Pointer[commerce.Store]
}

// gauge is one number of a shard.
type gauge struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(commerce.ShardStatus) float64
}

// shardGauges are read from every shard.
func shardGauges() []gauge {
	of := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"shard"}, nil)
	}
	return []gauge{
		{of("commerce_shard_leading", "1 if this node leads the shard's replicas."), prometheus.GaugeValue, func(s commerce.ShardStatus) float64 {
			if s.Leading {
				return 1
			}
			return 0
		}},
		{of("commerce_shard_term", "The term of the shard's leadership."), prometheus.GaugeValue, func(s commerce.ShardStatus) float64 { return float64(s.Term) }},
		{of("commerce_shard_log_index", "The newest log entry."), prometheus.CounterValue, func(s commerce.ShardStatus) float64 { return float64(s.Log) }},
		{of("commerce_shard_applied_index", "The newest log entry that reads see."), prometheus.CounterValue, func(s commerce.ShardStatus) float64 { return float64(s.Applied) }},
		{of("commerce_shard_log_bytes", "The log on disk, until the next truncation."), prometheus.GaugeValue, func(s commerce.ShardStatus) float64 { return float64(s.LogBytes) }},
		{of("commerce_shard_events", "The number of the newest event."), prometheus.CounterValue, func(s commerce.ShardStatus) float64 { return float64(s.Events) }},
		{of("commerce_shard_waiting", "Commands that wait for a log entry."), prometheus.GaugeValue, func(s commerce.ShardStatus) float64 { return float64(s.Waiting) }},
	}
}

func cacheDesc() *prometheus.Desc {
	return prometheus.NewDesc("commerce_cache_reads_total", "Reads through the cache, by whether it had the answer.", []string{"found"}, nil)
}

func failedDesc() *prometheus.Desc {
	return prometheus.NewDesc("commerce_store_failed", "1 if the store has stopped itself.", nil, nil)
}

func endpointDesc() *prometheus.Desc {
	return prometheus.NewDesc("commerce_webhook_behind_events", "How many events an endpoint has not taken yet.", []string{"endpoint"}, nil)
}

// endpoints reports the queues of webhooks. What cannot be read now is left out.
func (c storeCollector) endpoints(shop *commerce.Store, out chan<- prometheus.Metric) {
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Second)
	defer stop()
	all, err := shop.Endpoints.All(ctx)
	if err != nil {
		return
	}
	for _, e := range all {
		if behind, err := shop.Behind(commerce.Position(e.Position)); err == nil && e.Disabled == "" {
			out <- prometheus.MustNewConstMetric(endpointDesc(), prometheus.GaugeValue, float64(behind), string(e.ID))
		}
	}
}

// Describe implements prometheus.Collector.
func (c storeCollector) Describe(out chan<- *prometheus.Desc) {
	for _, g := range shardGauges() {
		out <- g.desc
	}
	out <- cacheDesc()
	out <- failedDesc()
	out <- endpointDesc()
}

// Collect implements prometheus.Collector.
func (c storeCollector) Collect(out chan<- prometheus.Metric) {
	shop := c.shop.Load()
	if shop == nil || shop.Closed() {
		return
	}
	status := shop.Status()
	gauges := shardGauges()
	for _, s := range status.Shards {
		for _, g := range gauges {
			out <- prometheus.MustNewConstMetric(g.desc, g.kind, g.read(s), strconv.Itoa(s.Shard))
		}
	}
	for found, n := range map[string]uint64{"yes": status.Cache.Hits, "no": status.Cache.Misses} {
		out <- prometheus.MustNewConstMetric(cacheDesc(), prometheus.CounterValue, float64(n), found)
	}
	c.endpoints(shop, out)
	failed := 0.0
	if shop.Err() != nil {
		failed = 1
	}
	out <- prometheus.MustNewConstMetric(failedDesc(), prometheus.GaugeValue, failed)
}
