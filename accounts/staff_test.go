package accounts_test

import (
	"errors"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/subject"
)

func (b *book) join(who accounts.CustomerID, groups ...string) {
	b.Helper()
	if _, err := b.Update(b.Context(), accounts.Update{Customer: who, Groups: &groups}); err != nil {
		b.Fatal(err)
	}
}

func (b *book) setPassword(who accounts.CustomerID, p seal.Personal) {
	b.Helper()
	if err := b.SetPassword(b.Context(), accounts.SetPassword{Customer: who, Password: p}); err != nil {
		b.Fatal(err)
	}
}

func TestJoiningTheStaffEndsSessions(t *testing.T) {
	b, c := newDesk(t, 4)
	s := b.mustLogIn(secret)
	if b.join(c.ID, "vip"); !b.open(s.Token) {
		t.Fatal("another group has ended a session")
	}
	if b.join(c.ID, "vip", accounts.StaffGroup); b.open(s.Token) {
		t.Error("a shopper's session goes on as one of staff")
	}
	s = b.mustLogIn(secret)
	if !s.Staff || !s.ExpiresAt.Equal(s.CreatedAt.Add(12*time.Hour)) {
		t.Errorf("got %+v", s)
	}
	if b.join(c.ID, accounts.StaffGroup); !b.open(s.Token) {
		t.Error("staff who stay staff are logged out")
	}
}

func TestStaffNeedALongerPasswordThanTheyHad(t *testing.T) {
	b, c := newDesk(t, 4)
	b.setPassword(c.ID, "only 14 chars!")
	b.join(c.ID, accounts.StaffGroup)
	_, err := b.logIn(adasMail, "only 14 chars!")
	if e, ok := errors.AsType[*accounts.OutgrownPasswordError](err); !ok || e.Min != accounts.MinStaffPassword || !errors.Is(err, fault.Denied) {
		t.Fatalf("got %v", err)
	}
	if n := b.count("sessions"); n != 0 {
		t.Errorf("%d sessions", n)
	}
	if _, err := b.logIn(adasMail, "another of 14!"); !isWrong(err) { // who guesses learns nothing of it
		t.Errorf("got %v", err)
	}
	letter, err := b.StartReset(t.Context(), accounts.StartReset{Email: adasMail})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Reset(t.Context(), accounts.Reset{Token: letter.Token, Password: "all of 15 chars"}); err != nil {
		t.Fatal(err)
	}
	b.mustLogIn("all of 15 chars")
}

func isWrong(err error) bool {
	_, wrong := errors.AsType[*accounts.WrongPasswordError](err)
	return wrong
}

// Who joins the staff while they log in gets no session of a shopper's.
func TestJoiningTheStaffWhileASessionIsOpened(t *testing.T) {
	b := newBook(t, 1)
	joining := &meddler{Engine: commandtest.New(t, 1, claim.Module(), subject.Module(), accounts.Module()), do: func() {}}
	b.engine, b.Service = joining.Engine, accounts.NewService(joining, b.sealer).WithPasswords(cheap)
	ada := ada()
	ada.Password = secret
	c := b.must(ada)
	letter, err := b.StartReset(t.Context(), accounts.StartReset{Email: adasMail})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		kind command.Kind
		open func() (accounts.Session, error)
	}{
		{"accounts.log_in", func() (accounts.Session, error) { return b.logIn(adasMail, secret) }},
		{"accounts.reset", func() (accounts.Session, error) {
			return b.Reset(t.Context(), accounts.Reset{Token: letter.Token, Password: "analytical engine"})
		}},
	} {
		b.join(c.ID)
		joining.kind = test.kind
		joining.do = func() {
			joining.do = func() {}
			b.join(c.ID, accounts.StaffGroup)
		}
		s, err := test.open()
		if err != nil || !s.Staff || !s.ExpiresAt.Equal(s.CreatedAt.Add(12*time.Hour)) {
			t.Errorf("%s: got %+v, %v", test.kind, s, err)
		}
	}
}
