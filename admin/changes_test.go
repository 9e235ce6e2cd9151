package admin_test

import (
	"regexp"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// hidden reads the hidden fields of a page, as a browser would send them.
func (a answer) hidden(more ...string) []string {
	var out []string
	for _, f := range regexp.MustCompile(`type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(a.body, -1) {
		out = append(out, f[1], f[2])
	}
	return append(out, more...)
}

// TestChangingAnOrder takes units of a line away and adds another article,
// sees what that comes to, and confirms it.
func TestChangingAnOrder(t *testing.T) {
	o := open(t).logIn()
	order := o.sell(3, false)
	page := "/orders/" + string(order.ID) + "/change"
	if _, err := o.Inventory.Receive(t.Context(), inventory.Receive{SKU: "mug-r", Quantity: 5}); err != nil {
		t.Fatal(err)
	}
	o.get(page[:len(page)-len("/change")]).want(200, `href="/admin`+page+`"`)
	o.get(page).want(200, `name="line-1" type="number" min="0" value="3"`, "See what it comes to")
	o.post(page, "line-1", "x", "reason", "by phone").want(422, "not a number of units", `value="x"`)
	o.post(page, "line-1", "2").want(422, "Say why")
	o.post(page, "line-1", "3", "reason", "by phone").want(400, "there is nothing to change")
	o.post(page, "sku-0", "mug-x", "quantity-0", "1", "reason", "by phone").want(404, "mug-x")
	o.post(page, "sku-0", "mug-r", "quantity-0", "1", "price-0", "a lot", "reason", "by phone").want(422, "not a price in EUR")
	seen := o.post(page, "line-1", "1", "sku-0", "mug-r", "quantity-0", "3", "price-0", "10", "reason", "by phone").
		want(200, "What it comes to", "30.00 EUR", "25.00 EUR", "5.00 EUR", "Is to be paid afterwards", "3 × ", "2 × ")
	if got, err := o.Orders.Get(t.Context(), order.ID); err != nil || got.Version != order.Version {
		t.Fatalf("looking changed the order: %+v, %v", got, err)
	}
	o.post(page, append(seen.hidden(), "back", "yes")...).want(200, "See what it comes to", `value="mug-r"`, `value="by phone"`)
	forged := append(seen.hidden(), "expected", "400", "key", "another")
	o.post(page, forged...).want(409, "comes to 5.00 EUR, not 4.00 EUR", "See what it comes to")
	for range 2 { // a form that is sent twice has one effect
		o.post(page, seen.hidden()...).want(200, "The order is changed.", "10.00 EUR", "Still to be paid")
	}
	got, err := o.Orders.Get(t.Context(), order.ID)
	if err != nil || len(got.Lines) != 2 || got.Lines[0].Canceled != 2 || got.Lines[1].SKU != "mug-r" || got.Lines[1].Quantity != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	if got.Outstanding() != money.New(500, "EUR") {
		t.Errorf("%v is to be paid", got.Outstanding())
	}
}

// TestAChangeThatCannotBe: it is said on the form, which keeps what was typed.
func TestAChangeThatCannotBe(t *testing.T) {
	o := open(t).logIn()
	order := o.sell(2, false)
	page := "/orders/" + string(order.ID) + "/change"
	more := o.post(page, "line-1", "4", "reason", "two more").want(200, "2 × ", "25.00 EUR")
	_, err := o.Catalog.PutProduct(t.Context(), catalog.PutProduct{
		Handle: "mug", Title: "Mug", Version: o.product.Version, Variants: []catalog.PutVariant{{SKU: "mug-b", Prices: []money.Amount{money.New(1500, "EUR")}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.post(page, more.hidden()...).want(409, "comes to 30.00 EUR, not 25.00 EUR", `value="4"`, `value="two more"`)
	more = o.post(page, "line-1", "100", "reason", "a party").want(200, "1470.00 EUR")
	o.post(page, more.hidden()...).want(422, `value="100"`, "98 of mug-b were asked for and 18 are left")
	more = o.post(page, "line-1", "1", "reason", "one less").want(200, "12.50 EUR", "Is paid back")
	if _, err := o.Orders.Ship(t.Context(), orders.Ship{Order: order.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 2}}}); err != nil {
		t.Fatal(err)
	}
	o.post(page, more.hidden()...).want(422, "Some have left already")
	if got, err := o.Orders.Get(t.Context(), order.ID); err != nil || got.Units != 2 || got.Canceled != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	gone := o.sell(1, false)
	if _, err := o.Orders.Cancel(t.Context(), orders.Cancel{Order: gone.ID, Reason: "no"}); err != nil {
		t.Fatal(err)
	}
	o.get("/orders/"+string(gone.ID)+"/change").want(409, "canceled")
}
