package accounts_test

import (
	"context"
	"errors"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
)

// strike is a Mailer that sends nothing.
type strike struct{}

func (strike) Send(context.Context, accounts.Letter) error {
	return fault.New(fault.Unavailable, "the mail server does not answer")
}

func TestAFailingMailerDoesNotTellWhoIsThere(t *testing.T) {
	b, _ := newDesk(t, 1)
	for _, email := range []seal.Personal{adasMail, "nobody@example.org"} {
		if err := b.SendReset(t.Context(), strike{}, accounts.StartReset{Email: email}); err != nil {
			t.Errorf("%s: %v", email.Reveal(), err)
		}
	}
	if n := b.count("letters"); n != 1 {
		t.Errorf("%d letters were made", n)
	}
}

// What goes into letters and onto labels has no lines of its own.
func TestPersonalFieldsHaveNoLineBreaks(t *testing.T) {
	_, c := newDesk(t, 1)
	for _, bad := range []seal.Personal{"Ada\nBcc: all@example.org", "Ada\r", "A\tda", "A\x00da", "A\x7fda", "A\u0085da", "A\u2028da", "A\u2029da"} {
		good := accounts.Address{Line1: "1 Way", Country: "DE"}
		if err := good.Validate(); err != nil {
			t.Fatal(err)
		}
		for i, set := range []func(*accounts.Address){
			func(a *accounts.Address) { a.Name = bad }, func(a *accounts.Address) { a.Company = bad },
			func(a *accounts.Address) { a.Line1 = bad }, func(a *accounts.Address) { a.Line2 = bad },
			func(a *accounts.Address) { a.City = bad }, func(a *accounts.Address) { a.Region = bad },
			func(a *accounts.Address) { a.Postcode = bad }, func(a *accounts.Address) { a.Phone = bad },
		} {
			a := good
			if set(&a); !errors.Is(a.Validate(), fault.Invalid) {
				t.Errorf("field %d of an address takes %q", i, bad.Reveal())
			}
		}
		for name, c := range map[string]interface{ Validate() error }{
			"a new name":   accounts.Register{Name: bad},
			"a new phone":  accounts.Register{Phone: bad},
			"another name": accounts.Update{Customer: c.ID, Name: &bad},
			"a device":     accounts.LogIn{Email: adasMail, Password: secret, Device: bad},
		} {
			if !errors.Is(c.Validate(), fault.Invalid) {
				t.Errorf("%s takes %q", name, bad.Reveal())
			}
		}
	}
	if err := (accounts.Register{Name: "Zoë O’Neill-李"}).Validate(); err != nil {
		t.Error(err)
	}
}
