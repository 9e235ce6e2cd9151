package pan

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
)

// Logger returns a logger that writes to where l does, without what looks like
// a card number: in messages and in attributes, a * stands for each digit of
// one. A nil l gives one that discards everything.
func Logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	if _, masks := l.Handler().(masking); masks {
		return l
	}
	return slog.New(masking{l.Handler()})
}

// masking is a slog.Handler before another one.
type masking struct{ to slog.Handler }

func (m masking) Enabled(ctx context.Context, level slog.Level) bool { return m.to.Enabled(ctx, level) }

func (m masking) WithGroup(name string) slog.Handler { return masking{m.to.WithGroup(name)} }

func (m masking) WithAttrs(attrs []slog.Attr) slog.Handler {
	masked, _ := maskAttrs(attrs)
	return masking{m.to.WithAttrs(masked)}
}

// Handle hands on what holds no card number as it came.
func (m masking) Handle(ctx context.Context, r slog.Record) error {
	attrs := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	masked, found := maskAttrs(attrs)
	if !found && !Within(r.Message) {
		return m.to.Handle(ctx, r)
	}
	out := slog.NewRecord(r.Time, r.Level, Masked(r.Message), r.PC)
	out.AddAttrs(masked...)
	return m.to.Handle(ctx, out)
}

// maskAttrs returns attributes without card numbers, and whether there was one.
func maskAttrs(attrs []slog.Attr) (out []slog.Attr, found bool) {
	for i, a := range attrs {
		v, bad := maskValue(a.Value)
		if bad && !found {
			found, out = true, append([]slog.Attr(nil), attrs...)
		}
		if bad {
			out[i] = slog.Attr{Key: a.Key, Value: v}
		}
	}
	if !found {
		return attrs, false
	}
	return out, true
}

// maskValue returns what a handler would write of a value, masked, if that holds
// a card number.
func maskValue(v slog.Value) (slog.Value, bool) {
	v = v.Resolve()
	var text string
	switch v.Kind() {
	case slog.KindGroup:
		group, found := maskAttrs(v.Group())
		return slog.GroupValue(group...), found
	case slog.KindString:
		text = v.String()
	case slog.KindInt64:
		text = strconv.FormatInt(v.Int64(), 10)
	case slog.KindUint64:
		text = strconv.FormatUint(v.Uint64(), 10)
	case slog.KindAny:
		text = asText(v.Any())
	default:
		return v, false
	}
	if !Within(text) {
		return v, false
	}
	return slog.StringValue(Masked(text)), true
}

// asText returns what a handler may write of a value: as fmt does, or as JSON
// if only that holds a card number.
func asText(v any) string {
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	text := fmt.Sprintf("%+v", v)
	if _, ok := v.(error); ok || Within(text) {
		return text
	}
	if b, err := json.Marshal(v); err == nil && Within(string(b)) {
		return string(b)
	}
	return text
}
