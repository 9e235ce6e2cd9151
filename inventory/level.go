package inventory

import (
	"context"
	"slices"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Level is a pool's stock summed over all shards.
type Level struct {
	Pool     PoolID
	SKU      catalog.SKU
	Location Location
	// OnHand is how many are there, sold and unshipped ones included.
	OnHand int64
	// Available is how many could be sold now. It is what a shopper sees; what
	// is promised is what can be held.
	Available int64
	// Held is how many wait for a payment, Committed how many are sold and
	// wait to be shipped.
	Held, Committed int64
	// Shortage is how many are promised and not there.
	Shortage int64
	// InTransit is how many of the available are on their way between shards.
	InTransit int64
	// Version counts the movements that are booked.
	Version int64
	// Owed is the part of Shortage that was sold knowing that it is not there.
	Owed int64
	Policy
}

// Level returns the stock of a SKU at a location ("" is Main): all zeros if
// there never was any. It returns catalog's error for an unknown SKU and
// fault.Invalid for a variant whose stock is not tracked.
func (s *Service) Level(ctx context.Context, sku catalog.SKU, l Location) (Level, error) {
	levels, err := s.Levels(ctx, []catalog.SKU{sku}, l)
	if err != nil {
		return Level{}, err
	}
	return levels[0], nil
}

// Levels is Level for many SKUs, in their order, with few reads.
func (s *Service) Levels(ctx context.Context, skus []catalog.SKU, l Location) ([]Level, error) {
	if err := l.validate(); err != nil {
		return nil, err
	}
	pools, err := s.poolsOf(ctx, skus, slices.Repeat([]Location{l}, len(skus)))
	if err != nil {
		return nil, err
	}
	views, err := s.newViews(pools)
	if err == nil {
		err = s.eachHolding(ctx, views, allShards(s.engine), func(tx *sqlite.Tx, shard int) error { return readHeld(tx, views, shard) })
	}
	if err == nil {
		err = s.readAuthority(ctx, views)
	}
	if err != nil {
		return nil, err
	}
	out := make([]Level, len(views))
	for i, v := range views {
		out[i] = v.level()
		out[i].SKU = skus[i]
	}
	return out, nil
}

// readHeld adds to a shard's holdings what of them waits for a payment.
func readHeld(tx *sqlite.Tx, views []*view, shard int) error {
	held := map[PoolID]int64{}
	rows := tx.Query(`SELECT l.pool, sum(l.quantity) FROM holds AS h JOIN reservation_lines AS l ON l.reservation = h.reservation GROUP BY l.pool`)
	for rows.Next() {
		held[PoolID(rows.Text(0))] = rows.Int64(1)
	}
	for _, v := range views {
		v.holdings[shard].held = held[v.pool]
	}
	return rows.Close()
}

func (v *view) level() Level {
	l := Level{
		Pool: v.pool, SKU: v.stock.SKU, Location: v.pool.Location(), OnHand: v.stock.OnHand, Available: v.available(),
		Shortage: v.stock.Shortage, InTransit: v.inTransit(), Version: v.stock.Version, Owed: v.stock.Owed, Policy: v.stock.Policy,
	}
	for i, h := range v.holdings {
		a := v.accounts[i]
		l.Held += h.held
		l.Committed += h.reserved - h.held
		l.OnHand += a.Shipped - h.Shipped + h.Returned - a.Returned
	}
	l.OnHand = max(l.OnHand, 0) // goods that nobody had counted were shipped
	return l
}
