package webhooks_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/webhooks"
)

// quick lets tests that use real time end soon.
var quick = webhooks.Options{
	Timeout: 5 * time.Second, FirstRetry: 10 * time.Millisecond, LongestRetry: 100 * time.Millisecond, AllowPrivate: true,
}

// consumer is an endpoint that keeps what it takes, while it answers 204.
type consumer struct {
	*httptest.Server
	mu     sync.Mutex
	bodies [][]byte
	heads  []http.Header
	answer atomic.Int64
	come   chan struct{} // has room for each attempt
}

func newConsumer(t testing.TB) *consumer {
	c := &consumer{come: make(chan struct{}, 10_000)}
	c.answer.Store(http.StatusNoContent)
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		answer := int(c.answer.Load())
		if answer == http.StatusNoContent {
			c.mu.Lock()
			c.bodies, c.heads = append(c.bodies, body), append(c.heads, r.Header)
			c.mu.Unlock()
		}
		w.WriteHeader(answer)
		c.come <- struct{}{}
	}))
	t.Cleanup(c.Close)
	return c
}

// wait waits until some more messages have come.
func (c *consumer) wait(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-c.come:
		case <-t.Context().Done():
			t.Fatal("the test ended")
		case <-time.After(time.Minute):
			t.Fatal("nothing has come for a minute")
		}
	}
}

// last returns the last message that has come.
func (c *consumer) last() (http.Header, []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heads[len(c.heads)-1], c.bodies[len(c.bodies)-1]
}

// ids counts the messages that have come by their webhook-id.
func (c *consumer) ids() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := map[string]int{}
	for _, h := range c.heads {
		ids[h.Get("webhook-id")]++
	}
	return ids
}

