package subject_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/subject"
)

// ensure and erase are commands of these tests.
type ensure struct {
	Subject string          `cbor:"1,keyasint"`
	Wrapped seal.WrappedKey `cbor:"2,keyasint"`
}

func (ensure) Kind() command.Kind { return "test.ensure" }
func (ensure) Validate() error    { return nil }
func (c ensure) apply(tx *command.Tx) (struct{}, error) {
	return struct{}{}, subject.EnsureTx(tx, c.Subject, c.Wrapped)
}

type erase struct {
	Subject string `cbor:"1,keyasint"`
}

func (erase) Kind() command.Kind { return "test.erase" }
func (erase) Validate() error    { return nil }
func (c erase) apply(tx *command.Tx) (struct{}, error) {
	return struct{}{}, subject.EraseTx(tx, c.Subject)
}

// keys is an engine and a sealer.
type keys struct {
	*testing.T
	*commandtest.Engine
	sealer *seal.Sealer
	ring   *seal.KeyFile
}

func newKeys(t *testing.T, shards int) *keys {
	ring, err := seal.CreateKeyFile(filepath.Join(t.TempDir(), "shop.keys"))
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.NewSealer(t.Context(), commandtest.StoreID, ring)
	if err != nil {
		t.Fatal(err)
	}
	test := command.Module{Name: "test", Commands: []command.Definition{command.Define(ensure.apply), command.Define(erase.apply)}}
	return &keys{T: t, Engine: commandtest.New(t, shards, subject.Module(), test), sealer: sealer, ring: ring}
}

func (k *keys) do(who string, c command.Command) error {
	slot, err := id.SlotOf(who)
	if err != nil {
		k.Fatal(err)
	}
	_, err = command.Do[struct{}](k.T.Context(), k, c, command.Call{Slot: slot})
	return err
}

func (k *keys) key(who string) (seal.DataKey, seal.WrappedKey, bool, error) {
	slot, err := id.SlotOf(who)
	if err != nil {
		k.Fatal(err)
	}
	return subject.Key(k.T.Context(), k, k.sealer, slot, who)
}

func (k *keys) newSubject(n int) string { return id.New("cus", id.Slot(n*700%id.Slots), time.Now()) }

func TestTheFirstKeyStays(t *testing.T) {
	k := newKeys(t, 2)
	who := k.newSubject(1)
	key, wrapped, isNew, err := k.key(who)
	if err != nil || !isNew {
		t.Fatalf("got %t, %v", isNew, err)
	}
	sealed, err := k.sealer.SealText(key, who, "name", "Ada")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := k.do(who, &ensure{who, wrapped}); err != nil {
			t.Fatal(err)
		}
	}
	_, other, err := k.sealer.NewKey(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	err = k.do(who, &ensure{who, other})
	if _, exists := errors.AsType[*subject.KeyExistsError](err); !exists || !errors.Is(err, fault.Unavailable) {
		t.Fatalf("another key: got %v, want *KeyExistsError", err)
	}
	k.Restart()
	again, stored, isNew, err := k.key(who)
	if err != nil || isNew || string(stored) != string(wrapped) {
		t.Fatalf("got %t, %v", isNew, err)
	}
	if text, err := k.sealer.OpenText(again, who, "name", sealed); err != nil || text != "Ada" {
		t.Fatalf("got %v", err)
	}
}

func TestErasedForGood(t *testing.T) {
	k := newKeys(t, 2)
	for _, hasKey := range []bool{true, false} {
		who := k.newSubject(1)
		_, wrapped, _, err := k.key(who)
		if err != nil {
			t.Fatal(err)
		}
		if hasKey {
			if err := k.do(who, &ensure{who, wrapped}); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := k.do(who, &erase{who}); err != nil {
				t.Fatal(err)
			}
		}
		_, _, _, readErr := k.key(who)
		for _, err := range []error{readErr, k.do(who, &ensure{who, wrapped})} {
			if e, erased := errors.AsType[*subject.ErasedError](err); !erased || e.Subject != who {
				t.Fatalf("had a key: %t: got %v, want *ErasedError", hasKey, err)
			}
		}
	}
}

