package onlineretail_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/internal/onlineretail"
	"github.com/keelshop/commerce/money"
)

func pence(n int64) money.Amount { return money.New(n, "GBP") }

// row makes a row of the file that has a description of its own for every SKU. An empty customer is a guest.
func row(invoice, sku string, quantity int, price, customer string) string {
	return fmt.Sprintf("%s,%s,THE %s,%d,2011-01-31 12:00:00,%s,%s,France", invoice, sku, sku, quantity, price, customer)
}

func TestFates(t *testing.T) {
	for _, c := range []struct {
		name string
		rows []string
		want string // of the last row in the report, after the invoice
	}{
		{"sale", []string{row("1", "10000", 3, "2.55", "7")}, "accepted,,ord_1-1,7.65"},
		{"guest's sale", []string{row("1", "10000", 3, "2.55", "")}, "accepted,,ord_1-1,7.65"},
		{"nothing charged", []string{row("1", "10000", 3, "0", "")}, "accepted,,ord_1-1,0.00"},
		{"postage", []string{row("1", "POST", 1, "18", "7")}, "accepted,,ord_1-1,18.00"},
		{"trailing zeros", []string{row("1", "10000", 3, "2.5500", "7")}, "accepted,,ord_1-1,7.65"},
		{"bad debt", []string{row("A1", "B", 1, "-11062.06", "")}, "refused,bad_debt_adjustment,,0.00"},
		{"bad debt, positive", []string{row("A1", "B", 1, "11062.06", "")}, "refused,bad_debt_adjustment,,0.00"},
		{"sub-penny", []string{row("1", "PADS", 1, "0.001", "7")}, "refused,price_precision,,0.00"},
		{"negative price", []string{row("1", "10000", 1, "-1", "7")}, "refused,negative_price,,0.00"},
		{"no quantity", []string{row("1", "10000", 0, "1", "7")}, "refused,zero_quantity,,0.00"},
		{"write-off", []string{row("1", "10000", -5, "0", "")}, "refused,negative_on_invoice,,0.00"},
		{"positive on a cancellation", []string{row("C1", "10000", 5, "1", "7")}, "refused,positive_on_cancellation,,0.00"},

		{"return", []string{row("1", "10000", 3, "2.55", "7"), row("C2", "10000", -2, "2.55", "7")},
			"accepted,,ord_1-1,-5.10"},
		{"return of postage", []string{row("1", "POST", 1, "18", "7"), row("C2", "POST", -1, "18", "7")},
			"accepted,,ord_1-1,-18.00"},
		{"return from two orders", []string{row("1", "10000", 3, "1", "7"), row("2", "10000", 3, "1", "7"),
			row("C3", "10000", -4, "1", "7")}, "accepted,,ord_1-1;ord_2-2,-4.00"},
		{"return of everything", []string{row("1", "10000", 3, "1", "7"), row("2", "10000", 3, "1", "7"),
			row("C3", "10000", -6, "1", "7")}, "accepted,,ord_1-1;ord_2-2,-6.00"},
		{"return of the rest", []string{row("1", "10000", 3, "1", "7"), row("2", "10000", 3, "1", "7"),
			row("C3", "10000", -3, "1", "7"), row("C4", "10000", -3, "1", "7")}, "accepted,,ord_2-2,-3.00"},
		{"equal prices", []string{row("1", "10000", 3, "2.5", "7"), row("C2", "10000", -3, "2.50", "7")},
			"accepted,,ord_1-1,-7.50"},

		{"return of one too many", []string{row("1", "10000", 3, "1", "7"), row("2", "10000", 3, "1", "7"),
			row("C3", "10000", -7, "1", "7")}, "refused,return_without_sale,,0.00"},
		{"return twice", []string{row("1", "10000", 3, "1", "7"), row("C2", "10000", -3, "1", "7"),
			row("C3", "10000", -1, "1", "7")}, "refused,return_without_sale,,0.00"},
		{"return of another's goods", []string{row("1", "10000", 3, "1", "8"), row("C2", "10000", -3, "1", "7")},
			"refused,return_without_sale,,0.00"},
		{"return at another price", []string{row("1", "10000", 3, "1", "7"), row("C2", "10000", -3, "1.01", "7")},
			"refused,return_without_sale,,0.00"},
		{"return in another case", []string{row("1", "10000a", 3, "1", "7"), row("C2", "10000A", -3, "1", "7")},
			"refused,return_without_sale,,0.00"},
		{"guest's return", []string{row("1", "10000", 3, "1", ""), row("C2", "10000", -3, "1", "")},
			"refused,return_without_sale,,0.00"},
		{"return of what was refused", []string{row("1", "PADS", 1, "0.001", "7"), row("C2", "PADS", -1, "0", "7")},
			"refused,return_without_sale,,0.00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := report(t, carryOut(plan(t, c.rows...)))
			if len(lines) != len(c.rows) {
				t.Fatalf("the report has %d rows, want %d", len(lines), len(c.rows))
			}
			last := c.rows[len(c.rows)-1]
			invoice, _, _ := strings.Cut(last, ",")
			if want := fmt.Sprintf("%d,%s,%s", len(c.rows), invoice, c.want); lines[len(lines)-1] != want {
				t.Errorf("got %s\nwant %s", lines[len(lines)-1], want)
			}
		})
	}
}

