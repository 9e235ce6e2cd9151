package inventory

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/keelshop/commerce/catalog"
)

// Availability is how many units of a SKU can be sold.
type Availability struct {
	SKU catalog.SKU
	// Unlimited says that sales are not bound by stock; the rest is 0 then.
	Unlimited bool
	// Available is how many are there.
	Available int64
	// Backorder is how many more may be sold before they are there, ExpectedAt
	// when that should be; zero if it is not known.
	Backorder  int64
	ExpectedAt time.Time
}

// Can reports whether some units could be sold.
func (a Availability) Can(units int64) bool { return a.Unlimited || a.Available+a.Backorder >= units }

// Available returns how many units of each SKU could be sold, in their order:
// of a kit as many as its scarcest part allows. It returns catalog's error for
// an unknown SKU. Each is told as if nobody bought the others.
func (s *Service) Available(ctx context.Context, skus []catalog.SKU) ([]Availability, error) {
	variants, err := s.catalog.Variants(ctx, skus)
	if err != nil {
		return nil, err
	}
	needs := make([][]Need, len(variants))
	out := make([]Availability, len(variants))
	var pools []PoolID
	for i, v := range variants {
		out[i].SKU = skus[i]
		needs[i], err = s.Needs(ctx, v)
		if _, broken := errors.AsType[*KitError](err); broken {
			continue
		}
		if err != nil {
			return nil, err
		}
		needs[i] = slices.DeleteFunc(needs[i], func(n Need) bool { return n.Free })
		out[i].Unlimited = len(needs[i]) == 0
		for _, n := range needs[i] {
			pools = append(pools, PoolOf(n.Variant, Main))
		}
	}
	if len(pools) == 0 {
		return out, nil
	}
	views, err := s.readAll(ctx, pools)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].bound(needs[i], views)
		views = views[len(needs[i]):]
	}
	return out, nil
}

// bound makes it what the scarcest of the needs allows.
func (a *Availability) bound(needs []Need, views []*view) {
	for i, n := range needs {
		there, all := views[i].available()/n.Each, views[i].sellable()/n.Each
		if i == 0 {
			a.Available, a.Backorder = there, all
		}
		a.Available, a.Backorder = min(a.Available, there), min(a.Backorder, all)
		if at := views[i].stock.ExpectedAt; views[i].stock.Backorder > 0 && at > 0 && at > a.ExpectedAt.UnixMilli() {
			a.ExpectedAt = time.UnixMilli(at).UTC()
		}
	}
	a.Backorder -= a.Available
}

// AvailableOne is Available for one SKU.
func (s *Service) AvailableOne(ctx context.Context, sku catalog.SKU) (Availability, error) {
	out, err := s.Available(ctx, []catalog.SKU{sku})
	if err != nil {
		return Availability{}, err
	}
	return out[0], nil
}
