package accounts_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/seal"
)

// meddler is an engine where something happens just before each command of a
// kind.
type meddler struct {
	*commandtest.Engine
	kind command.Kind
	do   func()
}

func (m *meddler) Submit(ctx context.Context, e command.Envelope) (command.Answer, error) {
	if e.Kind == m.kind {
		m.do()
	}
	return m.Engine.Submit(ctx, e)
}

// pillar is a Mailer that keeps letters.
type pillar []accounts.Letter

func (p *pillar) Send(_ context.Context, letter accounts.Letter) error {
	*p = append(*p, letter)
	return nil
}

func (b *book) verified(who accounts.CustomerID) bool {
	b.Helper()
	c, err := b.Get(context.Background(), who)
	if err != nil {
		b.Fatal(err)
	}
	return c.EmailVerified
}

func (b *book) letterTo(who accounts.CustomerID) accounts.Letter {
	b.Helper()
	letter, err := b.StartVerification(context.Background(), accounts.StartVerification{Customer: who})
	if err != nil {
		b.Fatal(err)
	}
	return letter
}

func TestVerify(t *testing.T) {
	b, c := newDesk(t, 4)
	letter := b.letterTo(c.ID)
	if letter.To.Reveal() != " Ada@Example.org " || letter.Name != "Ada Lovelace" || letter.Customer != c.ID || letter.Kind != accounts.VerifyEmail || b.verified(c.ID) {
		t.Errorf("got %+v", letter)
	}
	for range 2 { // who follows the link twice is told the same
		if who, err := b.Verify(t.Context(), accounts.Verify{Token: letter.Token}); err != nil || who != c.ID || !b.verified(c.ID) {
			t.Fatalf("got %s, %v", who, err)
		}
	}
	if n := b.count("outbox WHERE kind = 'customer.verified'"); n != 1 {
		t.Errorf("%d events", n)
	}
	late := b.letterTo(c.ID)
	b.engine.Advance(24 * time.Hour)
	if _, err := b.Verify(t.Context(), accounts.Verify{Token: late.Token}); !errors.Is(err, fault.NotFound) {
		t.Errorf("a letter that has expired: got %v", err)
	}
	if n := b.count("letters"); n != 1 {
		t.Fatalf("%d letters", n)
	}
	b.engine.Advance(time.Minute)
	b.runTimers(accounts.TimerExpire)
	if n := b.count("letters"); n != 0 {
		t.Errorf("%d letters are left", n)
	}
	reset, err := b.StartReset(t.Context(), accounts.StartReset{Email: adasMail})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Verify(t.Context(), accounts.Verify{Token: reset.Token}); !errors.Is(err, fault.NotFound) {
		t.Errorf("a letter of another kind: got %v", err)
	}
}

// A letter proves something about the address that it went to.
func TestANewAddressIsNotVerified(t *testing.T) {
	b, c := newDesk(t, 4)
	first, second := b.letterTo(c.ID), b.letterTo(c.ID)
	reset, err := b.StartReset(t.Context(), accounts.StartReset{Email: adasMail})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Verify(t.Context(), accounts.Verify{Token: first.Token}); err != nil {
		t.Fatal(err)
	}
	set := func(email seal.Personal) {
		t.Helper()
		if _, err := b.Update(t.Context(), accounts.Update{Customer: c.ID, Email: &email}); err != nil {
			t.Fatal(err)
		}
	}
	set("ADA@example.org")
	if !b.verified(c.ID) {
		t.Error("another spelling is another address")
	}
	set("countess@example.org")
	if b.verified(c.ID) {
		t.Error("the new address counts as verified")
	}
	set(adasMail)
	if _, err := b.Verify(t.Context(), accounts.Verify{Token: second.Token}); !errors.Is(err, fault.NotFound) || b.verified(c.ID) {
		t.Errorf("an old letter: got %v", err)
	}
	if _, err := b.Reset(t.Context(), accounts.Reset{Token: reset.Token, Password: "analytical engine"}); !errors.Is(err, fault.NotFound) {
		t.Errorf("an old letter for a reset: got %v", err)
	}
}

