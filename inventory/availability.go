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
// of a kit as many as its scarcest part allows, and at several places as many as
// one of them has, unless lines may be split. It returns catalog's error for an
// unknown SKU. Each is told as if nobody bought the others.
func (s *Service) Available(ctx context.Context, skus []catalog.SKU) ([]Availability, error) {
	return s.AvailableTo(ctx, "", skus)
}

// AvailableTo is Available for who has them sent to a country, at the places that
// orders to it are sourced from; "" is any.
func (s *Service) AvailableTo(ctx context.Context, country string, skus []catalog.SKU) ([]Availability, error) {
	variants, err := s.catalog.Variants(ctx, skus)
	if err != nil {
		return nil, err
	}
	return s.availableOf(ctx, country, variants)
}

// AvailableOf is Available for variants that the caller has read.
func (s *Service) AvailableOf(ctx context.Context, variants []catalog.Variant) ([]Availability, error) {
	return s.availableOf(ctx, "", variants)
}

func (s *Service) availableOf(ctx context.Context, country string, variants []catalog.Variant) ([]Availability, error) {
	wants := make([]Want, len(variants))
	out := make([]Availability, len(variants))
	for i, v := range variants {
		out[i].SKU = v.SKU
		needs, err := s.Needs(ctx, v)
		if _, broken := errors.AsType[*KitError](err); broken {
			continue
		}
		if err != nil {
			return nil, err
		}
		wants[i].Needs = slices.DeleteFunc(needs, func(n Need) bool { return n.Free })
		out[i].Unlimited = len(wants[i].Needs) == 0
	}
	return out, s.boundAll(ctx, country, wants, out)
}

// LeftOfKits returns how many of each of some kits could be sold to a country,
// which are the needs of one: it may lie in no place where all parts do. Each is
// told as if nobody bought the others.
func (s *Service) LeftOfKits(ctx context.Context, country string, kits [][]Need) ([]Availability, error) {
	wants := make([]Want, len(kits))
	out := make([]Availability, len(kits))
	for i, needs := range kits {
		wants[i].Needs = slices.DeleteFunc(slices.Clone(needs), func(n Need) bool { return n.Free })
		out[i].Unlimited = len(wants[i].Needs) == 0
	}
	return out, s.boundAll(ctx, country, wants, out)
}

// boundAll makes each of out what the needs of one unit allow.
func (s *Service) boundAll(ctx context.Context, country string, wants []Want, out []Availability) error {
	rule, err := s.Sourcing(ctx)
	if err != nil {
		return err
	}
	places := rule.serving(country)
	shelves, err := s.shelvesOf(ctx, poolsAt(wants, places))
	if err != nil {
		return err
	}
	there, all := sourcesOf(rule, places, shelves)
	for i := range out {
		if needs := wants[i].Needs; len(needs) > 0 {
			out[i].bound(needs, &there, &all)
			out[i].expect(needs, shelves)
		}
	}
	return nil
}

// sourcesOf returns what is there, and what may be sold.
func sourcesOf(rule *Sourcing, places []Location, shelves []*shelf) (there, all sources) {
	there = sources{places, rule.Split, make(map[PoolID]int64, len(shelves))}
	all = sources{places, rule.Split, make(map[PoolID]int64, len(shelves))}
	for _, s := range shelves {
		there.left[s.pool], all.left[s.pool] = s.there, s.sellable
	}
	return there, all
}

// bound makes it what the needs of one unit allow.
func (a *Availability) bound(needs []Need, there, all *sources) {
	a.Available = there.most(needs)
	a.Backorder = max(all.most(needs)-a.Available, 0)
}

// expect notes when what may be owed should be there.
func (a *Availability) expect(needs []Need, shelves []*shelf) {
	for _, s := range shelves {
		if s.backorder == 0 || s.expectedAt == 0 || s.expectedAt <= a.ExpectedAt.UnixMilli() {
			continue // most: to look for whose it is would cost more than the rest
		}
		if slices.ContainsFunc(needs, func(n Need) bool { return n.Variant == s.pool.Variant() }) {
			a.ExpectedAt = time.UnixMilli(s.expectedAt).UTC()
		}
	}
}

// AvailableOne is Available for one SKU.
func (s *Service) AvailableOne(ctx context.Context, sku catalog.SKU) (Availability, error) {
	out, err := s.Available(ctx, []catalog.SKU{sku})
	if err != nil {
		return Availability{}, err
	}
	return out[0], nil
}

// LevelsByPlace returns the stock of a SKU at every place that the store sells from, in their order.
func (s *Service) LevelsByPlace(ctx context.Context, sku catalog.SKU) ([]Level, error) {
	rule, err := s.Sourcing(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Level, len(rule.Places))
	for i, p := range rule.Places {
		if out[i], err = s.Level(ctx, sku, p.ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}
