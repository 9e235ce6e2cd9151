package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
)

// cheap makes hashes that take no time.
var cheap = accounts.Passwords{MemoryKiB: 64, Passes: 1}

const (
	adasMail = "ada@example.org"
	secret   = "difference engine no. 2"
)

// newDesk is a book with Ada, who can log in.
func newDesk(t testing.TB, shards int) (*book, accounts.Customer) {
	b := newBook(t, shards)
	b.Service = b.WithPasswords(cheap)
	c := ada()
	c.Password = secret
	return b, b.must(c)
}

func (b *book) logIn(email, password seal.Personal) (accounts.Session, error) {
	return b.LogIn(context.Background(), accounts.LogIn{Email: email, Password: password})
}

func (b *book) mustLogIn(password seal.Personal) accounts.Session {
	b.Helper()
	s, err := b.logIn(adasMail, password)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// open reports whether a token opens a session.
func (b *book) open(token seal.Personal) bool {
	b.Helper()
	s, err := b.Session(context.Background(), token)
	if _, none := errors.AsType[*accounts.NoSessionError](err); none {
		return false
	}
	if err != nil || s.Token != "" || s.ID == "" {
		b.Fatalf("got %+v, %v", s, err)
	}
	return true
}

// count returns how many rows a table has, over all shards.
func (b *book) count(table string) (n int64) {
	b.Helper()
	for i := range b.engine.Shards() {
		err := b.engine.View(context.Background(), b.engine.SlotOn(i), func(tx *sqlite.Tx) error {
			rows, _, err := tx.Int64(`SELECT count(*) FROM ` + table)
			n += rows
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return n
}

// runTimers lets due timers of a kind do their work.
func (b *book) runTimers(kind string) {
	b.Helper()
	handler := map[string]command.Timer{accounts.TimerExpire: b.ExpireTimer, accounts.TimerForget: b.ForgetTimer}[kind]
	for _, subject := range b.engine.Timers(kind) {
		if err := handler(context.Background(), subject); err != nil {
			b.Fatal(err)
		}
	}
}

func TestLogIn(t *testing.T) {
	b, c := newDesk(t, 4)
	s, err := b.LogIn(t.Context(), accounts.LogIn{Email: "ADA@example.org ", Password: secret, Device: "Firefox on Linux"})
	if err != nil {
		t.Fatal(err)
	}
	if s.Customer != c.ID || s.Staff || len(s.Token) < 45 || !s.ExpiresAt.Equal(s.CreatedAt.Add(30*24*time.Hour)) {
		t.Errorf("got %+v", s)
	}
	b.engine.Restart()
	got, err := b.Session(t.Context(), s.Token)
	want := s
	want.Token = ""
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if again := b.mustLogIn(secret); again.Token == s.Token || again.ID == s.ID {
		t.Error("two sessions are one")
	}
	all, err := b.Sessions(t.Context(), c.ID)
	if err != nil || len(all) != 2 || all[1] != want && all[0] != want {
		t.Errorf("got %+v, %v", all, err)
	}
}

// Who guesses gets the same answer, whatever was wrong.
func TestWrongPassword(t *testing.T) {
	b, _ := newDesk(t, 4)
	b.must(accounts.Register{Email: "nopass@example.org"})
	gone := b.must(accounts.Register{Email: "gone@example.org", Password: secret})
	if err := b.Erase(t.Context(), accounts.Erase{Customer: gone.ID}); err != nil {
		t.Fatal(err)
	}
	texts := map[string]bool{}
	for _, email := range []seal.Personal{adasMail, "nobody@example.org", "nopass@example.org", "gone@example.org"} {
		before := b.engine.Submitted()
		_, err := b.logIn(email, "difference engine no. 3")
		if _, wrong := errors.AsType[*accounts.WrongPasswordError](err); !wrong || !errors.Is(err, fault.Denied) {
			t.Errorf("%s: got %v", email.Reveal(), err)
		}
		texts[fmt.Sprint(err)] = true
		if n := b.engine.Submitted() - before; n != 1 { // the failure, also of nobody
			t.Errorf("%s: %d commands were logged", email.Reveal(), n)
		}
	}
	if len(texts) != 1 {
		t.Errorf("the answers differ: %v", texts)
	}
	for _, c := range []accounts.LogIn{
		{Email: "x", Password: secret}, {Email: adasMail}, {Email: adasMail, Password: seal.Personal(strings.Repeat("x", 1025))},
		{Email: adasMail, Password: secret, Lifetime: -1}, {Email: adasMail, Password: secret, Lifetime: 400 * 24 * time.Hour},
		{Email: adasMail, Password: secret, Device: "\xff"},
	} {
		if _, err := b.LogIn(t.Context(), c); !errors.Is(err, fault.Invalid) {
			t.Errorf("got %v", err)
		}
	}
}

// The same characters are the same password, however a keyboard writes them.
func TestPasswordsAreNormalized(t *testing.T) {
	b, c := newDesk(t, 1)
	if err := b.SetPassword(t.Context(), accounts.SetPassword{Customer: c.ID, Password: "sch\u00f6ner tag"}); err != nil {
		t.Fatal(err)
	}
	b.mustLogIn("scho\u0308ner tag")
}

func TestTokens(t *testing.T) {
	b, c := newDesk(t, 4)
	s := b.mustLogIn(secret)
	letter, err := b.StartReset(t.Context(), accounts.StartReset{Email: adasMail})
	if err != nil {
		t.Fatal(err)
	}
	text := s.Token.Reveal()
	flipped := []byte(text)
	flipped[10] ^= 1
	for _, token := range []string{
		"", "ses_", text + "A", text[:len(text)-1], string(flipped), strings.ToUpper(text), "let" + text[3:], letter.Token.Reveal(),
		"ses" + letter.Token.Reveal()[3:], string(s.ID), string(c.ID), "ses_" + strings.Repeat("_", len(text)-4), text[:20] + "\n" + text[21:],
	} {
		if b.open(seal.Personal(token)) {
			t.Errorf("%q opens a session", token)
		}
		if err := b.LogOut(t.Context(), accounts.LogOut{Token: seal.Personal(token)}); err != nil {
			t.Errorf("logging out with %q: %v", token, err)
		}
		_, err := b.Reset(t.Context(), accounts.Reset{Token: seal.Personal(token), Password: secret})
		if _, none := errors.AsType[*accounts.NoLetterError](err); !none && token != letter.Token.Reveal() {
			t.Errorf("resetting with %q: %v", token, err)
		}
	}
	_, err = b.Session(t.Context(), "ses_secret")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error repeats the token: %v", err)
	}
}

func FuzzToken(f *testing.F) {
	f.Add("ses_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ")
	b, _ := newDesk(f, 1)
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := b.Session(t.Context(), seal.Personal(token)); !errors.Is(err, fault.Denied) {
			t.Errorf("%q: got %v", token, err)
		}
		if _, err := b.Verify(t.Context(), accounts.Verify{Token: seal.Personal(token)}); !errors.Is(err, fault.NotFound) {
			t.Errorf("%q: got %v", token, err)
		}
	})
}

func TestLogOut(t *testing.T) {
	b, c := newDesk(t, 4)
	var s []accounts.Session
	for range 5 {
		b.engine.Advance(time.Second)
		s = append(s, b.mustLogIn(secret))
	}
	isOpen := func(want string) {
		t.Helper()
		got := ""
		for i := range s {
			if b.open(s[i].Token) {
				got += fmt.Sprint(i)
			}
		}
		all, err := b.Sessions(t.Context(), c.ID)
		if got != want || err != nil || len(all) != len(want) {
			t.Errorf("open are %q and %d listed (%v), want %q", got, len(all), err, want)
		}
	}
	isOpen("01234")
	for range 2 {
		if err := b.LogOut(t.Context(), accounts.LogOut{Token: s[0].Token}); err != nil {
			t.Fatal(err)
		}
	}
	isOpen("1234")
	if err := b.LogOutEverywhere(t.Context(), accounts.LogOutEverywhere{Customer: c.ID, Only: s[2].ID}); err != nil {
		t.Fatal(err)
	}
	isOpen("134")
	if err := b.LogOutEverywhere(t.Context(), accounts.LogOutEverywhere{Customer: c.ID, Except: s[3].ID}); err != nil {
		t.Fatal(err)
	}
	isOpen("3")
	if err := b.LogOutEverywhere(t.Context(), accounts.LogOutEverywhere{Customer: c.ID}); err != nil {
		t.Fatal(err)
	}
	isOpen("")
	err := b.LogOutEverywhere(t.Context(), accounts.LogOutEverywhere{Customer: c.ID, Only: "x"})
	if !errors.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	b, c := newDesk(t, 1)
	first := b.mustLogIn(secret)
	b.engine.Advance(time.Second)
	second := b.mustLogIn(secret)
	for range 19 {
		b.engine.Advance(time.Second)
		b.mustLogIn(secret)
	}
	if all, err := b.Sessions(t.Context(), c.ID); err != nil || len(all) != 20 || all[19].ID != second.ID {
		t.Errorf("got %d sessions, %v", len(all), err)
	}
	if b.open(first.Token) || !b.open(second.Token) {
		t.Error("not the oldest session was ended")
	}
}

func TestSessionsExpire(t *testing.T) {
	b, c := newDesk(t, 1)
	short, err := b.LogIn(t.Context(), accounts.LogIn{Email: adasMail, Password: secret, Lifetime: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	long := b.mustLogIn(secret)
	b.engine.Advance(time.Hour - time.Millisecond)
	if !b.open(short.Token) {
		t.Error("the session ended too early")
	}
	b.engine.Advance(time.Millisecond)
	if b.open(short.Token) || !b.open(long.Token) {
		t.Error("the short session goes on, or the long one has ended")
	}
	b.engine.Advance(time.Minute)
	b.runTimers(accounts.TimerExpire)
	if n := b.count("sessions"); n != 1 {
		t.Errorf("%d sessions are stored, want 1", n)
	}
	b.engine.Advance(30*24*time.Hour + time.Minute)
	b.runTimers(accounts.TimerExpire)
	if n, timers := b.count("sessions"), b.count("timers WHERE kind LIKE 'accounts%'"); n != 0 || timers != 0 {
		t.Errorf("%d sessions and %d timers are left", n, timers)
	}
	b.mustLogIn(secret)
	if all, err := b.Sessions(t.Context(), c.ID); err != nil || len(all) != 1 {
		t.Errorf("got %v, %v", all, err)
	}
}

func TestStaff(t *testing.T) {
	b := newBook(t, 1)
	b.Service = b.WithPasswords(cheap)
	_, err := b.Register(t.Context(), accounts.Register{Email: "boss@example.org", Groups: []string{accounts.StaffGroup}, Password: "only 14 chars!"})
	if e, ok := errors.AsType[*accounts.PasswordError](err); !ok || e.Min != accounts.MinStaffPassword {
		t.Errorf("got %v", err)
	}
	boss := b.must(accounts.Register{Email: "boss@example.org", Groups: []string{accounts.StaffGroup}, Password: "all of 15 chars"})
	s, err := b.logIn("boss@example.org", "all of 15 chars")
	if err != nil || !boss.Staff() || !s.Staff || !s.ExpiresAt.Equal(s.CreatedAt.Add(12*time.Hour)) {
		t.Errorf("got %+v, %v", s, err)
	}
	if _, err := b.Update(t.Context(), accounts.Update{Customer: boss.ID, Groups: &[]string{}}); err != nil {
		t.Fatal(err)
	}
	if now, err := b.Session(t.Context(), s.Token); err != nil || now.Staff {
		t.Errorf("after leaving the staff: got %+v, %v", now, err)
	}
}

func TestRegisterWithAPasswordAgain(t *testing.T) {
	b := newBook(t, 2)
	b.Service = b.WithPasswords(cheap)
	c := ada()
	c.Key, c.Password = "signup", secret
	first := b.must(c)
	s := b.mustLogIn(secret)
	if again := b.must(c); again.ID != first.ID || !b.open(s.Token) {
		t.Error("asking again has changed something")
	}
}

// A hash with other parameters than today's is made anew at the next log-in.
func TestHashesAreUpgraded(t *testing.T) {
	b, c := newDesk(t, 2)
	stored := func() string {
		slot, _ := c.ID.Slot()
		var sealed seal.Sealed
		err := b.engine.View(t.Context(), slot, func(tx *sqlite.Tx) (err error) {
			sealed, _, err = tx.Blob(`SELECT password FROM credentials`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return openSealed(t, b, c.ID, "password", sealed).Reveal()
	}
	old := stored()
	s := b.mustLogIn(secret)
	if !strings.Contains(old, "m=64,t=1,p=1") || stored() != old {
		t.Fatalf("stored is %s, then %s", old, stored())
	}
	b.Service = b.WithPasswords(accounts.Passwords{MemoryKiB: 128, Passes: 2})
	if _, err := b.logIn(adasMail, "wrong password"); err == nil || stored() != old {
		t.Error("a wrong password has changed the hash")
	}
	b.mustLogIn(secret)
	if !strings.Contains(stored(), "m=128,t=2,p=1") {
		t.Errorf("stored is %s", stored())
	}
	b.mustLogIn(secret)
	if !b.open(s.Token) {
		t.Error("the upgrade has ended a session")
	}
}

// Whoever finds no memory for a hash within a second is turned away.
func TestHashesAreBoundedByMemory(t *testing.T) {
	b, _ := newDesk(t, 1)
	synctest.Test(t, func(t *testing.T) {
		b.Service = b.WithPasswords(cheap) // its semaphore belongs to the bubble
		giveBack, err := accounts.TakeMemory(t.Context(), b.Service)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				email := seal.Personal(adasMail)
				if i%2 == 0 {
					email = "nobody@example.org"
				}
				if _, err := b.logIn(email, secret); !errors.Is(err, fault.Unavailable) {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("they waited for %v", waited)
		}
		giveBack()
		b.mustLogIn(secret)
	})
}
