package commerce_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// A mistake is a call that cannot be meant, and what the caller is told.
type mistake struct {
	name string
	call func() error
	code fault.Code
	says string // the noun that the error names
}

// Well-formed IDs of nothing.
const (
	noCart     = "cart_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"
	noOrder    = "ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"
	noPayment  = "pay_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"
	noCustomer = "cus_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"
	noProduct  = "prd_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"
)

// TestBadInput: whatever nonsense comes in, the caller gets a typed error that
// names the thing, and nothing is done: there is no event, and stock, carts and
// orders are as before.
func TestBadInput(t *testing.T) {
	shop := commercetest.Open(t, commerce.WithShards(2), commerce.WithPayments(simulator.New()))
	calls := mistakes(t, shop)
	before, stocked := shop.Latest(), levelOf(t, shop, "mug")
	for _, m := range calls {
		t.Run(m.name, func(t *testing.T) {
			err := m.call()
			if fault.CodeOf(err) != m.code || err == nil || !strings.Contains(err.Error(), m.says) {
				t.Errorf("got %v (%v), want %v that says %q", err, fault.CodeOf(err), m.code, m.says)
			}
			if errors.Is(err, fault.Broken) {
				t.Error("the caller's mistake is reported as ours")
			}
		})
	}
	if after := shop.Latest(); after != before {
		t.Errorf("something happened: the events were at %s and are at %s", before, after)
	}
	if l := levelOf(t, shop, "mug"); l != stocked {
		t.Errorf("the stock was %+v and is %+v", stocked, l)
	}
	must(t, shop.Err())
}

