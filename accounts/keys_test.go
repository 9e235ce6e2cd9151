package accounts_test

import (
	"errors"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
)

// Who asks again with the key gets the same session, and only who knows the
// password: the key is no secret.
func TestASessionIsOpenedAgainByItsKey(t *testing.T) {
	b, _ := newDesk(t, 4)
	ask := accounts.LogIn{Email: adasMail, Password: secret, Device: "tablet", Key: "mine"}
	first, err := b.LogIn(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.LogIn(t.Context(), ask)
	if err != nil || again != first || b.count("sessions") != 1 {
		t.Errorf("asked again: %+v, %v; want %+v", again, err, first)
	}
	guess := ask
	guess.Password = "another password"
	if s, err := b.LogIn(t.Context(), guess); !errors.Is(err, fault.Denied) || s.Token != "" {
		t.Errorf("the key without the password opens %+v, %v", s, err)
	}
	other := ask
	other.Device = "phone"
	if s, err := b.LogIn(t.Context(), other); !errors.Is(err, fault.Conflict) {
		t.Errorf("the key of another request opens %+v, %v", s, err)
	}
	if s := b.mustLogIn(secret); s.Token == first.Token {
		t.Error("without a key, the same session was opened")
	}
	if err := b.LogOut(t.Context(), accounts.LogOut{Token: first.Token}); err != nil {
		t.Fatal(err)
	}
	if s, err := b.LogIn(t.Context(), ask); !errors.Is(err, fault.Denied) {
		t.Errorf("a session that was ended is open again: %+v, %v", s, err)
	}
}

func TestAPasswordIsChangedAgainByItsKey(t *testing.T) {
	b, _ := newDesk(t, 4)
	old := b.mustLogIn(secret)
	ask := accounts.ChangePassword{Token: old.Token, Old: secret, New: "analytical engine", Key: "mine"}
	first, err := b.ChangePassword(t.Context(), ask)
	if err != nil || b.open(old.Token) {
		t.Fatal(err)
	}
	again, err := b.ChangePassword(t.Context(), ask)
	if err != nil || again.Token != first.Token || again.ID != first.ID || !b.open(first.Token) {
		t.Errorf("asked again: %+v, %v; want %+v", again, err, first)
	}
	thief := ask // has the token of the session that was ended, and the key
	thief.New = "something else entirely"
	if s, err := b.ChangePassword(t.Context(), thief); !errors.Is(err, fault.Denied) || s.Token != "" {
		t.Errorf("without the new password: %+v, %v", s, err)
	}
	stranger := ask
	stranger.Token = old.Token[:len(old.Token)-2] + "AA"
	if s, err := b.ChangePassword(t.Context(), stranger); !errors.Is(err, fault.Denied) || s.Token != "" {
		t.Errorf("with a token that never was: %+v, %v", s, err)
	}
	without := ask
	without.Key = ""
	if s, err := b.ChangePassword(t.Context(), without); !errors.Is(err, fault.Denied) {
		t.Errorf("without the key: %+v, %v", s, err)
	}
	b.mustLogIn("analytical engine")
}

func TestALetterIsWrittenAgainByItsKey(t *testing.T) {
	b, c := newDesk(t, 4)
	reset, err := b.StartReset(t.Context(), accounts.StartReset{Email: adasMail, Key: "reset"})
	if err != nil {
		t.Fatal(err)
	}
	b.engine.Advance(time.Minute)
	if again, err := b.StartReset(t.Context(), accounts.StartReset{Email: adasMail, Key: "reset"}); err != nil || again != reset {
		t.Errorf("asked again: %+v, %v; want %+v", again, err, reset)
	}
	verify, err := b.StartVerification(t.Context(), accounts.StartVerification{Customer: c.ID, Key: "verify"})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := b.StartVerification(t.Context(), accounts.StartVerification{Customer: c.ID, Key: "verify"}); err != nil || again != verify {
		t.Errorf("asked again: %+v, %v; want %+v", again, err, verify)
	}
	if n := b.count("letters"); n != 2 {
		t.Errorf("%d letters", n)
	}
	ask := accounts.Reset{Token: reset.Token, Password: "analytical engine", Key: "mine"}
	first, err := b.Reset(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.Reset(t.Context(), ask)
	if err != nil || again.Token != first.Token || again.ID != first.ID {
		t.Errorf("asked again: %+v, %v; want %+v", again, err, first)
	}
	thief := ask
	thief.Password = "something else entirely"
	if s, err := b.Reset(t.Context(), thief); !errors.Is(err, fault.Denied) || s.Token != "" {
		t.Errorf("without the new password: %+v, %v", s, err)
	}
	thief.Password, thief.Token = ask.Password, verify.Token
	if s, err := b.Reset(t.Context(), thief); err == nil || s.Token != "" {
		t.Errorf("with another letter: %+v, %v", s, err)
	}
}
