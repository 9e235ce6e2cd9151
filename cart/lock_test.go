package cart_test

import (
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
)

func TestACheckoutLocksACart(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	c := s.add(cart.AddLines{Lines: one("mug", 1)})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	is := func(status cart.Status, order string, version int64) {
		t.Helper()
		if got := s.get(c.ID); got.Status != status || got.Order != order || got.Version != version {
			t.Fatalf("the cart is %s with order %q at version %d, want %s, %q, %d", got.Status, got.Order, got.Version, status, order, version)
		}
	}
	wantsError(t, s.step("lock", c.ID, 2, "ord_1"), &cart.VersionError{Cart: c.ID, Want: 2, Have: 1})
	is(cart.Active, "", 1)
	must(s.step("lock", c.ID, 1, "ord_1"))
	is(cart.Locking, "ord_1", 2)

	locked := &cart.StatusError{Cart: c.ID, Have: cart.Locking, Order: "ord_1"}
	wantsError(t, s.step("lock", c.ID, 0, "ord_2"), locked)
	_, err := s.carts.AddLines(t.Context(), cart.AddLines{Cart: c.ID, Lines: one("mug", 1)})
	wantsError(t, err, locked)
	_, err = s.carts.RemoveLine(t.Context(), c.ID, "mug")
	wantsError(t, err, locked)
	_, err = s.carts.SetContact(t.Context(), cart.SetContact{Cart: c.ID, Contact: cart.Contact{Name: "A"}})
	wantsError(t, err, locked)

	must(s.step("unlock", c.ID, 0, "ord_2")) // another order's
	must(s.step("complete", c.ID, 0, "ord_2"))
	is(cart.Locking, "ord_1", 2)
	must(s.step("unlock", c.ID, 0, "ord_1"))
	must(s.step("unlock", c.ID, 0, "ord_1"))
	is(cart.Active, "", 3)

	must(s.step("lock", c.ID, 0, "ord_3"))
	must(s.step("complete", c.ID, 0, "ord_3"))
	must(s.step("complete", c.ID, 0, "ord_3"))
	must(s.step("unlock", c.ID, 0, "ord_3"))
	is(cart.Completed, "ord_3", 5)
	wantsError(t, s.step("lock", c.ID, 0, "ord_4"), &cart.StatusError{Cart: c.ID, Have: cart.Completed, Order: "ord_3"})
	gone := cart.ID("cart_01KAJ3W7Q8Z5D4F6G7H8J9K0M1")
	wantsError(t, s.step("lock", gone, 0, "ord_4"), &cart.NotFoundError{Cart: gone})
}
