package fault_test

import (
	"errors"
	"fmt"

	"github.com/keelshop/commerce/fault"
)

// OutOfStockError is all that a package writes to have a typed error with a code.
type OutOfStockError struct {
	SKU        string
	Want, Have int64
}

func (e *OutOfStockError) Error() string {
	return fmt.Sprintf("only %d of %s are left, %d were asked for", e.Have, e.SKU, e.Want)
}

func (e *OutOfStockError) Unwrap() error { return fault.Refused }

func placeOrder() error {
	return fmt.Errorf("place order: %w", &OutOfStockError{SKU: "MUG-BLUE", Want: 3, Have: 1})
}

func Example() {
	err := placeOrder()
	if stock, ok := errors.AsType[*OutOfStockError](err); ok {
		fmt.Println("offer the customer", stock.Have)
	}
	switch fault.CodeOf(err) {
	case 0:
		fmt.Println("done")
	case fault.Unavailable, fault.Uncertain:
		fmt.Println("ask again with the same key")
	case fault.Conflict:
		fmt.Println("read again and decide")
	case fault.Broken:
		fmt.Println("wake an operator")
	default:
		fmt.Println("tell the customer:", err)
	}
	// Output:
	// offer the customer 1
	// tell the customer: place order: only 1 of MUG-BLUE are left, 3 were asked for
}

func ExampleTypes() {
	types := fault.NewTypes(
		fault.Typed[*OutOfStockError]("inventory.out_of_stock"),
	)
	sent := types.Encode(placeOrder())
	received := types.Decode(sent)

	stock, _ := errors.AsType[*OutOfStockError](received)
	fmt.Println(received)
	fmt.Println(errors.Is(received, fault.Refused), stock.SKU)
	// Output:
	// place order: only 1 of MUG-BLUE are left, 3 were asked for
	// true MUG-BLUE
}
