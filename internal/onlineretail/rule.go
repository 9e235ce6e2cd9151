package onlineretail

import "strings"

// Rule names the reason why a row was refused. The empty Rule means that it was accepted.
type Rule string

// Every reason why a row can be refused. The first that applies counts, in this order. All but the last are known
// from the file alone.
const (
	// BadDebtAdjustment: the invoice begins with A. It corrects the books and sells nothing.
	BadDebtAdjustment Rule = "bad_debt_adjustment"

	// PricePrecision: the price has a fraction of a penny. No order can charge it, and rounding it would make the
	// totals differ from the file's by an amount that no row shows.
	PricePrecision Rule = "price_precision"

	// NegativePrice: no sale has one.
	NegativePrice Rule = "negative_price"

	// ZeroQuantity: nothing was sold or returned.
	ZeroQuantity Rule = "zero_quantity"

	// NegativeOnInvoice: a negative quantity on an ordinary invoice is stock written off, not goods sold.
	NegativeOnInvoice Rule = "negative_on_invoice"

	// PositiveOnCancellation: a positive quantity on a cancellation is neither a sale nor a return.
	PositiveOnCancellation Rule = "positive_on_cancellation"

	// ReturnWithoutSale: the customer's earlier lines with this SKU and unit price, less what was returned before,
	// do not cover the cancelled quantity. A guest has no earlier lines. Also a return of goods whose sale was
	// itself refused while the plan was carried out.
	ReturnWithoutSale Rule = "return_without_sale"

	// OutOfStock: the shop had too few units when the order was placed. It happens only when the opening stock was
	// set lower than the demand.
	OutOfStock Rule = "out_of_stock"
)

// A row with a price of zero and a positive quantity is a sale like any other: goods left the shop and nothing was
// charged for them.

// The letters that an invoice number may begin with.
const (
	cancellation = 'C'
	correction   = 'A'
)

// refuse returns the rule that refuses a row whatever the customer bought before.
func refuse(row *Row) Rule {
	switch {
	case row.Invoice[0] == correction:
		return BadDebtAdjustment
	case row.SubPenny:
		return PricePrecision
	case row.UnitPrice.IsNegative():
		return NegativePrice
	case row.Quantity == 0:
		return ZeroQuantity
	case row.Quantity < 0 && !isCancelled(row.Invoice):
		return NegativeOnInvoice
	case row.Quantity > 0 && isCancelled(row.Invoice):
		return PositiveOnCancellation
	}
	return ""
}

func isCancelled(invoice string) bool { return strings.HasPrefix(invoice, string(cancellation)) }

// IsService reports whether a SKU stands for something that has no stock: postage, fees, discounts, vouchers, manual
// entries. Goods have codes that begin with five digits; everything else is a service.
func IsService(sku string) bool { return len(sku) < 5 || !isDigits(sku[:5]) }
