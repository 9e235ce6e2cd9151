package orders

import (
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// New is what a checkout makes an order from. Amounts are minor units of
// Currency.
type New struct {
	ID                                       ID
	Cart                                     string
	Customer                                 accounts.CustomerID
	Currency                                 money.Currency
	Subtotal, Discount, Shipping, Tax, Total int64
	// TaxIncluded says that fees and shipping contain the tax.
	TaxIncluded                  bool
	ShippingTax                  int64 // the part of Tax that is on Shipping
	TaxAdded                     int64 // the part of Tax that is on top of prices
	TaxExempt                    string
	Fees                         []NewFee
	Taxes                        []pricing.TaxSum
	Promotions                   []pricing.Applied
	PassedOver                   []pricing.PassedOver
	ShippingMethod, ShippingName string
	OccurredAt                   int64 // ms since 1970 UTC; 0 is the time of the command
	Due                          int64 // see Order
	// Terms let it be placed unpaid, until Days after that; nil is paid at
	// checkout.
	Terms             *Terms
	OnTerms           int64 // what is left to them; the rest is paid before it is placed
	ExternalReference string
	// Contact is sealed under the key of ContactSubject, as a
	// cart.Stored has them. Both are empty if there is none.
	Contact        seal.Sealed
	ContactSubject string
	// The countries of the contact's addresses, in the clear; "" if unknown.
	ShippingCountry, BillingCountry string
	Lines                           []NewLine
	// Deliveries are where it goes, if that is not the contact's address alone;
	// Shipping and ShippingTax are their sums.
	Deliveries []NewDelivery
}

// NewLine is one line of a New.
type NewLine struct {
	SKU       catalog.SKU
	Variant   catalog.VariantID
	Pool      inventory.PoolID // where all of it comes from; "" is not counted in stock, or Parts say it
	Parts     []inventory.Part // what it takes from stock, if that is not one pool
	Title     string
	Quantity  int64
	UnitPrice int64
	Total     int64
	Discount  int64 // the line's part of the order's
	Tax       int64 // the line's part of the order's, without that on fees
	// TaxIncluded says that Total and Discount contain it.
	TaxIncluded bool
	Reason      string
	PriceBy     string // where UnitPrice comes from, if not the variant's own price
	Properties  []cart.Property
	Digital     *catalog.Digital // nil if it is shipped
	Delivery    int              // the number of one of New.Deliveries; 0 goes to the contact's address
}

// NewFee is one fee of a New.
type NewFee struct {
	Fee    string
	Kind   pricing.FeeKind
	Name   string
	Line   int   // from 1; 0 is the order itself
	Amount int64 // contains the tax as its line, or the order, says
	Tax    int64
}

// Insert makes a pending order in the caller's transaction and returns it with
// its lines, as Get does. Numbers that do not add up are refused by the tables,
// and so is an order without lines. An ID that exists is a *TakenError.
func Insert(tx *command.Tx, n New) (Order, error) {
	taxes, err := encodeList(n.Taxes)
	if err != nil {
		return Order{}, err
	}
	promotions, err := encodeList(n.Promotions)
	if err != nil {
		return Order{}, err
	}
	passed, err := encodeList(n.PassedOver)
	if err != nil {
		return Order{}, err
	}
	o := n.order(tx)
	var terms, due any
	if o.Terms != "" {
		terms, due = o.Terms, millis(o.PaymentDueAt)
	}
	_, err = tx.Exec(`INSERT INTO orders (id, slot, number, cart, customer, currency, status, payment_status, fulfilment_status, cancel_reason,
		subtotal, discount, fees, own_fees, own_fees_tax, shipping, shipping_tax, tax, tax_included, tax_exempt, tax_added, total, taxes, promotions, shipping_method, shipping_name, authorized, captured, voided, refund_granted, refunded,
		units, canceled, shipped, delivered, returned, occurred_at, created_at, placed_at, canceled_at, due, version,
		external_reference, metadata, private_metadata, contact, contact_subject, shipping_country, billing_country, digital, split, terms, payment_due, on_terms, passed_over)
		VALUES (?, ?, '', ?, ?, ?, 'pending', ?, 'unfulfilled', '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, ?, 0, 0, 0, 0, ?, ?, 0, 0, ?, 1, ?, NULL, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		n.ID, tx.Slot, n.Cart, n.Customer, n.Currency, o.PaymentStatus,
		n.Subtotal, n.Discount, o.FeeTotal.Minor(), o.OwnFees.Minor(), o.OwnFeesTax.Minor(), n.Shipping, n.ShippingTax, n.Tax, n.TaxIncluded, n.TaxExempt, n.TaxAdded, n.Total, taxes, promotions, n.ShippingMethod, n.ShippingName, o.Units, millis(o.OccurredAt), tx.At, n.Due, n.ExternalReference,
		[]byte(n.Contact), n.ContactSubject, n.ShippingCountry, n.BillingCountry, o.Digital, o.Split, terms, due, n.OnTerms, passed)
	if err != nil {
		return Order{}, taken(tx, n.ID, err)
	}
	for i := range o.Lines {
		if err == nil {
			err = insertLine(tx, n.ID, &o.Lines[i])
		}
	}
	for i := range o.Fees {
		if err == nil {
			err = o.Fees[i].insert(tx, n.ID)
		}
	}
	for _, d := range n.Deliveries {
		if err == nil {
			err = d.insert(tx, n.ID)
		}
	}
	return o, err
}

func insertLine(tx *command.Tx, order ID, l *Line) error {
	properties, err := cart.EncodeProperties(l.Properties)
	if err != nil {
		return err
	}
	parts, err := encodeParts(l.Parts)
	if err != nil {
		return err
	}
	digital, err := l.Digital.Column()
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO order_lines (order_id, line, slot, sku, variant, pool, parts, title, quantity, unit_price, total, discount, fees, net, tax, gross, tax_included, properties, reason, price_by, digital, delivery, canceled, shipped, returned)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0)`,
		order, l.Number, tx.Slot, l.SKU, l.Variant, l.Pool, parts, l.Title, l.Quantity, l.UnitPrice.Minor(), l.Total.Minor(), l.Discount.Minor(), l.Fees.Minor(), l.Net.Minor(), l.Tax.Minor(), l.Gross.Minor(), l.TaxIncluded, properties, l.Reason, l.PriceBy, digital, max(l.Delivery, cart.FirstDelivery))
	return err
}

// order returns what Insert makes.
func (n New) order(tx *command.Tx) Order {
	amount := func(minor int64) money.Amount { return money.New(minor, n.Currency) }
	none := amount(0)
	o := Order{
		OnTerms: amount(n.OnTerms),
		ID:      n.ID, Number: n.ID.Number(), Cart: n.Cart, Customer: n.Customer, Currency: n.Currency,
		Status: Pending, PaymentStatus: paymentStatus(n.Total, 0, 0, 0, 0, 0), FulfilmentStatus: Unfulfilled,
		Subtotal: amount(n.Subtotal), Discount: amount(n.Discount), Shipping: amount(n.Shipping), ShippingTax: amount(n.ShippingTax),
		FeeTotal: none, OwnFees: none, OwnFeesTax: none, TaxAdded: amount(n.TaxAdded), Tax: amount(n.Tax), Total: amount(n.Total), TaxIncluded: n.TaxIncluded, TaxExempt: n.TaxExempt, Taxes: n.Taxes, Promotions: n.Promotions, PassedOver: n.PassedOver,
		ShippingMethod: n.ShippingMethod, ShippingName: n.ShippingName,
		Authorized: none, Captured: none, Voided: none, RefundGranted: none, Refunded: none,
		OccurredAt: instant(n.OccurredAt), CreatedAt: instant(tx.At), Due: n.Due, Version: 1,
		ExternalReference: n.ExternalReference, ShippingCountry: n.ShippingCountry, BillingCountry: n.BillingCountry,
		Lines: make([]Line, len(n.Lines)), Split: len(n.Deliveries) > 0, Deliveries: n.deliveries(),
	}
	if n.Terms != nil {
		o.Terms, o.PaymentDueAt = n.Terms.Name, o.CreatedAt.AddDate(0, 0, n.Terms.Days)
	}
	if n.OccurredAt == 0 {
		o.OccurredAt = o.CreatedAt
	}
	for i, l := range n.Lines {
		o.Units += l.Quantity
		fees, tax := n.feesOn(i + 1)
		tax += l.Tax
		gross := l.Total - l.Discount + fees
		if !l.TaxIncluded {
			gross += tax
		}
		o.Lines[i] = Line{
			Number: i + 1, SKU: l.SKU, Variant: l.Variant, Pool: l.Pool, Parts: l.Parts, Title: l.Title, Quantity: l.Quantity,
			UnitPrice: amount(l.UnitPrice), Total: amount(l.Total), Discount: amount(l.Discount),
			Fees: amount(fees), Net: amount(gross - tax), Tax: amount(tax), Gross: amount(gross), TaxIncluded: l.TaxIncluded, Reason: l.Reason, PriceBy: l.PriceBy, Properties: l.Properties, Digital: l.Digital,
			Delivery: max(l.Delivery, cart.FirstDelivery),
		}
		o.Digital = o.Digital || o.Lines[i].handedOver()
	}
	o.takeFees(n.Fees)
	return o
}

// feesOn returns what the fees on a line come to, and the tax on them.
func (n New) feesOn(line int) (fees, tax int64) {
	for _, f := range n.Fees {
		if f.Line == line {
			fees, tax = fees+f.Amount, tax+f.Tax
		}
	}
	return fees, tax
}

// takeFees adds the fees up. The lines contain theirs.
func (o *Order) takeFees(fees []NewFee) {
	amount := func(minor int64) money.Amount { return money.New(minor, o.Currency) }
	all, own, tax := int64(0), int64(0), int64(0)
	for i, f := range fees {
		included := o.TaxIncluded
		if f.Line > 0 {
			included = o.Lines[f.Line-1].TaxIncluded
		} else {
			own, tax = own+f.Amount, tax+f.Tax
		}
		all += f.Amount
		gross := f.Amount
		if !included {
			gross += f.Tax
		}
		o.Fees = append(o.Fees, Fee{
			Number: i + 1, Fee: f.Fee, Kind: f.Kind, Name: f.Name, Line: f.Line,
			Amount: amount(f.Amount), Net: amount(gross - f.Tax), Tax: amount(f.Tax), Gross: amount(gross),
		})
	}
	o.FeeTotal, o.OwnFees, o.OwnFeesTax = amount(all), amount(own), amount(tax)
}

func (f Fee) insert(tx *command.Tx, order ID) error {
	_, err := tx.Exec(`INSERT INTO order_fees (order_id, n, slot, line, fee, kind, name, amount, net, tax, gross) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		order, f.Number, tx.Slot, f.Line, f.Fee, f.Kind, f.Name, f.Amount.Minor(), f.Net.Minor(), f.Tax.Minor(), f.Gross.Minor())
	return err
}

// encodeList returns a list as a column takes it: nil for none.
func encodeList[T any](list []T) ([]byte, error) {
	if len(list) == 0 {
		return nil, nil
	}
	return command.Marshal(list)
}

func decodeList[T any](b []byte) (list []T, err error) {
	if len(b) > 0 {
		err = command.Unmarshal(b, &list)
	}
	return list, err
}

// taken says of a refused row that its ID exists, if that was why.
func taken(tx *command.Tx, o ID, refused error) error {
	if !sqlite.IsConstraint(refused) {
		return refused
	}
	_, exists, err := tx.Int64(`SELECT 1 FROM orders WHERE id = ?`, o)
	switch {
	case err != nil:
		return err
	case exists:
		return &TakenError{Order: o}
	}
	return refused
}