// A refused return takes nothing, so that a smaller one after it is still covered.
func TestRefusedReturnTakesNothing(t *testing.T) {
	lines := report(t, carryOut(plan(t,
		row("1", "10000", 3, "1", "7"),
		row("C2", "10000", -4, "1", "7"),
		row("C3", "10000", -3, "1", "7"))))
	if want := "3,C3,accepted,,ord_1-1,-3.00"; lines[2] != want {
		t.Errorf("got %s, want %s", lines[2], want)
	}
}

func TestRowsOfOneProductAndPriceAreOneLine(t *testing.T) {
	p := plan(t,
		row("1", "10000", 3, "1.00", "7"),
		row("1", "10001", 1, "1.00", "7"),
		row("1", "10000", 4, "1", "7"),
		row("1", "10000", 5, "1.01", "7"),
		row("1", "10000", 3, "1.00", "7"),
		row("C2", "10000", -8, "1", "7"),
		row("C2", "10000", -2, "1", "7"))
	lines := p.Sequences[0].Operations[0].Place.Lines
	want := []onlineretail.Line{
		{SKU: "10000", Description: "THE 10000", Quantity: 10, UnitPrice: pence(100), Rows: []int{1, 3, 5}},
		{SKU: "10001", Description: "THE 10001", Quantity: 1, UnitPrice: pence(100), Rows: []int{2}},
		{SKU: "10000", Description: "THE 10000", Quantity: 5, UnitPrice: pence(101), Rows: []int{4}},
	}
	if !slices.EqualFunc(lines, want, sameLine) {
		t.Errorf("got %+v\nwant %+v", lines, want)
	}

	ret := p.Sequences[0].Operations[1].Return
	if len(ret.Lines) != 2 || len(ret.Lines[0].From) != 1 || ret.Lines[0].From[0].Quantity != 8 ||
		len(ret.Lines[1].From) != 1 || ret.Lines[1].From[0].Line != 0 {
		t.Errorf("the return is %+v, want its two rows to come from the one merged line", ret.Lines)
	}
	refunds := carryOut(p).Refunds(ret)
	if len(refunds) != 1 || refunds[0].Key != "C2-6/1-1" || refunds[0].Amount != pence(1000) ||
		!slices.Equal(refunds[0].Lines, []onlineretail.RefundLine{{Line: 0, Quantity: 10}}) {
		t.Errorf("the refunds are %+v, want one of 10 units for 10.00", refunds)
	}
}

func sameLine(a, b onlineretail.Line) bool {
	return a.SKU == b.SKU && a.Description == b.Description && a.Quantity == b.Quantity &&
		a.UnitPrice == b.UnitPrice && a.Service == b.Service && slices.Equal(a.Rows, b.Rows)
}

func TestOrdersAndSequences(t *testing.T) {
	p := plan(t,
		row("1", "10000", 1, "1", "7"),
		row("2", "10000", 1, "1", ""),
		row("3", "10000", 1, "1", "8"),
		row("4", "10000", -1, "1", "9"), // makes no operation
		row("C5", "10000", -1, "1", "7"),
		row("2", "10000", 1, "1", ""), // the number re-appears
		row("6", "10000", 1, "1", "7"))
	var got []string
	for _, sequence := range p.Sequences {
		text := sequence.Customer + ":"
		for _, operation := range sequence.Operations {
			text += " " + operation.Key()
		}
		got = append(got, text)
	}
	if want := []string{"7: 1-1 C5-5 6-7", ": 2-2", "8: 3-3", ": 2-6"}; !slices.Equal(got, want) {
		t.Errorf("the sequences are %q, want %q", got, want)
	}
	if p.Rows() != 7 || p.Operations() != 6 {
		t.Errorf("%d rows and %d operations, want 7 and 6", p.Rows(), p.Operations())
	}
}

