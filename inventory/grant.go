package inventory

import (
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// grant is the first leg of a loan: the authority sets goods aside for a
// shard. If what it granted before has not arrived, it grants nothing new and
// tells the total again.
type grant struct {
	Shard int         `cbor:"1,keyasint"` // the borrower
	Lines []grantLine `cbor:"2,keyasint"`
}

type grantLine struct {
	Pool      PoolID `cbor:"1,keyasint"`
	Deposited int64  `cbor:"2,keyasint"` // the borrower's total
	Want      int64  `cbor:"3,keyasint"`
	// Free is for goods whose stock does not limit what is sold.
	Free bool        `cbor:"4,keyasint,omitempty"`
	SKU  catalog.SKU `cbor:"5,keyasint,omitempty"` // with Free, since there may be no pool yet
}

// granted tells the authority's total for one pool and shard.
type granted struct {
	Pool  PoolID      `cbor:"1,keyasint"`
	SKU   catalog.SKU `cbor:"2,keyasint,omitempty"`
	Total int64       `cbor:"3,keyasint"`
}

func (grant) Kind() command.Kind { return "inventory.grant" }

func (c grant) Validate() error {
	for _, l := range c.Lines {
		if l.Want < 1 || l.Deposited < 0 {
			return fault.New(fault.Invalid, "a grant of %d of %s to a shard that has had %d", l.Want, l.Pool, l.Deposited)
		}
	}
	return nil
}

func (c grant) apply(tx *command.Tx) ([]granted, error) {
	out := make([]granted, len(c.Lines))
	for i, l := range c.Lines {
		var err error
		if out[i], err = l.apply(tx, c.Shard); err != nil {
			return nil, err
		}
		// A shard borrows from itself in one step.
		if c.Shard == tx.Shard {
			if err := out[i].arrive(tx); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (l grantLine) apply(tx *command.Tx, shard int) (granted, error) {
	s, err := stockTx(tx.Tx, l.Pool)
	if err != nil {
		return granted{}, err
	}
	if !s.known {
		s.SKU = l.SKU
	}
	total, _, err := tx.Int64(`SELECT granted FROM grants WHERE pool = ? AND shard = ?`, l.Pool, shard)
	if err != nil {
		return granted{}, err
	}
	out := granted{l.Pool, s.SKU, total}
	if l.Deposited > total {
		return out, fault.New(fault.Conflict, "shard %d has had %d of %s and was granted %d", shard, l.Deposited, l.Pool, total)
	}
	n := min(l.Want, s.lendable())
	if l.Free {
		n = min(l.Want, maxStock-s.Shortage)
	}
	if l.Deposited < total || n == 0 {
		return out, nil
	}
	slot, err := l.Pool.Slot()
	if err != nil {
		return out, err
	}
	if err := s.lend(tx, n); err != nil {
		return out, err
	}
	_, err = execOn(tx, l.Pool, `INSERT INTO grants (pool, shard, slot, granted, given_back, shipped, returned) VALUES (?, ?, ?, ?, 0, 0, 0)
		ON CONFLICT (pool, shard) DO UPDATE SET granted = granted + excluded.granted`, l.Pool, shard, slot, n)
	out.Total += n
	return out, err
}
