package accounts_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/subject"
)

// openSealed opens a field of a customer.
func openSealed(t *testing.T, b *book, who accounts.CustomerID, field string, sealed seal.Sealed) seal.Personal {
	t.Helper()
	slot, err := who.Slot()
	if err != nil {
		t.Fatal(err)
	}
	key, _, _, err := subject.Key(t.Context(), b.engine, b.sealer, slot, string(who))
	if err != nil {
		t.Fatal(err)
	}
	text, err := b.sealer.OpenText(key, string(who), field, sealed)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSetPassword(t *testing.T) {
	b, c := newDesk(t, 4)
	s := b.mustLogIn(secret)
	letter, err := b.StartReset(t.Context(), accounts.StartReset{Email: adasMail})
	if err != nil {
		t.Fatal(err)
	}
	set := accounts.SetPassword{Customer: c.ID, Password: "analytical engine", Key: "k"}
	if err := b.SetPassword(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	if b.open(s.Token) {
		t.Error("a session outlives its password")
	}
	if _, err := b.Reset(t.Context(), accounts.Reset{Token: letter.Token, Password: secret}); !errors.Is(err, fault.NotFound) {
		t.Errorf("a letter outlives the password: %v", err)
	}
	if _, err := b.logIn(adasMail, secret); !errors.Is(err, fault.Denied) {
		t.Errorf("the old password: got %v", err)
	}
	s = b.mustLogIn("analytical engine")
	if err := b.SetPassword(t.Context(), set); err != nil || !b.open(s.Token) {
		t.Errorf("asking again has an effect, or %v", err)
	}
	if err := b.SetPassword(t.Context(), accounts.SetPassword{Customer: another(c.ID), Password: secret}); !errors.Is(err, fault.NotFound) {
		t.Errorf("nobody's password: got %v", err)
	}
}

func TestNewPasswordsAreJudged(t *testing.T) {
	b, c := newDesk(t, 1)
	breached := errors.New("seen in a breach")
	rules := cheap
	rules.Refuse = func(_ context.Context, p seal.Personal) error {
		if p == "seen in a breach" {
			return fault.Wrap(fault.Invalid, breached, "choose another password")
		}
		return nil
	}
	b.Service = b.WithPasswords(rules)
	before := b.count("credentials WHERE version > 1")
	for _, p := range []seal.Personal{
		"", "7 chars", "zwölf", "Password123", "ADA@example.org", "ada lovelace", "aaaaaaaaaaaa", "zzzzzzzz", "seen in a breach", seal.Mask,
		"not UTF-8 \xff", seal.Personal(strings.Repeat("long", 257)),
	} {
		err := b.SetPassword(t.Context(), accounts.SetPassword{Customer: c.ID, Password: p})
		if !errors.Is(err, fault.Invalid) || p != "" && strings.Contains(err.Error(), p.Reveal()) && p != "seen in a breach" {
			t.Errorf("%q: got %v", p.Reveal(), err)
		}
	}
	if b.count("credentials WHERE version > 1") != before {
		t.Error("a refused password was set")
	}
	for _, p := range []seal.Personal{"8 chars!", "ada lovelace's", "пароль пароль", seal.Personal(strings.Repeat("long", 256))} {
		if err := b.SetPassword(t.Context(), accounts.SetPassword{Customer: c.ID, Password: p}); err != nil {
			t.Errorf("%q: %v", p.Reveal(), err)
		}
		b.mustLogIn(p)
	}
}

func TestChangePassword(t *testing.T) {
	b, _ := newDesk(t, 4)
	here, there := b.mustLogIn(secret), b.mustLogIn(secret)
	change := accounts.ChangePassword{Token: here.Token, Old: "not my password", New: "analytical engine", Device: "here"}
	for range 5 {
		if _, err := b.ChangePassword(t.Context(), change); !errors.Is(err, fault.Denied) {
			t.Errorf("a wrong old password: got %v", err)
		}
	}
	change.Old = secret
	if _, err := b.ChangePassword(t.Context(), change); !errors.Is(err, fault.Unavailable) {
		t.Errorf("after five failures: got %v", err)
	}
	b.engine.Advance(time.Minute)
	s, err := b.ChangePassword(t.Context(), change)
	if err != nil || !b.open(s.Token) || s.Device != "here" {
		t.Fatalf("got %+v, %v", s, err)
	}
	if b.open(here.Token) || b.open(there.Token) {
		t.Error("a session outlives its password")
	}
	if _, err := b.ChangePassword(t.Context(), change); !errors.Is(err, fault.Denied) {
		t.Errorf("with the token of an ended session: got %v", err)
	}
	b.mustLogIn("analytical engine")
}

// A customer without an e-mail address can be given a password, and change it.
func TestChangePasswordWithoutEmail(t *testing.T) {
	b, c := newDesk(t, 2)
	s := b.mustLogIn(secret)
	if _, err := b.Update(t.Context(), accounts.Update{Customer: c.ID, Email: new(seal.Personal(""))}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ChangePassword(t.Context(), accounts.ChangePassword{Token: s.Token, Old: secret, New: "analytical engine"}); err != nil {
		t.Error(err)
	}
	if _, err := b.logIn(adasMail, secret); !errors.Is(err, fault.Denied) {
		t.Errorf("got %v", err)
	}
	if _, err := b.StartVerification(t.Context(), accounts.StartVerification{Customer: c.ID}); !errors.Is(err, fault.Refused) {
		t.Errorf("got %v", err)
	}
}

// A password that is changed while another log-in checks the old one does not
// let that one in.
func TestLogInAgainstAChange(t *testing.T) {
	b, c := newDesk(t, 1)
	changed := false
	b.engine.Drop = nil
	late := accounts.NewService(&meddler{Engine: b.engine, kind: "accounts.log_in", do: func() {
		if changed {
			return
		}
		changed = true
		if err := b.SetPassword(t.Context(), accounts.SetPassword{Customer: c.ID, Password: "analytical engine"}); err != nil {
			t.Error(err)
		}
	}}, b.sealer).WithPasswords(cheap)
	if s, err := late.LogIn(t.Context(), accounts.LogIn{Email: adasMail, Password: secret}); !errors.Is(err, fault.Denied) || b.count("sessions") != 0 {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestErasingEndsEverything(t *testing.T) {
	b, c := newDesk(t, 4)
	s := b.mustLogIn(secret)
	letter := b.letterTo(c.ID)
	b.fails(adasMail)
	if err := b.Erase(t.Context(), accounts.Erase{Customer: c.ID}); err != nil {
		t.Fatal(err)
	}
	if b.open(s.Token) {
		t.Error("a session outlives its customer")
	}
	if _, err := b.Verify(t.Context(), accounts.Verify{Token: letter.Token}); !errors.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
	for _, table := range []string{"credentials", "sessions", "letters", "login_failures", "timers WHERE kind LIKE 'accounts%'", "customers WHERE phone_hash IS NOT NULL"} {
		if n := b.count(table); n != 0 {
			t.Errorf("%s: %d rows are left", table, n)
		}
	}
	if err := b.SetPassword(t.Context(), accounts.SetPassword{Customer: c.ID, Password: secret}); !errors.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
}
