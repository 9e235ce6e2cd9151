// Package metrics tells Prometheus what a shop does, on a listener of its own.
//
//	m := metrics.New()
//	shop, err := commerce.Open(ctx, dir, commerce.WithObserver(m.Observer()))
//	…
//	go m.Watch(ctx, shop)
//	api, err := httpapi.New(shop, httpapi.Options{Observe: m.Request})
//	go http.ListenAndServe("localhost:9090", m.Handler())
//
// Handler serves /metrics, health checks and profiles. It is for operators:
// keep it off the network that shoppers come from.
//
// No label holds anything personal, and each has few values: routes, kinds of
// commands and events, shards.
package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/web"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	shop     atomic.Pointer[commerce.Store]
	counted  atomic.Pointer[commerce.Position] // of the events

	commands *prometheus.CounterVec
	took     *prometheus.HistogramVec
	batches  *prometheus.HistogramVec
	applied  *prometheus.HistogramVec
	logged   *prometheus.HistogramVec
	events   *prometheus.CounterVec
	payments *prometheus.CounterVec
	requests *prometheus.CounterVec
	answered *prometheus.HistogramVec
	pages    *prometheus.CounterVec
}

// New returns metrics in a registry of their own.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		commands: counter("commerce_commands_total", "Commands by kind and outcome: done, or a fault code. The node counts them that was asked.", "kind", "outcome"),
		took:     histogram("commerce_command_seconds", "How long callers waited for a command.", seconds, "kind"),
		batches:  histogram("commerce_batch_commands", "Commands applied in one transaction. Every node applies all of them.", prometheus.ExponentialBuckets(1, 2, 10), "shard"),
		applied:  histogram("commerce_apply_seconds", "How long one transaction took to apply and commit. Every node applies all of them.", seconds, "shard"),
		logged:   histogram("commerce_commit_seconds", "How long the log took to hold a command, on a majority of the nodes.", seconds, "shard"),
		payments: counter("commerce_payments_total", "What became of payments: accepted, declined, canceled by the shopper, captured, refunded, and so on. The node that leads the shard counts them: add the nodes up.", "outcome"),
		events:   counter("commerce_events_total", "Events by kind, such as order.placed, payment.captured and payment.refund_failed. The node that leads the shard counts them: add the nodes up.", "kind"),
		requests: counter("http_requests_total", "Requests by route, method and status.", "route", "method", "status"),
		answered: histogram("http_request_seconds", "How long requests took.", seconds, "route"),
		pages:    counter("http_page_cache_reads_total", "Requests for pages of the storefront that may be kept, by whether the page was there.", "found"),
	}
	m.registry.MustRegister(m.commands, m.took, m.batches, m.applied, m.logged, m.payments, m.events, m.requests, m.answered, m.pages,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), storeCollector{&m.shop})
	m.Follow("metrics", func() commerce.Position { return *m.counted.Load() })
	return m
}

// seconds are the buckets of latencies, from 0.5 ms to 16 s.
var seconds = prometheus.ExponentialBuckets(0.0005, 2, 16)

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

// Observer is for commerce.WithObserver.
func (m *Metrics) Observer() commerce.Observer {
	return commerce.Observer{
		Command: func(c commerce.ObservedCommand) {
			m.commands.WithLabelValues(c.Kind, outcome(c.Code)).Inc()
			m.took.WithLabelValues(c.Kind).Observe(c.Took.Seconds())
			if !c.Began.IsZero() {
				m.logged.WithLabelValues(strconv.Itoa(c.Shard)).Observe(c.Began.Sub(c.Proposed).Seconds())
			}
		},
		Batch: func(b commerce.ObservedBatch) {
			shard := strconv.Itoa(b.Shard)
			m.batches.WithLabelValues(shard).Observe(float64(b.Commands))
			m.applied.WithLabelValues(shard).Observe(b.Took.Seconds())
		},
	}
}

func outcome(c fault.Code) string {
	if c == 0 {
		return "done"
	}
	return c.String()
}

