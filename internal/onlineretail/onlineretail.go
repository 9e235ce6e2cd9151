// Package onlineretail turns a retailer's order file into work for a shop: it reads the rows, decides the fate of
// each by a named rule, and plans the orders and returns that the accepted ones make.
//
// The format is that of the UCI data set "Online Retail" (Chen 2015, doi 10.24432/C5BW33): one line of an invoice
// per row, in order of time, in pounds sterling. The package does no I/O beyond the reader and writers it is given
// and knows nothing of the engine that carries the plan out:
//
//	plan, err := onlineretail.NewPlan(file)
//	// create plan.Products; then, for each of plan.Sequences on any goroutine, its operations in order:
//	outcome := plan.NewOutcome()
//	outcome.Placed(operation.Place, orderID)
//	// when all have ended:
//	err = outcome.WriteReport(report)
//	summary, err := outcome.Summary(elapsed)
//
// The same bytes always give the same plan. A file that breaks the format anywhere gives no plan at all, so nothing
// is half done on its account.
package onlineretail

import (
	"time"

	"github.com/keelshop/commerce/money"
)

// Currency is that of every price and amount in this package.
const Currency money.Currency = "GBP"

// Row is one line of an invoice as it stands in the file. Its strings share memory with each other: clone what is
// kept for long.
type Row struct {
	Number      int       // 1 for the first row after the header; the row is on line Number+1 of the file
	Invoice     string    // digits; a leading C marks a cancellation and a leading A a correction of the books
	SKU         string    // case-sensitive
	Description string    // as in the file, outer spaces included; may be empty
	Quantity    int64     // within ±MaxQuantity; negative for goods that came back or were written off
	At          time.Time // by the shop's clock; the file names no zone, so it is given as UTC; not before 1970
	Customer    string    // digits; empty for a guest
	Country     string    // as in the file, not an ISO name

	// UnitPrice is the price of one unit, within ±MaxUnitPricePence. A price with a fraction of a penny has SubPenny
	// set and is cut towards zero here; the plan refuses it.
	UnitPrice money.Amount
	SubPenny  bool
}

// Limits of one row. Together they keep the amount of a row within int64, and a reader's memory within a few pages.
const (
	MaxQuantity       = 1_000_000_000
	MaxUnitPricePence = 1_000_000_000
	MaxFieldBytes     = 256
	MaxLineBytes      = 8192
)
