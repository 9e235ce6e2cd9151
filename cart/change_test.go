package cart_test

import (
	"fmt"
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
)

// measured is a command of the tests that applies another one and answers how
// much SQLite did for it.
type measured struct {
	Of   command.Kind `cbor:"1,keyasint"`
	Body []byte       `cbor:"2,keyasint"`
}

func (measured) Kind() command.Kind { return "test.measured" }
func (measured) Validate() error    { return nil }

func (c measured) apply(tx *command.Tx) (int64, error) {
	for _, d := range cart.Module().Commands {
		if d.Kind == c.Of {
			before := tx.Instructions()
			_, err := d.Apply(c.Body, tx)
			return tx.Instructions() - before, err
		}
	}
	return 0, fault.New(fault.Invalid, "there is no command %s", c.Of)
}

// work returns how many instructions SQLite runs for a command on a cart.
func (s *shop) work(c cart.ID, of command.Command) int64 {
	s.Helper()
	body, err := command.Marshal(of)
	if err != nil {
		s.Fatal(err)
	}
	slot, err := id.SlotOf(string(c))
	if err != nil {
		s.Fatal(err)
	}
	n, err := command.Do[int64](s.Context(), s.engine, &measured{Of: of.Kind(), Body: body}, command.Call{Slot: slot})
	if err != nil {
		s.Fatal(err)
	}
	return n
}

// TestChangesCostWhatTheyChange: what a shard does for a change of a cart is the
// same, but for what comes after the last line, whether the cart has ten lines or
// two thousand; and it grows with the lines that are changed.
func TestChangesCostWhatTheyChange(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 100})
	cartOf := func(lines int) cart.ID {
		var all []cart.AddedLine
		for i := range lines {
			all = append(all, cart.AddedLine{SKU: "mug", Quantity: 1, Properties: []cart.Property{{Name: "n", Value: fmt.Sprint(i)}}})
		}
		return s.add(cart.AddLines{Lines: all}).ID
	}
	added := func(c cart.ID, n int) cart.AddLines {
		lines := cart.AddLines{Cart: c, Currency: "EUR"}
		for i := range n {
			lines.Lines = append(lines.Lines, cart.AddedLine{SKU: catalog.SKU(fmt.Sprint("new-", i)), Quantity: 1, Variant: "var_1", Title: "New", UnitPrice: 5})
		}
		return lines
	}
	changes := map[string]func(c cart.ID) command.Command{
		"a line more":       func(c cart.ID) command.Command { return added(c, 1) },
		"the same again":    func(c cart.ID) command.Command { return added(c, 1) },
		"a quantity":        func(c cart.ID) command.Command { return cart.SetQuantity{Cart: c, SKU: "new-0", Quantity: 7} },
		"a removal":         func(c cart.ID) command.Command { return cart.SetQuantity{Cart: c, SKU: "new-0"} },
		"a shipping method": func(c cart.ID) command.Command { return cart.SetShipping{Cart: c, Method: "parcel"} },
		"a note":            func(c cart.ID) command.Command { return cart.Annotate{Cart: c, ExternalReference: new("A1")} },
	}
	small, large := cartOf(10), cartOf(cart.MaxLines-30)
	for _, name := range []string{"a line more", "the same again", "a quantity", "a removal", "a shipping method", "a note"} {
		few, many := s.work(small, changes[name](small)), s.work(large, changes[name](large))
		if few == 0 || many > few+10 {
			t.Errorf("%s takes %d instructions in a small cart, %d in a large one", name, few, many)
		}
	}
	single, twenty := s.work(large, added(large, 1)), s.work(large, added(large, 20))
	if twenty < 5*single {
		t.Errorf("twenty lines take %d instructions, one %d: the measure does not measure", twenty, single)
	}
}