// Request counts a request. It is for the Observe of the options of httpapi,
// storefront and admin.
func (m *Metrics) Request(_ *http.Request, s web.Served) {
	route := s.Route
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, s.Method, strconv.Itoa(s.Status)).Inc()
	m.answered.WithLabelValues(route).Observe(s.Duration.Seconds())
	if s.Kept != "" {
		m.pages.WithLabelValues(string(s.Kept)).Inc()
	}
}

// Watch reports the state of a store and counts its events from now on, until
// ctx ends or the store closes. It returns nil then. Of several nodes, all of
// which see every event, the one counts it that leads its shard, so that nodes add
// up; while leadership moves, an event may be counted twice or not at all. How
// far it has got is the consumer "metrics" of commerce_behind_events.
func (m *Metrics) Watch(ctx context.Context, shop *commerce.Store) error {
	from, leads := shop.Latest(), leading{shop: shop}
	m.counted.Store(&from)
	m.shop.Store(shop)
	for e, err := range shop.Follow(ctx, from) {
		if err != nil {
			if ctx.Err() != nil || shop.Closed() || errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		}
		if leads.shard(e.Shard) {
			m.count(e)
		}
		m.counted.Store(&e.Position)
	}
	return nil
}

func (m *Metrics) count(e commerce.Event) {
	m.events.WithLabelValues(e.Kind).Inc()
	if outcome := paymentOutcome(e); outcome != "" {
		m.payments.WithLabelValues(outcome).Inc()
	}
}

// paymentOutcome returns what an event says of a payment, or "".
func paymentOutcome(e commerce.Event) string {
	switch e.Kind {
	case "order.placed":
		return "accepted"
	case "order.canceled":
		var said struct{ Reason string }
		if err := json.Unmarshal(e.Data, &said); err != nil {
			return ""
		}
		outcome, _ := strings.CutPrefix(said.Reason, "payment ")
		if outcome != said.Reason || outcome == "underpaid" {
			return outcome
		}
		return "" // staff canceled it
	}
	outcome, ok := strings.CutPrefix(e.Kind, "payment.")
	if !ok {
		return ""
	}
	return outcome
}

// Follow reports how many events a consumer is behind, by the position that it
// has reached: a search index, by the Position of its Status, or one of the
// program's own. Endpoints of webhooks are reported anyway. It panics if the name
// is taken.
func (m *Metrics) Follow(name string, at func() commerce.Position) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "commerce_behind_events", Help: "How many events a consumer has not seen yet.", ConstLabels: prometheus.Labels{"consumer": name},
	}, func() float64 {
		shop := m.shop.Load()
		if shop == nil {
			return 0
		}
		behind, err := shop.Behind(at())
		if err != nil {
			return math.NaN() // it is nowhere yet
		}
		return float64(behind)
	}))
}

// Gauge adds a number of the program's own. It panics if the name is taken.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// Handler serves GET /metrics, /healthz, /readyz, /health (both, with the
// shards, as JSON) and /debug/pprof/.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	web.Health(mux, m.ready)
	mux.HandleFunc("GET /health", m.health)
	addProfiles(mux)
	return mux
}

// ready returns why the store cannot serve, or nil.
func (m *Metrics) ready(ctx context.Context) error {
	shop := m.shop.Load()
	if shop == nil {
		return fault.New(fault.Unavailable, "the store is not open yet")
	}
	if h := shop.Health(ctx); !h.Ready {
		return fault.New(fault.Unavailable, "%s", strings.Join(h.Problems, "; "))
	}
	return nil
}

// health answers with the store's health as JSON, shard by shard.
func (m *Metrics) health(w http.ResponseWriter, r *http.Request) {
	var h commerce.Health
	if shop := m.shop.Load(); shop != nil {
		h = shop.Health(r.Context())
	} else {
		h.Problems = []string{"the store is not open yet"}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !h.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(h) // the client has gone if this fails
}
