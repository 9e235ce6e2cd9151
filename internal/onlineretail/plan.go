package onlineretail

import (
	"io"
	"time"

	"github.com/keelshop/commerce/money"
)

// Plan says what the rows of a file make: products, orders and returns, and the fate of every row. It does not
// change once made and is safe for concurrent use.
type Plan struct {
	Products  []Product  // every SKU in the file, in the order of their bytes
	Sequences []Sequence // in the order in which their first operations stand in the file

	rows       []rowPlan
	invoices   []string
	operations []Operation
}

// Rows returns the number of rows in the file.
func (p *Plan) Rows() int { return len(p.rows) }

// Operations returns the number of orders and returns in all sequences.
func (p *Plan) Operations() int { return len(p.operations) }

// Sequence holds operations that must be carried out one after another, because a later one may return what an
// earlier one sold. Different sequences share nothing but stock: they can run in any order and at the same time.
type Sequence struct {
	Customer   string // empty for a guest, whose every invoice is a sequence of its own
	Operations []Operation
}

// Operation is an order to be placed or a return to be taken: exactly one of its fields is set.
type Operation struct {
	Place  *PlaceOrder
	Return *Return
}

// Key is the operation's idempotency key.
func (o Operation) Key() string {
	if o.Place != nil {
		return o.Place.Key
	}
	return o.Return.Key
}

// PlaceOrder is one invoice's accepted sale lines. An invoice number that appears again further down in the file
// is another order.
type PlaceOrder struct {
	Key      string // the invoice and the number of its first row, such as "536365-1": unique in the file
	Invoice  string
	Customer string // empty for a guest
	Country  string
	At       time.Time // of the invoice's first row
	Lines    []Line    // in the order of their first rows; never empty

	index int // in Plan.operations
}

// Line is one cart line. A cart has one line for each (SKU, UnitPrice), so rows that agree in both are one line.
type Line struct {
	SKU         string
	Description string       // the first that its rows give, without outer spaces; may be empty
	Quantity    int64        // the sum over Rows, positive
	UnitPrice   money.Amount // not negative
	Service     bool         // nothing is taken from stock
	Rows        []int        // the numbers of the rows that make the line
}

// Return is one cancelled invoice's accepted lines.
type Return struct {
	Key      string // like that of an order, such as "C536391-236"
	Invoice  string
	Customer string // never empty
	At       time.Time
	Lines    []ReturnLine // one for each row; never empty

	index int
}

// ReturnLine is one cancelled row: what comes back, and which order lines it comes back from.
type ReturnLine struct {
	Row       int // its number
	SKU       string
	Quantity  int64 // positive, the sum over From
	UnitPrice money.Amount
	From      []Share // oldest order first
}

// Share is the part of a return that one order line covers.
type Share struct {
	Order    *PlaceOrder
	Line     int // in Order.Lines
	Quantity int64
}

// rowPlan is what the plan knows of one row. It is small, for there are many.
type rowPlan struct {
	pence     int64 // quantity times unit price; negative for goods that came back
	invoice   int32 // in Plan.invoices
	operation int32 // in Plan.operations; -1 for none
	line      int32 // in the operation's Lines
	rule      Rule
}

// NewPlan reads a whole file as [Rows] does, decides the fate of every row and groups the accepted ones. It returns
// the first error of Rows, or a *RowError when neighbouring rows of one invoice disagree on the customer or country.
func NewPlan(src io.Reader) (*Plan, error) {
	p := newPlanner()
	for row, err := range Rows(src) {
		if err != nil {
			return nil, err
		}
		if err := p.add(&row); err != nil {
			return nil, err
		}
	}
	return p.finish(), nil
}
