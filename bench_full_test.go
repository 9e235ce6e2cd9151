package commerce_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/pricing"
)

// fullRules puts 20 promotions, of which one asks for a code with a limit, a
// tax zone and a shipping zone into a store.
func fullRules(tb testing.TB, shop *commerce.Store) {
	tb.Helper()
	ctx := context.Background()
	for i := range 20 {
		p := pricing.Promotion{ID: fmt.Sprintf("p%02d", i), Name: fmt.Sprintf("Promotion %d", i), Priority: i,
			Effect: pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(1)}}
		switch {
		case i == 0:
			p.NeedsCode = true
		case i%4 != 0: // the others are looked at and do not apply
			p.If.MinSubtotal = []money.Amount{money.New(int64(i)*100_000_000, "EUR")}
		}
		_, err := shop.Pricing.PutPromotion(ctx, pricing.PutPromotion{Promotion: p})
		must(tb, err)
	}
	_, err := shop.Pricing.PutCoupon(ctx, pricing.PutCoupon{Code: "BENCH", Promotion: "p00", Limits: pricing.Limits{Uses: 100_000_000}})
	must(tb, err)
	_, err = shop.Pricing.PutTaxZone(ctx, pricing.PutTaxZone{Zone: pricing.TaxZone{ID: "de", Areas: []pricing.Area{{Country: "DE"}},
		Rates: []pricing.TaxRate{{Name: "VAT", Rate: money.Percent(19)}}}})
	must(tb, err)
	_, err = shop.Pricing.PutShippingZone(ctx, pricing.PutShippingZone{Zone: pricing.ShippingZone{ID: "de", Areas: []pricing.Area{{Country: "DE"}},
		Methods: []pricing.ShippingMethod{{ID: "parcel", Name: "Parcel", Rates: []pricing.ShippingRate{
			{Basis: pricing.ByNothing, Currency: "EUR", Tiers: []pricing.ShippingTier{{Price: 495}}}}}}}})
	must(tb, err)
}

// fullVisit is a cart of ten lines with an address, a shipping method and a
// code, and a gift card that pays for a part of it.
type fullVisit struct {
	cart cart.ID
	card string
}

func fullVisits(tb testing.TB, shop *commerce.Store, n int) []fullVisit {
	tb.Helper()
	ctx := context.Background()
	out := make([]fullVisit, n)
	parallel(256, n, func(i int) {
		var lines []cart.AddedLine
		for l := range 10 {
			lines = append(lines, cart.AddedLine{SKU: benchSKU(10*i + l), Quantity: int64(1 + l%2)})
		}
		c, err := shop.Carts.AddLines(ctx, cart.AddLines{Lines: lines})
		if err == nil {
			_, err = shop.Carts.SetContact(ctx, cart.SetContact{Cart: c.ID, Contact: cart.Contact{Email: "ann@example.com",
				ShippingAddress: accounts.Address{Name: "Ann", Line1: "Street 1", Postcode: "53111", City: "Bonn", Country: "DE"}}})
		}
		if err == nil {
			_, err = shop.Carts.SetShipping(ctx, cart.SetShipping{Cart: c.ID, Method: "parcel"})
		}
		if err == nil {
			_, err = shop.Carts.ApplyCode(ctx, cart.ApplyCode{Cart: c.ID, Code: "BENCH"})
		}
		var card credit.Issued
		if err == nil {
			card, err = shop.Credit.Issue(ctx, credit.Issue{Amount: money.New(500, "EUR")})
		}
		if err != nil {
			tb.Error(err)
		}
		out[i] = fullVisit{c.ID, card.Code}
	})
	if tb.Failed() {
		tb.FailNow()
	}
	return out
}

func (v fullVisit) buy(tb testing.TB, shop *commerce.Store) {
	r, err := shop.Checkout.Complete(context.Background(), checkout.Complete{Cart: v.cart, Tenders: []checkout.Tender{
		{PayWith: credit.GiftCards, Token: v.card}, {PayWith: "simulator", Token: "pm_card_visa"},
	}})
	if err != nil || r.PaymentStatus != "paid" || !r.Discount.IsPositive() || !r.Tax.IsPositive() || !r.Shipping.IsPositive() {
		tb.Errorf("the order is %s, %s: %v off, %v tax, %v shipping, %v", r.Status, r.PaymentStatus, r.Discount, r.Tax, r.Shipping, err)
	}
}

