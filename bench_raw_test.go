package commerce_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	_ "modernc.org/sqlite"
)

// rawPerTransaction is how many checkouts the hand-written baseline puts into
// one transaction.
const rawPerTransaction = 256

// rawCheckout is what a checkout of three lines writes to a shard file, as
// somebody would write it by hand: prepared statements on one connection,
// nothing read, nothing checked, no log. The statements run in this order; a
// TestRawWritesWhatACheckoutWrites compares the rows.
var rawCheckout = []struct {
	sql  string
	args func(c *rawCart) []any
	each bool // once for each line
}{
	// Begin
	{sql: `INSERT INTO answers (scope, slot, at, owner, lasting, fingerprint, refused, body) VALUES (?, ?, ?, 0, 0, ?, 0, ?)`,
		args: func(c *rawCart) []any { return []any{c.scope, c.slot, c.at, c.print, c.body} }},
	{sql: `UPDATE carts SET status = 'locking', order_id = ?, updated_at = ?, version = version + 1 WHERE id = ?`,
		args: func(c *rawCart) []any { return []any{c.order, c.at, c.id} }},
	{sql: `UPDATE allowances SET available = available - ?, reserved = reserved + ? WHERE pool = ? AND available >= ?`, each: true,
		args: func(c *rawCart) []any { return []any{c.l.quantity, c.l.quantity, c.l.pool, c.l.quantity} }},
	{sql: `INSERT INTO holds (reservation, slot, expires) VALUES (?, ?, ?)`,
		args: func(c *rawCart) []any { return []any{c.order, c.slot, c.at} }},
	{sql: `INSERT INTO reservation_lines (reservation, pool, slot, quantity) VALUES (?, ?, ?, ?)`, each: true,
		args: func(c *rawCart) []any { return []any{c.order, c.l.pool, c.slot, c.l.quantity} }},
	{sql: `INSERT INTO orders (id, slot, number, cart, customer, currency, status, payment_status, fulfilment_status, cancel_reason,
		subtotal, discount, shipping, shipping_tax, tax, fees, own_fees, own_fees_tax, tax_included, tax_added, tax_exempt, total, shipping_method, shipping_name, authorized, captured, voided, refund_granted, refunded,
		units, canceled, shipped, delivered, returned, occurred_at, created_at, placed_at, canceled_at, due, version, external_reference,
		contact_subject, shipping_country, billing_country, digital)
		VALUES (?, ?, '', ?, '', 'EUR', 'pending', 'none', 'unfulfilled', '', ?, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', ?, '', '', 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, ?, ?, 0, 0, ?, 1, '', '', '', '', 0)`,
		args: func(c *rawCart) []any { return []any{c.order, c.slot, c.id, c.total, c.total, c.at, c.at, c.at} }},
	{sql: `INSERT INTO order_lines (order_id, line, slot, sku, variant, pool, title, quantity, unit_price, total, discount, fees, net, tax, gross, tax_included, reason, canceled, shipped, returned)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, 0, ?10, 0, ?10, 0, '', 0, 0, 0)`, each: true,
		args: func(c *rawCart) []any {
			return []any{c.order, c.l.n, c.slot, c.l.sku, c.l.variant, c.l.pool, c.l.title, c.l.quantity, c.l.price, c.l.price * c.l.quantity}
		}},
	{sql: `INSERT INTO attempts (id, order_id, slot, n, provider, token, currency, amount, auto_capture, method, installments, state,
		provider_id, authorized, captured, voided, refunded, decline_code, raw_code, next_action, created_at, updated_at)
		VALUES (?, ?, ?, 1, 'simulator', 'pm_card_visa', 'EUR', ?, 1, '', 0, 'created', '', 0, 0, 0, 0, '', '', '', ?, ?)`,
		args: func(c *rawCart) []any { return []any{c.attempt, c.order, c.slot, c.total, c.at, c.at} }},
	{sql: `INSERT INTO timers (due, kind, subject, slot) VALUES (?, 'checkout.recover', ?, ?)`,
		args: func(c *rawCart) []any { return []any{c.at, c.order, c.slot} }},
	// Finish
	{sql: `UPDATE attempts SET state = 'captured', provider_id = ?, authorized = ?, captured = ?, updated_at = ? WHERE id = ?`,
		args: func(c *rawCart) []any { return []any{c.attempt, c.total, c.total, c.at, c.attempt} }},
	{sql: `INSERT INTO payment_events (attempt, n, slot, state, authorized, captured, voided, refunded, at, decline_code) VALUES (?, 1, ?, 'captured', ?, ?, 0, 0, ?, '')`,
		args: func(c *rawCart) []any { return []any{c.attempt, c.slot, c.total, c.total, c.at} }},
	{sql: `INSERT INTO postings (order_id, txn, n, slot, account, currency, amount, at)
		VALUES (?1, ?2, 1, ?3, 'provider:simulator', 'EUR', ?4, ?5), (?1, ?2, 2, ?3, 'receivable', 'EUR', -?4, ?5)`,
		args: func(c *rawCart) []any { return []any{c.order, "capture " + c.attempt, c.slot, c.total, c.at} }},
	{sql: `DELETE FROM holds WHERE reservation = ?`,
		args: func(c *rawCart) []any { return []any{c.order} }},
	{sql: `UPDATE orders SET status = 'placed', payment_status = 'paid', authorized = ?, captured = ?, placed_at = ?, version = version + 1 WHERE id = ?`,
		args: func(c *rawCart) []any { return []any{c.total, c.total, c.at, c.order} }},
	{sql: `INSERT INTO outbox (seq, slot, at, kind, subject, data) VALUES (?, ?, ?, 'order.placed', ?, ?)`,
		args: func(c *rawCart) []any { return []any{c.seq, c.slot, c.at, c.order, c.event} }},
	{sql: `INSERT INTO postings (order_id, txn, n, slot, account, currency, amount, at)
		VALUES (?1, 'sale', 1, ?2, 'receivable', 'EUR', ?3, ?4), (?1, 'sale', 2, ?2, 'sales', 'EUR', -?3, ?4)`,
		args: func(c *rawCart) []any { return []any{c.order, c.slot, c.total, c.at} }},
	{sql: `UPDATE carts SET status = 'completed', updated_at = ?, version = version + 1 WHERE id = ?`,
		args: func(c *rawCart) []any { return []any{c.at, c.id} }},
	{sql: `DELETE FROM timers WHERE due = ? AND kind = 'checkout.recover' AND subject = ?`,
		args: func(c *rawCart) []any { return []any{c.at, c.order} }},
}

