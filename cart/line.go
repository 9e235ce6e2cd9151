package cart

import (
	"encoding/json"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// ID identifies a cart, as in cart_01KAJ3W7Q8Z5D4F6G7H8J9K0M1.
type ID string

// Status says what can be done with a cart.
type Status string

// The words of a cart's status. Only an active cart can be changed.
const (
	Active    Status = "active"
	Locking   Status = "locking"   // a checkout is waiting for its payment
	Completed Status = "completed" // an order was placed
	Merging   Status = "merging"   // its lines are on their way to a customer's cart
	Merged    Status = "merged"    // its lines are in a customer's cart
)

// Limits of one cart and one line.
const (
	MaxLines    = 2000
	MaxQuantity = 1_000_000
)

// Cart is what a shopper has put together. It is plain data.
type Cart struct {
	ID       ID
	Customer accounts.CustomerID // "" is a guest
	Currency money.Currency
	Status   Status
	Order    string       // what a checkout made or is making of it; "" if none
	Lines    []Line       // in the order in which they were added
	Total    money.Amount // the sum of the lines
	Version  int64        // moves with every change, from 1

	CreatedAt, UpdatedAt time.Time

	// The countries of the contact's addresses; "" if they are not known.
	ShippingCountry, BillingCountry string

	ExternalReference string
	Metadata          json.RawMessage // a JSON object or nil
	PrivateMetadata   json.RawMessage // a JSON object or nil; not for shoppers
}

// Line is a number of units of one SKU at one price.
type Line struct {
	SKU       catalog.SKU
	Variant   catalog.VariantID
	Title     string
	Quantity  int64
	UnitPrice money.Amount
	Total     money.Amount // Quantity × UnitPrice
	Reason    string       // why the price was agreed; "" is the catalog's price
	Untracked bool         // not counted in stock
}
