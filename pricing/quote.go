package pricing

import (
	"slices"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// Input is what is to be priced. Amounts are minor units of Currency.
type Input struct {
	Currency money.Currency
	At       Moment // decides which rates and promotions are in force
	// Address is where the goods go; without a country, the store's home counts.
	Address Address
	Method  string // the shipping method; "" if none is chosen
	Lines   []Line
	// More are further places that goods go to: see Line.Delivery.
	More []Delivery
	// Payments are the providers that it is paid with; none if that is not known.
	Payments []string

	// What promotions may ask for.
	LoggedIn  bool     // the cart is a customer's
	HasBought bool     // who has bought before
	Groups    []string // that the customer is in
	Channel   string
	Coupons   []Coupon
	Spent     []string // promotions whose limits are used up for the moment

	// Given are discounts that were decided elsewhere, such as at a till or by
	// the staff. They come off before promotions do, which see what is left.
	Given []Given

	// TaxExempt says why no tax is due at Address, as in the number of a
	// certificate; "" is that tax is due.
	TaxExempt string

	// What providers have said: see Service.Quote.
	Taxes    *TaxAnswer             // nil: the tax zones decide
	Carriers map[string]CarrierRate // by Carrier
}

// Line is a number of units of one SKU at one price.
type Line struct {
	SKU         catalog.SKU
	Quantity    int64  // 1 or more
	UnitPrice   int64  // 0 or more
	PriceBy     string // where UnitPrice comes from, for people, as Explain says it; "" is the variant's own price
	TaxCategory string
	WeightGrams int64 // of one unit; 0 if not known
	// Digital says that it is delivered over the network: it has no size.
	Digital bool
	// Gone says that the catalog does not have it any more, as of a line of an
	// order: its size counts as none, as its weight does.
	Gone bool
	// LengthMM, WidthMM and HeightMM are those of one unit; 0 if not known.
	LengthMM, WidthMM, HeightMM int64
	// Prices says whether the unit price contains tax, if the store's settings
	// do not.
	Prices catalog.PriceTax
	// Properties are the names of what the shopper chose beside the SKU.
	Properties []string
	// Delivery says where it goes: 0 is the input's own address, i the i-th of
	// More.
	Delivery int

	// What promotions may ask for.
	Product     catalog.ProductID
	Categories  []catalog.CategoryID // those above them included
	Attributes  []catalog.Attribute
	Collections []catalog.CollectionID
	OnSale      bool // its price is shown against a higher one

	// Voucher says that it is a gift card: see catalog.GiftCard. It is not taxed,
	// no promotion and no fee on lines is for it, and it counts for none of their
	// conditions.
	Voucher bool
}

// Given is a discount on one line, as it was given.
type Given struct {
	Line   int    // from 1
	Name   string // for people, such as of the coupon
	Amount int64  // 0 or more; at most what the line costs less what was given before
}

// Quote is what something costs. Amounts are minor units of Currency.
//
//	Total = Subtotal − Discount + FeeTotal + Shipping.Amount + TaxAdded
//
// where the Shipping of More counts, too.
//
// The tax of all lines, of fees and of shipping is Tax, of which TaxAdded is
// not in prices; their gross amounts are Total.
type Quote struct {
	Currency    money.Currency
	TaxIncluded bool // tax is in prices and not added to them, but for lines that say otherwise
	Rules       int64
	TaxZone     string // "" if the address is in none
	TaxExempt   string // why no tax is due, anywhere; "" if it is
	// Estimated says that taxes are by the tax zones because the tax provider
	// does not answer.
	Estimated bool

	Lines    []QuotedLine // those of the input, in their order
	Shipping QuotedShipping
	More     []QuotedDelivery // those of the input, in their order
	Fees     []QuotedFee      // those of lines in their order, then those of the cart
	Offers   []Offer          // the shipping methods that there are for the address

	Promotions []Applied // in the order in which they were applied
	// PassedOver are the promotions that others were applied in the stead of, 50
	// at most.
	PassedOver []PassedOver
	Gifts      []DueGift   // what promotions give and is not there
	Codes      []CodeState // those of the input, in their order

	Subtotal int64 // the lines before discounts
	Discount int64 // of the lines
	FeeTotal int64
	Tax      int64
	TaxAdded int64 // what of Tax is on top of prices
	Total    int64
}

// QuotedLine is what one line costs. Net + Tax = Gross, and Total − Discount
// is Gross where tax is included in its price, Net otherwise.
type QuotedLine struct {
	Total    int64 // quantity × unit price
	Discount int64
	Net      int64
	Tax      int64
	Gross    int64
	Taxes    []Tax

	TaxIncluded bool // in its price
}

// QuotedShipping is what shipping costs. Amount is its price less Discount:
// Gross where tax is included in prices, Net otherwise.
type QuotedShipping struct {
	Method   string // "" if none is chosen
	Name     string
	Price    int64 // before the discount
	Discount int64
	Amount   int64
	Net      int64
	Tax      int64
	Gross    int64
	Taxes    []Tax
	// Reason says why the chosen method is not offered. Then it costs nothing
	// here, and cannot be bought.
	Reason Reason
	// By is how Price came about, for people, as Explain says it.
	By string

	taxCategory string
}

// Tax is one tax on a row.
type Tax struct {
	Name   string     `cbor:"1,keyasint"`
	Rate   money.Rate `cbor:"2,keyasint,omitempty"`
	Base   int64      `cbor:"3,keyasint,omitempty"` // what it is on: the net amount, and lower taxes if it is compound
	Amount int64      `cbor:"4,keyasint,omitempty"`
}

// TaxSum is one tax over all rows of a quote, as an invoice states it.
type TaxSum struct {
	Name   string     `cbor:"1,keyasint" json:"name"`
	Rate   money.Rate `cbor:"2,keyasint,omitempty" json:"rate"`
	Base   int64      `cbor:"3,keyasint,omitempty" json:"base"`
	Amount int64      `cbor:"4,keyasint,omitempty" json:"amount"`
}

// TaxSums adds up the taxes of all rows by name and rate, in the order in
// which they occur. The amounts add up to Tax.
func (q *Quote) TaxSums() []TaxSum {
	var sums []TaxSum
	add := func(taxes []Tax) { sums = AddTaxes(sums, taxes) }
	for i := range q.Lines {
		add(q.Lines[i].Taxes)
	}
	add(q.Shipping.Taxes)
	for i := range q.More {
		add(q.More[i].Shipping.Taxes)
	}
	for i := range q.Fees {
		add(q.Fees[i].Taxes)
	}
	return sums
}

// AddTaxes adds the taxes of a row to sums by name and rate.
func AddTaxes(sums []TaxSum, taxes []Tax) []TaxSum {
	for _, t := range taxes {
		i := slices.IndexFunc(sums, func(s TaxSum) bool { return s.Name == t.Name && s.Rate == t.Rate })
		if i < 0 {
			i = len(sums)
			sums = append(sums, TaxSum{Name: t.Name, Rate: t.Rate})
		}
		sums[i].Base += t.Base
		sums[i].Amount += t.Amount
	}
	return sums
}
