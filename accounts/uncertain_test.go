package accounts_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/seal"
)

// TestWhatWasDoneIsNeverCalledUndone: a command was carried out and the
// customer cannot be read. The key of the error gives the customer, without a
// second effect, e-mail addresses and all.
func TestWhatWasDoneIsNeverCalledUndone(t *testing.T) {
	for _, test := range []struct {
		kind command.Kind
		ask  func(s *accounts.Service, c accounts.CustomerID, key string) (accounts.Customer, error)
	}{
		{"accounts.register", func(s *accounts.Service, _ accounts.CustomerID, key string) (accounts.Customer, error) {
			c := ada()
			c.Key = key
			return s.Register(t.Context(), c)
		}},
		{"accounts.update", func(s *accounts.Service, c accounts.CustomerID, key string) (accounts.Customer, error) {
			return s.Update(t.Context(), accounts.Update{Customer: c, Email: new(seal.Personal("new@example.org")), Key: key})
		}},
	} {
		t.Run(string(test.kind), func(t *testing.T) {
			b := newBook(t, 4)
			bob := b.must(accounts.Register{Email: "bob@example.org"})
			blind := accounts.NewService(&commandtest.Blind{Engine: b.engine, Kind: test.kind}, b.sealer)
			_, err := test.ask(blind, bob.ID, "")
			key := commandtest.KeyOf(t, err)
			got, err := test.ask(b.Service, bob.ID, key)
			if err != nil {
				t.Fatal(err)
			}
			if got.ID == bob.ID && got.Version != 2 || got.ID != bob.ID && got.Version != 1 {
				t.Errorf("asked again: got %+v", got)
			}
			if again, err := test.ask(b.Service, bob.ID, key); err != nil || !reflect.DeepEqual(again, got) {
				t.Errorf("asked a third time: got %+v, %v; want %+v", again, err, got)
			}
			b.settle()
		})
	}
}

// cut is an engine that loses the answers of one kind of command.
type cut struct {
	*commandtest.Engine
	kind command.Kind
}

func (c cut) Submit(ctx context.Context, e command.Envelope) (command.Answer, error) {
	a, err := c.Engine.Submit(ctx, e)
	if err == nil && e.Kind == c.kind {
		return command.Answer{}, fault.New(fault.Uncertain, "the line was cut")
	}
	return a, err
}

// TestKeysOfClaimsStayInside: it is not known whether a reservation was made.
// The key of the error is the caller's.
func TestKeysOfClaimsStayInside(t *testing.T) {
	b := newBook(t, 4)
	c := ada()
	c.Key = "mine"
	_, err := accounts.NewService(cut{b.engine, "claim.reserve"}, b.sealer).Register(t.Context(), c)
	if key := commandtest.KeyOf(t, err); key != "mine" {
		t.Errorf("got the key %q", key)
	}
	b.settle() // what was reserved for nobody is free again
	b.must(c)
	if _, err := b.Register(t.Context(), ada()); !errors.Is(err, fault.Conflict) && !errors.Is(err, fault.Refused) {
		t.Errorf("the address is taken twice: %v", err)
	}
	b.settle()
}
