package inventory

import (
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// deposit is the second leg of a loan: the borrower adds what was granted to
// its allowance. Totals make it harmless to repeat.
type deposit struct {
	Shard int       `cbor:"1,keyasint"` // the borrower
	Lines []granted `cbor:"2,keyasint"`
}

func (deposit) Kind() command.Kind { return "inventory.deposit" }

func (c deposit) Validate() error {
	for _, l := range c.Lines {
		if l.Total < 0 {
			return fault.New(fault.Invalid, "a deposit of %d of %s", l.Total, l.Pool)
		}
	}
	return nil
}

func (c deposit) apply(tx *command.Tx) (struct{}, error) {
	if err := meantFor(tx, c.Shard); err != nil {
		return struct{}{}, err
	}
	for _, l := range c.Lines {
		if err := l.arrive(tx); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, nil
}

// arrive raises the shard's allowance to what it was granted in all.
func (g granted) arrive(tx *command.Tx) error {
	if g.Total == 0 {
		return nil
	}
	slot, err := g.Pool.Slot()
	if err != nil {
		return err
	}
	_, err = execOn(tx, g.Pool, `INSERT INTO allowances (pool, sku, slot, deposited, available) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (pool) DO UPDATE SET available = available + excluded.deposited - deposited, deposited = excluded.deposited
		WHERE excluded.deposited > deposited`, g.Pool, g.SKU, slot, g.Total, g.Total)
	return err
}

// meantFor refuses totals of another shard's allowances.
func meantFor(tx *command.Tx, shard int) error {
	if tx.Shard == shard {
		return nil
	}
	return fault.New(fault.Conflict, "allowances of shard %d are not kept on shard %d", shard, tx.Shard)
}
