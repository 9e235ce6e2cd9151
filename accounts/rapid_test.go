package accounts_test

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
)

// TestCommandsThatDie lets customers register, change their address and be
// erased while commands are lost between any two steps. In the end every
// address has the customer who was last told so, and claims agree.
func TestCommandsThatDie(t *testing.T) {
	b := newBook(t, 2)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		var known []accounts.CustomerID
		email := map[accounts.CustomerID]seal.Personal{} // "" once erased; absent when unsure
		draw := func() seal.Personal {
			return seal.Personal(fmt.Sprintf("%d@%d.example", rapid.IntRange(0, 2).Draw(rt, "address"), run))
		}
		for range rapid.IntRange(1, 10).Draw(rt, "steps") {
			lost := rapid.IntRange(0, 6).Draw(rt, "lost after")
			b.engine.Drop = func(command.Envelope) bool { lost--; return lost == 0 }
			var id accounts.CustomerID
			var want seal.Personal
			var err error
			if len(known) == 0 || rapid.Bool().Draw(rt, "register") {
				var c accounts.Customer
				want = draw()
				if c, err = b.Register(t.Context(), accounts.Register{Email: want}); err == nil {
					id, known = c.ID, append(known, c.ID)
				}
			} else if id = rapid.SampledFrom(known).Draw(rt, "customer"); rapid.Bool().Draw(rt, "erase") {
				err = b.Erase(t.Context(), accounts.Erase{Customer: id})
			} else {
				want = draw()
				_, err = b.Update(t.Context(), accounts.Update{Customer: id, Email: &want})
			}
			_, erased := errors.AsType[*accounts.ErasedError](err)
			switch {
			case err == nil:
				email[id] = want
			case erased, errors.Is(err, fault.Conflict):
			case errors.Is(err, fault.Unavailable):
				delete(email, id)
			default:
				rt.Fatal(err)
			}
			b.engine.Drop = nil
			if rapid.Bool().Draw(rt, "wait") {
				b.settle()
			}
		}
		b.settle()
		for id, want := range email {
			got, err := b.Get(t.Context(), id)
			if err != nil || got.Email != want || got.Erased != (want == "") {
				rt.Fatalf("customer %s: got %+v, %v; want %q", id, got, err, want.Reveal())
			}
			if want == "" {
				continue
			}
			if found, err := b.ByEmail(t.Context(), want); err != nil || found.ID != id {
				rt.Fatalf("%q: got %s, %v; want %s", want.Reveal(), found.ID, err, id)
			}
		}
		if b.Failed() {
			rt.Fatal("claims and addresses differ")
		}
	})
}
