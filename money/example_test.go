package money_test

import (
	"errors"
	"fmt"

	"github.com/keelshop/commerce/money"
)

func Example() {
	price, err := money.Parse("12.50 EUR")
	if err != nil {
		fmt.Println(err)
		return
	}
	line, err := price.Mul(3)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(line, "is", line.Minor(), "cents")

	_, err = line.Add(money.New(500, "USD"))
	if mismatch, ok := errors.AsType[*money.CurrencyMismatchError](err); ok {
		fmt.Println("cannot add", mismatch.Have)
	}
	// Output:
	// 37.50 EUR is 3750 cents
	// cannot add USD
}

// A discount of 10.00 EUR on three lines is handed out to the last cent.
func ExampleAmount_Allocate() {
	discount := money.New(10_00, "EUR")
	parts, err := discount.Allocate([]int64{19_99, 19_99, 5_00})
	fmt.Println(parts, err)
	// Output: [4.45 EUR 4.44 EUR 1.11 EUR] <nil>
}

func ExampleAmount_Split() {
	parts, err := money.New(100, "JPY").Split(3)
	fmt.Println(parts, err)
	// Output: [34 JPY 33 JPY 33 JPY] <nil>
}

// Quebec's sales tax of 9.975 % on 29.99 CAD is 2.9915025 CAD before it is rounded.
func ExampleAmount_Scale() {
	rate, _ := money.ParseRate("9.975%")
	tax, err := money.New(29_99, "CAD").Scale(rate, money.HalfEven)
	fmt.Println(tax, err)
	// Output: 2.99 CAD <nil>
}

// A gross price of 119.00 EUR includes 19 % tax.
func ExampleRate_Included() {
	share, _ := money.Percent(19).Included()
	gross := money.New(119_00, "EUR")
	tax, _ := gross.Scale(share, money.HalfEven)
	net, _ := gross.Sub(tax)
	fmt.Println(share, net, tax)
	// Output: 19/119 100.00 EUR 19.00 EUR
}

func ExampleParseDecimalRounded() {
	amount, rounded, _ := money.ParseDecimalRounded("0.001", "GBP", money.HalfEven)
	fmt.Println(amount, rounded)

	_, err := money.ParseDecimal("0.001", "GBP")
	fmt.Println(err)
	// Output:
	// 0.00 GBP true
	// "0.001" is not an amount: GBP has 2 digits after the point
}
