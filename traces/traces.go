// Package traces tells OpenTelemetry what happens between a request and the
// disk: a span for the request, one for each command that it causes, and in that
// one for the time that the command waits for its turn, one for the log and one
// for the transaction that applies it.
//
//	t := traces.New(provider)
//	shop, err := commerce.Open(ctx, dir, commerce.WithObserver(t.Observer()))
//	…
//	http.Serve(listener, t.Handler(pages))
//
// The provider is the program's own, with the exporter and the sampling that it
// wants. Spans hold nothing personal: no address, no path, no query, no ID of a
// customer, but the route, as in "GET /products/{product}".
package traces

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/web"
)

// Tracer makes spans. It is safe for concurrent use.
type Tracer struct {
	spans trace.Tracer
	from  propagation.TextMapPropagator
}

// New returns a Tracer that hands its spans to a provider.
func New(provider trace.TracerProvider) *Tracer {
	return &Tracer{spans: provider.Tracer("github.com/keelshop/commerce"), from: propagation.TraceContext{}}
}

// Handler makes a span for each request, as the child of the one that a
// traceparent header names (W3C Trace Context). It stands in front of the
// handlers of this module, whose routes name the spans.
func (t *Tracer) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := t.from.Extract(web.Noted(r.Context()), propagation.HeaderCarrier(r.Header))
		ctx, span := t.spans.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		if !span.IsRecording() {
			next.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		web.Observe(func(_ *http.Request, s web.Served) {
			if s.Route != "" {
				span.SetName(s.Route)
				span.SetAttributes(attribute.String("http.route", s.Route))
			}
			span.SetAttributes(attribute.String("http.request.method", s.Method), attribute.Int("http.response.status_code", s.Status))
			if s.Status >= http.StatusInternalServerError {
				span.SetStatus(codes.Error, "")
			}
		})(next).ServeHTTP(w, r.WithContext(ctx))
	})
}

// Observer makes the spans of commands that a traced caller has asked for. It is
// for commerce.WithObserver.
func (t *Tracer) Observer() commerce.Observer {
	return commerce.Observer{Command: t.command}
}

// command makes the span of a command that has been answered, with the times
// that the store has noted.
func (t *Tracer) command(c commerce.ObservedCommand) {
	if !trace.SpanFromContext(c.Context).IsRecording() {
		return
	}
	ctx, span := t.spans.Start(c.Context, "command "+c.Kind, trace.WithTimestamp(c.Start), trace.WithAttributes(
		attribute.String("commerce.command", c.Kind), attribute.Int("commerce.shard", c.Shard), attribute.String("commerce.outcome", outcome(c.Code)),
	))
	if c.Code == fault.Broken || c.Code == fault.Unavailable || c.Code == fault.Uncertain {
		span.SetStatus(codes.Error, c.Code.String())
	}
	if !c.Began.IsZero() {
		t.step(ctx, "wait", c.Start, c.Proposed)
		t.step(ctx, "log", c.Proposed, c.Began)
		t.step(ctx, "apply", c.Began, c.Applied)
	}
	span.End(trace.WithTimestamp(c.Start.Add(c.Took)))
}

func (t *Tracer) step(ctx context.Context, name string, from, until time.Time) {
	_, span := t.spans.Start(ctx, name, trace.WithTimestamp(from))
	span.End(trace.WithTimestamp(until))
}

func outcome(c fault.Code) string {
	if c == 0 {
		return "done"
	}
	return c.String()
}
