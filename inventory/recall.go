package inventory

import (
	"context"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
)

// wanted is how many goods a pool's authority must get back.
type wanted struct {
	*view
	quantity int64
}

// surrender is what a shard is asked to give back of a pool.
type surrender struct {
	*view
	shard int
	total int64 // to have given back in all
}

// recall takes goods back that shards do not need, for pools of which every
// shard's side was read. It spares one shard's goods (-1: none) and takes
// what it can get, which may be less than wanted.
func (s *Service) recall(ctx context.Context, pools []wanted, spare int) error {
	if len(pools) == 0 {
		return nil
	}
	if err := s.finishLoans(ctx, pools, spare); err != nil {
		return err
	}
	var asked []surrender
	for _, w := range pools {
		asked = append(asked, w.surrenders(spare)...)
	}
	err := send(ctx, s.engine, asked,
		func(a surrender) (id.Slot, error) { return s.engine.SlotOn(a.shard), nil },
		func(shard int, some []surrender) command.Command {
			c := &giveBack{Shard: shard, Lines: make([]giveBackLine, len(some))}
			for i, a := range some {
				c.Lines[i] = giveBackLine{a.pool, a.total}
			}
			return c
		},
		func(items []int, got []int64) {
			for j, k := range items {
				asked[k].holdings[asked[k].shard].GivenBack = got[j]
			}
		})
	if err != nil {
		return err
	}
	var lines []totals
	for _, w := range pools {
		lines = append(lines, w.ahead()...)
	}
	return s.book(ctx, lines)
}

// finishLoans deposits what was granted to other shards and has not arrived,
// so that it can be given back.
func (s *Service) finishLoans(ctx context.Context, pools []wanted, spare int) error {
	var late []arrival
	for _, w := range pools {
		for i := range w.holdings {
			n := w.arriving(i)
			if i == spare || n <= 0 {
				continue
			}
			late = append(late, arrival{i, granted{w.pool, w.stock.SKU, w.accounts[i].granted}})
			w.holdings[i].deposited += n
			w.holdings[i].available += n
		}
	}
	return s.deposit(ctx, late)
}

// surrenders decides which shards give back how much: those with most first,
// and at least half of what they have, so that the next one who comes finds
// some at the authority.
func (w wanted) surrenders(spare int) []surrender {
	left := w.quantity
	for i := range w.holdings {
		left -= max(w.unbooked(i), 0)
	}
	var out []surrender
	for _, i := range w.byAvailable() {
		if left <= 0 {
			break
		}
		if i == spare {
			continue
		}
		have := w.holdings[i].available
		n := max(min(have, left), have/2)
		out = append(out, surrender{w.view, i, w.holdings[i].GivenBack + n})
		left -= n
	}
	return out
}

// ahead returns the totals of the shards that have done more than the
// authority knows.
func (v *view) ahead() []totals {
	var out []totals
	for i, h := range v.holdings {
		a := v.accounts[i]
		if h.GivenBack > a.GivenBack || h.Shipped > a.Shipped || h.Returned > a.Returned {
			out = append(out, h.totals)
		}
	}
	return out
}

// book sends totals to the authorities of their pools.
func (s *Service) book(ctx context.Context, lines []totals) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), legTime)
	defer cancel()
	return send(ctx, s.engine, lines,
		func(l totals) (id.Slot, error) { return l.Pool.Slot() },
		func(_ int, some []totals) command.Command { return &book{Lines: some} },
		func([]int, struct{}) {})
}

// bookPool books what all shards have shipped, returned and given back of one
// pool.
func (s *Service) bookPool(ctx context.Context, pool PoolID) error {
	views, err := s.readAll(ctx, []PoolID{pool})
	if err != nil {
		return err
	}
	return s.book(ctx, views[0].ahead())
}

// RecallTimer is the handler of TimerRecall: it works off a pool's shortage
// with what shards can give back. The timer goes when the shortage is gone.
func (s *Service) RecallTimer(ctx context.Context, pool string) error {
	unlock, err := s.locks.lock(ctx, []string{pool})
	if err != nil {
		return err
	}
	defer unlock()
	views, err := s.readAll(ctx, []PoolID{PoolID(pool)})
	if err != nil || views[0].stock.Shortage == views[0].stock.Owed {
		return err
	}
	return s.recall(ctx, []wanted{{views[0], views[0].stock.Shortage - views[0].stock.Owed}}, -1)
}
