package cart_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/inventory"
)

// blind returns the carts of a store that cannot be read any more once a
// command was carried out.
func (s *shop) blind(kind command.Kind) *cart.Service {
	return cart.NewService(&commandtest.Blind{Engine: s.engine, Kind: kind}, s.pricing, inventory.NewService(s.engine, s.catalog, nil), s.sealer)
}

// TestWhatWasDoneIsNeverCalledUndone: a command was carried out and the cart
// cannot be read. The key of the error gives the cart, without a second
// effect.
func TestWhatWasDoneIsNeverCalledUndone(t *testing.T) {
	type asking func(s *cart.Service, c cart.ID, key string) (cart.Cart, error)
	for name, ask := range map[string]asking{
		"add lines": func(s *cart.Service, c cart.ID, key string) (cart.Cart, error) {
			return s.AddLines(t.Context(), cart.AddLines{Cart: c, Lines: one("mug", 1), Key: key})
		},
		"a new cart": func(s *cart.Service, _ cart.ID, key string) (cart.Cart, error) {
			return s.AddLines(t.Context(), cart.AddLines{Lines: one("mug", 1), Key: key})
		},
		"set quantity": func(s *cart.Service, c cart.ID, key string) (cart.Cart, error) {
			return s.SetQuantity(t.Context(), cart.SetQuantity{Cart: c, SKU: "mug", Quantity: 7, Key: key})
		},
		"annotate": func(s *cart.Service, c cart.ID, key string) (cart.Cart, error) {
			return s.Annotate(t.Context(), cart.Annotate{Cart: c, Metadata: json.RawMessage(`{"a":1}`), Key: key})
		},
		"set contact": func(s *cart.Service, c cart.ID, key string) (cart.Cart, error) {
			return s.SetContact(t.Context(), cart.SetContact{Cart: c, Contact: cart.Contact{Name: "Ada"}, Key: key})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, 2)
			s.sells(map[catalog.SKU]int64{"mug": 1250})
			c := s.add(cart.AddLines{Lines: one("mug", 2)})
			_, err := ask(s.blind(""), c.ID, "")
			key := commandtest.KeyOf(t, err)
			got, err := ask(s.carts, c.ID, key)
			if err != nil {
				t.Fatal(err)
			}
			if got.ID == c.ID && got.Version != c.Version+1 || got.ID != c.ID && got.Version != 1 {
				t.Errorf("asked again: got %+v", got)
			}
			if again, err := ask(s.carts, c.ID, key); err != nil || !reflect.DeepEqual(again, got) {
				t.Errorf("asked a third time: got %+v, %v; want %+v", again, err, got)
			}
		})
	}
}

// TestABegunMergeIsUncertain at each of its steps, and the same call ends it.
func TestABegunMergeIsUncertain(t *testing.T) {
	for _, kind := range []command.Kind{"cart.close_guest", "cart.take_over", "cart.mark_merged"} {
		t.Run(string(kind), func(t *testing.T) {
			s := newShop(t, 2)
			s.sells(map[catalog.SKU]int64{"mug": 1250})
			guest, ada := s.add(cart.AddLines{Lines: one("mug", 2)}), s.customerOn(1)
			_, err := s.blind(kind).Merge(t.Context(), guest.ID, ada)
			wants(t, err, fault.Uncertain)
			if errors.Is(err, fault.Unavailable) {
				t.Errorf("%v says that nothing happened", err)
			}
			got, err := s.carts.Merge(t.Context(), guest.ID, ada)
			if err != nil || got.Customer != ada || len(got.Lines) != 1 || got.Lines[0].Quantity != 2 {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}
