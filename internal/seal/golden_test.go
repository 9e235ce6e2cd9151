package seal_test

import (
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce/internal/seal"
)

// vectors are values as stores hold them. Those of a version are written once and never again: a failure here means
// that existing stores have become unreadable.
type vectors struct {
	Store       string
	Subject     string
	Wrapped     map[string]string // epoch: bytes in hexadecimal, as everywhere below
	Sealed      []vector
	Lookups     []vector
	Fingerprint string
}

type vector struct{ Name, Plain, Bytes string }

func TestValuesOfVersion1StillOpen(t *testing.T) {
	var v vectors
	if err := json.Unmarshal(readFile(t, filepath.Join("testdata", "v1.json")), &v); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "shop.keys")
	writeFile(t, path, readFile(t, filepath.Join("testdata", "v1.keys"))) // a checkout does not keep mode 0600
	ring, err := seal.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := newSealer(t, v.Store, ring)
	for epoch, wrapped := range v.Wrapped {
		key, err := s.OpenKey(t.Context(), v.Subject, unhex(t, wrapped))
		if err != nil {
			t.Fatalf("the key of epoch %s: %v", epoch, err)
		}
		for _, field := range v.Sealed {
			plain, err := s.Open(key, v.Subject, field.Name, unhex(t, field.Bytes))
			if err != nil || string(plain) != field.Plain {
				t.Errorf("%s opened to %q, %v", field.Name, plain, err)
			}
		}
	}
	for _, l := range v.Lookups {
		if got := s.Lookup(l.Name, l.Plain); hex.EncodeToString(got[:]) != l.Bytes {
			t.Errorf("%s of %q looks up %x, want %s", l.Name, l.Plain, got, l.Bytes)
		}
	}
	if got := s.Fingerprint(); hex.EncodeToString(got[:]) != v.Fingerprint {
		t.Errorf("fingerprint %x, want %s", got, v.Fingerprint)
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