// An order is one invoice even when its rows are a minute apart or its first row is refused.
func TestOrderTakesTimeAndKeyFromItsFirstRow(t *testing.T) {
	p := plan(t,
		row("1", "PADS", 1, "0.001", "7"),
		row("1", "10000", -1, "0", "7"),
		replace(row("1", "10000", 1, "1", "7"), "12:00:00", "12:01:00"))
	order := p.Sequences[0].Operations[0].Place
	if order.Key != "1-1" || !order.At.Equal(time.Date(2011, 1, 31, 12, 0, 0, 0, time.UTC)) || len(order.Lines) != 1 ||
		order.Invoice != "1" || order.Customer != "7" || order.Country != "France" {
		t.Errorf("the order is %+v", order)
	}
	if p.Operations() != 1 {
		t.Errorf("%d operations, want 1", p.Operations())
	}
}

func TestLargeInvoice(t *testing.T) {
	var rows []string
	for i := range 1114 {
		rows = append(rows, row("1", fmt.Sprint(10000+i), 1, "1", ""))
	}
	p := plan(t, rows...)
	if order := p.Sequences[0].Operations[0].Place; len(order.Lines) != 1114 || p.Operations() != 1 {
		t.Errorf("%d lines in %d operations, want 1114 in one", len(order.Lines), p.Operations())
	}
}

func TestInvoiceOfTwoCustomersIsRefused(t *testing.T) {
	for column, second := range map[string]string{
		"CustomerID": row("1", "10000", 1, "1", "8"),
		"Country":    replace(row("1", "10000", 1, "1", "7"), "France", "EIRE"),
	} {
		_, err := onlineretail.NewPlan(strings.NewReader(file(row("1", "10000", 1, "1", "7"), second)))
		checkRowError(t, err, onlineretail.MixedInvoice, 3, column)
	}
}

func TestSumsThatOverflowAreRefused(t *testing.T) {
	var rows []string
	for i := range 9 {
		rows = append(rows, row(fmt.Sprint(i), "10000", onlineretail.MaxQuantity, "10000000", ""))
	}
	if _, err := onlineretail.NewPlan(strings.NewReader(file(rows...))); err != nil {
		t.Errorf("nine of the largest rows: %v", err)
	}
	rows = append(rows, row("C9", "10000", -onlineretail.MaxQuantity, "10000000", ""))
	_, err := onlineretail.NewPlan(strings.NewReader(file(rows...)))
	checkRowError(t, err, onlineretail.TooMuchMoney, 11, "")
}

func TestProducts(t *testing.T) {
	p := plan(t,
		row("1", "10000a", 1, "2", "7"),
		replace(row("1", "10000A", 1, "2", "7"), "THE 10000A", "?"),
		replace(row("1", "10000A", 2, "1", "7"), "THE 10000A", "  SHOP COPY "),
		replace(row("1", "10000A", 3, "1", "7"), "THE 10000A", "SHOP COPY"),
		row("2", "POST", 1, "0.001", "7"),
		replace(row("2", "22222", -4, "0", "7"), "THE 22222", ""),
		row("C3", "10000A", -2, "1", "7"))
	want := []onlineretail.Product{
		{SKU: "10000A", Title: "SHOP COPY", UnitsSold: 6, Prices: []money.Amount{pence(100), pence(200)}, UsualPrice: pence(100)},
		{SKU: "10000a", Title: "THE 10000a", UnitsSold: 1, Prices: []money.Amount{pence(200)}, UsualPrice: pence(200)},
		{SKU: "22222", Title: "22222"},
		{SKU: "POST", Title: "THE POST", Service: true},
	}
	if len(p.Products) != len(want) {
		t.Fatalf("%d products, want %d", len(p.Products), len(want))
	}
	for i, got := range p.Products {
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want[i]) {
			t.Errorf("got %+v, want %+v", got, want[i])
		}
	}
}

func TestUsualPriceOfEqualVotesIsTheLowest(t *testing.T) {
	p := plan(t, row("1", "10000", 9, "2", "7"), row("1", "10000", 1, "1", "7"), row("1", "10000", 1, "3", "7"))
	if usual := p.Products[0].UsualPrice; usual != pence(100) {
		t.Errorf("the usual price is %v, want the lowest of three that occur once", usual)
	}
}

func TestTitleOfEqualVotesIsTheFirst(t *testing.T) {
	var rows []string
	for i := range 8 {
		rows = append(rows, replace(row("1", "10000", 1, "1", "7"), "THE 10000", fmt.Sprintf("NAME %d", 9-i)))
	}
	if title := plan(t, rows...).Products[0].Title; title != "NAME 9" {
		t.Errorf("the title is %q, want that of the first row", title)
	}
}

func TestIsService(t *testing.T) {
	for sku, want := range map[string]bool{
		"85123A": false, "22139": false, "15056BL": false, "POST": true, "C2": true, "M": true, "m": true,
		"BANK CHARGES": true, "gift_0001_20": true, "DCGS0003": true, "1234": true, "1234A": true, "": true,
	} {
		if onlineretail.IsService(sku) != want {
			t.Errorf("IsService(%q) is %v", sku, !want)
		}
	}
}
