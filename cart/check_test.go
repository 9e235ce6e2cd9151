package cart_test

import (
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/sqlite"
)

// A check that cannot find a planted bug finds nothing.
func TestCheckFindsPlantedBugs(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	who := s.customer("a@example.com")
	c := s.add(cart.AddLines{Lines: one("mug", 2)})
	guest := s.add(cart.AddLines{Lines: one("mug", 2)})
	if _, err := s.carts.Merge(t.Context(), guest.ID, who); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		cart        cart.ID
		plant, undo string
		want        string
	}{
		"wrong sum": {
			c.ID, `UPDATE carts SET total = total + 1 WHERE id = ?`, `UPDATE carts SET total = total - 1 WHERE id = ?`,
			"cart.lines_sum_up",
		},
		"wrong number of lines": {
			c.ID, `UPDATE carts SET lines = lines + 1 WHERE id = ?`, `UPDATE carts SET lines = lines - 1 WHERE id = ?`,
			"cart.lines_sum_up",
		},
		"wrong quantity": {
			c.ID, `UPDATE cart_lines SET quantity = quantity + 1 WHERE cart = ?`, `UPDATE cart_lines SET quantity = quantity - 1 WHERE cart = ?`,
			"cart.lines_sum_up",
		},
		"lines that were not moved": {
			guest.ID, `UPDATE cart_transfers SET lines = lines - 1, untaken = substr(untaken, 2) WHERE guest = ?`, `UPDATE cart_transfers SET lines = lines + 1, untaken = '0' || untaken WHERE guest = ?`,
			"cart.transfer_once",
		},
		"a merged cart that is open again": {
			guest.ID, `UPDATE carts SET status = 'active' WHERE id = ?`, `UPDATE carts SET status = 'merged' WHERE id = ?`,
			"cart.transfer_once",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if found := s.violations(c.ID); len(found) > 0 {
				t.Fatalf("before: %v", found)
			}
			if err := s.run(step{Cart: test.cart, SQL: test.plant}); err != nil {
				t.Fatal(err)
			}
			found := s.violations(c.ID)
			if len(found) != 1 || found[0] != test.want+" "+string(test.cart) {
				t.Errorf("found %v, want %s", found, test.want)
			}
			if err := s.run(step{Cart: test.cart, SQL: test.undo}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func (s *shop) violations(c cart.ID) []string {
	s.Helper()
	var out []string
	s.view(c, func(tx *sqlite.Tx) error {
		found, err := cart.Module().Check(tx)
		for _, v := range found {
			out = append(out, v.Rule+" "+v.Subject)
		}
		return err
	})
	return out
}
