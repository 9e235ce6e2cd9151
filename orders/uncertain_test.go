package orders_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/orders"
)

// TestWhatWasDoneIsNeverCalledUndone: a command was carried out and the order
// cannot be read. The key of the error gives the order, without a second
// effect.
func TestWhatWasDoneIsNeverCalledUndone(t *testing.T) {
	for name, ask := range map[string]func(s *orders.Service, o orders.ID, key string) (orders.Order, error){
		"annotate": func(s *orders.Service, o orders.ID, key string) (orders.Order, error) {
			return s.Annotate(t.Context(), orders.Annotate{Order: o, Metadata: json.RawMessage(`{"a":1}`), Key: key})
		},
		"cancel": func(s *orders.Service, o orders.ID, key string) (orders.Order, error) {
			return s.Cancel(t.Context(), orders.Cancel{Order: o, Reason: "a test", Key: key})
		},
		"ship": func(s *orders.Service, o orders.ID, key string) (orders.Order, error) {
			return s.Ship(t.Context(), orders.Ship{Order: o, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Key: key})
		},
		"return": func(s *orders.Service, o orders.ID, key string) (orders.Order, error) {
			return s.Return(t.Context(), orders.Return{Order: o, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "a test", Key: key})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, 2)
			s.stocks("mug", 1250, 10)
			o := s.sold(wanted{"mug", 3})
			if name == "return" {
				if _, err := s.orders.Ship(t.Context(), orders.Ship{Order: o}); err != nil {
					t.Fatal(err)
				}
			}
			was := s.get(o)
			_, err := ask(orders.NewService(&commandtest.Blind{Engine: s.engine}, nil), o, "")
			key := commandtest.KeyOf(t, err)
			done := s.get(o)
			if done.Version != was.Version+1 {
				t.Errorf("version %d became %d", was.Version, done.Version)
			}
			if got, err := ask(s.orders, o, key); err != nil || !reflect.DeepEqual(got, done) {
				t.Errorf("asked again: got %+v, %v; want %+v", got, err, done)
			}
		})
	}
}