// messages returns what has come so far.
func (c *consumer) messages(t *testing.T) (all []webhooks.Message) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, body := range c.bodies {
		var m webhooks.Message
		if err := json.Unmarshal(body, &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

func start(t *testing.T, shop *commerce.Store, opt webhooks.Options) *webhooks.Dispatcher {
	t.Helper()
	d, err := webhooks.Start(t.Context(), shop, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func put(t *testing.T, shop *commerce.Store, to string, kinds ...string) endpoints.Endpoint {
	t.Helper()
	e, err := shop.Endpoints.Put(t.Context(), endpoints.Put{URL: seal.Personal(to), Kinds: kinds})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// happen lets something happen n times.
func happen(t *testing.T, shop *commerce.Store, n int) (ids []accounts.CustomerID) {
	t.Helper()
	for range n {
		c, err := shop.Accounts.Register(t.Context(), accounts.Register{})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.ID)
	}
	return ids
}

func secretsOf(t *testing.T, shop *commerce.Store, e endpoints.ID) (texts []string) {
	t.Helper()
	secrets, err := shop.Endpoints.Secrets(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range secrets {
		texts = append(texts, s.Text.Reveal())
	}
	return texts
}

func TestDelivery(t *testing.T) {
	shop := commercetest.Open(t, commerce.WithShards(4))
	happen(t, shop, 1) // before the endpoint was made
	c := newConsumer(t)
	e := put(t, shop, c.URL+"/hook?token=sesame", "customer.*")
	d := start(t, shop, quick)
	ids := happen(t, shop, 20)
	c.wait(t, 20)
	heard := map[string]bool{}
	for i, m := range c.messages(t) {
		if err := webhooks.Verify(c.heads[i], c.bodies[i], secretsOf(t, shop, e.ID)...); err != nil {
			t.Error(err)
		}
		if m.Type != "customer.registered" || m.Timestamp.IsZero() || !strings.Contains(string(m.Data), m.Subject) || c.heads[i].Get("Content-Type") != "application/json" {
			t.Errorf("got %+v", m)
		}
		heard[m.Subject] = true
	}
	for _, id := range ids {
		if !heard[string(id)] {
			t.Errorf("nothing was said of %s", id)
		}
	}
	d.Close()
	log, err := shop.Endpoints.Deliveries(t.Context(), e.ID)
	if err != nil || len(log) == 0 || log[0].Outcome != endpoints.Delivered || log[0].Status != 204 || time.Since(log[0].Time()) > time.Hour {
		t.Errorf("got %d deliveries, %v", len(log), err)
	}

	more := happen(t, shop, 3) // while nobody sends
	start(t, shop, quick)
	for !heard[string(more[0])] || !heard[string(more[1])] || !heard[string(more[2])] {
		c.wait(t, 1)
		for _, m := range c.messages(t) {
			heard[m.Subject] = true
		}
	}
}

// An endpoint that hangs and one that is gone hold up nobody else, and hear of
// everything when they are back.
func TestSlowConsumersStarveNobody(t *testing.T) {
	shop := commercetest.Open(t)
	release := make(chan struct{})
	var waiting atomic.Int64
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		waiting.Add(1)
		<-release
	}))
	t.Cleanup(slow.Close)
	gone, good := newConsumer(t), newConsumer(t)
	gone.answer.Store(http.StatusServiceUnavailable)
	put(t, shop, slow.URL)
	put(t, shop, gone.URL)
	put(t, shop, good.URL)
	start(t, shop, quick)
	happen(t, shop, 200)
	good.wait(t, 200)
	if n := waiting.Load(); n > 8 {
		t.Errorf("%d attempts hang at the slow one", n)
	}
	gone.answer.Store(http.StatusNoContent)
	seen := map[string]bool{}
	for len(seen) < 200 {
		gone.wait(t, 1)
		for _, m := range gone.messages(t) {
			seen[m.Subject] = true
		}
	}
	close(release)
}

func TestSecretsOverlap(t *testing.T) {
	shop := commercetest.Open(t)
	c := newConsumer(t)
	e := put(t, shop, c.URL, "order.none")
	d := start(t, shop, quick)
	happen(t, shop, 1)
	id := lastMessage(t, shop)
	deliver := func() (http.Header, []byte) {
		t.Helper()
		if done, err := d.Redeliver(t.Context(), e.ID, id); err != nil || done.Outcome != endpoints.Delivered {
			t.Fatalf("got %+v, %v", done, err)
		}
		c.wait(t, 1)
		return c.last()
	}
	rotate := func(overlap time.Duration) {
		t.Helper()
		if _, err := shop.Endpoints.RotateSecret(t.Context(), endpoints.RotateSecret{Endpoint: e.ID, Overlap: overlap}); err != nil {
			t.Fatal(err)
		}
	}
	old := secretsOf(t, shop, e.ID)[0]
	rotate(0)
	both := secretsOf(t, shop, e.ID)
	header, body := deliver()
	for _, secret := range []string{old, both[0]} {
		if err := webhooks.Verify(header, body, secret); err != nil {
			t.Errorf("while both sign: %v", err)
		}
	}
	rotate(-1)
	header, body = deliver()
	if err := webhooks.Verify(header, body, both...); !errors.Is(err, fault.Denied) {
		t.Errorf("a secret that has ended still signs: %v", err)
	}
	if err := webhooks.Verify(header, body, secretsOf(t, shop, e.ID)[0]); err != nil {
		t.Error(err)
	}
}

// lastMessage returns the webhook-id of what happened last.
func lastMessage(t *testing.T, shop *commerce.Store) (id string) {
	t.Helper()
	for event, err := range shop.Events(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		id = webhooks.MessageID(event)
	}
	return id
}

func TestRedeliverAndReplay(t *testing.T) {
	shop := commercetest.Open(t)
	c := newConsumer(t)
	from := shop.Latest()
	e := put(t, shop, c.URL, "customer.*")
	d := start(t, shop, quick)
	happen(t, shop, 5)
	c.wait(t, 5)
	header, body := c.last()
	id := header.Get("webhook-id")
	done, err := d.Redeliver(t.Context(), e.ID, id)
	if err != nil || done.Outcome != endpoints.Delivered || done.Message != id {
		t.Fatalf("got %+v, %v", done, err)
	}
	c.wait(t, 1)
	if again, same := c.last(); again.Get("webhook-id") != id || string(same) != string(body) {
		t.Error("the message came back as another")
	}
	c.answer.Store(http.StatusTeapot)
	done, err = d.Redeliver(t.Context(), e.ID, id)
	if err != nil || done.Outcome != endpoints.GivenUp || done.Status != http.StatusTeapot {
		t.Errorf("got %+v, %v", done, err)
	}
	c.wait(t, 1)
	c.answer.Store(http.StatusNoContent)
	for text, code := range map[string]fault.Code{
		"": fault.Invalid, "evt_0_x_y": fault.Invalid, "evt_0_99_y": fault.NotFound, "evt_7_1_y": fault.NotFound,
		"evt_0_0_y": fault.NotFound, id + "x": fault.NotFound, "evt_-1_1_y": fault.NotFound,
	} {
		if _, err := d.Redeliver(t.Context(), e.ID, text); fault.CodeOf(err) != code {
			t.Errorf("%q: got %v", text, err)
		}
	}
	if _, err := d.Redeliver(t.Context(), another(e.ID), id); !errors.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}

	if err := d.Replay(t.Context(), e.ID, from); err != nil {
		t.Fatal(err)
	}
	c.wait(t, 5)
	ids := c.ids()
	if len(ids) != 5 {
		t.Errorf("a replay gave messages other IDs: %v", ids)
	}
	for _, position := range []commerce.Position{"x", "v1.zzzzz"} {
		if err := d.Replay(t.Context(), e.ID, position); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: got %v", position, err)
		}
	}
}

