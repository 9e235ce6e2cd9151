package seal_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"
	"pgregory.net/rapid"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
)

func TestSealOpensToTheSameBytes(t *testing.T) {
	ring, _ := newRing(t)
	s := newSealer(t, store, ring)
	rapid.Check(t, func(t *rapid.T) {
		subject := rapid.StringN(1, 40, -1).Draw(t, "subject")
		field := rapid.StringN(1, 40, -1).Draw(t, "field")
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		_, wrapped, err := s.NewKey(t.Context(), subject)
		if err != nil {
			t.Fatal(err)
		}
		key, err := s.OpenKey(t.Context(), subject, wrapped)
		if err != nil {
			t.Fatal(err)
		}
		blob, err := s.Seal(key, subject, field, plain)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Open(key, subject, field, blob)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("opened to %q, %v", got, err)
		}
		if len(plain) >= 6 && bytes.Contains(blob, plain) {
			t.Fatalf("%x contains its plaintext %x", blob, plain)
		}
		if id, err := blob.KeyID(); err != nil || id != key.ID() {
			t.Fatalf("the value names key %v, %v; sealed under %v", id, err, key.ID())
		}
	})
}

func TestSealingTwiceDiffers(t *testing.T) {
	ring, _ := newRing(t)
	s := newSealer(t, store, ring)
	key, _ := newKey(t, s, subject)
	if a, b := sealed(t, s, key, "email", "ann@example.com"), sealed(t, s, key, "email", "ann@example.com"); bytes.Equal(a, b) {
		t.Error("equal values seal to equal bytes, which shows that they are equal")
	}
}

func TestCanaryIsNowhereInTheClear(t *testing.T) {
	const canary = "canary-7f3a@example.com"
	ring, path := newRing(t)
	s := newSealer(t, store, ring)
	key, wrapped := newKey(t, s, subject)
	index := s.Lookup("email", canary)
	for name, b := range map[string][]byte{
		"sealed":  sealed(t, s, key, "email", canary),
		"wrapped": wrapped,
		"lookup":  index[:],
		"keys":    readFile(t, path),
	} {
		if bytes.Contains(b, []byte(canary[:6])) {
			t.Errorf("%s contains the canary", name)
		}
	}
}

func TestEveryChangedByteOfASealedValueIsDetected(t *testing.T) {
	ring, _ := newRing(t)
	s := newSealer(t, store, ring)
	key, _ := newKey(t, s, subject)
	blob := sealed(t, s, key, "email", "ann@example.com")
	for i := range blob {
		for bit := range 8 {
			bad := slices.Clone(blob)
			bad[i] ^= 1 << bit
			if _, err := s.Open(key, subject, "email", bad); err == nil {
				t.Errorf("bit %d of byte %d is not protected", bit, i)
			}
		}
		if _, err := s.Open(key, subject, "email", blob[:i]); err == nil {
			t.Errorf("cut to %d bytes it still opens", i)
		}
	}
	_, err := s.Open(key, subject, "email", append(slices.Clone(blob), 0))
	wantCode(t, err, fault.Broken)
	_, err = s.Open(key, subject, "email", nil)
	wantCode(t, err, fault.Broken)
	_, err = blob[:53].KeyID()
	wantCode(t, err, fault.Broken)
}

func TestEveryChangedByteOfAWrappedKeyIsDetected(t *testing.T) {
	ring, _ := newRing(t)
	s := newSealer(t, store, ring)
	_, wrapped := newKey(t, s, subject)
	for i := range wrapped {
		for bit := range 8 {
			bad := slices.Clone(wrapped)
			bad[i] ^= 1 << bit
			if _, err := s.OpenKey(t.Context(), subject, bad); err == nil {
				t.Errorf("bit %d of byte %d is not protected", bit, i)
			}
		}
		if _, err := s.OpenKey(t.Context(), subject, wrapped[:i]); err == nil {
			t.Errorf("cut to %d bytes it still opens", i)
		}
	}
}

func TestAValueOpensOnlyWhereItBelongs(t *testing.T) {
	ring, _ := newRing(t)
	s, other := newSealer(t, store, ring), newSealer(t, "store_02", ring)
	key, wrapped := newKey(t, s, subject)
	second, _ := newKey(t, s, subject)
	foreign, _ := newKey(t, s, "cus_02")
	blob := sealed(t, s, key, "email", "ann@example.com")

	tests := []struct {
		name    string
		sealer  *seal.Sealer
		key     seal.DataKey
		subject string
		field   string
		code    fault.Code
	}{
		{"another field", s, key, subject, "name", fault.Broken},
		{"another store", other, key, subject, "email", fault.Broken},
		{"another subject", s, key, "cus_02", "email", fault.Invalid},
		{"another subject and its key", s, foreign, "cus_02", "email", fault.Invalid},
		{"another key of the subject", s, second, subject, "email", fault.Invalid},
		{"parts shifted", s, key, subject + "e", "mail", fault.Invalid},
		{"no key", s, seal.DataKey{}, subject, "email", fault.Invalid},
		{"no subject", s, key, "", "email", fault.Invalid},
		{"no field", s, key, subject, "", fault.Invalid},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			plain, err := test.sealer.Open(test.key, test.subject, test.field, blob)
			wantCode(t, err, test.code)
			if plain != nil {
				t.Errorf("opened to %q", plain)
			}
		})
	}

	_, err := s.OpenKey(t.Context(), "cus_02", wrapped)
	wantCode(t, err, fault.Broken)
	_, err = other.OpenKey(t.Context(), subject, wrapped)
	wantCode(t, err, fault.Broken)
	_, err = s.Seal(foreign, subject, "email", nil)
	wantCode(t, err, fault.Invalid)
	_, err = s.Seal(seal.DataKey{}, subject, "email", nil)
	if err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("the zero key: %v", err)
	}
	if _, err := s.Open(key, subject, "email", blob); err != nil {
		t.Errorf("where it belongs: %v", err)
	}
}

