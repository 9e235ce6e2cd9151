package catalog

import (
	"encoding/json"
	"time"

	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/money"
)

// SKU names a variant in the shop's own words, as in "MUG-BLUE". It is unique
// in a store and case-sensitive.
type SKU string

// ProductID identifies a product, as in prd_01KAJ3W7Q8Z5D4F6G7H8J9K0M1.
type ProductID string

// Slot returns the slot that the product lives on, or fault.Invalid.
func (p ProductID) Slot() (id.Slot, error) { return id.SlotOf(string(p)) }

// VariantID identifies a variant, as in var_01KAJ3W7Q8Z5D4F6G7H8J9K0M1. It
// stays when the variant's SKU moves to another product and back.
type VariantID string

// Slot returns the slot that the variant lives on, which is its product's, or
// fault.Invalid.
func (v VariantID) Slot() (id.Slot, error) { return id.SlotOf(string(v)) }

// Status says whether a product is on sale. The zero value means active in a
// command and is never stored.
type Status string

// The statuses of a product. Only an active one can be purchased; an archived
// one stays readable for the orders that name it.
const (
	Draft    Status = "draft"
	Active   Status = "active"
	Archived Status = "archived"
)

// An Option is one property in which the variants of a product differ.
type Option struct {
	Name  string `cbor:"1,keyasint"`
	Value string `cbor:"2,keyasint"`
}

// Product is what is sold: a title, and one or more variants to choose from.
// Products that a Service returns may be shared with its cache: do not change
// what their slices hold.
type Product struct {
	ID                ProductID
	Handle            string   // unique; the first SKU unless it was given
	FormerHandles     []string // they lead to the product as well; the newest first
	Title             string
	Description       string
	Brand             string // "" if it has none
	Status            Status
	Type              ProductTypeID // "" if it has none
	Categories        []CategoryID  // the main one first
	Media             []Media       // in the order in which they are shown
	Attributes        []Attribute   // in the order they were put
	SEO               SEO
	Translations      []Translation // sorted by locale
	Publications      []Publication // sorted by channel; none: offered everywhere
	Variants          []Variant     // in the order they were put
	ExternalReference string
	Metadata          json.RawMessage // a JSON object or nil
	PrivateMetadata   json.RawMessage // a JSON object or nil; not for shoppers
	Version           int64           // counts the changes, from 1
	CreatedAt         time.Time
	UpdatedAt         time.Time
}

// Variant is the unit that is priced, stocked and sold. Variants that a
// Service returns may be shared with its cache: do not change what their
// slices hold.
type Variant struct {
	ID              VariantID
	Product         ProductID
	SKU             SKU
	Title           string         // the product's title and the options' values
	Options         []Option       // in the order they were put
	Prices          []money.Amount // at most one in a currency, sorted by it
	CompareAt       []money.Amount // what Prices are shown against, as for a sale; sorted by currency
	PriorPrices     []money.Amount // lowest of the 30 days before the price of the currency began to count; sorted by it
	ListPrices      []ListPrice    // what price lists have for it, sorted by list, currency and quantity
	Attributes      []Attribute    // in the order they were put
	Untracked       bool           // a service, or goods whose stock is not counted
	Status          Status         // the product's
	Publications    []Publication  // the product's
	Purchasable     bool           // its product is active; see Offered for channels and dates
	Barcodes        []string       // GTINs have been checked
	WeightGrams     int64          // with its packaging; 0 if not known
	LengthMM        int64          // of the packaging; 0 if not known
	WidthMM         int64
	HeightMM        int64
	TaxCategory     string          // names the tax rates that are on it; "" is the standard one
	Components      []Component     // what a kit is made of; none: it is no kit
	Reserve         Reserve         // when its stock is set aside
	HoldMinutes     int64           // how long it is set aside in a cart; 0 is ten minutes
	Digital         *Digital        // nil if it is shipped
	Metadata        json.RawMessage // a JSON object or nil
	PrivateMetadata json.RawMessage // a JSON object or nil; not for shoppers
	Version         int64           // the product's when the variant was read
}

// Price returns the price in a currency, and false if there is none: nothing
// is converted.
func (v Variant) Price(c money.Currency) (money.Amount, bool) { return amountIn(v.Prices, c) }

// CompareAtPrice returns the amount that the price in a currency is shown
// against, and false if there is none or it is not above the price.
func (v Variant) CompareAtPrice(c money.Currency) (money.Amount, bool) {
	price, priced := v.Price(c)
	above, ok := amountIn(v.CompareAt, c)
	return above, ok && priced && above.Minor() > price.Minor()
}

// PriorPrice returns the lowest price of the 30 days before the present one
// began to count, which a reduction has to be shown with in the European
// Union, and false if there was none.
func (v Variant) PriorPrice(c money.Currency) (money.Amount, bool) { return amountIn(v.PriorPrices, c) }

func amountIn(amounts []money.Amount, c money.Currency) (money.Amount, bool) {
	for _, a := range amounts {
		if a.Currency() == c {
			return a, true
		}
	}
	return money.Amount{}, false
}
