package inventory

import (
	"context"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// Adjust corrects what is on hand: goods were found, lost or broken, or were
// counted. A pool that ends up with less than was promised has a shortage,
// which is worked off by what shards can give back, by cancellations and by
// the next delivery.
type Adjust struct {
	SKU      catalog.SKU `cbor:"1,keyasint"`
	Location Location    `cbor:"2,keyasint,omitempty"` // "" is Main
	// Delta is added to what is on hand. It is not used with Count.
	Delta int64 `cbor:"3,keyasint,omitempty"`
	// Count is what was counted on the shelf, goods that are sold and not
	// shipped included.
	Count  *int64 `cbor:"4,keyasint,omitempty"`
	Reason string `cbor:"5,keyasint"` // required
	// Version is the Stock.Version that the caller decided on; 0 means any.
	Version int64  `cbor:"6,keyasint,omitempty"`
	Pool    PoolID `cbor:"7,keyasint" command:"stamped"`
	Key     string `cbor:"-"`
}

// Kind returns "inventory.adjust".
func (Adjust) Kind() command.Kind { return "inventory.adjust" }

// Validate reports a missing reason and quantities that cannot be meant.
func (c Adjust) Validate() error {
	switch {
	case c.Reason == "":
		return fault.Wrong("reason", "the adjustment of %q needs a reason", c.SKU)
	case c.Count == nil && c.Delta == 0:
		return fault.Wrong("delta", "the adjustment of %q changes nothing: set Delta or Count", c.SKU)
	case c.Count != nil && c.Delta != 0:
		return fault.Wrong("delta", "the adjustment of %q has a Delta and a Count: set one of them", c.SKU)
	case c.Count != nil && (*c.Count < 0 || *c.Count > maxQuantity):
		return fault.Wrong("count", "%d of %q cannot have been counted; it must be 0 to %d", *c.Count, c.SKU, int64(maxQuantity))
	case c.Delta < -maxQuantity || c.Delta > maxQuantity:
		return fault.Wrong("delta", "the adjustment of %q by %d is beyond %d", c.SKU, c.Delta, int64(maxQuantity))
	}
	return validateStock(c.SKU, c.Location, c.Reason)
}

func (c Adjust) apply(tx *command.Tx) (Stock, error) {
	s, err := stockTx(tx.Tx, c.Pool)
	if err != nil {
		return s, err
	}
	if c.Version != 0 && c.Version != s.Version {
		return s, &VersionError{Pool: c.Pool, Have: s.Version, Want: c.Version}
	}
	s.SKU = c.SKU
	delta := c.Delta
	if c.Count != nil {
		delta = *c.Count - s.OnHand
	}
	switch {
	case delta < -s.OnHand:
		return s, fault.New(fault.Refused, "only %d of %s are on hand; %d cannot be taken away", s.OnHand, c.SKU, -delta)
	case delta > maxStock-s.OnHand:
		return s, fault.New(fault.Refused, "%d of %s are on hand; %d more are beyond the limit of %d", s.OnHand, c.SKU, delta, int64(maxStock))
	case delta < 0:
		s.remove(-delta)
	default:
		s.add(delta)
	}
	if err := s.move(tx, MovedAdjusted, delta, c.Reason); err != nil {
		return s, err
	}
	if err := s.save(tx); err != nil || delta == 0 {
		return s, err
	}
	return s, tx.Emit("inventory.adjusted", string(c.Pool), moved{c.SKU, delta, s.OnHand, s.Version})
}

// Adjust corrects what is on hand and returns the pool's new record, which may
// show a shortage that is being worked off. It refuses to take away more than
// is on hand. Before a Count, what shards have
// shipped so far is booked, so that it is not taken away twice; do not ship
// from the location while its goods are being counted.
func (s *Service) Adjust(ctx context.Context, c Adjust) (Stock, error) {
	if err := c.Validate(); err != nil {
		return Stock{}, err
	}
	key := command.KeyOr(s.engine, c.Key)
	pool, err := s.routeOne(ctx, key, "adjust", c, c.SKU, c.Location)
	if err != nil {
		return Stock{}, err
	}
	slot, err := pool.Slot()
	if err != nil {
		return Stock{}, err
	}
	if c.Count != nil {
		if err := s.bookPool(ctx, pool); err != nil {
			return Stock{}, command.UnderKey(key, err)
		}
	}
	stock, err := command.Do[Stock](ctx, s.engine, &c, command.Call{Key: key, Slot: slot, Prepare: func(command.Stamp) error {
		c.Pool = pool
		return nil
	}})
	if err == nil && stock.Shortage > 0 {
		// So that shards stop selling what is not there. If this fails, the
		// timer of the shortage does it.
		_ = s.RecallTimer(ctx, string(pool))
	}
	return stock, err
}
