package onlineretail

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/keelshop/commerce/money"
)

// planner makes a plan row by row.
type planner struct {
	plan      *Plan
	survey    *survey
	customers map[string]*customer
	countries map[string]string
	invoice   invoice
	cartLines map[lotKey]int // of invoice.place: position in its Lines
	turnover  int64          // the sum of all amounts in pence, whatever their sign
}

// invoice is the one whose rows are being read: a run of rows with one invoice number.
type invoice struct {
	number   string
	slot     int32 // in Plan.invoices
	key      string
	at       time.Time
	country  string
	buyer    *customer   // nobody for a guest
	place    *PlaceOrder // nil before the first accepted sale
	returned *Return     // nil before the first accepted return
}

// customer is what has to be remembered of one customer until the end of the file.
type customer struct {
	name     string // empty for a guest
	sequence int    // in Plan.Sequences; -1 before the first operation
	unreturned
}

func newCustomer(name string) *customer {
	return &customer{name: strings.Clone(name), sequence: -1, unreturned: make(unreturned)}
}

func newPlanner() *planner {
	return &planner{
		plan:      &Plan{},
		survey:    newSurvey(),
		customers: make(map[string]*customer),
		countries: make(map[string]string),
		cartLines: make(map[lotKey]int),
	}
}

func (p *planner) finish() *Plan {
	p.plan.Products = p.survey.products()
	return p.plan
}

// add decides the fate of the next row.
func (p *planner) add(row *Row) error {
	if row.Invoice != p.invoice.number {
		p.begin(row)
	}
	if err := p.checkSame(row); err != nil {
		return err
	}
	pence := row.Quantity * row.UnitPrice.Minor() // the limits of a row keep this within int64
	if err := p.count(row, pence); err != nil {
		return err
	}
	product := p.survey.see(row)
	made := rowPlan{pence: pence, invoice: p.invoice.slot, operation: -1}
	made.rule = refuse(row)
	switch {
	case made.rule != "":
	case row.Quantity > 0:
		p.sell(row, product, &made)
	default:
		p.takeBack(row, product, &made)
	}
	p.plan.rows = append(p.plan.rows, made)
	return nil
}

// begin opens the invoice of row.
func (p *planner) begin(row *Row) {
	if order := p.invoice.place; order != nil {
		order.Lines = slices.Clone(order.Lines) // without the room to grow
	}
	p.invoice = invoice{
		number:  strings.Clone(row.Invoice),
		slot:    int32(len(p.plan.invoices)),
		key:     fmt.Sprintf("%s-%d", row.Invoice, row.Number),
		at:      row.At,
		country: p.country(row.Country),
		buyer:   p.customer(row.Customer),
	}
	p.plan.invoices = append(p.plan.invoices, p.invoice.number)
	clear(p.cartLines)
}

func (p *planner) country(name string) string {
	kept, ok := p.countries[name]
	if !ok {
		kept = strings.Clone(name)
		p.countries[kept] = kept
	}
	return kept
}

// customer returns the one with that name. Every guest is somebody else, who has bought nothing before.
func (p *planner) customer(name string) *customer {
	if name == "" {
		return newCustomer(name)
	}
	c := p.customers[name]
	if c == nil {
		c = newCustomer(name)
		p.customers[c.name] = c
	}
	return c
}

// checkSame refuses to guess whose invoice it is when its rows disagree.
func (p *planner) checkSame(row *Row) error {
	switch {
	case row.Customer != p.invoice.buyer.name:
		return p.mixed(row, colCustomer, row.Customer, p.invoice.buyer.name)
	case row.Country != p.invoice.country:
		return p.mixed(row, colCountry, row.Country, p.invoice.country)
	}
	return nil
}

func (p *planner) mixed(row *Row, column int, have, want string) error {
	return &RowError{Line: row.Number + 1, Column: columnName(column), Problem: MixedInvoice, Value: shorten(have),
		Detail: fmt.Sprintf("the rows of invoice %s before it have %q", p.invoice.number, want)}
}

// count keeps every sum over rows within int64, so that nobody downstream can meet an overflow.
func (p *planner) count(row *Row, pence int64) error {
	size := max(pence, -pence)
	if size > math.MaxInt64-p.turnover {
		return &RowError{Line: row.Number + 1, Problem: TooMuchMoney, Value: money.New(pence, Currency).Decimal(),
			Detail: "the amounts up to this line no longer add up in 64 bits"}
	}
	p.turnover += size
	return nil
}

// sell puts the row into the invoice's order.
func (p *planner) sell(row *Row, product *product, made *rowPlan) {
	order := p.invoice.place
	if order == nil {
		order = p.newOrder()
	}
	key := lotKey{product, row.UnitPrice.Minor()}
	at, merged := p.cartLines[key]
	if !merged {
		at = len(order.Lines)
		p.cartLines[key] = at
		order.Lines = append(order.Lines, Line{SKU: product.SKU, UnitPrice: row.UnitPrice, Service: product.Service})
	}
	line := &order.Lines[at]
	line.Quantity += row.Quantity
	line.Rows = append(line.Rows, row.Number)
	if line.Description == "" {
		line.Description = product.description(row)
	}
	product.sold(row)
	p.invoice.buyer.bought(key, Share{Order: order, Line: at, Quantity: row.Quantity})
	made.operation, made.line = int32(order.index), int32(at)
}

// takeBack puts the row into the invoice's return, or refuses it when the customer has not that much to return.
func (p *planner) takeBack(row *Row, product *product, made *rowPlan) {
	from := p.invoice.buyer.take(lotKey{product, row.UnitPrice.Minor()}, -row.Quantity)
	if from == nil {
		made.rule = ReturnWithoutSale
		return
	}
	ret := p.invoice.returned
	if ret == nil {
		ret = p.newReturn()
	}
	made.operation, made.line = int32(ret.index), int32(len(ret.Lines))
	ret.Lines = append(ret.Lines, ReturnLine{Row: row.Number, SKU: product.SKU, Quantity: -row.Quantity,
		UnitPrice: row.UnitPrice, From: from})
}

func (p *planner) newOrder() *PlaceOrder {
	in := &p.invoice
	in.place = &PlaceOrder{Key: in.key, Invoice: in.number, Customer: in.buyer.name, Country: in.country, At: in.at,
		index: len(p.plan.operations)}
	p.append(Operation{Place: in.place})
	return in.place
}

func (p *planner) newReturn() *Return {
	in := &p.invoice
	in.returned = &Return{Key: in.key, Invoice: in.number, Customer: in.buyer.name, At: in.at,
		index: len(p.plan.operations)}
	p.append(Operation{Return: in.returned})
	return in.returned
}

// append adds an operation to the plan and to the sequence of its customer.
func (p *planner) append(o Operation) {
	p.plan.operations = append(p.plan.operations, o)
	buyer := p.invoice.buyer
	if buyer.sequence < 0 {
		buyer.sequence = len(p.plan.Sequences)
		p.plan.Sequences = append(p.plan.Sequences, Sequence{Customer: buyer.name})
	}
	sequence := &p.plan.Sequences[buyer.sequence]
	sequence.Operations = append(sequence.Operations, o)
}
