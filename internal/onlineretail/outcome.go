package onlineretail

import (
	"fmt"

	"github.com/keelshop/commerce/money"
)

// Outcome collects what became of a plan's operations. The methods that take an operation may be called by several
// goroutines at once as long as each sequence is in the hands of one, and must all have returned before WriteReport
// or Summary is called. Telling the same outcome twice, as after a retry, changes nothing.
type Outcome struct {
	plan   *Plan
	rules  []Rule      // one for each row
	result []operation // one for each operation
}

// operation is what became of one.
type operation struct {
	ended   bool
	orderID string // of a placed order
}

// NewOutcome returns an outcome in which no operation has ended.
func (p *Plan) NewOutcome() *Outcome {
	o := &Outcome{plan: p, rules: make([]Rule, len(p.rows)), result: make([]operation, len(p.operations))}
	for i := range p.rows {
		o.rules[i] = p.rows[i].rule
	}
	return o
}

// Placed tells that the order exists under this ID, with all its lines but those told to LineRefused.
func (o *Outcome) Placed(order *PlaceOrder, orderID string) {
	o.result[order.index] = operation{ended: true, orderID: orderID}
}

// OrderRefused tells that the shop did not take the order at all.
func (o *Outcome) OrderRefused(order *PlaceOrder, rule Rule) {
	for i := range order.Lines {
		o.LineRefused(order, i, rule)
	}
	o.result[order.index] = operation{ended: true}
}

// LineRefused tells that order.Lines[line] is not part of the order. The order still ends with Placed or
// OrderRefused.
func (o *Outcome) LineRefused(order *PlaceOrder, line int, rule Rule) {
	for _, row := range order.Lines[line].Rows {
		o.rules[row-1] = rule
	}
}

// Returned tells that all of o.Refunds(ret) have been made. Lines that they leave out are refused as
// ReturnWithoutSale.
func (o *Outcome) Returned(ret *Return) {
	for _, line := range ret.Lines {
		if !o.covered(line) {
			o.rules[line.Row-1] = ReturnWithoutSale
		}
	}
	o.result[ret.index] = operation{ended: true}
}

// OrderID returns the ID told to Placed; empty for an order that was refused or has not ended.
func (o *Outcome) OrderID(order *PlaceOrder) string { return o.result[order.index].orderID }

// Refund is the part of a return that goes back to one order.
type Refund struct {
	Key    string // the return's key and the order's: its idempotency key
	Order  *PlaceOrder
	Lines  []RefundLine // one for each order line, in the order of first mention
	Amount money.Amount // what the lines cost; not negative
}

// RefundLine is a quantity that comes back from one order line.
type RefundLine struct {
	Line     int   // in Order.Lines
	Quantity int64 // positive
}

// Refunds groups a return by the orders it comes back from, the first mentioned first. All orders of the sequence
// before it must have ended. A return line of which any part was refused at its sale is left out as a whole, so the
// result may be empty; Returned is called all the same.
func (o *Outcome) Refunds(ret *Return) []Refund {
	var refunds []Refund
	position := make(map[*PlaceOrder]int)
	for _, line := range ret.Lines {
		if !o.covered(line) {
			continue
		}
		for _, share := range line.From {
			at, ok := position[share.Order]
			if !ok {
				at = len(refunds)
				position[share.Order] = at
				refunds = append(refunds, Refund{Key: fmt.Sprintf("%s/%s", ret.Key, share.Order.Key), Order: share.Order})
			}
			refunds[at].add(share, line.UnitPrice)
		}
	}
	return refunds
}

// covered reports whether every order line that the return line comes from was sold.
func (o *Outcome) covered(line ReturnLine) bool {
	for _, share := range line.From {
		sold := share.Order.Lines[share.Line].Rows[0] // the rows of one line share their fate
		if o.rules[sold-1] != "" {
			return false
		}
	}
	return true
}

func (r *Refund) add(share Share, unitPrice money.Amount) {
	r.Amount = money.New(r.Amount.Minor()+share.Quantity*unitPrice.Minor(), Currency) // TooMuchMoney rules out overflow
	for i := range r.Lines {
		if r.Lines[i].Line == share.Line {
			r.Lines[i].Quantity += share.Quantity
			return
		}
	}
	r.Lines = append(r.Lines, RefundLine{Line: share.Line, Quantity: share.Quantity})
}

// finished returns an *UnfinishedError for the first operation that has not ended.
func (o *Outcome) finished() error {
	for i, result := range o.result {
		if !result.ended {
			return &UnfinishedError{Key: o.plan.operations[i].Key()}
		}
	}
	return nil
}