// TestFormatIsAsDocumented opens values by nothing but the documented layout.
func TestFormatIsAsDocumented(t *testing.T) {
	ring, path := newRing(t)
	s := newSealer(t, store, ring)
	key, wrapped := newKey(t, s, subject)
	blob := sealed(t, s, key, "email", "ann@example.com")
	master, epoch1 := keysIn(t, path)

	id := key.ID()
	header := wrapped[:17]
	if want := append([]byte{1, 0, 0, 0, 1}, id[:]...); !bytes.Equal(header, want) {
		t.Fatalf("a wrapped key begins with %x, want %x", header, want)
	}
	secret := openBy(t, epoch1, wrapped[17:], bound("commerce key 1", store, subject, string(header)))

	if want := append([]byte{1, 1}, id[:]...); !bytes.HasPrefix(blob, want) {
		t.Fatalf("a sealed value begins with %x, want %x", blob[:14], want)
	}
	plain := openBy(t, secret, blob[14:], bound("commerce field 1", store, subject, "email", string(id[:])))
	if string(plain) != "ann@example.com" {
		t.Errorf("opened to %q", plain)
	}

	root, err := hkdf.Key(sha256.New, master, nil, string(bound("commerce derive 1", store)), 32)
	if err != nil {
		t.Fatal(err)
	}
	lookup, err := hkdf.Expand(sha256.New, root, string(bound("commerce lookup 1", "email")), 32)
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha256.New, lookup)
	h.Write([]byte("ann@example.com"))
	if got := s.Lookup("email", "ann@example.com"); !bytes.Equal(got[:], h.Sum(nil)) {
		t.Errorf("lookup gives %x", got)
	}
}

func openBy(t *testing.T, key, body, aad []byte) []byte {
	t.Helper()
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := aead.Open(nil, body[:24], body[24:], aad)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func bound(parts ...string) []byte {
	var b []byte
	for _, p := range parts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
		b = append(b, p...)
	}
	return b
}

func TestLookupDependsOnStoreRingPurposeAndValueOnly(t *testing.T) {
	ring, path := newRing(t)
	foreign, _ := newRing(t)
	s := newSealer(t, store, ring)
	want, print := s.Lookup("email", "ann"), s.Fingerprint()

	if _, err := ring.AddEpoch(); err != nil {
		t.Fatal(err)
	}
	if err := ring.DropEpoch(1); err != nil {
		t.Fatal(err)
	}
	again, err := seal.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	after := newSealer(t, store, again)
	if after.Lookup("email", "ann") != want || after.Fingerprint() != print {
		t.Error("a new epoch changes lookups or the fingerprint")
	}

	seen := map[[32]byte]string{want: "email/ann"}
	for name, got := range map[string][32]byte{
		"value":               s.Lookup("email", "bob"),
		"purpose":             s.Lookup("phone", "ann"),
		"shifted":             s.Lookup("emaila", "nn"),
		"store":               newSealer(t, "store_02", ring).Lookup("email", "ann"),
		"ring":                newSealer(t, store, foreign).Lookup("email", "ann"),
		"empty":               s.Lookup("", ""),
		"fingerprint":         print,
		"fingerprint (store)": newSealer(t, "store_02", ring).Fingerprint(),
		"fingerprint (ring)":  newSealer(t, store, foreign).Fingerprint(),
	} {
		if twin, ok := seen[got]; ok {
			t.Errorf("%s and %s give the same hash", name, twin)
		}
		seen[got] = name
	}
}

func TestSealTextRefusesTheMask(t *testing.T) {
	ring, _ := newRing(t)
	s := newSealer(t, store, ring)
	key, _ := newKey(t, s, subject)
	_, err := s.SealText(key, subject, "name", seal.Personal(fmt.Sprint(seal.Personal("Ann"))))
	wantCode(t, err, fault.Invalid)

	blob, err := s.SealText(key, subject, "name", "Ann")
	if err != nil {
		t.Fatal(err)
	}
	if name, err := s.OpenText(key, subject, "name", blob); err != nil || name.Reveal() != "Ann" {
		t.Errorf("opened to %q, %v", name.Reveal(), err)
	}
}

func TestErrorsNameTheFieldAndNotTheValue(t *testing.T) {
	ring, _ := newRing(t)
	s := newSealer(t, store, ring)
	key, _ := newKey(t, s, subject)
	_, err := s.Open(key, subject, "name", sealed(t, s, key, "email", "ann@example.com"))
	if err == nil || !strings.Contains(err.Error(), `"name"`) || !strings.Contains(err.Error(), subject) ||
		strings.Contains(err.Error(), "ann@") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkSealOpen512(b *testing.B) {
	ring, _ := newRing(b)
	s := newSealer(b, store, ring)
	key, _ := newKey(b, s, subject)
	plain := make([]byte, 512)
	b.ReportAllocs()
	for b.Loop() {
		blob, err := s.Seal(key, subject, "address", plain)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Open(key, subject, "address", blob); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	ring, _ := newRing(b)
	s := newSealer(b, store, ring)
	b.ReportAllocs()
	for b.Loop() {
		s.Lookup("email", "ann@example.com")
	}
}
