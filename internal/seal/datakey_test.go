package seal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
)

func TestRewrapKeepsTheKeyAndOutlivesTheEpoch(t *testing.T) {
	ring, _ := newRing(t)
	s := newSealer(t, store, ring)
	key, old := newKey(t, s, subject)
	_, forgotten := newKey(t, s, "cus_02")
	blob := sealed(t, s, key, "email", "ann@example.com")

	same, err := s.Rewrap(t.Context(), subject, old)
	if err != nil || string(same) != string(old) {
		t.Errorf("in its own epoch a key is wrapped to %x, %v", same, err)
	}
	if e, err := ring.AddEpoch(); err != nil || e != 2 {
		t.Fatalf("got epoch %d, %v", e, err)
	}
	wrapped, err := s.Rewrap(t.Context(), subject, old)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := wrapped.Epoch(); err != nil || e != 2 {
		t.Errorf("wrapped again it names epoch %d, %v", e, err)
	}
	if id, err := wrapped.KeyID(); err != nil || id != key.ID() || id.Epoch() != 1 {
		t.Errorf("wrapped again it names key %v, %v; it was %v", id, err, key.ID())
	}
	if err := ring.DropEpoch(1); err != nil {
		t.Fatal(err)
	}

	again, err := s.OpenKey(t.Context(), subject, wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := s.Open(again, subject, "email", blob); err != nil || string(plain) != "ann@example.com" {
		t.Errorf("opened to %q, %v", plain, err)
	}
	for _, gone := range []struct {
		subject string
		wrapped seal.WrappedKey
	}{{subject, old}, {"cus_02", forgotten}} {
		_, err := s.OpenKey(t.Context(), gone.subject, gone.wrapped)
		wantCode(t, err, fault.NotFound)
		e, ok := errors.AsType[*seal.EpochError](err)
		if !ok || *e != (seal.EpochError{Epoch: 1, Newest: 2}) {
			t.Errorf("got %v", err)
		}
	}
}

func TestAKeyOpensOnlyInItsEpoch(t *testing.T) {
	ring, _ := newRing(t)
	s := newSealer(t, store, ring)
	if _, err := ring.AddEpoch(); err != nil {
		t.Fatal(err)
	}
	_, wrapped := newKey(t, s, subject)
	for epoch, code := range map[byte]fault.Code{
		0: fault.NotFound,    // never existed, like one that was dropped
		1: fault.Broken,      // exists, and is another's
		3: fault.Unavailable, // may arrive
	} {
		moved := append(seal.WrappedKey(nil), wrapped...)
		moved[4] = epoch
		_, err := s.OpenKey(t.Context(), subject, moved)
		wantCode(t, err, code)
	}
}

func TestSubjectAndStoreAreRequired(t *testing.T) {
	ring, _ := newRing(t)
	s := newSealer(t, store, ring)
	_, wrapped := newKey(t, s, subject)
	_, _, err := s.NewKey(t.Context(), "")
	wantCode(t, err, fault.Invalid)
	_, err = s.OpenKey(t.Context(), "", wrapped)
	wantCode(t, err, fault.Invalid)
	_, err = seal.NewSealer(t.Context(), "", ring)
	wantCode(t, err, fault.Invalid)
}

// service is a ring like one behind a network: what it wraps is opaque and it fails as told.
type service struct {
	err    error
	epoch  seal.Epoch
	secret []byte
	body   []byte
}

func (s *service) Epoch(context.Context) (seal.Epoch, error) { return s.epoch, s.err }
func (s *service) Wrap(_ context.Context, _ seal.Epoch, secret, _ []byte) ([]byte, error) {
	s.secret = secret
	return s.body, s.err
}
func (s *service) Unwrap(context.Context, seal.Epoch, []byte, []byte) ([]byte, error) {
	return s.secret, s.err
}
func (s *service) Derive(context.Context, string) ([]byte, error) { return make([]byte, 32), s.err }

func TestErrorsOfTheRingKeepTheirCode(t *testing.T) {
	ring := &service{body: []byte("ticket")}
	s := newSealer(t, store, ring)
	_, wrapped := newKey(t, s, subject)
	if _, err := s.OpenKey(t.Context(), subject, wrapped); err != nil {
		t.Fatalf("a healthy service: %v", err)
	}

	ring.err = fault.New(fault.Unavailable, "the key service does not answer")
	_, err := s.OpenKey(t.Context(), subject, wrapped)
	wantCode(t, err, fault.Unavailable)
	_, err = s.Rewrap(t.Context(), subject, wrapped)
	wantCode(t, err, fault.Unavailable)
	_, _, err = s.NewKey(t.Context(), subject)
	wantCode(t, err, fault.Unavailable)
	_, err = seal.NewSealer(t.Context(), store, ring)
	wantCode(t, err, fault.Unavailable)
}

func TestNonsenseOfTheRingIsRefused(t *testing.T) {
	ring := &service{body: []byte("ticket")}
	s := newSealer(t, store, ring)
	_, wrapped := newKey(t, s, subject)
	ring.secret = ring.secret[:31]
	_, err := s.OpenKey(t.Context(), subject, wrapped)
	wantCode(t, err, fault.Broken)
	ring.epoch++
	_, err = s.Rewrap(t.Context(), subject, wrapped)
	wantCode(t, err, fault.Broken)
	for _, body := range [][]byte{nil, make([]byte, 5000)} {
		ring.body = body
		_, _, err := s.NewKey(t.Context(), subject)
		wantCode(t, err, fault.Broken)
	}
}

func TestKeysPrintNoSecret(t *testing.T) {
	ring, path := newRing(t)
	s := newSealer(t, store, ring)
	capture := &service{body: []byte("ticket")}
	key, _ := newKey(t, newSealer(t, store, capture), subject)
	master, epoch1 := keysIn(t, path)

	root, err := ring.Derive(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}

	type holder struct{ v any }
	for _, v := range []any{ring, s, key, &key} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q", "%p", "%t"} {
			for _, shown := range []any{v, holder{v}, []any{v}} {
				text := fmt.Sprintf(verb, shown)
				for _, secret := range [][]byte{master, epoch1, root, capture.secret} {
					if showsBytes(text, secret) {
						t.Errorf("%s of %T shows a key: %s", verb, v, text)
					}
				}
			}
		}
	}
	if !showsBytes(fmt.Sprint(struct{ k []byte }{master}), master) {
		t.Error("this test cannot find a key that is shown")
	}
}

// showsBytes looks for secret as fmt writes bytes: decimal, hexadecimal, Go syntax, raw.
func showsBytes(text string, secret []byte) bool {
	for _, form := range []string{"%d", "%x", "%X", "%s", "%q", "%#v"} {
		written := strings.Trim(fmt.Sprintf(form, secret), `[]"`)
		written = strings.TrimSuffix(strings.TrimPrefix(written, "byte{"), "}")
		if strings.Contains(text, written) {
			return true
		}
	}
	return false
}
