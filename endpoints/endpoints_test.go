package endpoints_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/subject"
)

type board struct {
	*testing.T
	*endpoints.Service
	engine *commandtest.Engine
}

func newBoard(t *testing.T) *board {
	t.Helper()
	ring, err := seal.CreateKeyFile(filepath.Join(t.TempDir(), "shop.keys"))
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.NewSealer(t.Context(), commandtest.StoreID, ring)
	if err != nil {
		t.Fatal(err)
	}
	e := commandtest.New(t, 4, subject.Module(), endpoints.Module())
	return &board{t, endpoints.NewService(e, sealer, func() string { return "now" }), e}
}

func (b *board) put(c endpoints.Put) endpoints.Endpoint {
	b.Helper()
	if c.URL == "" {
		c.URL = "https://example.org/hook?token=sesame"
	}
	e, err := b.Put(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	return e
}

func (b *board) get(endpoint endpoints.ID) endpoints.Endpoint {
	b.Helper()
	e, err := b.Get(b.Context(), endpoint)
	if err != nil {
		b.Fatal(err)
	}
	return e
}

func TestPut(t *testing.T) {
	b := newBoard(t)
	put := endpoints.Put{Description: "ERP", Kinds: []string{"order.*", "cart.completed", "order.*"}, Key: "k"}
	e := b.put(put)
	if e.URL != "https://example.org/hook?token=sesame" || e.Description != "ERP" || !slices.Equal(e.Kinds, []string{"cart.completed", "order.*"}) ||
		e.Disabled != "" || e.Position != "now" || e.Version != 1 || e.Generation != 1 || !e.FailingSince.IsZero() {
		t.Errorf("got %+v", e)
	}
	secrets, err := b.Secrets(t.Context(), e.ID)
	if err != nil || len(secrets) != 1 || !strings.HasPrefix(secrets[0].Text.Reveal(), "whsec_") || len(secrets[0].Text) < 50 {
		t.Fatalf("got %v, %v", secrets, err)
	}
	b.engine.Restart()
	again := b.put(put)
	if same, err := b.Secrets(t.Context(), e.ID); err != nil || again.ID != e.ID || same[0] != secrets[0] {
		t.Errorf("asked again: got %+v, %v", again, err)
	}
	changed := b.put(endpoints.Put{ID: e.ID, URL: "https://example.org/other", Disabled: true, Version: 1})
	if changed.URL != "https://example.org/other" || changed.Kinds == nil && len(changed.Kinds) != 0 || changed.Disabled == "" || changed.Version != 2 || changed.Position != "now" {
		t.Errorf("got %+v", changed)
	}
	_, err = b.Put(t.Context(), endpoints.Put{ID: e.ID, URL: "https://example.org", Version: 1})
	if v, ok := errors.AsType[*endpoints.VersionError](err); !ok || v.Have != 2 || !errors.Is(err, fault.Conflict) {
		t.Errorf("got %v", err)
	}
	if versions, err := b.Versions(t.Context()); err != nil || len(versions) != 0 {
		t.Errorf("the disabled one is sent to: %v, %v", versions, err)
	}
	b.engine.Advance(time.Second)
	second := b.put(endpoints.Put{})
	if all, err := b.All(t.Context()); err != nil || len(all) != 2 || all[0].ID != e.ID || all[1].ID != second.ID {
		t.Errorf("got %v, %v", all, err)
	}
	if err := b.Remove(t.Context(), endpoints.Remove{Endpoint: e.ID}); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		b.Remove(t.Context(), endpoints.Remove{Endpoint: e.ID}),
		func() error { _, err := b.Get(t.Context(), e.ID); return err }(),
		b.Replay(t.Context(), endpoints.Replay{Endpoint: e.ID}),
	} {
		if _, ok := errors.AsType[*endpoints.UnknownEndpointError](err); !ok || !errors.Is(err, fault.NotFound) {
			t.Errorf("got %v", err)
		}
	}
	for range 99 {
		b.put(endpoints.Put{})
	}
	if _, err := b.Put(t.Context(), endpoints.Put{URL: "https://example.org"}); !errors.Is(err, fault.Refused) {
		t.Errorf("one too many: got %v", err)
	}
}

