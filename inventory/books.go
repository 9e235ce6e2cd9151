package inventory

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// pair is what an authority and a shard say about one pool. What each says
// was read in an order that makes the receiver's total the older one.
type pair struct {
	pool  PoolID
	shard int
	sku   catalog.SKU

	deposited    int64  // at the shard, read first
	acknowledged totals // at the shard, read first
	account             // at the authority, read second
	sent         totals // at the shard, read third
}

// books holds all pairs of a store, by pool and shard.
type books struct {
	index map[pairKey]*pair
	pairs []*pair
}

type pairKey struct {
	pool  PoolID
	shard int
}

func (b *books) at(pool PoolID, shard int) *pair {
	k := pairKey{pool, shard}
	p := b.index[k]
	if p == nil {
		p = &pair{pool: pool, shard: shard}
		b.index[k] = p
		b.pairs = append(b.pairs, p)
	}
	return p
}

// readBooks reads both sides of every pair while the store is open.
func readBooks(ctx context.Context, e command.Engine) (*books, error) {
	b := &books{index: map[pairKey]*pair{}}
	for _, read := range []func(tx *sqlite.Tx, shard int) error{b.readDeposits, b.readGrants, b.readSent} {
		for i := range e.Shards() {
			if err := e.View(ctx, e.SlotOn(i), func(tx *sqlite.Tx) error { return read(tx, i) }); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(b.pairs, func(x, y *pair) int {
		return cmp.Or(strings.Compare(string(x.pool), string(y.pool)), cmp.Compare(x.shard, y.shard))
	})
	return b, nil
}

func (b *books) readDeposits(tx *sqlite.Tx, shard int) error {
	rows := tx.Query(`SELECT pool, sku, deposited, booked_given_back, booked_shipped, booked_returned FROM allowances`)
	for rows.Next() {
		p := b.at(PoolID(rows.Text(0)), shard)
		p.sku, p.deposited = catalog.SKU(rows.Text(1)), rows.Int64(2)
		p.acknowledged = totals{p.pool, shard, rows.Int64(3), rows.Int64(4), rows.Int64(5)}
	}
	return rows.Close()
}

func (b *books) readGrants(tx *sqlite.Tx, _ int) error {
	rows := tx.Query(`SELECT g.pool, g.shard, p.sku, g.granted, g.given_back, g.shipped, g.returned FROM grants AS g JOIN pools AS p ON p.pool = g.pool`)
	for rows.Next() {
		p := b.at(PoolID(rows.Text(0)), rows.Int(1))
		p.sku = catalog.SKU(rows.Text(2))
		p.account = account{rows.Int64(3), totals{p.pool, p.shard, rows.Int64(4), rows.Int64(5), rows.Int64(6)}}
	}
	return rows.Close()
}

func (b *books) readSent(tx *sqlite.Tx, shard int) error {
	rows := tx.Query(`SELECT pool, given_back, shipped, returned FROM allowances`)
	for rows.Next() {
		p := b.at(PoolID(rows.Text(0)), shard)
		p.sent = totals{p.pool, shard, rows.Int64(1), rows.Int64(2), rows.Int64(3)}
	}
	return rows.Close()
}

// late returns the loans that were granted and have not arrived.
func (b *books) late() []arrival {
	var out []arrival
	for _, p := range b.pairs {
		if p.granted > p.deposited {
			out = append(out, arrival{p.shard, granted{p.pool, p.sku, p.granted}})
		}
	}
	return out
}
