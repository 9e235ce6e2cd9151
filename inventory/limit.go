package inventory

import (
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// LimitPool returns the pool of something that runs out like goods and is
// none, such as the uses of a coupon: of is an ID that names the slot of its
// authority, what tells several limits of one thing apart.
func LimitPool(of string, what Location) PoolID {
	return PoolOf(catalog.VariantID(of), what)
}

// SetLimit makes a pool that LimitPool named hold count units in all, used
// ones included; label is what errors and lists call it. Below what is used
// already it has a shortage: what others hold and do not need is taken back,
// and what is used stays used. It is called in apply on the pool's slot.
//
// Units of it are demanded, held, committed and given back with the goods of
// an order, under the same reservation. They are never shipped.
func SetLimit(tx *command.Tx, pool PoolID, label catalog.SKU, count int64) error {
	s, err := stockTx(tx.Tx, pool)
	if err != nil {
		return err
	}
	if count < 0 || count > maxStock {
		return fault.New(fault.Invalid, "a limit of %d: it must be 0 to %d", count, int64(maxStock))
	}
	s.SKU = label
	delta := count - s.OnHand
	if delta < 0 {
		s.remove(-delta)
	} else {
		s.add(delta)
	}
	if err := s.move(tx, MovedAdjusted, delta, "the limit was set"); err != nil {
		return err
	}
	return s.save(tx)
}