// TestFullCheckout: what BenchmarkCheckoutFull does, once.
func TestFullCheckout(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a catalog of the benchmark's size")
	}
	shop := openBench(t, 1000, commerce.WithShards(2))
	fullRules(t, shop)
	for _, v := range fullVisits(t, shop, 3) {
		v.buy(t, shop)
	}
	found, err := shop.Verify(t.Context())
	must(t, err)
	for _, v := range found {
		t.Error(v)
	}
	for b, err := range shop.Credit.All(t.Context(), credit.Filter{}) {
		must(t, err)
		if !b.Left.IsZero() || b.Spent != money.New(500, "EUR") {
			t.Errorf("gift card %s has %v left", b.ID, b.Left)
		}
	}
	balances, err := shop.Payments.Balances(t.Context())
	must(t, err)
	for _, b := range balances {
		if b.Account == payments.ProviderAccount(credit.GiftCards) && !b.Amount.IsZero() {
			t.Errorf("%s holds %v", b.Account, b.Amount)
		}
	}
}

// BenchmarkCheckoutFull is a checkout with everything: ten lines, 20 promotions,
// a code with a limit, tax, shipping, a gift card for a part and a card for the
// rest. Its orders are paid in full when it returns.
//
// of-raw is its rate divided by that of hand-written SQLite which writes the
// rows that one such checkout leaves behind, from one goroutine, 256 checkouts
// in a transaction. Rows that come and go, such as timers, it does not write.
func BenchmarkCheckoutFull(b *testing.B) {
	raw := fullRawSpeed(b)
	for _, callers := range []int{64, 1024} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			shop := openBench(b, 1_000_000)
			fullRules(b, shop)
			warm := fullVisits(b, shop, 500)
			parallel(256, len(warm), func(i int) { warm[i].buy(b, shop) })
			visits := fullVisits(b, shop, b.N)
			cpu := cpuTime()
			b.ResetTimer()
			parallel(callers, b.N, func(i int) { visits[i].buy(b, shop) })
			b.StopTimer()
			rate := float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(rate, "checkouts/s")
			b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(b.N), "cpu-us/op")
			b.ReportMetric(rate/raw, "of-raw")
			b.ReportMetric(raw, "raw/s")
		})
	}
}

// fullRawSpeed returns how many checkouts a second hand-written SQLite writes.
func fullRawSpeed(tb testing.TB) float64 {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "raw")
	shop := openBenchAt(tb, dir, 1_000_000, commerce.WithShards(1))
	fullRules(tb, shop)
	visits := fullVisits(tb, shop, 2)
	visits[0].buy(tb, shop) // limits are borrowed
	before := dumpRows(tb, dir)
	visits[1].buy(tb, shop)
	script := rowsBetween(before, dumpRows(tb, dir))
	if err := shop.Close(); err != nil {
		tb.Fatal(err)
	}
	conn, err := sqlite.Open(filepath.Join(dir, "shard-000.db"), sqlite.Options{CacheKiB: 8192})
	must(tb, err)
	defer conn.Close()
	const n = 5000
	start := time.Now()
	for i := range n {
		if i%rawPerTransaction == 0 {
			must(tb, conn.Begin())
		}
		for _, row := range script {
			if _, err := conn.Tx().Exec(row.sql, row.args(i+1)...); err != nil {
				tb.Fatalf("%s: %v", row.sql, err)
			}
		}
		if (i+1)%rawPerTransaction == 0 || i+1 == n {
			must(tb, conn.Commit())
			if conn.WALBytes() > 32<<20 {
				_, err := conn.Checkpoint(false)
				must(tb, err)
			}
		}
	}
	rate := n / time.Since(start).Seconds()
	tb.Logf("%d rows a checkout, %.0f a second by hand", len(script), rate)
	return rate
}

// tableRows is a table's columns, the first keys of which are its key, and its rows
// by key.
type tableRows struct {
	columns []string
	keys    []bool
	rows    map[string][]any
}