func TestInvalid(t *testing.T) {
	b := newBoard(t)
	for _, url := range []string{"", "example.org", "ftp://example.org", "https://", "https://me:secret@example.org", "https://example.org/#x", "https://example.org/" + strings.Repeat("x", 2000), "https://a b/", seal.Mask} {
		if _, err := b.Put(t.Context(), endpoints.Put{URL: seal.Personal(url)}); !errors.Is(err, fault.Invalid) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v", url, err)
		}
	}
	for _, kind := range []string{"", "Order.placed", "order placed", "*.placed", "order.**"} {
		if _, err := b.Put(t.Context(), endpoints.Put{URL: "https://example.org", Kinds: []string{kind}}); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: got %v", kind, err)
		}
	}
	for _, err := range []error{
		b.Replay(t.Context(), endpoints.Replay{Endpoint: "x"}),
		b.Lease(t.Context(), endpoints.Lease{Holder: "a", For: time.Second}),
		b.Lease(t.Context(), endpoints.Lease{Holder: "a", Run: "b", For: 2 * time.Hour}),
		b.Progress(t.Context(), endpoints.Progress{Endpoint: "x"}),
	} {
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("got %v", err)
		}
	}
	if n := b.engine.Submitted(); n != 4 { // the levels of four shards
		t.Errorf("%d commands were logged", n)
	}
}

func TestWants(t *testing.T) {
	for _, test := range []struct {
		kinds      string
		yes, never string
	}{
		{"", "order.placed", ""}, {"*", "order.placed", ""}, {"order.placed", "order.placed", "order.placed_again"},
		{"order.*", "order.canceled", "payment.captured"}, {"cart.*,order.placed", "cart.merged", "order.canceled"},
	} {
		e := endpoints.Endpoint{Kinds: strings.FieldsFunc(test.kinds, func(r rune) bool { return r == ',' })}
		if !e.Wants(test.yes) || test.never != "" && e.Wants(test.never) {
			t.Errorf("%s: wants %s %t, %s %t", test.kinds, test.yes, e.Wants(test.yes), test.never, e.Wants(test.never))
		}
	}
}

func TestRotateSecret(t *testing.T) {
	b := newBoard(t)
	e := b.put(endpoints.Put{})
	texts := func() (out []seal.Personal) {
		t.Helper()
		secrets, err := b.Secrets(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets {
			out = append(out, s.Text)
		}
		return out
	}
	rotate := func(overlap time.Duration) {
		t.Helper()
		if _, err := b.RotateSecret(t.Context(), endpoints.RotateSecret{Endpoint: e.ID, Overlap: overlap}); err != nil {
			t.Fatal(err)
		}
	}
	first := texts()[0]
	rotate(0)
	two := texts()
	if len(two) != 2 || two[0] == first || two[1] != first {
		t.Fatalf("the newest does not come first, or the old one is gone")
	}
	b.engine.Advance(24*time.Hour - time.Millisecond)
	if len(texts()) != 2 {
		t.Error("the old one ended too early")
	}
	b.engine.Advance(time.Millisecond)
	if got := texts(); len(got) != 1 || got[0] != two[0] {
		t.Error("the old one still signs")
	}
	rotate(time.Hour)
	rotate(time.Hour)
	rotate(time.Hour)
	if got := texts(); len(got) != 3 {
		t.Errorf("%d secrets sign, want 3", len(got))
	}
	rotate(-1)
	if got := texts(); len(got) != 1 {
		t.Errorf("%d secrets sign after a leak, want 1", len(got))
	}
	if got := b.get(e.ID); got.Version != 6 {
		t.Errorf("got version %d", got.Version)
	}
	_, err := b.RotateSecret(t.Context(), endpoints.RotateSecret{Endpoint: another(e.ID)})
	if !errors.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
}

// One run delivers at a time. A node that died may go on at once; another
// node's has to wait for the lease to end.
func TestLease(t *testing.T) {
	b := newBoard(t)
	lease := func(holder, run string, begin bool, d time.Duration) string {
		t.Helper()
		err := b.Lease(t.Context(), endpoints.Lease{Holder: holder, Run: run, Begin: begin, For: d})
		if e, held := errors.AsType[*endpoints.LeaseError](err); held && errors.Is(err, fault.Refused) {
			return e.Holder
		}
		if err != nil {
			t.Fatal(err)
		}
		return ""
	}
	const d = 30 * time.Second
	want := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("held by %q, want %q", got, want)
		}
	}
	want(lease("a", "1", true, d), "")
	want(lease("b", "1", true, d), "a")
	want(lease("a", "2", false, d), "a") // a second dispatcher of the same node
	b.engine.Advance(d - time.Millisecond)
	want(lease("b", "1", false, d), "a")
	want(lease("a", "1", false, d), "") // renewed
	b.engine.Advance(d)
	want(lease("b", "1", false, d), "") // a's has ended
	want(lease("a", "1", false, d), "b")
	want(lease("b", "2", true, d), "") // b has died and begins anew
	want(lease("b", "1", false, d), "b")
	want(lease("a", "1", false, 0), "b") // to give up what one does not have
	want(lease("b", "2", false, 0), "")
	want(lease("a", "1", false, d), "")
}