func TestReset(t *testing.T) {
	b, c := newDesk(t, 4)
	s := b.mustLogIn(secret)
	letter, err := b.StartReset(t.Context(), accounts.StartReset{Email: "ada@EXAMPLE.org"})
	if err != nil || letter.Kind != accounts.ResetPassword || letter.Customer != c.ID || !letter.ExpiresAt.Equal(b.engine.Now().Add(15*time.Minute)) {
		t.Fatalf("got %+v, %v", letter, err)
	}
	if !b.open(s.Token) {
		t.Error("asking for a letter has ended a session")
	}
	reset := accounts.Reset{Token: letter.Token, Password: "password123"}
	if _, err := b.Reset(t.Context(), reset); !errors.Is(err, fault.Invalid) { // leaves the letter good
		t.Fatalf("got %v", err)
	}
	reset.Password = "analytical engine"
	in, err := b.Reset(t.Context(), reset)
	if err != nil || !b.open(in.Token) || b.open(s.Token) || !b.verified(c.ID) {
		t.Fatalf("got %+v, %v", in, err)
	}
	if _, err := b.Reset(t.Context(), reset); !errors.Is(err, fault.NotFound) || !b.open(in.Token) {
		t.Errorf("the letter works twice: %v", err)
	}
	b.mustLogIn("analytical engine")
	late, err := b.StartReset(t.Context(), accounts.StartReset{Email: adasMail})
	if err != nil {
		t.Fatal(err)
	}
	b.engine.Advance(15 * time.Minute)
	if _, err := b.Reset(t.Context(), accounts.Reset{Token: late.Token, Password: secret}); !errors.Is(err, fault.NotFound) {
		t.Errorf("a letter that has expired: got %v", err)
	}
}

// Who asks for a letter learns nothing, and fills nobody's letter box.
func TestSendReset(t *testing.T) {
	b, c := newDesk(t, 4)
	b.must(accounts.Register{Email: "bob@example.org"})
	var box pillar
	send := func(email seal.Personal) {
		t.Helper()
		before := b.engine.Submitted()
		if err := b.SendReset(t.Context(), &box, accounts.StartReset{Email: email}); err != nil {
			t.Errorf("%s: %v", email.Reveal(), err)
		}
		if n := b.engine.Submitted() - before; n != 1 {
			t.Errorf("%s: %d commands were logged", email.Reveal(), n)
		}
	}
	for range 7 {
		send(adasMail)
		send("nobody@example.org")
	}
	if len(box) != 5 {
		t.Errorf("%d letters were sent, want 5", len(box))
	}
	_, err := b.StartReset(t.Context(), accounts.StartReset{Email: adasMail})
	if _, many := errors.AsType[*accounts.TooManyLettersError](err); !many || !errors.Is(err, fault.Refused) {
		t.Errorf("got %v", err)
	}
	send("bob@example.org") // has no password yet
	b.letterTo(c.ID)        // another kind
	b.engine.Advance(15 * time.Minute)
	send(adasMail)
	if len(box) != 7 {
		t.Errorf("%d letters were sent, want 7", len(box))
	}
	for _, letter := range box[:5] {
		if letter.To.Reveal() != " Ada@Example.org " || letter.Kind != accounts.ResetPassword {
			t.Errorf("got %+v", letter)
		}
	}
	if _, err := b.Reset(t.Context(), accounts.Reset{Token: box[5].Token, Password: secret}); !errors.Is(err, fault.NotFound) {
		t.Errorf("got %v", err) // it has expired
	}
	if err := b.SendReset(t.Context(), &box, accounts.StartReset{Email: "x"}); !errors.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

func TestByPhone(t *testing.T) {
	b := newBook(t, 4)
	c := b.must(accounts.Register{Name: "Ada", Phone: "+44 (0)20 7946-0000", Groups: []string{"vip"}})
	d := b.must(accounts.Register{Name: "Bob", Phone: "0044 20 79460000"})
	e := b.must(accounts.Register{Name: "Eve", Phone: "020 7946 0000"})
	b.must(accounts.Register{Name: "Nobody", Phone: "ask"})
	find := func(f accounts.Filter) (ids []accounts.CustomerID) {
		t.Helper()
		for c, err := range b.All(t.Context(), f) {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, c.ID)
		}
		return ids
	}
	want := func(got []accounts.CustomerID, want ...accounts.CustomerID) {
		t.Helper()
		found := map[accounts.CustomerID]bool{}
		for _, id := range got {
			found[id] = true
		}
		for _, id := range want {
			if !found[id] || len(got) != len(want) {
				t.Errorf("got %v, want %v", got, want)
			}
		}
		if len(want) == 0 && len(got) != 0 {
			t.Errorf("got %v, want nobody", got)
		}
	}
	want(find(accounts.Filter{Phone: "+442079460000"}), c.ID, d.ID)
	want(find(accounts.Filter{Phone: "+442079460000", Group: "vip"}), c.ID)
	want(find(accounts.Filter{Phone: "(020) 79 46 00 00"}), e.ID)
	want(find(accounts.Filter{Phone: "ask"}))
	want(find(accounts.Filter{Phone: "+44 20 7946 000"}))
	if _, err := b.Update(t.Context(), accounts.Update{Customer: d.ID, Phone: new(seal.Personal("+49 30 1"))}); err != nil {
		t.Fatal(err)
	}
	if err := b.Erase(t.Context(), accounts.Erase{Customer: c.ID}); err != nil {
		t.Fatal(err)
	}
	want(find(accounts.Filter{Phone: "+442079460000"}))
	want(find(accounts.Filter{Phone: "+49301"}), d.ID)
}