func TestAMalformedKeyIsRefused(t *testing.T) {
	k := newKeys(t, 1)
	who := k.newSubject(1)
	for _, wrapped := range []seal.WrappedKey{nil, {}, []byte("nonsense")} {
		if err := k.do(who, &ensure{who, wrapped}); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: got %v, want fault.Invalid", wrapped, err)
		}
	}
}

func TestRewrapAll(t *testing.T) {
	k := newKeys(t, 3)
	sealed := map[string]seal.Sealed{}
	var gone string
	for n := range 130 {
		who := k.newSubject(n)
		key, wrapped, _, err := k.key(who)
		if err != nil {
			t.Fatal(err)
		}
		if err := k.do(who, &ensure{who, wrapped}); err != nil {
			t.Fatal(err)
		}
		if sealed[who], err = k.sealer.SealText(key, who, "name", seal.Personal(fmt.Sprint(n))); err != nil {
			t.Fatal(err)
		}
		gone = who
	}
	if err := k.do(gone, &erase{gone}); err != nil {
		t.Fatal(err)
	}
	newest, err := k.ring.AddEpoch()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{129, 0} {
		if n, err := subject.RewrapAll(t.Context(), k, k.sealer); err != nil || n != want {
			t.Fatalf("got %d, %v; want %d", n, err, want)
		}
	}
	if err := k.ring.DropEpoch(1); err != nil {
		t.Fatal(err)
	}
	for who, s := range sealed {
		key, wrapped, _, err := k.key(who)
		if who == gone {
			if !errors.Is(err, fault.Refused) {
				t.Errorf("erased: got %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if epoch, err := wrapped.Epoch(); err != nil || epoch != newest {
			t.Errorf("%s: epoch %d, %v", who, epoch, err)
		}
		if _, err := k.sealer.OpenText(key, who, "name", s); err != nil {
			t.Error(err)
		}
	}
	var rows int64
	for i := range k.Shards() {
		err := k.View(t.Context(), k.SlotOn(i), func(tx *sqlite.Tx) error {
			n, _, err := tx.Int64(`SELECT count(*) FROM subject_keys WHERE erased = 0 AND epoch < ?`, newest)
			rows += n
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if rows != 0 {
		t.Errorf("%d keys are under an old epoch", rows)
	}
}

// A rewrap that was on its way while its subject was erased, or got another
// key, must change nothing.
func TestALateRewrapChangesNothing(t *testing.T) {
	k := newKeys(t, 1)
	who := k.newSubject(1)
	_, wrapped, _, err := k.key(who)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.do(who, &ensure{who, wrapped}); err != nil {
		t.Fatal(err)
	}
	if _, err := k.ring.AddEpoch(); err != nil {
		t.Fatal(err)
	}
	_, foreign, err := k.sealer.NewKey(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.do(who, &subject.Rewrap{Keys: []subject.Rewrapped{{Subject: who, Wrapped: foreign}}}); err != nil {
		t.Fatal(err)
	}
	if _, stored, _, err := k.key(who); err != nil || string(stored) != string(wrapped) {
		t.Fatalf("another key came in: %v", err)
	}
	newer, err := k.sealer.Rewrap(t.Context(), who, wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.do(who, &erase{who}); err != nil {
		t.Fatal(err)
	}
	if err := k.do(who, &subject.Rewrap{Keys: []subject.Rewrapped{{Subject: who, Wrapped: newer}, {Subject: k.newSubject(2), Wrapped: foreign}}}); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := k.key(who); !errors.Is(err, fault.Refused) {
		t.Fatalf("an erased key came back: %v", err)
	}
	if err := k.do(who, &subject.Rewrap{Keys: []subject.Rewrapped{{Subject: who, Wrapped: nil}}}); !errors.Is(err, fault.Invalid) {
		t.Fatalf("got %v", err)
	}
}
