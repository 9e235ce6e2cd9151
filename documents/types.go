package documents

import (
	"fmt"
	"strconv"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/pricing"
)

// ID identifies a document, as in doc_01KAJ3W7Q8Z5D4F6G7H8J9K0M1.
type ID string

// Kind says what a document is.
type Kind string

// The kinds.
const (
	Invoice    Kind = "invoice"
	CreditNote Kind = "credit_note"
)

// Document is an invoice or a credit note, as it was written. The amounts of a
// credit note are positive: what is credited.
type Document struct {
	ID          ID
	Kind        Kind
	Number      string // as in INV-2026-000001; "" for a moment, until it is issued
	IssuedAt    time.Time
	Order       orders.ID
	OrderNumber string
	Of          ID     // the invoice that a credit note corrects
	OfNumber    string // and its number
	Grant       int    // the refund that a credit note is for; 0 is what a canceled order had left
	Reason      string // of a credit note, or why an invoice has no tax

	Currency        money.Currency
	TaxIncluded     bool // in the unit prices
	Lines           []Line
	Net, Tax, Gross money.Amount     // Net + Tax = Gross, the sum of the lines
	Taxes           []pricing.TaxSum // what Tax consists of
	Seller          Seller
	SuppliedAt      time.Time // when goods first left; zero if none had
	PayableUntil    time.Time // by the order's payment terms; zero if it has none, and for credit notes
	At              time.Time // when it was drawn up

	contact seal.Sealed
	subject string
}

// Line is one row of a document.
type Line struct {
	Kind            LineKind
	Line            int // of the order, for goods
	SKU, Title      string
	Quantity        int64 // 0 is a lower price
	UnitPrice       money.Amount
	Net, Tax, Gross money.Amount // after discounts
	// Delivery is the number of the order's delivery that it is in; 0 if the
	// order goes to one place.
	Delivery int
}

// LineKind says what a row is about.
type LineKind string

// The kinds of rows.
const (
	Goods    LineKind = "goods"
	Shipping LineKind = "shipping"
	Fee      LineKind = "fee"   // that is on no line; those of lines are in theirs
	Other    LineKind = "other" // what is credited for no goods, or was credited before
)

// Seller is who a document is from. It is public and not sealed.
type Seller struct {
	Name    string   `cbor:"1,keyasint,omitempty"`
	Address []string `cbor:"2,keyasint,omitempty"`                   // lines
	Country string   `cbor:"3,keyasint,omitempty"`                   // ISO 3166-1
	TaxID   string   `cbor:"4,keyasint,omitempty"`                   // such as a VAT number
	Contact []string `cbor:"5,keyasint,omitempty"`                   // lines such as an e-mail address
	Bank    []string `cbor:"6,keyasint,omitempty" command:"numbers"` // lines such as an IBAN
	Note    string   `cbor:"7,keyasint,omitempty"`                   // at the foot, such as the register's number
}

// NotFoundError says that there is no such document.
type NotFoundError struct{ Document string }

func (e *NotFoundError) Error() string { return fmt.Sprintf("there is no document %s", e.Document) }

// Unwrap returns fault.NotFound.
func (e *NotFoundError) Unwrap() error { return fault.NotFound }

// series returns the series of a kind in a year.
func (s Settings) series(k Kind, year int) string {
	prefix := s.InvoicePrefix
	if k == CreditNote {
		prefix = s.CreditPrefix
	}
	return prefix + "-" + strconv.Itoa(year)
}

func numberIn(series string, n int64) string { return fmt.Sprintf("%s-%06d", series, n) }
