package inventory

import (
	"cmp"
	"context"
	"slices"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// holding is what one shard says about its allowance of a pool.
type holding struct {
	deposited, available, reserved, held int64 // held is 0 unless it was asked for
	totals
}

// account is what the authority has booked with one shard.
type account struct {
	granted int64
	totals
}

// view is a pool as seen from several shards. When every holding was read
// before the authority's record, goods on their way are counted exactly once:
// what left a shard after it was read makes a difference below zero.
type view struct {
	pool     PoolID
	slot     id.Slot // the authority's
	stock    Stock
	accounts []account // by shard
	holdings []holding // by shard, as far as they were read
}

// newViews returns views of pools that know nothing yet.
func (s *Service) newViews(pools []PoolID) ([]*view, error) {
	out := make([]*view, len(pools))
	for i, p := range pools {
		slot, err := p.Slot()
		if err != nil {
			return nil, err
		}
		n := s.engine.Shards()
		out[i] = &view{pool: p, slot: slot, accounts: make([]account, n), holdings: make([]holding, n)}
	}
	return out, nil
}

// readAuthority reads the authorities' records and accounts.
func (s *Service) readAuthority(ctx context.Context, views []*view) error {
	parts, err := partition(s.engine, len(views), len(views), func(i int) (id.Slot, error) { return views[i].slot, nil })
	if err != nil {
		return err
	}
	return each(len(parts), func(p int) error {
		return s.engine.View(ctx, parts[p].slot, func(tx *sqlite.Tx) error {
			return inPages(pick(views, parts[p].items), func(page []*view) error { return readAuthorities(tx, page) }, func(v *view) error { return v.readAuthority(tx) })
		})
	})
}

func (v *view) readAuthority(tx *sqlite.Tx) (err error) {
	if v.stock, err = stockTx(tx, v.pool); err != nil {
		return err
	}
	clear(v.accounts)
	rows := tx.Query(selectGrants+` WHERE pool = ?`, v.pool)
	for rows.Next() {
		v.scanAccount(rows)
	}
	return rows.Close()
}

const selectGrants = `SELECT pool, shard, granted, given_back, shipped, returned FROM grants`

func (v *view) scanAccount(rows *sqlite.Rows) {
	if shard := rows.Int(1); shard < len(v.accounts) {
		v.accounts[shard] = account{rows.Int64(2), totals{v.pool, shard, rows.Int64(3), rows.Int64(4), rows.Int64(5)}}
	}
}

// readHoldings reads the allowances that some shards have.
func (s *Service) readHoldings(ctx context.Context, views []*view, shards []int) error {
	return s.eachHolding(ctx, views, shards, func(*sqlite.Tx, int) error { return nil })
}

// eachHolding is readHoldings that runs also for each shard, in the snapshot
// that its holdings were read in.
func (s *Service) eachHolding(ctx context.Context, views []*view, shards []int, also func(*sqlite.Tx, int) error) error {
	return each(len(shards), func(i int) error {
		return s.engine.View(ctx, s.engine.SlotOn(shards[i]), func(tx *sqlite.Tx) error {
			err := inPages(views, func(page []*view) error { return readHoldings(tx, page, shards[i]) }, func(v *view) error { return v.readHolding(tx, shards[i]) })
			if err != nil {
				return err
			}
			return also(tx, shards[i])
		})
	})
}

func (v *view) readHolding(tx *sqlite.Tx, shard int) error {
	v.holdings[shard] = holding{totals: totals{Pool: v.pool, Shard: shard}}
	row := tx.One(selectAllowances+` WHERE pool = ?`, v.pool)
	if row.Next() {
		v.scanHolding(row, shard)
	}
	return row.Close()
}

const selectAllowances = `SELECT pool, deposited, available, reserved, given_back, shipped, returned FROM allowances`

func (v *view) scanHolding(row *sqlite.Rows, shard int) {
	v.holdings[shard] = holding{
		deposited: row.Int64(1), available: row.Int64(2), reserved: row.Int64(3),
		totals: totals{v.pool, shard, row.Int64(4), row.Int64(5), row.Int64(6)},
	}
}

// readAll reads every shard's side of the pools, then the authorities'.
func (s *Service) readAll(ctx context.Context, pools []PoolID) ([]*view, error) {
	views, err := s.newViews(pools)
	if err != nil {
		return nil, err
	}
	if err := s.readHoldings(ctx, views, allShards(s.engine)); err != nil {
		return nil, err
	}
	return views, s.readAuthority(ctx, views)
}

func allShards(e command.Engine) []int {
	out := make([]int, e.Shards())
	for i := range out {
		out[i] = i
	}
	return out
}

// arriving is how many goods were granted to a shard and are not there yet.
func (v *view) arriving(shard int) int64 {
	return v.accounts[shard].granted - v.holdings[shard].deposited
}

// unbooked is how many goods a shard gave back or took back to stock that the
// authority does not know of.
func (v *view) unbooked(shard int) int64 {
	h, a := &v.holdings[shard], &v.accounts[shard]
	return h.GivenBack - a.GivenBack + h.Returned - a.Returned
}

// inTransit is how many goods are on their way between shards.
func (v *view) inTransit() (n int64) {
	for i := range v.holdings {
		n += v.arriving(i) + v.unbooked(i)
	}
	return n
}

// available is how many are there and could be sold if all were brought to one
// place.
func (v *view) available() int64 { return max(v.unsold()-v.stock.reserve(), 0) }

// sellable is available with what may be sold before it is there.
func (v *view) sellable() int64 { return max(v.unsold()-v.stock.reserve()+v.stock.Backorder, 0) }

// unsold is how many are there and promised to nobody, below zero if more are
// promised.
func (v *view) unsold() int64 {
	n := v.stock.Unallocated - v.stock.Shortage + v.inTransit()
	for i := range v.holdings {
		n += v.holdings[i].available
	}
	return n
}

// byAvailable returns the shards that have some, the one with most first.
func (v *view) byAvailable() []int {
	var out []int
	for i := range v.holdings {
		if v.holdings[i].available > 0 {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(v.holdings[b].available, v.holdings[a].available) })
	return out
}