func TestProgress(t *testing.T) {
	b := newBoard(t)
	e := b.put(endpoints.Put{})
	if err := b.Lease(t.Context(), endpoints.Lease{Holder: "a", Run: "1", For: time.Minute}); err != nil {
		t.Fatal(err)
	}
	delivery := func(n int, outcome endpoints.Outcome) endpoints.Delivery {
		return endpoints.Delivery{Message: fmt.Sprint("evt_", n), Kind: "order.placed", Subject: "ord_1", Outcome: outcome, Attempt: 1, Status: 200, Millis: 3, At: int64(n)}
	}
	note := endpoints.Progress{Endpoint: e.ID, Generation: 1, Run: "1", Position: "p1", FailingSince: 7, Deliveries: []endpoints.Delivery{delivery(1, endpoints.Failed)}}
	if err := b.Progress(t.Context(), note); err != nil {
		t.Fatal(err)
	}
	got := b.get(e.ID)
	if got.Position != "p1" || got.FailingSince.UnixMilli() != 7 || got.Version != 1 {
		t.Errorf("got %+v", got)
	}
	for n := range 600 {
		note.Deliveries = []endpoints.Delivery{delivery(n+2, endpoints.Delivered)}
		if err := b.Progress(t.Context(), note); err != nil {
			t.Fatal(err)
		}
	}
	log, err := b.Deliveries(t.Context(), e.ID)
	if err != nil || len(log) != 500 || log[0] != delivery(601, endpoints.Delivered) {
		t.Errorf("got %d deliveries, %+v, %v", len(log), log[0], err)
	}

	stale := note
	stale.Run = "2"
	if err := b.Progress(t.Context(), stale); !errors.Is(err, fault.Refused) {
		t.Errorf("another run: got %v", err)
	}
	if err := b.Replay(t.Context(), endpoints.Replay{Endpoint: e.ID, Position: "p0"}); err != nil {
		t.Fatal(err)
	}
	if _, old := errors.AsType[*endpoints.StaleError](b.Progress(t.Context(), note)); !old || b.get(e.ID).Position != "p0" {
		t.Error("what was sent before a replay moves the position after it")
	}
	if err := b.Progress(t.Context(), endpoints.Progress{Endpoint: e.ID, Deliveries: []endpoints.Delivery{delivery(1, endpoints.Delivered)}}); err != nil {
		t.Errorf("noting a delivery by hand: %v", err)
	}

	note.Generation, note.Disable, note.Deliveries = 2, "it failed for days", nil
	if err := b.Progress(t.Context(), note); err != nil {
		t.Fatal(err)
	}
	got = b.get(e.ID)
	if got.Disabled != "it failed for days" || got.FailingSince.IsZero() {
		t.Errorf("got %+v", got)
	}
	if off := b.put(endpoints.Put{ID: e.ID, Disabled: true}); off.Disabled != "it failed for days" {
		t.Errorf("the reason is lost: %q", off.Disabled)
	}
	if on := b.put(endpoints.Put{ID: e.ID}); on.Disabled != "" || !on.FailingSince.IsZero() || on.Position != "p1" {
		t.Errorf("enabled again: got %+v", on)
	}
	if err := b.Remove(t.Context(), endpoints.Remove{Endpoint: e.ID}); err != nil {
		t.Fatal(err)
	}
	if err := b.Progress(t.Context(), note); !errors.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
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
