package onlineretail_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// entry is a row of the file, small enough that a few dozen meet each other often.
type entry struct {
	invoice  string
	sku      string
	quantity int
	pence    int
	customer string
}

func (e entry) String() string {
	return row(e.invoice, e.sku, e.quantity, fmt.Sprintf("%d.%02d", e.pence/100, e.pence%100), e.customer)
}

// entries draws invoices of one to four rows. Numbers repeat, so that some runs are joined and some re-appear.
func entries(t *rapid.T) []entry {
	var all []entry
	for range rapid.IntRange(0, 20).Draw(t, "invoices") {
		number := rapid.IntRange(1, 9).Draw(t, "number")
		customer := rapid.SampledFrom([]string{"", "7", "8"}).Draw(t, "customer")
		cancelled := rapid.Bool().Draw(t, "cancelled")
		// An invoice number belongs to one customer, as the format demands of neighbours.
		invoice := fmt.Sprintf("%d%s", number, customer)
		if cancelled {
			invoice = "C" + invoice
		}
		for range rapid.IntRange(1, 4).Draw(t, "rows") {
			quantity := rapid.IntRange(-1, 4).Draw(t, "quantity") // mostly of the usual sign
			if cancelled {
				quantity = -quantity
			}
			all = append(all, entry{invoice, rapid.SampledFrom([]string{"10000a", "10000A"}).Draw(t, "sku"), quantity,
				rapid.IntRange(0, 1).Draw(t, "pence"), customer})
		}
	}
	return all
}

// unit is one sold piece that has not come back.
type unit struct {
	entry
	order string
}

// model is what the plan must come to, worked out one unit at a time.
func model(all []entry) (lines []string) {
	var sold []unit
	first := 0
	for i, e := range all {
		if i == 0 || e.invoice != all[i-1].invoice {
			first = i
		}
		order := fmt.Sprintf("ord_%s-%d", e.invoice, first+1)
		cancelled := strings.HasPrefix(e.invoice, "C")
		fate := "accepted,," + order + "," + amount(e.quantity*e.pence)
		switch {
		case e.quantity == 0:
			fate = "refused,zero_quantity,,0.00"
		case e.quantity < 0 && !cancelled:
			fate = "refused,negative_on_invoice,,0.00"
		case e.quantity > 0 && cancelled:
			fate = "refused,positive_on_cancellation,,0.00"
		case cancelled:
			var orders []string
			if sold, orders = giveBack(sold, e); orders == nil {
				fate = "refused,return_without_sale,,0.00"
				break
			}
			fate = "accepted,," + strings.Join(slices.Compact(orders), ";") + "," + amount(e.quantity*e.pence)
		default:
			for range e.quantity {
				sold = append(sold, unit{e, order})
			}
		}
		lines = append(lines, fmt.Sprintf("%d,%s,%s", i+1, e.invoice, fate))
	}
	return lines
}

// giveBack takes the oldest units that match e and returns the order of each, or nothing when there are too few.
func giveBack(sold []unit, e entry) (left []unit, orders []string) {
	for _, u := range sold {
		same := u.customer == e.customer && e.customer != "" && u.sku == e.sku && u.pence == e.pence
		if same && len(orders) < -e.quantity {
			orders = append(orders, u.order)
			continue
		}
		left = append(left, u)
	}
	if len(orders) < -e.quantity {
		return sold, nil
	}
	return left, orders
}

func amount(pence int) string {
	if pence < 0 {
		return "-" + amount(-pence)
	}
	return fmt.Sprintf("%d.%02d", pence/100, pence%100)
}

func TestPlanAgreesWithModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := entries(rt)
		var rows []string
		for _, e := range all {
			rows = append(rows, e.String())
		}
		p := plan(t, rows...)
		o := carryOut(p)
		got, want := report(t, o), model(all)
		if len(all) == 0 {
			want = []string{}
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			rt.Fatalf("rows\n%s\nreport\n%s\nmodel\n%s", strings.Join(rows, "\n"), strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		checkPlan(rt, p)
		checkTotals(rt, o)
	})
}