// A position that is none disables the endpoint: to go on from elsewhere would
// lose events without anybody noticing.
func TestALostPositionIsNotSkipped(t *testing.T) {
	shop := commercetest.Open(t)
	c := newConsumer(t)
	e := put(t, shop, c.URL)
	if err := shop.Endpoints.Replay(t.Context(), endpoints.Replay{Endpoint: e.ID, Position: "v1.zzzz"}); err != nil {
		t.Fatal(err)
	}
	d := start(t, shop, quick)
	disabled := false
	for event, err := range shop.Follow(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if disabled = event.Kind == "endpoint.disabled"; disabled {
			break
		}
	}
	if got, err := shop.Endpoints.Get(t.Context(), e.ID); err != nil || !strings.Contains(got.Disabled, "position") {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := d.Replay(t.Context(), e.ID, ""); err != nil {
		t.Fatal(err)
	}
	happen(t, shop, 2)
	if _, err := shop.Endpoints.Put(t.Context(), endpoints.Put{ID: e.ID, URL: seal.Personal(c.URL), Kinds: []string{"customer.*"}}); err != nil {
		t.Fatal(err)
	}
	c.wait(t, 2)
}

// The store is closed and opened again: what was noted is not sent again, the
// rest is.
func TestRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	shop := commercetest.OpenAt(t, dir)
	c := newConsumer(t)
	c.answer.Store(http.StatusInternalServerError)
	put(t, shop, c.URL, "customer.*")
	d := start(t, shop, quick)
	happen(t, shop, 30)
	c.wait(t, 5)
	d.Close()
	if err := shop.Close(); err != nil {
		t.Fatal(err)
	}
	c.answer.Store(http.StatusNoContent)
	shop = commercetest.OpenAt(t, dir)
	start(t, shop, quick)
	seen := map[string]bool{}
	for len(seen) < 30 {
		c.wait(t, 1)
		for _, m := range c.messages(t) {
			seen[m.Subject] = true
		}
	}
}

// A second dispatcher takes over from the first of the same node, which then
// sends nothing more.
func TestOneDispatcherSends(t *testing.T) {
	shop := commercetest.Open(t)
	c := newConsumer(t)
	put(t, shop, c.URL, "customer.*")
	first := start(t, shop, quick)
	happen(t, shop, 1)
	c.wait(t, 1)
	second := start(t, shop, quick)
	happen(t, shop, 50)
	seen := map[string]bool{}
	for len(seen) < 51 {
		c.wait(t, 1)
		for _, m := range c.messages(t) {
			seen[m.Subject] = true
		}
	}
	first.Close()
	second.Close()
}

