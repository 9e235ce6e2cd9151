package accounts_test

import (
	"errors"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
)

// TestProve: the right password is taken, wrong ones are counted until they
// have to wait, and who has none need not show one.
func TestProve(t *testing.T) {
	b, c := newDesk(t, 4)
	if err := b.Prove(t.Context(), c.ID, secret); err != nil {
		t.Errorf("the right password: %v", err)
	}
	throttled := false
	for range 30 {
		err := b.Prove(t.Context(), c.ID, "not it")
		if _, throttled = errors.AsType[*accounts.ThrottledError](err); throttled {
			break
		}
		if _, wrong := errors.AsType[*accounts.WrongPasswordError](err); !wrong {
			t.Fatalf("a wrong password: got %v", err)
		}
	}
	if !throttled {
		t.Error("thirty wrong passwords need not wait")
	}
	plain, err := b.Register(t.Context(), accounts.Register{Email: "grace@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Prove(t.Context(), plain.ID, ""); err != nil {
		t.Errorf("somebody without a password: %v", err)
	}
	if err := b.Prove(t.Context(), another(c.ID), secret); !errors.Is(err, fault.NotFound) {
		t.Errorf("nobody: got %v", err)
	}
}
