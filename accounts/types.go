package accounts

import (
	"encoding/json"
	"time"

	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
)

// CustomerID identifies a customer, as in cus_01KAJ3W7Q8Z5D4F6G7H8J9K0M1. It
// is also the subject under whose data key the customer's fields are sealed.
type CustomerID string

// Slot returns the slot that the customer and all their purchases live on, or
// fault.Invalid.
func (c CustomerID) Slot() (id.Slot, error) { return id.SlotOf(string(c)) }

// AddressID identifies an address of a customer, as in
// adr_01KAJ3W7Q8Z5D4F6G7H8J9K0M1.
type AddressID string

// Customer is a person or company who buys. Once Erased is true, everything
// personal is empty for good; the rest stays for the orders that name them.
type Customer struct {
	ID                CustomerID
	Email             seal.Personal // as it was given; unique after normalization
	EmailVerified     bool          // mail to Email has reached them
	Name              seal.Personal
	Phone             seal.Personal
	Groups            []string // sorted
	Addresses         []SavedAddress
	ExternalReference string
	Metadata          json.RawMessage // a JSON object or nil
	PrivateMetadata   json.RawMessage // a JSON object or nil; not for shoppers
	Version           int64           // counts the changes, from 1
	Erased            bool
	CreatedAt         time.Time
	UpdatedAt         time.Time
}

// Address is where goods or invoices go. Every field is personal but the
// country, which tax and shipping rules need in the clear.
type Address struct {
	Name     seal.Personal
	Company  seal.Personal
	Line1    seal.Personal
	Line2    seal.Personal
	City     seal.Personal
	Region   seal.Personal
	Postcode seal.Personal
	Country  string        // two capital letters, ISO 3166-1
	Phone    seal.Personal `command:"phone"`
}

// SavedAddress is an address in a customer's address book.
type SavedAddress struct {
	ID AddressID
	Address
}
