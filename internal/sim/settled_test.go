package sim

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/orders"
)

// leftovers are what must not be there once all that was begun has ended. Each query names what is.
var leftovers = []struct{ what, query string }{
	{"overdue", `SELECT kind || ' ' || subject FROM timers WHERE due <= (SELECT clock FROM meta)`},
	{"pending", `SELECT id FROM orders WHERE status = 'pending'`},
	{"held", `SELECT reservation FROM holds`}, // carts hold for a minute
	{"reserved in vain", `SELECT reservation || ' ' || pool FROM reservation_lines WHERE NOT EXISTS (
		SELECT 1 FROM orders WHERE id = reservation AND status = 'placed')`},
	{"not booked", `SELECT pool FROM allowances WHERE given_back > booked_given_back OR shipped > booked_shipped OR returned > booked_returned`},
	{"asked of a provider and not answered", `SELECT attempt || '/' || n || ' ' || state FROM operations WHERE state NOT IN ('succeeded', 'failed')`},
	{"owed back", `SELECT id FROM orders WHERE refund_granted > refunded`},
	{"neither taken nor let go", `SELECT id FROM attempts WHERE authorized > captured + voided`},
	{"told and not heard", `SELECT event FROM notices WHERE done = 0`},
	{"a false alarm", `SELECT kind || ' ' || key FROM discrepancies WHERE cleared_at = 0`},
	{"held of a balance", `SELECT id FROM balances WHERE held > 0`},
	{"redeemed in vain", `SELECT of || ' ' || order_id FROM redemptions WHERE NOT EXISTS (SELECT 1 FROM orders WHERE id = order_id AND status = 'placed')`},
	{"merging", `SELECT id FROM carts WHERE status = 'merging'`},
	{"a gift card that is not made", `SELECT order_id FROM sold_cards WHERE state NOT IN ('issued', 'taken_back')`},
	{"a document without a number", `SELECT id FROM documents WHERE number = ''`},
	{"claimed and not confirmed", `SELECT kind || ' of ' || owner FROM claims WHERE state = 'reserved'`},
}

// settled reports whether all that was begun has ended, by what a node holds: no timer is overdue, no order waits, no money
// is on its way, and no stock is held in vain or on its way between shards.
func (w *world) settled(l *life) error {
	on := transit{}
	err := w.eachShard(l, func(tx *sqlite.Tx, shard int) error { return errors.Join(nothingLeft(tx, shard), on.add(tx, shard)) })
	if err != nil {
		return err
	}
	for at, n := range on {
		if n != 0 {
			return fmt.Errorf("%s: %d of %s are on their way", l.node, n, at)
		}
	}
	return nil
}

func nothingLeft(tx *sqlite.Tx, shard int) error {
	for _, c := range leftovers {
		var found []string
		rows := tx.Query(c.query)
		for rows.Next() {
			found = append(found, rows.Text(0))
		}
		if err := rows.Close(); err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
		if len(found) > 0 {
			return fmt.Errorf("on shard %d this is %s: %s", shard, c.what, strings.Join(found, ", "))
		}
	}
	return nil
}

// transit is what authorities have granted to shards and those have not deposited, by pool and shard.
type transit map[string]int64

func (t transit) add(tx *sqlite.Tx, shard int) error {
	granted := tx.Query(`SELECT pool || ' for shard ' || shard, granted FROM grants`)
	for granted.Next() {
		t[granted.Text(0)] += granted.Int64(1)
	}
	deposited := tx.Query(`SELECT pool, deposited FROM allowances`)
	for deposited.Next() {
		t[fmt.Sprintf("%s for shard %d", deposited.Text(0), shard)] -= deposited.Int64(1)
	}
	return errors.Join(granted.Close(), deposited.Close())
}

// settles waits until all that was begun has ended on every node.
func (w *world) settles() {
	for _, l := range w.running() {
		if !w.everyNow(5*time.Second, "everything has ended on "+l.node, 20*time.Minute, func() error { return w.settled(l) }) {
			return
		}
	}
}

// reserved returns how much of a pool is reserved, on all shards of a node.
func (w *world) reserved(pool inventory.PoolID) (sum int64, err error) {
	err = w.eachShard(w.running()[0], func(tx *sqlite.Tx, _ int) error {
		n, _, err := tx.Int64(`SELECT reserved FROM allowances WHERE pool = ?`, pool)
		sum += n
		return err
	})
	return sum, err
}

// eachShard reads every shard of a node, each at one moment.
func (w *world) eachShard(l *life, read func(tx *sqlite.Tx, shard int) error) error {
	for i := range w.shards {
		conn, err := sqlite.Open(filepath.Join(l.shop.Dir(), fmt.Sprintf("shard-%03d.db", i)), sqlite.Options{ReadOnly: true, VFS: l.fs.Name()})
		if err != nil {
			return err
		}
		err = conn.Begin()
		if err == nil {
			err = errors.Join(read(conn.Tx(), i), conn.Rollback())
		}
		if err := errors.Join(err, conn.Close()); err != nil {
			return fmt.Errorf("%s: %w", l.node, err)
		}
	}
	return nil
}

// numbers returns the numbers that the sequence has given to orders.
func (w *world) numbers() (map[orders.ID]string, error) {
	all := map[orders.ID]string{}
	err := w.eachShard(w.running()[0], func(tx *sqlite.Tx, _ int) error {
		rows := tx.Query(`SELECT order_id, number FROM order_numbers`)
		for rows.Next() {
			all[orders.ID(rows.Text(0))] = rows.Text(1)
		}
		return rows.Close()
	})
	return all, err
}
