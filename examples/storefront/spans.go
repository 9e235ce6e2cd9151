package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"

	"github.com/keelshop/commerce/traces"
)

// printer is an exporter of OpenTelemetry spans that writes a line for each. A
// real shop sends them to a collector instead, with OpenTelemetry's own exporter.
type printer struct {
	mu sync.Mutex
	to io.Writer
}

// ExportSpans implements sdk.SpanExporter.
func (p *printer) ExportSpans(_ context.Context, spans []sdk.ReadOnlySpan) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range spans {
		took := s.EndTime().Sub(s.StartTime()).Round(time.Microsecond)
		if _, err := fmt.Fprintf(p.to, "trace %.8s %9s  %s\n", s.SpanContext().TraceID(), took, s.Name()); err != nil {
			return err
		}
	}
	return nil
}

// Shutdown implements sdk.SpanExporter.
func (*printer) Shutdown(context.Context) error { return nil }

// tracing returns a tracer whose spans are written down.
func tracing(to io.Writer) *traces.Tracer {
	return traces.New(sdk.NewTracerProvider(sdk.WithSyncer(&printer{to: to})))
}
