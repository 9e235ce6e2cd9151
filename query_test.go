package commerce_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
)

func TestQueryReadsAllShards(t *testing.T) {
	shop := commercetest.Open(t, commerce.WithShards(8))
	stock(t, shop, "mug", 40)
	for range 20 {
		if _, err := buy(t.Context(), shop, "mug", 2, checkout.Complete{}); err != nil {
			t.Fatal(err)
		}
	}
	var rows []commerce.Row
	for row, err := range shop.Query(t.Context(), `SELECT o.status, count(DISTINCT o.id) AS orders, sum(l.quantity) AS units, sum(l.total)
		FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE l.sku = ? GROUP BY 1`, "mug") {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if got := fmt.Sprint(rows); got != "[{[status orders units sum(l.total)] [placed 20 40 50000]}]" {
		t.Errorf("got %s", got)
	}
}

func TestQueryOnlyReads(t *testing.T) {
	shop := commercetest.Open(t, commerce.WithShards(2))
	for _, q := range []string{
		`DELETE FROM main.orders`, `CREATE TABLE t (x)`, `SELECT`, `SELECT * FROM nothing`, `PRAGMA query_only = OFF; DELETE FROM main.orders`,
		`INSERT INTO s1.outbox (seq, slot, at, kind, subject, data) VALUES (99, 0, 0, 'x', 'x', x'')`,
	} {
		failed := false
		for _, err := range shop.Query(t.Context(), q) {
			if failed = err != nil; failed && !errors.Is(err, fault.Invalid) {
				t.Errorf("%s: got %v, want fault.Invalid", q, err)
			}
		}
		if !failed {
			t.Errorf("%s ran", q)
		}
	}
}

func TestEveryViewIsDocumented(t *testing.T) {
	shop := commercetest.Open(t)
	text, err := os.ReadFile("docs/views.md")
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range shop.Query(t.Context(), `SELECT v.name, c.name FROM temp.sqlite_schema v JOIN pragma_table_info(v.name) c WHERE v.type = 'view'`) {
		if err != nil {
			t.Fatal(err)
		}
		view, column := row.Values[0].(string), row.Values[1].(string)
		_, section, found := strings.Cut(string(text), "## "+view+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		if !found || !strings.Contains(section, "`"+column+"`") {
			t.Errorf("docs/views.md does not describe column %s of view %s", column, view)
		}
	}
}
