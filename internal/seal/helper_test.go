package seal_test

import (
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
)

const (
	store   = "store_01"
	subject = "cus_01"
)

func newRing(t testing.TB) (*seal.KeyFile, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.keys")
	ring, err := seal.CreateKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return ring, path
}

func newSealer(t testing.TB, store string, ring seal.Ring) *seal.Sealer {
	t.Helper()
	s, err := seal.NewSealer(t.Context(), store, ring)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newKey(t testing.TB, s *seal.Sealer, subject string) (seal.DataKey, seal.WrappedKey) {
	t.Helper()
	key, wrapped, err := s.NewKey(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	return key, wrapped
}

func sealed(t testing.TB, s *seal.Sealer, key seal.DataKey, field, plain string) seal.Sealed {
	t.Helper()
	b, err := s.Seal(key, subject, field, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func wantCode(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("got error %v with code %v, want code %v", err, fault.CodeOf(err), code)
	}
}
