package inventory

import (
	"strings"

	"github.com/keelshop/commerce/internal/sqlite"
)

// A page of pools is read by one statement for each table: to bind and step
// dozens of statements costs more than the rows do. A few pools are read one by
// one.
const (
	pagePools = 64
	fewPools  = 6
)

// ofPage is the condition that a row is of one of a page's pools.
var ofPage = ` WHERE pool IN (?` + strings.Repeat(`, ?`, pagePools-1) + `)`

// inPages reads views in pages, or the last few one by one.
func inPages(views []*view, page func([]*view) error, one func(*view) error) error {
	for len(views) > fewPools {
		n := min(len(views), pagePools)
		if err := page(views[:n]); err != nil {
			return err
		}
		views = views[n:]
	}
	for _, v := range views {
		if err := one(v); err != nil {
			return err
		}
	}
	return nil
}

// eachOfPage calls fn for each row of a query that is of a page's pools. The
// first column is the pool.
func eachOfPage(tx *sqlite.Tx, query string, page []*view, fn func(*view, *sqlite.Rows)) error {
	args, byPool := make([]any, pagePools), make(map[string]*view, len(page))
	for i := range args {
		args[i] = "" // no pool
		if i < len(page) {
			args[i], byPool[string(page[i].pool)] = page[i].pool, page[i]
		}
	}
	rows := tx.Query(query+ofPage, args...)
	for rows.Next() {
		pool := rows.Text(0)
		fn(byPool[pool], rows)
		if len(byPool) == len(page) {
			continue
		}
		for _, v := range page { // a pool is asked for twice
			if string(v.pool) == pool && v != byPool[pool] {
				fn(v, rows)
			}
		}
	}
	return rows.Close()
}

func readHoldings(tx *sqlite.Tx, page []*view, shard int) error {
	for _, v := range page {
		v.holdings[shard] = holding{totals: totals{Pool: v.pool, Shard: shard}}
	}
	return eachOfPage(tx, selectAllowances, page, func(v *view, rows *sqlite.Rows) { v.scanHolding(rows, shard) })
}

func readAuthorities(tx *sqlite.Tx, page []*view) error {
	for _, v := range page {
		v.stock = Stock{Pool: v.pool}
		clear(v.accounts)
	}
	if err := eachOfPage(tx, selectPools, page, func(v *view, rows *sqlite.Rows) { v.stock = scanStock(rows, v.pool) }); err != nil {
		return err
	}
	return eachOfPage(tx, selectGrants, page, func(v *view, rows *sqlite.Rows) { v.scanAccount(rows) })
}

func pick[T any](list []T, items []int) []T {
	out := make([]T, len(items))
	for i, item := range items {
		out[i] = list[item]
	}
	return out
}
