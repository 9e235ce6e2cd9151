package search

import (
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// Document is what the index knows of one product.
type Document struct {
	ID          string `cbor:"1,keyasint"`
	Title       string `cbor:"2,keyasint"`
	Description string `cbor:"-"` // found by, and not kept
	Brand       string `cbor:"3,keyasint,omitempty"`
	// Type is the title of the product's type, as in "Notebook"; "" if it has
	// none.
	Type string `cbor:"4,keyasint,omitempty"`
	// Categories are those that the product is in and those above them, from
	// the root down.
	Categories []Category `cbor:"5,keyasint,omitempty"`
	// Codes are what the product is found by exactly: SKUs, barcodes, model
	// numbers.
	Codes      []string    `cbor:"6,keyasint,omitempty"`
	Attributes []Attribute `cbor:"7,keyasint,omitempty"`
	Prices     []Price     `cbor:"8,keyasint,omitempty"`
	Available  bool        `cbor:"9,keyasint,omitempty"`
	CreatedAt  time.Time   `cbor:"-"`                     // kept in milliseconds
	Boost      int64       `cbor:"12,keyasint,omitempty"` // percent added to its score; negative buries
	// Listed are the prices of all variants if price lists have any for them.
	Listed []VariantPrices `cbor:"13,keyasint,omitempty"`
	// Publications say where and when it is shown; none: everywhere.
	Publications []catalog.Publication `cbor:"14,keyasint,omitempty"`
	// Parts are the SKUs of what its kits consist of: it can be had while they can.
	Parts []string `cbor:"15,keyasint,omitempty"`
}

// Category is one category of a product.
type Category struct {
	ID    string `cbor:"1,keyasint"`
	Title string `cbor:"2,keyasint"`
}

// Attribute is one value of a product. A number has its value in Number and
// as it is written, without the unit, in Text; a yes or no has "yes" or "no".
type Attribute struct {
	Name   string   `cbor:"1,keyasint"`
	Text   string   `cbor:"2,keyasint"`
	Number *float64 `cbor:"3,keyasint,omitempty"`
	Unit   string   `cbor:"4,keyasint,omitempty"`
	Bool   bool     `cbor:"5,keyasint,omitempty"` // Text is "yes" or "no"
	// Unsearched and Unlisted are what the product's type says: that it is
	// not found by its text, and that it is no facet.
	Unsearched bool `cbor:"6,keyasint,omitempty"`
	Unlisted   bool `cbor:"7,keyasint,omitempty"`
	// Choice says that it is one of several values to choose from: an option of
	// a variant, or an attribute of kind enum or reference.
	Choice bool `cbor:"8,keyasint,omitempty"`
}

// Price is what the variants of a product cost in one currency, in minor units.
type Price struct {
	Currency money.Currency `cbor:"1,keyasint"`
	Min      int64          `cbor:"2,keyasint"`
	Max      int64          `cbor:"3,keyasint"`
}

// VariantPrices are a variant's own prices and those that price lists have for it.
type VariantPrices struct {
	Own  []money.Amount      `cbor:"1,keyasint,omitempty"`
	List []catalog.ListPrice `cbor:"2,keyasint,omitempty"`
}
