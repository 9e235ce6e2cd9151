package onlineretail

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/money"
)

// WriteReport writes a header and one CSV row for every row of the file, in their order:
//
//	line      the number of the row, 1 for the first after the header
//	invoice   as in the file
//	fate      accepted or refused
//	rule      the rule that refused it; empty when accepted
//	order_id  the order that the row is part of or came back from, several joined by ";"; empty when refused
//	amount    what was charged for the row, negative when it was refunded, 0.00 when refused
//
// So the amounts of the whole report sum to the net. It returns an *UnfinishedError before writing anything when an
// operation has not ended, and otherwise what w returned.
func (o *Outcome) WriteReport(w io.Writer) error {
	if err := o.finished(); err != nil {
		return err
	}
	rows := csv.NewWriter(w)
	record := []string{"line", "invoice", "fate", "rule", "order_id", "amount"}
	err := rows.Write(record)
	for i := 0; i < len(o.plan.rows) && err == nil; i++ {
		o.record(i, record)
		err = rows.Write(record)
	}
	rows.Flush() // keeps an earlier error for Error
	if err := rows.Error(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// record fills in the report's row for the i-th row of the file.
func (o *Outcome) record(i int, record []string) {
	row := &o.plan.rows[i]
	fate, orders, amount := "refused", "", int64(0)
	if o.rules[i] == "" {
		fate, orders, amount = "accepted", o.ordersOf(row), row.pence
	}
	record[0] = strconv.Itoa(i + 1)
	record[1] = o.plan.invoices[row.invoice]
	record[2] = fate
	record[3] = string(o.rules[i])
	record[4] = orders
	record[5] = money.New(amount, Currency).Decimal()
}

// ordersOf returns the IDs of the orders that an accepted row is part of or came back from.
func (o *Outcome) ordersOf(row *rowPlan) string {
	of := o.plan.operations[row.operation]
	if of.Place != nil {
		return o.OrderID(of.Place)
	}
	var ids []string
	for _, share := range of.Return.Lines[row.line].From {
		ids = append(ids, o.OrderID(share.Order))
	}
	return strings.Join(ids, ";")
}
