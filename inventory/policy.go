package inventory

import (
	"context"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// Policy says what may be sold of a pool and when somebody is told. The zero
// Policy sells what is there.
type Policy struct {
	// SafetyStock is how many are not to be sold. It does not count where there
	// is a Backorder.
	SafetyStock int64 `cbor:"1,keyasint,omitempty"`
	// ReorderPoint has the event inventory.low_stock told when what is on hand
	// falls to it; 0 is never.
	ReorderPoint int64 `cbor:"2,keyasint,omitempty"`
	// Backorder is how many may be sold that are not there yet.
	Backorder int64 `cbor:"3,keyasint,omitempty"`
	// ExpectedAt is when they should be there, in milliseconds since 1970 UTC;
	// 0 is not known.
	ExpectedAt int64 `cbor:"4,keyasint,omitempty"`
}

func (p Policy) validate() error {
	for i, n := range [...]int64{p.SafetyStock, p.ReorderPoint, p.Backorder} {
		if n < 0 || n > maxQuantity {
			return fault.Wrong([...]string{"safety_stock", "reorder_point", "backorder"}[i], "a policy with %d: numbers are 0 to %d", n, int64(maxQuantity))
		}
	}
	if p.ExpectedAt < 0 {
		return fault.Wrong("expected_at", "what is owed cannot have been expected %d ms before 1970", -p.ExpectedAt)
	}
	return nil
}

// reserve is how many of what is unsold are kept back.
func (s *Stock) reserve() int64 {
	if s.Backorder > 0 {
		return 0
	}
	return s.SafetyStock
}

// lendable is how many shards may be granted: what nobody was promised and is
// not kept back, and what may be sold before it is there.
func (s *Stock) lendable() int64 {
	return max(s.Unallocated-s.reserve(), 0) + max(s.Backorder-s.Shortage, 0)
}

// withheld is how many of the goods that come back do not become lendable.
func (s *Stock) withheld() int64 {
	return max(s.Shortage-s.Backorder, 0) + max(s.reserve()-s.Unallocated, 0)
}

// lend takes goods out of what nobody was promised. Those that are not there
// are owed.
func (s *Stock) lend(tx *command.Tx, n int64) error {
	taken := min(n, s.Unallocated)
	if taken == n && s.known {
		_, err := execOn(tx, s.Pool, `UPDATE pools SET unallocated = unallocated - ? WHERE pool = ?`, n, s.Pool)
		return err
	}
	s.Unallocated -= taken
	s.Shortage += n - taken
	s.Owed += n - taken
	return s.save(tx)
}

// lowStock is the data of inventory.low_stock and inventory.safety_stock.
type lowStock struct {
	SKU    catalog.SKU `json:"sku"`
	OnHand int64       `json:"on_hand"`
	Bound  int64       `json:"bound"` // that it fell to
}

// warn tells when what is on hand has fallen to a bound.
func (s *Stock) warn(tx *command.Tx) error {
	for _, bound := range [...]struct {
		kind string
		at   int64
	}{{"inventory.low_stock", s.ReorderPoint}, {"inventory.safety_stock", s.SafetyStock}} {
		if bound.at == 0 || s.wasOnHand <= bound.at || s.OnHand > bound.at {
			continue
		}
		if err := tx.Emit(bound.kind, string(s.Pool), lowStock{s.SKU, s.OnHand, bound.at}); err != nil {
			return err
		}
	}
	return nil
}

// SetPolicy replaces the policy of a SKU's stock at a location. What shards
// were granted before may still be sold.
type SetPolicy struct {
	SKU      catalog.SKU `cbor:"1,keyasint"`
	Location Location    `cbor:"2,keyasint,omitempty"` // "" is Main
	Policy   `cbor:"4,keyasint,omitzero"`
	Pool     PoolID `cbor:"3,keyasint" command:"stamped"`
	Key      string `cbor:"-"`
}

// Kind returns "inventory.set_policy".
func (SetPolicy) Kind() command.Kind { return "inventory.set_policy" }

// Validate reports numbers that cannot be meant.
func (c SetPolicy) Validate() error {
	if err := c.Policy.validate(); err != nil {
		return err
	}
	return validateStock(c.SKU, c.Location, "")
}

func (c SetPolicy) apply(tx *command.Tx) (Stock, error) {
	s, err := stockTx(tx.Tx, c.Pool)
	if err != nil {
		return s, err
	}
	s.SKU, s.Policy = c.SKU, c.Policy
	return s, s.save(tx)
}

// SetPolicy runs the command and returns the pool's record. A safety stock that
// shards have already been granted is taken back from them as far as they have
// not sold it.
func (s *Service) SetPolicy(ctx context.Context, c SetPolicy) (Stock, error) {
	if err := c.Validate(); err != nil {
		return Stock{}, err
	}
	key := command.KeyOr(s.engine, c.Key)
	pool, err := s.routeOne(ctx, key, "policy", c, c.SKU, c.Location)
	if err != nil {
		return Stock{}, err
	}
	slot, err := pool.Slot()
	if err != nil {
		return Stock{}, err
	}
	stock, err := command.Do[Stock](ctx, s.engine, &c, command.Call{Key: key, Slot: slot, Prepare: func(command.Stamp) error {
		c.Pool = pool
		return nil
	}})
	if lacks := stock.reserve() - stock.Unallocated; err == nil && lacks > 0 {
		s.takeBack(ctx, pool, lacks) // later sales of those shards are no broken promise
	}
	return stock, err
}

// takeBack recalls what it can of a pool.
func (s *Service) takeBack(ctx context.Context, pool PoolID, n int64) {
	unlock, err := s.locks.lock(ctx, []string{string(pool)})
	if err != nil {
		return
	}
	defer unlock()
	if views, err := s.readAll(ctx, []PoolID{pool}); err == nil {
		_ = s.recall(ctx, []wanted{{views[0], n}}, -1)
	}
}
