package sim

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// trace is all that has happened in a run, in order, with the virtual time.
type trace struct {
	mu     sync.Mutex
	began  time.Time
	lines  []string
	counts map[string]int // of the faults that were injected
}

func (t *trace) add(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, fmt.Sprintf("%10.3f  %s", time.Since(t.began).Seconds(), fmt.Sprintf(format, args...)))
}

// fault notes one that is injected.
func (t *trace) fault(kind, format string, args ...any) {
	t.mu.Lock()
	t.counts[kind]++
	t.mu.Unlock()
	t.add("FAULT %s: %s", kind, fmt.Sprintf(format, args...))
}

// keep writes the trace of a run that has failed where it stays.
func (t *trace) keep(tb testing.TB, seed uint64) {
	dir := os.Getenv("COMMERCE_TRACES")
	if dir == "" {
		dir = os.TempDir()
	}
	path := filepath.Join(dir, fmt.Sprintf("commerce-sim-%d.trace", seed))
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := os.WriteFile(path, []byte(strings.Join(t.lines, "\n")+"\n"), 0o600); err != nil {
		tb.Errorf("writing the trace: %v", err)
		return
	}
	tb.Logf("seed %d: all that has happened is in %s", seed, path)
}

// logger makes what a node logs a part of the trace.
func (t *trace) logger(node string) *slog.Logger {
	return slog.New(&traceHandler{trace: t, node: node})
}

type traceHandler struct {
	trace *trace
	node  string
	attrs []slog.Attr
}

func (h *traceHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (h *traceHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	for _, a := range h.attrs {
		fmt.Fprintf(&b, " %s", a)
	}
	r.Attrs(func(a slog.Attr) bool { fmt.Fprintf(&b, " %s", a); return true })
	h.trace.add("%s: %s%s", h.node, r.Message, &b)
	return nil
}

func (h *traceHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &traceHandler{h.trace, h.node, append(append([]slog.Attr(nil), h.attrs...), attrs...)}
}

func (h *traceHandler) WithGroup(string) slog.Handler { return h }