func mistakes(t *testing.T, shop *commerce.Store) []mistake {
	ctx := context.Background()
	stock(t, shop, "mug", 10)
	full := basket(t, shop, "mug", 2)
	sold, err := buy(ctx, shop, "mug", 2, checkout.Complete{PayWith: "simulator", Token: approves})
	must(t, err)

	add := func(c cart.AddLines) func() error {
		return func() error { _, err := shop.Carts.AddLines(ctx, c); return err }
	}
	lines := func(sku catalog.SKU, n int64) []cart.AddedLine { return []cart.AddedLine{{SKU: sku, Quantity: n}} }
	agreed := func(n int64, price money.Amount) []cart.AddedLine {
		return []cart.AddedLine{{SKU: "mug", Quantity: n, AgreedPrice: &price, Reason: "test"}}
	}
	set := func(n int64) func() error {
		return func() error {
			_, err := shop.Carts.SetQuantity(ctx, cart.SetQuantity{Cart: full, SKU: "mug", Quantity: n})
			return err
		}
	}
	receive := func(sku catalog.SKU, n int64) func() error {
		return func() error {
			_, err := shop.Inventory.Receive(ctx, inventory.Receive{SKU: sku, Quantity: n})
			return err
		}
	}
	adjust := func(n int64) func() error {
		return func() error {
			_, err := shop.Inventory.Adjust(ctx, inventory.Adjust{SKU: "mug", Delta: n, Reason: "test"})
			return err
		}
	}
	put := func(p catalog.PutProduct) func() error {
		return func() error { _, err := shop.Catalog.PutProduct(ctx, p); return err }
	}
	buyIt := func(c checkout.Complete) func() error {
		return func() error { _, err := shop.Checkout.Complete(ctx, c); return err }
	}
	ship := func(o orders.ID, line int, n int64) func() error {
		return func() error {
			_, err := shop.Orders.Ship(ctx, orders.Ship{Order: o, Lines: []orders.LineQuantity{{Line: line, Quantity: n}}})
			return err
		}
	}
	comeBack := func(n int64) func() error {
		return func() error {
			_, err := shop.Orders.Return(ctx, orders.Return{Order: sold.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: n}}, Reason: "test"})
			return err
		}
	}
	refund := func(o orders.ID, a money.Amount) func() error {
		return func() error { _, err := shop.Payments.Refund(ctx, payments.Refund{Order: o, Amount: a}); return err }
	}
	register := func(c accounts.Register) func() error {
		return func() error { _, err := shop.Accounts.Register(ctx, c); return err }
	}
	events := func(p commerce.Position) func() error {
		return func() error {
			for _, err := range shop.Events(ctx, p) {
				return err
			}
			return nil
		}
	}
	return []mistake{
		{"an unknown SKU in a cart", add(cart.AddLines{Lines: lines("mugg", 1)}), fault.NotFound, "mugg"},
		{"a SKU in other letters", add(cart.AddLines{Lines: lines("MUG", 1)}), fault.NotFound, "MUG"},
		{"no SKU", add(cart.AddLines{Lines: lines("", 1)}), fault.Invalid, "SKU"},
		{"no lines", add(cart.AddLines{}), fault.Invalid, "0 lines"},
		{"a quantity below zero", add(cart.AddLines{Lines: lines("mug", -1)}), fault.Invalid, "-1"},
		{"a quantity of nothing", add(cart.AddLines{Lines: lines("mug", 0)}), fault.Invalid, "mug"},
		{"a huge quantity", add(cart.AddLines{Lines: lines("mug", math.MaxInt64)}), fault.Invalid, "mug"},
		{"a quantity that becomes huge", add(cart.AddLines{Cart: full, Lines: lines("mug", cart.MaxQuantity)}), fault.Refused, "1000000"},
		{"an unknown cart", add(cart.AddLines{Cart: noCart, Lines: lines("mug", 1)}), fault.NotFound, noCart},
		{"a malformed cart", add(cart.AddLines{Cart: "cart_x", Lines: lines("mug", 1)}), fault.Invalid, "cart_x"},
		{"an order for a cart", add(cart.AddLines{Cart: cart.ID(sold.ID), Lines: lines("mug", 1)}), fault.Invalid, string(sold.ID)},
		{"a cart that was bought", add(cart.AddLines{Cart: cart.ID(sold.Cart), Lines: lines("mug", 1)}), fault.Conflict, sold.Cart},
		{"a currency that is none", add(cart.AddLines{Currency: "EURO", Lines: lines("mug", 1)}), fault.Invalid, "EURO"},
		{"another currency than the price's", add(cart.AddLines{Currency: "USD", Lines: lines("mug", 1)}), fault.Refused, "USD"},
		{"two currencies", add(cart.AddLines{Cart: full, Lines: agreed(1, money.New(100, "USD"))}), fault.Refused, "EUR"},
		{"a price below zero", add(cart.AddLines{Lines: agreed(1, money.New(-1, "EUR"))}), fault.Invalid, "mug"},
		{"a total beyond numbers", add(cart.AddLines{Lines: agreed(1_000_000, money.New(math.MaxInt64/2, "EUR"))}), fault.Refused, "minor units"},
		{"a set quantity below zero", set(-5), fault.Invalid, "-5"},
		{"a huge set quantity", set(math.MaxInt64), fault.Invalid, "mug"},
		{"text that is not UTF-8", add(cart.AddLines{ExternalReference: "a\xffb", Lines: lines("mug", 1)}), fault.Invalid, "UTF-8"},
		{"a contact in no country", func() error {
			_, err := shop.Carts.SetContact(ctx, cart.SetContact{Cart: full, Contact: cart.Contact{ShippingAddress: accounts.Address{Country: "Germany"}}})
			return err
		}, fault.Invalid, "Germany"},

		{"an unknown SKU received", receive("mugg", 1), fault.NotFound, "mugg"},
		{"less than nothing received", receive("mug", -3), fault.Invalid, "-3"},
		{"too much received", receive("mug", math.MaxInt64), fault.Invalid, "mug"},
		{"more taken away than there is", adjust(-1000), fault.Refused, "mug"},
		{"an adjustment beyond numbers", adjust(math.MinInt64), fault.Invalid, "mug"},
		{"the stock of what is unknown", func() error { _, err := shop.Inventory.Level(ctx, "mugg", ""); return err }, fault.NotFound, "mugg"},
		{"a location that is none", func() error {
			_, err := shop.Inventory.Receive(ctx, inventory.Receive{SKU: "mug", Quantity: 1, Location: "a b"})
			return err
		}, fault.Invalid, "a b"},

		{"a product without a title", put(catalog.PutProduct{SKU: "cup", Price: money.New(1, "EUR")}), fault.Invalid, "title"},
		{"a product without a SKU", put(catalog.PutProduct{Title: "Cup"}), fault.Invalid, "Cup"},
		{"a product below cost", put(catalog.PutProduct{SKU: "cup", Title: "Cup", Price: money.New(-1, "EUR")}), fault.Invalid, "cup"},
		{"a product in no currency", put(catalog.PutProduct{SKU: "cup", Title: "Cup", Price: money.New(1, "E€")}), fault.Invalid, "E€"},
		{"a SKU of two products", put(catalog.PutProduct{Handle: "cup", Title: "Cup", Variants: []catalog.PutVariant{{SKU: "mug"}}}), fault.Conflict, "mug"},
		{"a product of another ID", put(catalog.PutProduct{ID: noProduct, SKU: "cup", Title: "Cup"}), fault.NotFound, noProduct},
		{"a product by its old version", put(catalog.PutProduct{SKU: "mug", Title: "Mug", Version: 77}), fault.Conflict, "77"},
		{"metadata that is no object", put(catalog.PutProduct{SKU: "cup", Title: "Cup", Metadata: []byte(`[1,2`)}), fault.Invalid, "metadata"},

		{"a checkout without a cart", buyIt(checkout.Complete{}), fault.Invalid, `""`},
		{"a checkout of an unknown cart", buyIt(checkout.Complete{Cart: noCart}), fault.NotFound, noCart},
		{"a card number for a token", buyIt(checkout.Complete{Cart: full, Token: "4111 1111 1111 1111"}), fault.Invalid, "card number"},
		{"a card number within a token", buyIt(checkout.Complete{Cart: full, Token: "tok-5555555555554444-x"}), fault.Invalid, "card number"},
		{"an unknown provider", buyIt(checkout.Complete{Cart: full, PayWith: "cash box"}), fault.Invalid, "cash box"},
		{"a total in another currency", buyIt(checkout.Complete{Cart: full, ExpectedTotal: new(money.New(2500, "USD"))}), fault.Conflict, "25.00 EUR"},

		{"an unknown order", func() error { _, err := shop.Orders.Get(ctx, noOrder); return err }, fault.NotFound, noOrder},
		{"a malformed order", func() error { _, err := shop.Orders.Get(ctx, "ord_É"); return err }, fault.Invalid, "ord_É"},
		{"a shipment of an unknown order", ship(noOrder, 1, 1), fault.NotFound, noOrder},
		{"a shipment of a line that is not there", ship(sold.ID, 9, 1), fault.Refused, "line 9"},
		{"a shipment of too much", ship(sold.ID, 1, 3), fault.Refused, "3"},
		{"a shipment below zero", ship(sold.ID, 1, -1), fault.Invalid, "-1"},
		{"a return of what was not shipped", comeBack(1), fault.Refused, string(sold.ID)},
		{"a return below zero", comeBack(-1), fault.Invalid, "-1"},
		{"a cancellation without a reason", func() error { _, err := shop.Orders.Cancel(ctx, orders.Cancel{Order: sold.ID}); return err }, fault.Invalid, "reason"},
		{"a cancellation by an old version", func() error {
			_, err := shop.Orders.Cancel(ctx, orders.Cancel{Order: sold.ID, Reason: "test", Version: 99})
			return err
		}, fault.Conflict, string(sold.ID)},

		{"a refund of an unknown order", refund(noOrder, money.Amount{}), fault.NotFound, noOrder},
		{"a refund of too much", refund(sold.ID, money.New(2501, "EUR")), fault.Refused, "25.00"},
		{"a refund beyond numbers", refund(sold.ID, money.New(math.MaxInt64, "EUR")), fault.Refused, "25.00"},
		{"a refund below zero", refund(sold.ID, money.New(-1, "EUR")), fault.Invalid, "-0.01"},
		{"a refund in another currency", refund(sold.ID, money.New(1, "USD")), fault.Invalid, "USD"},
		{"an unknown payment", func() error { _, err := shop.Payments.Get(ctx, noPayment); return err }, fault.NotFound, noPayment},
		{"a capture of what is captured", func() error {
			attempts, err := shop.Payments.ByOrder(ctx, sold.ID)
			must(t, err)
			_, err = shop.Payments.Capture(ctx, payments.Capture{Attempt: attempts[0].ID, Amount: money.New(1, "EUR")})
			return err
		}, fault.Refused, string(sold.ID)},

		{"an unknown customer", func() error { _, err := shop.Accounts.Get(ctx, noCustomer); return err }, fault.NotFound, noCustomer},
		{"an order for a customer", func() error { _, err := shop.Accounts.Get(ctx, accounts.CustomerID(sold.ID)); return err }, fault.NotFound, string(sold.ID)},
		{"an e-mail address that is none", register(accounts.Register{Email: "ada at home"}), fault.Invalid, "e-mail"},
		{"erasing nobody", func() error { return shop.Accounts.Erase(ctx, accounts.Erase{Customer: noCustomer}) }, fault.NotFound, noCustomer},
		{"an address of nobody", func() error {
			_, err := shop.Accounts.AddAddress(ctx, accounts.AddAddress{Customer: noCustomer, Address: accounts.Address{Name: "A", Line1: "B", City: "C", Country: "DE"}})
			return err
		}, fault.NotFound, noCustomer},

		{"a position that is none", events("banana"), fault.Invalid, "banana"},
		{"a position of another store", events("v1.0.0.0"), fault.Invalid, "v1.0.0.0"},
		{"a position in the future", events("v1.zzzz.zzzz"), fault.Invalid, "v1.zzzz.zzzz"},
		{"a position below zero", events("v1.-1.0"), fault.Invalid, "v1.-1.0"},
		{"a position beyond numbers", events("v1.zzzzzzzzzzzzzzzzzz.0"), fault.Invalid, "v1.zzzz"},
	}
}