// Nothing is sent to addresses that are not public, however they are written,
// or without TLS, unless the shop's own people said so.
func TestPrivateAddressesAreRefused(t *testing.T) {
	shop := commercetest.Open(t)
	var reached atomic.Int64
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(inside.Close)
	u, err := url.Parse(inside.URL)
	if err != nil {
		t.Fatal(err)
	}
	e := put(t, shop, inside.URL, "order.none")
	guarded := quick
	guarded.AllowPrivate = false
	d := start(t, shop, guarded)
	happen(t, shop, 1)
	id := lastMessage(t, shop)
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "169.254.169.254", "10.1.2.3", "[fd00::1]", "100.64.0.1"} {
		to := fmt.Sprintf("https://%s:%s/", host, u.Port())
		if _, err := shop.Endpoints.Put(t.Context(), endpoints.Put{ID: e.ID, URL: seal.Personal(to), Kinds: []string{"order.none"}}); err != nil {
			t.Fatal(err)
		}
		done, err := d.Redeliver(t.Context(), e.ID, id)
		refused := strings.Contains(done.Error, "prohibited") || host == "2130706433" // which not every resolver knows
		if err != nil || done.Outcome != endpoints.GivenUp || done.Status != 0 || !refused {
			t.Errorf("%s: got %+v, %v", host, done, err)
		}
	}
	plain := "http://example.org/?token=sesame"
	if _, err := shop.Endpoints.Put(t.Context(), endpoints.Put{ID: e.ID, URL: seal.Personal(plain), Kinds: []string{"order.none"}}); err != nil {
		t.Fatal(err)
	}
	done, err := d.Redeliver(t.Context(), e.ID, id)
	if err != nil || done.Error != "its address is not https" {
		t.Errorf("got %+v, %v", done, err)
	}
	if reached.Load() != 0 {
		t.Error("a request came through")
	}
}

// A redirect is not followed, an endless answer is not read to its end, and
// what an endpoint says is not kept.
func TestAnswersAreBounded(t *testing.T) {
	shop := commercetest.Open(t)
	other := newConsumer(t)
	var mode atomic.Value
	c := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch mode.Load() {
		case "redirect":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "endless":
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		case "break":
			panic(http.ErrAbortHandler)
		case "talk":
			http.Error(w, "our database password is sesame", http.StatusInternalServerError)
		}
	}))
	t.Cleanup(c.Close)
	e := put(t, shop, c.URL+"/?token=open", "order.none")
	d := start(t, shop, quick)
	happen(t, shop, 1)
	id := lastMessage(t, shop)
	for _, test := range []struct {
		mode    string
		outcome endpoints.Outcome
		status  int64
	}{{"redirect", endpoints.GivenUp, 307}, {"endless", endpoints.Delivered, 200}, {"break", endpoints.GivenUp, 0}, {"talk", endpoints.GivenUp, 500}} {
		mode.Store(test.mode)
		done, err := d.Redeliver(t.Context(), e.ID, id)
		if err != nil || done.Outcome != test.outcome || done.Status != test.status || strings.Contains(done.Error, "sesame") || strings.Contains(done.Error, "token") {
			t.Errorf("%s: got %+v, %v", test.mode, done, err)
		}
	}
	if n := len(other.messages(t)); n != 0 {
		t.Error("a redirect was followed")
	}
}

// A program that closes its store first still ends.
func TestClosedAfterTheStore(t *testing.T) {
	shop := commercetest.Open(t)
	c := newConsumer(t)
	put(t, shop, c.URL)
	d := start(t, shop, quick)
	happen(t, shop, 1)
	c.wait(t, 1)
	if err := shop.Close(); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

func TestBadOptions(t *testing.T) {
	shop := commercetest.Open(t)
	for _, opt := range []webhooks.Options{{Timeout: -1}, {Parallel: -1}, {Attempts: -1}, {FirstRetry: 2 * time.Hour}} {
		if _, err := webhooks.Start(t.Context(), shop, opt); !errors.Is(err, fault.Invalid) {
			t.Errorf("%+v: got %v", opt, err)
		}
	}
}

// another returns an ID that nothing has.
func another(e endpoints.ID) endpoints.ID {
	last := "0"
	if strings.HasSuffix(string(e), last) {
		last = "1"
	}
	return e[:len(e)-1] + endpoints.ID(last)
}
