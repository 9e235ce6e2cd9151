package accounts_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
)

// fails logs in with a wrong password and says how it was refused.
func (b *book) fails(email seal.Personal) string {
	b.Helper()
	_, err := b.logIn(email, "a wrong password")
	if e, ok := errors.AsType[*accounts.ThrottledError](err); ok && errors.Is(err, fault.Unavailable) {
		return fmt.Sprint("wait ", e.Wait)
	}
	if _, wrong := errors.AsType[*accounts.WrongPasswordError](err); !wrong {
		b.Fatalf("got %v", err)
	}
	return "wrong"
}

// From the fifth failure on the next has to wait, for an address that nobody
// has as for any other.
func TestThrottle(t *testing.T) {
	b, _ := newDesk(t, 4)
	history := map[seal.Personal][]string{}
	for _, email := range []seal.Personal{adasMail, "nobody@example.org"} {
		for range 5 {
			history[email] = append(history[email], b.fails(email))
		}
		for range 8 {
			for range 2 { // what is tried meanwhile prolongs nothing
				history[email] = append(history[email], b.fails(email))
			}
			b.engine.Advance(time.Minute)
			history[email] = append(history[email], b.fails(email))
		}
	}
	got := history[adasMail]
	if !slices.Equal(got, history["nobody@example.org"]) {
		t.Errorf("one can tell who is a customer:\n%v\n%v", got, history["nobody@example.org"])
	}
	want := []string{"wrong", "wrong", "wrong", "wrong", "wrong", "wait 1s", "wait 1s", "wrong", "wait 2s", "wait 2s", "wrong", "wait 4s", "wait 4s", "wrong",
		"wait 8s", "wait 8s", "wrong", "wait 16s", "wait 16s", "wrong", "wait 32s", "wait 32s", "wrong", "wait 1m0s", "wait 1m0s", "wrong", "wait 1m0s", "wait 1m0s", "wrong"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}

	b.fails(adasMail)
	if _, err := b.logIn(adasMail, secret); !errors.Is(err, fault.Unavailable) {
		t.Errorf("the right password, too early: got %v", err)
	}
	b.engine.Advance(time.Minute)
	b.mustLogIn(secret)
	for range 2 {
		if got := b.fails(adasMail); got != "wrong" {
			t.Errorf("after a success: %s", got)
		}
	}
	if n := b.count("login_failures"); n != 2 {
		t.Errorf("%d addresses have failures, want 2", n)
	}
	b.engine.Advance(59 * time.Minute)
	b.fails(adasMail)
	b.engine.Advance(2 * time.Minute)
	b.runTimers(accounts.TimerForget)
	if n := b.count("login_failures"); n != 1 {
		t.Errorf("%d addresses have failures, want the one that failed since", n)
	}
	b.engine.Advance(time.Hour)
	b.runTimers(accounts.TimerForget)
	if n, timers := b.count("login_failures"), b.count("timers WHERE kind = 'accounts.forget'"); n != 0 || timers != 0 {
		t.Errorf("%d failures and %d timers are left", n, timers)
	}
}

// However many guess at once, each failure counts before the next guess is
// looked at, as far as there is memory for one hash only.
func TestGuessesAtOnce(t *testing.T) {
	b, _ := newDesk(t, 2)
	one := cheap
	one.LimitKiB = int64(one.MemoryKiB)
	b.Service = b.WithPasswords(one)
	var looked atomic.Int64
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			if b.fails(adasMail) == "wrong" {
				looked.Add(1)
			}
		})
	}
	all.Wait()
	if n := looked.Load(); n != 5 {
		t.Errorf("%d guesses were looked at, want 5", n)
	}
}

// An owner gets in although somebody keeps guessing: with the sessions that
// they have, and with a letter.
func TestNobodyIsLockedOut(t *testing.T) {
	b, _ := newDesk(t, 4)
	s := b.mustLogIn(secret)
	for range 5 {
		b.fails(adasMail)
	}
	if !b.open(s.Token) {
		t.Error("the owner's session has ended")
	}
	letter, err := b.StartReset(t.Context(), accounts.StartReset{Email: adasMail})
	if err != nil {
		t.Fatal(err)
	}
	in, err := b.Reset(t.Context(), accounts.Reset{Token: letter.Token, Password: "analytical engine"})
	if err != nil || !b.open(in.Token) {
		t.Fatalf("got %v", err)
	}
	b.mustLogIn("analytical engine")
}
