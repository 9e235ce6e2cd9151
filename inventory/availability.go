package inventory

import (
	"context"
	"errors"

	"github.com/keelshop/commerce/catalog"
)

// Availability is how many units of a SKU can be sold.
type Availability struct {
	SKU catalog.SKU
	// Unlimited says that sales are not bound by stock; Available is 0 then.
	Unlimited bool
	Available int64
}

// Can reports whether some units could be sold.
func (a Availability) Can(units int64) bool { return a.Unlimited || a.Available >= units }

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
		for j, n := range needs[i] {
			if can := views[j].available() / n.Each; j == 0 || can < out[i].Available {
				out[i].Available = can
			}
		}
		views = views[len(needs[i]):]
	}
	return out, nil
}

// AvailableOne is Available for one SKU.
func (s *Service) AvailableOne(ctx context.Context, sku catalog.SKU) (Availability, error) {
	out, err := s.Available(ctx, []catalog.SKU{sku})
	if err != nil {
		return Availability{}, err
	}
	return out[0], nil
}
