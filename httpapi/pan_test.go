package httpapi_test

import (
	"bytes"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/payments/simulator"
)

// lines is a log that may be written by several goroutines.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestNoProblemRepeatsACardNumber: whatever route a card number is sent to, and
// wherever in the request it stands, no refusal and no line of the log has it.
func TestNoProblemRepeatsACardNumber(t *testing.T) {
	const card = "4242424242424242"
	var log lines
	shop := commercetest.Open(t, commerce.WithPayments(signing{simulator.New()}), commerce.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	w := newWorldIn(t, shop, httpapi.Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	cart := w.cart(w.alice, "mug", 1)
	named := regexp.MustCompile(`\{\w+\}`)
	refused := 0
	check := func(op operation, r reply) {
		t.Helper()
		if r.status < 400 {
			return // what was put may be read
		}
		refused++
		if strings.Contains(r.text, card) {
			t.Errorf("%s %s: %s", op.Method, op.Path, r.text)
		}
		for name, values := range r.header {
			if strings.Contains(strings.Join(values, " "), card) {
				t.Errorf("%s %s: the header %s is %q", op.Method, op.Path, name, values)
			}
		}
	}
	for _, op := range w.operations() {
		path, body := named.ReplaceAllString(op.Path, card), ""
		if op.RequestBody != nil {
			body = `{"sku":"` + card + `","note":"` + card + `","pay_with":"` + card + `","lines":[{"sku":"` + card + `","quantity":1}],"` + card + `":1}`
		}
		check(op, w.ask(w.staff, op.Method, path, body, "X-Request-Id", card))
		check(op, w.ask(w.alice, op.Method, strings.ReplaceAll(path, "/carts/"+card, cart)+"?q="+card+"&after="+card+"&filter="+card, body, "Idempotency-Key", card))
	}
	if refused < 200 {
		t.Errorf("%d requests were refused only", refused)
	}
	if strings.Contains(log.String(), card) {
		t.Errorf("the log has it: %s", &log)
	}
}