// rawCart is a cart to be bought by hand, with everything that goes into rows.
type rawCart struct {
	id, order, attempt        string
	slot, at, total, seq      int64
	scope, print, body, event []byte
	lines                     []rawLine
	l                         rawLine // the one that a statement is for
}

type rawLine struct {
	n                         int
	sku, variant, pool, title string
	quantity, price           int64
}

// rawStore is the shard file of a real store with one shard, opened by hand.
type rawStore struct {
	conn  *sqlite.Conn
	path  string
	carts []rawCart
	run   int // statements
}

// openRaw makes a store with n carts of three lines, closes it and opens its
// shard file by hand, with the settings that a shard has.
func openRaw(tb testing.TB, n int) *rawStore {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "raw")
	shop := openBenchAt(tb, dir, 1_000_000, commerce.WithShards(1))
	ids := fillCarts(tb, shop, n)
	r := &rawStore{path: filepath.Join(dir, "shard-000.db")}
	for i, id := range ids {
		c, err := shop.Carts.Get(tb.Context(), id)
		if err != nil {
			tb.Fatal(err)
		}
		r.carts = append(r.carts, newRawCart(i, c))
	}
	next := shop.Status().Shards[0].Events + 1
	for i := range r.carts {
		r.carts[i].seq = next + int64(i)
	}
	if err := shop.Close(); err != nil {
		tb.Fatal(err)
	}
	var err error
	if r.conn, err = sqlite.Open(r.path, sqlite.Options{CacheKiB: 8192}); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { r.conn.Close() })
	return r
}

func newRawCart(i int, c cart.Cart) rawCart {
	r := rawCart{
		id: string(c.ID), order: fmt.Sprintf("ord_01RAW%021d", i), attempt: fmt.Sprintf("pay_01RAW%021d", i),
		slot: int64(i % 4096), at: time.Now().UnixMilli(), total: c.Total.Minor(),
		scope: fmt.Appendf(nil, "%016d", i), print: make([]byte, 16), body: make([]byte, 80),
	}
	r.event = fmt.Appendf(nil, `{"order":%q,"cart":%q,"currency":"EUR","total":%d,"units":4}`, r.order, r.id, r.total)
	for n, l := range c.Lines {
		r.lines = append(r.lines, rawLine{
			n: n + 1, sku: string(l.SKU), variant: string(l.Variant), pool: string(inventory.PoolOf(catalog.VariantID(l.Variant), "")),
			title: l.Title, quantity: l.Quantity, price: l.UnitPrice.Minor(),
		})
	}
	return r
}

