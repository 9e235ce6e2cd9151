package cart

import (
	"encoding/json"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
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
	// MaxTotal bounds what the lines of a cart cost, in minor units: with all
	// that comes on top, its price stays far from overflow.
	MaxTotal = 1 << 52
)

// Cart is what a shopper has put together. It is plain data.
type Cart struct {
	ID       ID
	Customer accounts.CustomerID // "" is a guest
	Currency money.Currency
	Channel  string // through which it is bought; "" is the shop's own
	Status   Status
	Order    string // what a checkout made or is making of it; "" if none
	Lines    []Line // in the order in which they were added
	Version  int64  // moves with every change, from 1

	// What the cart costs now, by the store's prices and rules: Subtotal −
	// Discount + FeeTotal + Shipping + TaxAdded = Total. TaxAdded is the part of
	// Tax that prices do not contain: all of it unless TaxIncluded says that
	// prices contain their tax, or a line says otherwise.
	Subtotal, Discount, FeeTotal, Shipping, Tax, TaxAdded, Total money.Amount
	TaxIncluded                                                  bool
	TaxExempt                                                    string // the certificate by which no tax is due; "" if it is
	Fees                                                         []Fee  // that make up FeeTotal

	// Frozen is "soft" if the prices of lines are kept, "hard" if all amounts
	// are, "" if the cart follows the catalog and the rules.
	Frozen string

	// Held says that goods of lines with HoldMinutes are set aside.
	Held bool

	// Deliveries are where the goods go, if SetDelivery has made more than one
	// place; nil if all of them go to the contact's address. ShippingMethod and
	// Offers are those of the first; Shipping is what all of them cost to send.
	Deliveries []Delivery

	ShippingMethod string              // the one that was chosen; "" if none
	Payment        string              // the provider that the shopper means to pay with; "" if not known
	Offers         []ShippingOffer     // the methods that there are for the address
	Codes          []pricing.CodeState // those on it, and why some have no effect
	Promotions     []pricing.Applied   // what makes up Discount, and what is off Shipping
	Gifts          []Gift              // what promotions give and is not in it yet
	Problems       []Problem           // what broke since the shopper looked
	Requirements   []Requirement       // what is missing before it can be bought

	CreatedAt, UpdatedAt time.Time

	// The countries of the contact's addresses; "" if they are not known.
	ShippingCountry, BillingCountry string

	ExternalReference string
	Metadata          json.RawMessage // a JSON object or nil
	PrivateMetadata   json.RawMessage // a JSON object or nil; not for shoppers
}

// Line is a number of units of one SKU at one price.
type Line struct {
	ID        int64 // names the line in its cart, as long as it is there
	SKU       catalog.SKU
	Variant   catalog.VariantID
	Title     string
	Quantity  int64
	UnitPrice money.Amount     // what one costs now
	Total     money.Amount     // Quantity × UnitPrice
	Prices    catalog.PriceTax // whether UnitPrice contains its tax
	Delivery  int64            // the delivery that it is in; FirstDelivery unless it was assigned
	Reason    string           // why the price was agreed; "" is the catalog's price
	Untracked bool             // not counted in stock
	// HoldMinutes is how long its goods are set aside after each change of the
	// cart; 0: they are not before a checkout.
	HoldMinutes int64
	HoldAt      inventory.Location // where; "" is Main
	// Properties are what the shopper chose beside the variant.
	Properties []Property
	// Backordered is how many are sold before they are there, and ExpectedAt
	// when they should be; zero if that is not known.
	Backordered int64
	ExpectedAt  time.Time

	// AddedPrice is what one cost when the line was last added to.
	AddedPrice money.Amount
	// Net + Tax = Gross; Total − Discount is Gross where tax is included in
	// the price, Net otherwise.
	Discount, Net, Tax, Gross money.Amount
}

// Fee is what is charged beside goods and shipping. Net + Tax = Gross.
type Fee struct {
	ID, Name        string
	Kind            pricing.FeeKind
	Line            int64        // the line's ID; 0 is the cart itself
	Amount          money.Amount // as prices are, with tax or without
	Net, Tax, Gross money.Amount
}

// ShippingOffer is a shipping method as it stands for a cart.
type ShippingOffer struct {
	Method           string
	Name             string
	Pickup           bool
	MinDays, MaxDays int          // how long it takes; both 0 if that is not known
	First, Last      string       // the days on which it should arrive, as in 2026-03-01; "" if not known
	Price            money.Amount // before discounts
	// Reason says why it is not offered; "" is offered.
	Reason pricing.Reason
}

// Problem is what broke about a cart since its lines were added. It is told,
// not thrown: whoever shows the cart says it.
type Problem struct {
	Code ProblemCode `cbor:"1,keyasint"`
	Line int64       `cbor:"2,keyasint,omitempty"` // the line's ID; 0 is the cart itself
	SKU  catalog.SKU `cbor:"3,keyasint,omitempty"`
	// Was and Is are the prices of one unit, of a PriceChanged.
	Was money.Amount `cbor:"4,keyasint,omitempty"`
	Is  money.Amount `cbor:"5,keyasint,omitempty"`
	// Bound is the least or the greatest number of units, the step between
	// numbers, or how many are left, of a problem with a quantity.
	Bound int64 `cbor:"6,keyasint,omitempty"`
	// Delivery is the one that it is about; 0 is the first, or none.
	Delivery int64 `cbor:"7,keyasint,omitempty"`
}

// ProblemCode says what broke.
type ProblemCode string

// The problems. A cart with one that is not PriceChanged cannot be bought.
const (
	PriceChanged   ProblemCode = "price_changed"               // the catalog's price is not the one at which it was added
	Discontinued   ProblemCode = "discontinued"                // it is not for sale any more; the old price counts
	OutOfStock     ProblemCode = "out_of_stock"                // fewer are left, as Bound says, than are in the cart
	NoPrice        ProblemCode = "no_price"                    // the catalog has no price in the currency any more; the old one counts
	MethodNotThere ProblemCode = "method_not_there"            // the chosen shipping method is not offered any more
	TooFew         ProblemCode = ProblemCode(pricing.BelowMin) // units of a SKU
	TooMany        ProblemCode = ProblemCode(pricing.AboveMax) // units of a SKU
	TooManyShares  ProblemCode = "too_many_discounts"          // on more lines, by more promotions, than an order can keep: Bound says how many; buy the goods in several orders
	TaxesRefused   ProblemCode = "taxes_refused"               // the tax provider does not take the address: amounts are estimates until that is corrected
	TaxesUnknown   ProblemCode = "taxes_unknown"               // the tax provider does not answer for the moment: amounts are estimates
	BoughtEnough   ProblemCode = "bought_enough"               // the customer may buy only Bound more, over all their orders
	LoginNeeded    ProblemCode = "login_needed"                // it is bound for each customer, and sold to no guests
	TooManyBound   ProblemCode = "too_many_bound"              // more goods that are bound for each customer than an order can have: Bound says how many
	BetweenSteps   ProblemCode = ProblemCode(pricing.OffStep)  // a number of units
)

// Requirement is what is missing before a cart can be bought. What a delivery
// lacks that is not the first begins with its name, as in
// deliveries.2.shipping_method.
type Requirement string

// The requirements.
const (
	NeedsLines    Requirement = "lines"
	NeedsAddress  Requirement = "shipping_address" // the country at least; a field of it that is missing, or not of a form that its country knows, as in shipping_address.postcode
	NeedsShipping Requirement = "shipping_method"
)
