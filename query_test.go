package commerce_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
		`SELECT contact FROM main.orders`, `SELECT * FROM s1.customers`, `SELECT count(*) FROM main.answers`, `SELECT * FROM answers`,
		`WITH orders AS (SELECT contact FROM main.orders) SELECT * FROM orders`, `SELECT * FROM (SELECT id FROM main.orders) AS orders`,
		`SELECT name FROM sqlite_schema`, `SELECT name FROM temp.sqlite_schema`, `SELECT * FROM pragma_table_info('orders')`,
		`SELECT * FROM pragma_database_list`, `PRAGMA database_list`, `PRAGMA query_only = OFF`, `ATTACH 'file' AS other`,
		`DETACH s1`, `SELECT load_extension('x')`, `SELECT * FROM dbstat`, `SELECT * FROM sqlite_dbpage`, `BEGIN`, `ROLLBACK`, `VACUUM INTO 'copy'`,
		`CREATE TEMP TABLE t AS SELECT * FROM orders`, `CREATE TEMP VIEW v AS SELECT 1`, `DROP VIEW orders`, `EXPLAIN DELETE FROM main.orders`,
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
	views, err := shop.Views()
	must(t, err)
	for view, columns := range views {
		_, section, found := strings.Cut(string(text), "## "+view+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		for _, column := range columns {
			if !found || !strings.Contains(section, "`"+column+"`") {
				t.Errorf("docs/views.md does not describe column %s of view %s", column, view)
			}
		}
	}
}

// TestQueryReadsWhatItMay: views by themselves and in every other place, and
// what is in JSON.
func TestQueryReadsWhatItMay(t *testing.T) {
	shop := commercetest.Open(t, commerce.WithShards(2))
	stock(t, shop, "mug", 40)
	_, err := buy(t.Context(), shop, "mug", 2, checkout.Complete{})
	must(t, err)
	for _, q := range []string{
		`SELECT status, count(*) FROM orders GROUP BY 1`, `WITH o AS (SELECT id FROM orders) SELECT * FROM o`,
		`SELECT id FROM orders WHERE id IN (SELECT order_id FROM order_lines)`, `SELECT 1 FROM orders`,
		`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n`,
		`SELECT e.kind, j.value FROM events e, json_each(e.data) j`, `SELECT upper(sku), sum(quantity) OVER () FROM order_lines AS orders`,
	} {
		n := 0
		for _, err := range shop.Query(t.Context(), q) {
			if n++; err != nil {
				t.Errorf("%s: %v", q, err)
			}
		}
		if n == 0 {
			t.Errorf("%s: no rows", q)
		}
	}
}

// TestCloseWaitsForAQuery, a few seconds.
func TestCloseWaitsForAQuery(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "shop")
			shop := open(t, dir, commerce.WithShards(2))
			closed := make(chan error, 1)
			for range shop.Query(t.Context(), `SELECT 1 FROM (SELECT 1 UNION SELECT 2)`) {
				go func() { closed <- shop.Close() }()
				if hangs {
					time.Sleep(time.Minute)
				} else {
					time.Sleep(time.Second)
				}
				for _, err := range shop.Query(t.Context(), `SELECT 1`) {
					if !errors.Is(err, fault.Unavailable) {
						t.Errorf("a query while the store closes: %v", err)
					}
				}
				select {
				case err := <-closed:
					if _, named := errors.AsType[*commerce.HangingError](err); !hangs || !named {
						t.Errorf("it closed under a reader: %v", err)
					}
					closed <- nil
				default:
					if hangs {
						t.Error("Close waits for ever")
					}
				}
				break
			}
			if err := <-closed; err != nil {
				t.Errorf("closing: %v", err)
			}
		})
	}
}
