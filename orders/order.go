package orders

import (
	"encoding/json"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// ID identifies an order, as in ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1.
type ID string

// Order is what a checkout made. It is plain data: changing it changes
// nothing in the store.
type Order struct {
	ID ID
	// Number is what people call the order. It is unique in the store. One that
	// goes by a sequence has its own number until it is placed and a moment after.
	Number   string
	Cart     string
	Customer accounts.CustomerID // "" is a guest
	// Joined is the customer whose account a guest's order was joined to, since its
	// e-mail address is theirs; "" if it was not. It stays a guest's.
	Joined   accounts.CustomerID
	Currency money.Currency

	Status           Status
	PaymentStatus    PaymentStatus
	FulfilmentStatus FulfilmentStatus
	CancelReason     string

	// Subtotal − Discount + FeeTotal + Shipping + TaxAdded = Total, always.
	// TaxAdded is the part of Tax that prices do not contain: all of it unless
	// TaxIncluded says that prices contain their tax, or a line says otherwise.
	Subtotal, Discount, FeeTotal, Shipping, Tax, TaxAdded, Total money.Amount
	TaxIncluded                                                  bool
	TaxExempt                                                    string // the certificate by which no tax was due; "" if it was
	// OwnFees is the part of FeeTotal that is on no line, and OwnFeesTax its part
	// of Tax.
	OwnFees, OwnFeesTax          money.Amount
	ShippingTax                  money.Amount         // the part of Tax that is on Shipping
	Taxes                        []pricing.TaxSum     // what Tax consists of
	Promotions                   []pricing.Applied    // what makes up Discount, and what is off Shipping; copies
	PassedOver                   []pricing.PassedOver // promotions that those were applied in the stead of; copies
	ShippingMethod, ShippingName string               // how it is sent, or the first of its deliveries; "" if that was not chosen
	// What happened to the money so far. RefundGranted is what is owed back in
	// all, Refunded what of it the provider has confirmed.
	Authorized, Captured, Voided, RefundGranted, Refunded money.Amount
	// ExcessGranted is the part of RefundGranted that had been paid beyond Total,
	// and so does not lower what the order costs.
	ExcessGranted money.Amount

	// Units over all lines. Those of Shipped that have arrived are Delivered.
	Units, Canceled, Shipped, Delivered, Returned int64

	OccurredAt time.Time // when the shopper bought; CreatedAt unless the caller said otherwise
	CreatedAt  time.Time
	PlacedAt   time.Time // zero until placed
	CanceledAt time.Time // zero unless canceled
	// Terms are the payment terms that it was placed unpaid on, such as net_30;
	// "" if it was paid at checkout. OnTerms is what of Total was left to them, the
	// rest was paid from gift cards and credit. PaymentDueAt is when it is to be paid by
	// them, and OverdueAt when it was found unpaid after that; both are zero
	// otherwise.
	Terms                   string
	OnTerms                 money.Amount
	PaymentDueAt, OverdueAt time.Time
	// Due is when the checkout of a pending order is looked after, in
	// milliseconds by the clock of the order's shard.
	Due int64

	Version int64
	// The countries of the contact's addresses; "" if they are not known.
	ShippingCountry, BillingCountry string

	// Digital says that a line has files to download, or is a gift card.
	Digital bool

	ExternalReference string
	Metadata          json.RawMessage // a JSON object or nil
	PrivateMetadata   json.RawMessage // a JSON object or nil; not for shoppers

	// Split says that Deliveries are where it goes. Otherwise all of it goes to
	// the contact's address.
	Split bool

	Lines []Line // empty in listings
	// Deliveries are where the goods go and what that costs; Shipping and
	// ShippingTax are their sums. Empty in listings, and unless Split.
	Deliveries []Delivery
	Fees       []Fee // that make up FeeTotal; empty in listings
}

// Fee is what was charged beside goods and shipping. Net + Tax = Gross.
type Fee struct {
	Number          int    // from 1
	Fee             string // the rule that it is by
	Kind            pricing.FeeKind
	Name            string
	Line            int          // its line's amounts contain it; 0 is the order itself
	Amount          money.Amount // as prices are, with tax or without
	Net, Tax, Gross money.Amount
}

// NetFees returns what the fees cost that are on no line, without their tax.
func (o Order) NetFees() money.Amount {
	if o.TaxIncluded {
		return money.New(o.OwnFees.Minor()-o.OwnFeesTax.Minor(), o.Currency)
	}
	return o.OwnFees
}

// GrossFees returns what the fees cost that are on no line, with their tax.
func (o Order) GrossFees() money.Amount {
	return money.New(o.NetFees().Minor()+o.OwnFeesTax.Minor(), o.Currency)
}

// NetShipping returns what shipping costs without its tax.
func (o Order) NetShipping() money.Amount {
	if o.TaxIncluded {
		return money.New(o.Shipping.Minor()-o.ShippingTax.Minor(), o.Currency)
	}
	return o.Shipping
}

// NetGoods returns what the goods cost after discounts and with the fees on
// them, without their tax.
func (o Order) NetGoods() money.Amount {
	return money.New(o.Total.Minor()-o.Tax.Minor()-o.NetShipping().Minor()-o.NetFees().Minor(), o.Currency)
}

// IsOf reports whether the order is a customer's: bought by them, or by a guest
// and joined to their account.
func (o Order) IsOf(customer accounts.CustomerID) bool {
	return customer != "" && (o.Customer == customer || o.Joined == customer)
}

// kept returns what was captured and not refunded.
func (o Order) kept() money.Amount {
	return money.New(o.Captured.Minor()-o.Refunded.Minor(), o.Currency)
}

// Line is one line of an order, with title and price as they were agreed.
type Line struct {
	Number    int // from 1
	SKU       catalog.SKU
	Variant   catalog.VariantID
	Pool      inventory.PoolID // where all of it comes from; "" is not counted in stock, or Parts say it
	Parts     []inventory.Part // what it takes from stock, if that is not one pool: a kit's components
	Title     string
	Quantity  int64
	UnitPrice money.Amount
	Total     money.Amount // Quantity × UnitPrice
	// Net + Tax = Gross; Total − Discount + Fees is Gross where TaxIncluded says
	// that the price contains its tax, Net otherwise.
	Discount, Fees, Net, Tax, Gross money.Amount
	TaxIncluded                     bool
	Reason                          string          // why the price was agreed; "" is the catalog's price
	PriceBy                         string          // where UnitPrice came from, for people; "" is the variant's own price
	Properties                      []cart.Property // what the shopper chose beside the variant
	Delivery                        int             // the number of the delivery that it is in
	// Digital is what the catalog said of its delivery when it was bought; nil
	// if it is shipped.
	Digital  *catalog.Digital
	Canceled int64
	Shipped  int64
	Returned int64
}

// Downloadable reports whether the line has files to download.
func (l Line) Downloadable() bool { return l.Digital != nil && len(l.Digital.Files) > 0 }

// handedOver reports whether the line is delivered by the store itself, once it
// is paid.
func (l Line) handedOver() bool { return l.Downloadable() || l.Digital.IsGiftCard() }

// Unshipped returns how many units are still to be shipped.
func (l Line) Unshipped() int64 { return l.Quantity - l.Canceled - l.Shipped }
