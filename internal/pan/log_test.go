package pan_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/keelshop/commerce/internal/pan"
)

const card = "4242 4242 4242 4242"

// bag prints its text, as JSON only if it is behind a pointer.
type bag struct{ Text *string }

// secretive says itself what is logged of it.
type secretive struct{ text string }

func (s secretive) LogValue() slog.Value { return slog.GroupValue(slog.String("inner", s.text)) }

// loggers are the two handlers that programs use.
func loggers(to *bytes.Buffer) map[string]*slog.Logger {
	return map[string]*slog.Logger{
		"text": slog.New(slog.NewTextHandler(to, nil)),
		"json": slog.New(slog.NewJSONHandler(to, nil)),
	}
}

func TestLoggerMasks(t *testing.T) {
	text := card
	for name, write := range map[string]func(*slog.Logger){
		"message":   func(l *slog.Logger) { l.Info("cannot charge " + card) },
		"string":    func(l *slog.Logger) { l.Info("x", "a", card) },
		"error":     func(l *slog.Logger) { l.Info("x", "error", fmt.Errorf("asking: %w", errors.New("no card "+card))) },
		"number":    func(l *slog.Logger) { l.Info("x", "n", int64(4242424242424242)) },
		"unsigned":  func(l *slog.Logger) { l.Info("x", "n", uint64(4242424242424242)) },
		"bytes":     func(l *slog.Logger) { l.Info("x", "b", []byte(card)) },
		"struct":    func(l *slog.Logger) { l.Info("x", "s", struct{ A []string }{[]string{card}}) },
		"pointer":   func(l *slog.Logger) { l.Info("x", "p", bag{&text}) },
		"group":     func(l *slog.Logger) { l.Info("x", slog.Group("g", slog.Group("h", "a", card))) },
		"valuer":    func(l *slog.Logger) { l.Info("x", "v", secretive{card}) },
		"with":      func(l *slog.Logger) { l.With("a", card).Info("x") },
		"withgroup": func(l *slog.Logger) { l.WithGroup("g").With("a", 1).Info("x", "b", card) },
	} {
		var out bytes.Buffer
		for kind, l := range loggers(&out) {
			out.Reset()
			write(l)
			if kind == "json" && name != "bytes" && !strings.Contains(out.String(), "4242") {
				t.Errorf("%s: the plain logger does not write it: %s", name, &out)
			}
			out.Reset()
			write(pan.Logger(l))
			if got := out.String(); strings.Contains(got, "4242") || !strings.Contains(got, "***") && name != "bytes" {
				t.Errorf("%s, %s: wrote %s", name, kind, got)
			}
		}
	}
}

// TestLoggerLeavesTheRest: what holds no card number is written as it was.
func TestLoggerLeavesTheRest(t *testing.T) {
	write := func(l *slog.Logger) {
		l = l.With("shard", 3).WithGroup("g")
		l.Warn("order ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M2", "error", errors.New("no"), "at", 1772355600000, "phone", "+4915112345678", "any", struct{ A int }{1})
	}
	for _, kind := range []string{"text", "json"} {
		var plain, masked bytes.Buffer
		drop := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}
		made := func(b *bytes.Buffer) *slog.Logger {
			if kind == "json" {
				return slog.New(slog.NewJSONHandler(b, drop))
			}
			return slog.New(slog.NewTextHandler(b, drop))
		}
		write(made(&plain))
		write(pan.Logger(pan.Logger(made(&masked))))
		if plain.String() != masked.String() {
			t.Errorf("wrote %s instead of %s", &masked, &plain)
		}
	}
	pan.Logger(nil).Error("to nobody")
}
