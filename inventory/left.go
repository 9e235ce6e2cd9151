package inventory

import (
	"context"
	"sync"
	"time"

	"github.com/keelshop/commerce/catalog"
)

// hints are what was found to be left a moment ago. They are for showing, never
// for promising.
type hints struct {
	mu    sync.Mutex
	until time.Time // when all of them are forgotten
	left  map[catalog.VariantID]Availability
}

const (
	// hintLife is how old a hint may be.
	hintLife = time.Second
	// mostHints bounds what is kept.
	mostHints = 10_000
)

// get returns the hints that there are for needs, and the needs without one.
func (h *hints) get(now time.Time, needs []Need) (out map[catalog.VariantID]Availability, unknown []Need) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.After(h.until) || now.Before(h.until.Add(-hintLife)) || len(h.left) > mostHints {
		h.left, h.until = map[catalog.VariantID]Availability{}, now.Add(hintLife)
	}
	out = make(map[catalog.VariantID]Availability, len(needs))
	for _, n := range needs {
		if a, known := h.left[n.Variant]; known {
			out[n.Variant] = a
		} else {
			unknown = append(unknown, n)
		}
	}
	return out, unknown
}

func (h *hints) put(v catalog.VariantID, a Availability) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left != nil {
		h.left[v] = a
	}
}

// Left returns how many are left of the variants that are needed, as of a
// second ago at most. It is cheap: where the authority alone has plenty, no
// other shard is asked.
func (s *Service) Left(ctx context.Context, needs []Need) (map[catalog.VariantID]Availability, error) {
	out, unknown := s.hints.get(s.engine.Now(), needs)
	if len(unknown) == 0 {
		return out, nil
	}
	pools := make([]PoolID, len(unknown))
	for i, n := range unknown {
		pools[i] = PoolOf(n.Variant, Main)
	}
	views, err := s.newViews(pools)
	if err == nil {
		err = s.readAuthority(ctx, views)
	}
	if err != nil {
		return nil, err
	}
	var scarce []int
	for i, v := range views {
		if v.stock.Unallocated-v.stock.reserve() < plenty {
			scarce = append(scarce, i)
		}
	}
	if len(scarce) > 0 {
		some := make([]*view, len(scarce))
		for j, i := range scarce {
			some[j] = views[i]
		}
		if err := s.readHoldings(ctx, some, allShards(s.engine)); err != nil {
			return nil, err
		}
		if err := s.readAuthority(ctx, some); err != nil {
			return nil, err
		}
	}
	for i, n := range unknown {
		a := Availability{SKU: n.SKU}
		one := n
		one.Each = 1
		if views[i].stock.Unallocated-views[i].stock.reserve() >= plenty {
			a.Available = views[i].stock.Unallocated - views[i].stock.reserve()
		} else {
			a.bound([]Need{one}, views[i:])
		}
		out[n.Variant] = a
		s.hints.put(n.Variant, a)
	}
	return out, nil
}

// plenty is how many the authority must have for nobody to ask the shards.
const plenty = 1000
