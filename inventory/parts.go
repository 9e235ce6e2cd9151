package inventory

import (
	"context"
	"errors"
	"sync"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
)

// part is a share of a list that goes to one shard.
type part struct {
	slot  id.Slot // one of the shard's
	items []int   // positions in the list, in order
}

// partition splits a list of n items by the shards of their slots, in the
// order of shards, into parts of at most page items.
func partition(e command.Engine, n, page int, slotOf func(i int) (id.Slot, error)) ([]part, error) {
	byShard := make([][]int, e.Shards())
	for i := range n {
		slot, err := slotOf(i)
		if err != nil {
			return nil, err
		}
		shard := e.ShardOf(slot)
		byShard[shard] = append(byShard[shard], i)
	}
	var out []part
	for shard, items := range byShard {
		for len(items) > 0 {
			k := min(page, len(items))
			out = append(out, part{e.SlotOn(shard), items[:k]})
			items = items[k:]
		}
	}
	return out, nil
}

// each runs fn for 0 to n-1 at the same time and joins the errors.
func each(n int, fn func(i int) error) error {
	if n == 1 {
		return fn(0)
	}
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = fn(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// send runs one command per shard and page at the same time: lines go to the
// shards of their slots, build makes a command of some of them, and done gets
// each answer with the positions of its lines. Calls of done do not overlap.
func send[L, R any](ctx context.Context, e command.Engine, lines []L, slotOf func(L) (id.Slot, error),
	build func(shard int, lines []L) command.Command, done func(items []int, answer R),
) error {
	const page = 1000
	parts, err := partition(e, len(lines), page, func(i int) (id.Slot, error) { return slotOf(lines[i]) })
	if err != nil {
		return err
	}
	var mu sync.Mutex
	return each(len(parts), func(p int) error {
		some := make([]L, len(parts[p].items))
		for j, i := range parts[p].items {
			some[j] = lines[i]
		}
		c := build(e.ShardOf(parts[p].slot), some)
		answer, err := command.Do[R](ctx, e, c, command.Call{Slot: parts[p].slot})
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if done != nil {
			done(parts[p].items, answer)
		}
		return nil
	})
}
