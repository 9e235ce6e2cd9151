package onlineretail_test

import (
	"encoding/csv"
	"math/big"
	"strings"

	"github.com/keelshop/commerce/internal/onlineretail"
)

// reporter is what a test, a fuzz target and a property have in common.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// checkPlan holds a plan to what its types promise.
func checkPlan(t reporter, p *onlineretail.Plan) {
	t.Helper()
	keys := make(map[string]bool)
	used := make(map[int]bool) // rows
	operations := 0
	for _, sequence := range p.Sequences {
		placed := make(map[*onlineretail.PlaceOrder]bool)
		last := 0
		for _, operation := range sequence.Operations {
			operations++
			if (operation.Place == nil) == (operation.Return == nil) || keys[operation.Key()] {
				t.Errorf("operation %s is not one order or one return with a key of its own", operation.Key())
			}
			keys[operation.Key()] = true
			var first int
			if order := operation.Place; order != nil {
				placed[order] = true
				first = order.Lines[0].Rows[0]
				checkOrder(t, order, sequence.Customer, used)
			} else {
				first = operation.Return.Lines[0].Row
				checkReturn(t, operation.Return, sequence.Customer, placed, used)
			}
			if first <= last {
				t.Errorf("operation %s stands before what it follows in the file", operation.Key())
			}
			last = first
		}
	}
	if operations != p.Operations() {
		t.Errorf("%d operations in the sequences, %d in the plan", operations, p.Operations())
	}
	checkNothingComesBackTwice(t, p)
}

func checkOrder(t reporter, order *onlineretail.PlaceOrder, customer string, used map[int]bool) {
	t.Helper()
	if order.Customer != customer || order.Country == "" || order.At.IsZero() || len(order.Lines) == 0 {
		t.Errorf("order %s is incomplete: %+v", order.Key, order)
	}
	type key struct {
		sku   string
		price int64
	}
	lines := make(map[key]bool)
	for _, line := range order.Lines {
		k := key{line.SKU, line.UnitPrice.Minor()}
		if lines[k] || line.Quantity <= 0 || line.UnitPrice.IsNegative() || len(line.Rows) == 0 {
			t.Errorf("order %s has the line %+v", order.Key, line)
		}
		lines[k] = true
		for _, row := range line.Rows {
			use(t, used, row)
		}
	}
}

func checkReturn(t reporter, ret *onlineretail.Return, customer string, placed map[*onlineretail.PlaceOrder]bool,
	used map[int]bool) {
	t.Helper()
	if customer == "" || ret.Customer != customer || ret.At.IsZero() || len(ret.Lines) == 0 {
		t.Errorf("return %s is incomplete: %+v", ret.Key, ret)
	}
	for _, line := range ret.Lines {
		use(t, used, line.Row)
		var sum int64
		for _, share := range line.From {
			sold := share.Order.Lines[share.Line]
			if !placed[share.Order] || sold.SKU != line.SKU || sold.UnitPrice != line.UnitPrice || share.Quantity <= 0 {
				t.Errorf("return %s: row %d cannot come from %+v", ret.Key, line.Row, share)
			}
			sum += share.Quantity
		}
		if sum != line.Quantity || sum <= 0 {
			t.Errorf("return %s: the shares of row %d sum to %d, want %d", ret.Key, line.Row, sum, line.Quantity)
		}
	}
}

func use(t reporter, used map[int]bool, row int) {
	t.Helper()
	if used[row] {
		t.Errorf("row %d is in two places of the plan", row)
	}
	used[row] = true
}

func checkNothingComesBackTwice(t reporter, p *onlineretail.Plan) {
	t.Helper()
	type place struct {
		order *onlineretail.PlaceOrder
		line  int
	}
	back := make(map[place]int64)
	for _, sequence := range p.Sequences {
		for _, operation := range sequence.Operations {
			if operation.Return == nil {
				continue
			}
			for _, line := range operation.Return.Lines {
				for _, share := range line.From {
					back[place{share.Order, share.Line}] += share.Quantity
				}
			}
		}
	}
	for at, quantity := range back {
		if sold := at.order.Lines[at.line].Quantity; quantity > sold {
			t.Errorf("order %s, line %d: %d came back of %d sold", at.order.Key, at.line, quantity, sold)
		}
	}
}

// checkTotals adds the report up with other means and compares the summary.
func checkTotals(t reporter, o *onlineretail.Outcome) {
	t.Helper()
	s, err := o.Summary(0)
	if err != nil {
		t.Fatalf("summary: %v", err)
	}
	var b strings.Builder
	if err := o.WriteReport(&b); err != nil {
		t.Fatalf("report: %v", err)
	}
	records, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil {
		t.Fatalf("the report is not CSV: %v", err)
	}
	accepted, net := 0, new(big.Rat)
	refused := make(map[onlineretail.Rule]int)
	for _, record := range records[1:] {
		value, ok := new(big.Rat).SetString(record[5])
		if !ok {
			t.Fatalf("%q is not an amount", record[5])
		}
		net.Add(net, value)
		if record[2] == "accepted" {
			accepted++
			continue
		}
		refused[onlineretail.Rule(record[3])]++
	}
	sum := accepted
	for rule, n := range refused {
		sum += n
		if s.Refused[rule] != n || rule == "" {
			t.Errorf("%d rows are refused by %q, the summary says %d", n, rule, s.Refused[rule])
		}
	}
	if s.LinesIn != sum || s.LinesIn != len(records)-1 || s.Accepted != accepted || len(s.Refused) != len(refused) {
		t.Errorf("the report has %d rows, %d of them accepted; the summary is %+v", sum, accepted, s)
	}
	if s.Net["GBP"] != net.FloatString(2) {
		t.Errorf("the report sums to %s, the summary says %s", net.FloatString(2), s.Net["GBP"])
	}
}