func dumpRows(tb testing.TB, dir string) map[string]tableRows {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "shard-000.db")+"?mode=ro")
	must(tb, err)
	defer db.Close()
	out := map[string]tableRows{}
	for _, name := range column(tb, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`) {
		t := tableRows{rows: map[string][]any{}}
		t.columns = column(tb, db, `SELECT name FROM pragma_table_info('`+name+`') ORDER BY cid`)
		for _, key := range column(tb, db, `SELECT pk > 0 FROM pragma_table_info('`+name+`') ORDER BY cid`) {
			t.keys = append(t.keys, key == "1")
		}
		rows, err := db.Query(`SELECT ` + strings.Join(t.columns, ", ") + ` FROM ` + name)
		must(tb, err)
		for rows.Next() {
			row, into := make([]any, len(t.columns)), make([]any, len(t.columns))
			for i := range row {
				into[i] = &row[i]
			}
			must(tb, rows.Scan(into...))
			key := ""
			for i, isKey := range t.keys {
				if isKey {
					key += fmt.Sprint(row[i], "|")
				}
			}
			t.rows[key] = row
		}
		must(tb, rows.Err())
		rows.Close()
		out[name] = t
	}
	return out
}

func column(tb testing.TB, db *sql.DB, query string) (out []string) {
	tb.Helper()
	rows, err := db.Query(query)
	must(tb, err)
	defer rows.Close()
	for rows.Next() {
		var s string
		must(tb, rows.Scan(&s))
		out = append(out, s)
	}
	must(tb, rows.Err())
	return out
}

// rawRow is one row that a checkout makes or changes.
type rawRow struct {
	sql    string
	values []any
	made   bool
}

var fullNames = regexp.MustCompile(`\b(ord|pay)_[0-9A-Z]{26}`)

// args returns the values for the i-th checkout: what it makes has names of its
// own.
func (r rawRow) args(i int) []any {
	if !r.made {
		return r.values
	}
	out := make([]any, len(r.values))
	for n, v := range r.values {
		switch v := v.(type) {
		case string:
			out[n] = fullNames.ReplaceAllStringFunc(v, func(id string) string { return fmt.Sprintf("%s%08d", id[:len(id)-8], i) })
		default:
			out[n] = v
		}
	}
	return out
}

// rowsBetween returns what has to be written to come from one dump to the other.
func rowsBetween(before, after map[string]tableRows) (out []rawRow) {
	names := slices.Sorted(maps.Keys(after))
	parents := []string{"orders", "attempts"} // which other rows refer to
	names = append(parents, slices.DeleteFunc(names, func(n string) bool { return slices.Contains(parents, n) || n == "meta" })...)
	for _, name := range names { // meta is written once for each entry, which holds many checkouts
		t := after[name]
		for _, key := range slices.Sorted(maps.Keys(t.rows)) {
			row := t.rows[key]
			old, had := before[name].rows[key]
			if had && fmt.Sprint(old) == fmt.Sprint(row) {
				continue
			}
			out = append(out, t.write(name, row, !had))
		}
	}
	return out
}

func (t tableRows) write(name string, row []any, made bool) rawRow {
	var sets, where, marks []string
	var values, keys []any
	for i, c := range t.columns {
		switch {
		case made:
			mark := "?"
			// Numbers and hashes that are keys get new values in the statement.
			if _, text := row[i].(string); t.keys[i] && !text && !t.namedKey(row) {
				mark = "randomblob(length(?))"
				if _, number := row[i].(int64); number {
					mark = "abs(random() % 1000000000000) + ?"
				}
			}
			marks = append(marks, mark)
			values = append(values, row[i])
		case t.keys[i]:
			where, keys = append(where, c+" = ?"), append(keys, row[i])
		default:
			sets, values = append(sets, c+" = ?"), append(values, row[i])
		}
	}
	if made {
		return rawRow{"INSERT INTO " + name + " (" + strings.Join(t.columns, ", ") + ") VALUES (" + strings.Join(marks, ", ") + ")", values, true}
	}
	return rawRow{"UPDATE " + name + " SET " + strings.Join(sets, ", ") + " WHERE " + strings.Join(where, " AND "), append(values, keys...), false}
}

// namedKey reports whether a row's key holds a name that is new anyhow.
func (t tableRows) namedKey(row []any) bool {
	for i, isKey := range t.keys {
		if s, text := row[i].(string); isKey && text && fullNames.MatchString(s) {
			return true
		}
	}
	return false
}
