package seal_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
)

// FuzzSealed: no bytes but those that were sealed open, and none panic.
func FuzzSealed(f *testing.F) {
	ring, _ := newRing(f)
	s := newSealer(f, store, ring)
	key, _ := newKey(f, s, subject)
	good := sealed(f, s, key, "email", "ann@example.com")
	for _, b := range [][]byte{good, good[:53], good[:54], {}, {2, 1}, append(bytes.Clone(good), 0)} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		plain, err := s.Open(key, subject, "email", b)
		if opened := err == nil; opened != bytes.Equal(b, good) {
			t.Errorf("opened to %q, %v", plain, err)
		}
		if id, idErr := seal.Sealed(b).KeyID(); err == nil && (idErr != nil || id != key.ID()) {
			t.Errorf("opened, and names key %v, %v", id, idErr)
		}
	})
}

// FuzzWrappedKey: as FuzzSealed, for wrapped keys.
func FuzzWrappedKey(f *testing.F) {
	ring, _ := newRing(f)
	s := newSealer(f, store, ring)
	_, good := newKey(f, s, subject)
	for _, b := range [][]byte{good, good[:17], good[:18], good[:41], {}, {2}, append(bytes.Clone(good), 0)} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := s.OpenKey(t.Context(), subject, b)
		if opened := err == nil; opened != bytes.Equal(b, good) {
			t.Errorf("opened: %v", err)
		}
		_, idErr := seal.WrappedKey(b).KeyID()
		_, epochErr := seal.WrappedKey(b).Epoch()
		if (idErr == nil) != (epochErr == nil) || (err == nil && idErr != nil) {
			t.Errorf("key ID %v, epoch %v, opened %v", idErr, epochErr, err)
		}
	})
}

// FuzzKeyFile: a key file has one spelling, and everything else is damage. The checksum is made good, so that the
// fuzzer gets past it.
func FuzzKeyFile(f *testing.F) {
	golden := readFile(f, filepath.Join("testdata", "v1.keys"))
	body := golden[:bytes.LastIndex(golden, []byte("sha256 "))]
	for _, b := range [][]byte{body, body[:len(body)-60], {}, []byte("commerce keys 1\n"), []byte("commerce keys 2\n")} {
		f.Add(b, true)
	}
	f.Add(golden, false)
	f.Fuzz(func(t *testing.T, b []byte, sign bool) {
		if sign {
			b = withChecksum([]string{string(b)})
		}
		out, err := seal.RecodeKeyFile(b)
		if err != nil && fault.CodeOf(err) != fault.Broken {
			t.Errorf("got code %v: %v", fault.CodeOf(err), err)
		}
		if err == nil && !bytes.Equal(out, b) {
			t.Errorf("%q is spelled %q", b, out)
		}
	})
}
