package onlineretail

import (
	"fmt"
	"strings"

	"github.com/keelshop/commerce/fault"
)

// Problem names what is wrong with a line of the file.
type Problem string

// The problems that stop a file from being read.
const (
	BadHeader    Problem = "bad_header"    // the first line does not name the eight columns in their order
	BadGzip      Problem = "bad_gzip"      // the compressed data is damaged
	Truncated    Problem = "truncated"     // the file ends inside a line or inside its compressed data
	LineTooLong  Problem = "line_too_long" // more than MaxLineBytes
	FieldTooLong Problem = "field_too_long"
	FieldCount   Problem = "field_count" // not eight fields
	BadQuotes    Problem = "bad_quotes"  // a quoted field is not closed on its line, or a quote stands in a bare field
	BadText      Problem = "bad_text"    // not UTF-8, or a control character
	BadInvoice   Problem = "bad_invoice"
	BadSKU       Problem = "bad_sku"
	BadQuantity  Problem = "bad_quantity"
	BadTime      Problem = "bad_time"
	BadPrice     Problem = "bad_price"
	BadCustomer  Problem = "bad_customer"
	BadCountry   Problem = "bad_country"
	MixedInvoice Problem = "mixed_invoice"  // neighbouring rows of one invoice disagree on customer or country
	TooMuchMoney Problem = "too_much_money" // the amounts so far no longer add up within int64
)

// RowError says which line of the file cannot be used and why. It matches fault.Invalid: mend the file.
type RowError struct {
	Line    int     // in the file, after decompression; the header is line 1
	Column  string  // as in the header; empty when the whole line is meant
	Problem Problem // for programs
	Value   string  // the offending text, shortened; may be empty
	Detail  string  // for people: what was wanted
	Err     error   // the cause, when another package found it
}

// Error returns one sentence with the line, the column, the text and what was wanted.
func (e *RowError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "line %d", e.Line)
	if e.Column != "" {
		fmt.Fprintf(&b, ", %s", e.Column)
	}
	if e.Value != "" {
		fmt.Fprintf(&b, " %q", e.Value)
	}
	fmt.Fprintf(&b, ": %s", e.Detail)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns fault.Invalid and the cause.
func (e *RowError) Unwrap() []error {
	if e.Err == nil {
		return []error{fault.Invalid}
	}
	return []error{fault.Invalid, e.Err}
}

// UnfinishedError reports an operation whose outcome was never told, so that no report can be complete. It matches
// fault.Conflict: carry the operation out first.
type UnfinishedError struct {
	Key string // of the PlaceOrder or Return
}

// Error names the operation.
func (e *UnfinishedError) Error() string {
	return fmt.Sprintf("operation %s has not ended yet, so its rows have no fate to report", e.Key)
}

// Unwrap returns fault.Conflict.
func (e *UnfinishedError) Unwrap() error { return fault.Conflict }

// shorten keeps an error readable and small whatever stood in the file.
func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return strings.Clone(s)
	}
	return s[:most] + "…"
}
