package accounts_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
)

// TestSessionsAgainstAModel logs in and out, changes passwords and lets time
// pass, and compares which tokens work with a list.
func TestSessionsAgainstAModel(t *testing.T) {
	b := newBook(t, 2)
	b.Service = b.WithPasswords(cheap)
	passwords := []seal.Personal{"difference engine", "analytical engine", "jacquard's loom"}
	rapid.Check(t, func(rt *rapid.T) {
		c := b.must(accounts.Register{Password: passwords[0]})
		email := seal.Personal(c.ID) + "@example.org"
		if _, err := b.Update(context.Background(), accounts.Update{Customer: c.ID, Email: &email}); err != nil {
			rt.Fatal(err)
		}
		now := 0
		type alive struct {
			accounts.Session
			ends time.Time
		}
		var model []alive // the oldest first
		var dead []accounts.Session
		end := func(keep func(alive) bool) {
			for _, s := range model {
				if !keep(s) {
					dead = append(dead, s.Session)
				}
			}
			model = slices.DeleteFunc(model, func(s alive) bool { return !keep(s) })
		}
		begin := func(s accounts.Session, lifetime time.Duration) {
			model = append(model, alive{s, b.engine.Now().Add(lifetime)})
			if len(model) > 20 {
				oldest := model[0].ID
				end(func(s alive) bool { return s.ID != oldest })
			}
		}
		none := func(alive) bool { return false }
		rt.Repeat(map[string]func(*rapid.T){
			"log in": func(rt *rapid.T) {
				lifetime := time.Duration(rapid.IntRange(1, 100).Draw(rt, "hours")) * time.Hour
				guess := rapid.IntRange(0, len(passwords)-1).Draw(rt, "password")
				b.engine.Advance(time.Minute) // longer than any wait
				end(func(s alive) bool { return s.ends.After(b.engine.Now()) })
				s, err := b.LogIn(t.Context(), accounts.LogIn{Email: email, Password: passwords[guess], Lifetime: lifetime})
				if (err == nil) != (guess == now) || err != nil && !errors.Is(err, fault.Denied) {
					rt.Fatalf("password %d, it is %d: got %v", guess, now, err)
				}
				if err == nil {
					begin(s, lifetime)
				}
			},
			"log out": func(rt *rapid.T) {
				if len(model) == 0 {
					return
				}
				s := rapid.SampledFrom(model).Draw(rt, "session")
				if err := b.LogOut(t.Context(), accounts.LogOut{Token: s.Token}); err != nil {
					rt.Fatal(err)
				}
				end(func(other alive) bool { return other.ID != s.ID })
			},
			"log out elsewhere": func(rt *rapid.T) {
				var except accounts.SessionID
				if len(model) > 0 {
					except = rapid.SampledFrom(model).Draw(rt, "session").ID
				}
				if err := b.LogOutEverywhere(t.Context(), accounts.LogOutEverywhere{Customer: c.ID, Except: except}); err != nil {
					rt.Fatal(err)
				}
				end(func(s alive) bool { return s.ID == except })
			},
			"set password": func(rt *rapid.T) {
				now = rapid.IntRange(0, len(passwords)-1).Draw(rt, "password")
				if err := b.SetPassword(t.Context(), accounts.SetPassword{Customer: c.ID, Password: passwords[now]}); err != nil {
					rt.Fatal(err)
				}
				end(none)
			},
			"time passes": func(rt *rapid.T) {
				b.engine.Advance(time.Duration(rapid.IntRange(1, 3000).Draw(rt, "minutes")) * time.Minute)
				b.runTimers(accounts.TimerExpire)
				b.runTimers(accounts.TimerForget)
				end(func(s alive) bool { return s.ends.After(b.engine.Now()) })
			},
			"": func(rt *rapid.T) {
				for _, s := range model {
					if !b.open(s.Token) {
						rt.Fatalf("session %s is not open", s.ID)
					}
				}
				for _, s := range dead {
					if b.open(s.Token) {
						rt.Fatalf("session %s is open", s.ID)
					}
				}
				if all, err := b.Sessions(t.Context(), c.ID); err != nil || len(all) != len(model) {
					rt.Fatalf("%d sessions are listed (%v), want %d", len(all), err, len(model))
				}
			},
		})
	})
}
