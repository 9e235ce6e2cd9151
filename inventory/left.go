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
// second ago at most. It is cheap in a store with one place: where the authority
// alone has plenty, no other shard is asked.
func (s *Service) Left(ctx context.Context, needs []Need) (map[catalog.VariantID]Availability, error) {
	out, unknown := s.hints.get(s.engine.Now(), needs)
	if len(unknown) == 0 {
		return out, nil
	}
	rule, err := s.Sourcing(ctx)
	if err != nil {
		return nil, err
	}
	places := rule.serving("")
	if len(places) == 1 {
		if unknown, err = s.plentiful(ctx, unknown, places[0], out); err != nil || len(unknown) == 0 {
			return out, err
		}
	}
	wants := make([]Want, len(unknown))
	for i, n := range unknown {
		n.Each = 1
		wants[i].Needs = []Need{n}
	}
	shelves, err := s.readShelves(ctx, poolsAt(wants, places))
	if err != nil {
		return nil, err
	}
	there, all := sourcesOf(rule, places, shelves)
	for i, n := range unknown {
		a := Availability{SKU: n.SKU}
		a.bound(wants[i].Needs, &there, &all)
		a.expect(wants[i].Needs, shelves)
		out[n.Variant] = a
		s.hints.put(n.Variant, a)
	}
	return out, nil
}

// plenty is how many the authority must have for nobody to ask the shards.
const plenty = 1000

// plentiful notes what the authorities alone have plenty of, and returns the
// needs of which they have not.
func (s *Service) plentiful(ctx context.Context, needs []Need, at Location, out map[catalog.VariantID]Availability) (others []Need, err error) {
	pools := make([]PoolID, len(needs))
	for i, n := range needs {
		pools[i] = PoolOf(n.Variant, at)
	}
	views, err := s.newViews(pools)
	if err != nil {
		return nil, err
	}
	if err := s.readAuthority(ctx, views); err != nil {
		return nil, err
	}
	for i, v := range views {
		if have := v.stock.Unallocated - v.stock.reserve(); have < plenty {
			others = append(others, needs[i])
		} else {
			a := Availability{SKU: needs[i].SKU, Available: have}
			out[needs[i].Variant] = a
			s.hints.put(needs[i].Variant, a)
		}
	}
	return others, nil
}