// buyAll buys all carts, many in a transaction.
func (r *rawStore) buyAll() error {
	for i := range r.carts {
		if i%rawPerTransaction == 0 {
			if err := r.conn.Begin(); err != nil {
				return err
			}
		}
		if err := r.buy(&r.carts[i]); err != nil {
			return fmt.Errorf("buying cart %d by hand: %w", i, err)
		}
		if (i+1)%rawPerTransaction == 0 || i+1 == len(r.carts) {
			if err := r.commit(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *rawStore) buy(c *rawCart) error {
	for _, s := range rawCheckout {
		times := 1
		if s.each {
			times = len(c.lines)
		}
		for n := range times {
			c.l = c.lines[n]
			if _, err := r.conn.Tx().Exec(s.sql, s.args(c)...); err != nil {
				return err
			}
			r.run++
		}
	}
	return nil
}

func (r *rawStore) commit() error {
	if err := r.conn.Commit(); err != nil {
		return err
	}
	if r.conn.WALBytes() < 32<<20 {
		return nil
	}
	_, err := r.conn.Checkpoint(false)
	return err
}

// rawSpeed returns the checkouts and the statements per second of the
// hand-written baseline.
func rawSpeed(b *testing.B) (checkouts, statements float64) {
	r := openRaw(b, 20_000)
	start := time.Now()
	if err := r.buyAll(); err != nil {
		b.Fatal(err)
	}
	took := time.Since(start).Seconds()
	return float64(len(r.carts)) / took, float64(r.run) / took
}

// TestRawWritesWhatACheckoutWrites keeps the baseline honest: for the same
// number of checkouts it changes as many rows in all and leaves as many in
// each table as the store does.
func TestRawWritesWhatACheckoutWrites(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a catalog of the benchmark's size")
	}
	const n = 200
	dir := filepath.Join(t.TempDir(), "shop")
	shop := openBenchAt(t, dir, 1_000_000, commerce.WithShards(1))
	carts := fillCarts(t, shop, n)
	before, rows := shop.TotalChanges(), countRows(t, dir)
	batches := shop.Status().Shards[0].Applied
	for _, c := range carts {
		benchBuy(t, shop, c)
	}
	batches = shop.Status().Shards[0].Applied - batches
	changed := shop.TotalChanges() - before - int64(batches) // one of them is the applied index of each entry
	grown := diffRows(countRows(t, dir), rows)

	r := openRaw(t, n)
	rawRows := countRows(t, filepath.Dir(r.path))
	rawBefore := r.conn.TotalChanges()
	if err := r.buyAll(); err != nil {
		t.Fatal(err)
	}
	rawChanged := r.conn.TotalChanges() - rawBefore
	rawGrown := diffRows(countRows(t, filepath.Dir(r.path)), rawRows)
	if changed != rawChanged {
		t.Errorf("%d checkouts change %d rows, by hand %d", n, changed, rawChanged)
	}
	for table, by := range grown {
		if rawGrown[table] != by {
			t.Errorf("%d checkouts add %d rows to %s, by hand %d", n, by, table, rawGrown[table])
		}
	}
}

// countRows returns the number of rows of each table of a store's only shard.
func countRows(tb testing.TB, dir string) map[string]int64 {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "shard-000.db")+"?mode=ro")
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	tables, err := db.Query(`SELECT name FROM sqlite_schema WHERE type = 'table'`)
	if err != nil {
		tb.Fatal(err)
	}
	defer tables.Close()
	out := map[string]int64{}
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			tb.Fatal(err)
		}
		out[name] = 0
	}
	for name := range out {
		var n int64
		if err := db.QueryRow(`SELECT count(*) FROM ` + name).Scan(&n); err != nil {
			tb.Fatal(err)
		}
		out[name] = n
	}
	return out
}

func diffRows(after, before map[string]int64) map[string]int64 {
	out := map[string]int64{}
	for name, n := range after {
		out[name] = n - before[name]
	}
	return out
}
