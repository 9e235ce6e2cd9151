package inventory

import (
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// giveBack is the first leg of a recall: a shard gives up goods that it does
// not need now. The second is book.
type giveBack struct {
	Shard int            `cbor:"1,keyasint"` // the holder
	Lines []giveBackLine `cbor:"2,keyasint"`
}

type giveBackLine struct {
	Pool PoolID `cbor:"1,keyasint"`
	// Total is what the shard is to have given back in all. It gives less if
	// it has less, and nothing if the total is reached.
	Total int64 `cbor:"2,keyasint"`
}

func (giveBack) Kind() command.Kind { return "inventory.give_back" }

func (c giveBack) Validate() error {
	for _, l := range c.Lines {
		if l.Total < 0 {
			return fault.New(fault.Invalid, "giving back %d of %s", l.Total, l.Pool)
		}
	}
	return nil
}

// apply returns what the shard has given back of each pool in all.
func (c giveBack) apply(tx *command.Tx) ([]int64, error) {
	if err := meantFor(tx, c.Shard); err != nil {
		return nil, err
	}
	out := make([]int64, len(c.Lines))
	for i, l := range c.Lines {
		had, given, err := l.apply(tx)
		if err != nil {
			return nil, err
		}
		if given > 0 {
			if err := scheduleBooking(tx); err != nil {
				return nil, err
			}
		}
		out[i] = had + given
	}
	return out, nil
}

// apply returns what the shard had given back before, and what it gives now.
func (l giveBackLine) apply(tx *command.Tx) (had, given int64, err error) {
	row := tx.One(`SELECT given_back, available FROM allowances WHERE pool = ?`, l.Pool)
	row.Next()
	had, available := row.Int64(0), row.Int64(1)
	given = min(l.Total-had, available)
	if err := row.Close(); err != nil || given <= 0 {
		return had, 0, err
	}
	_, err = execOn(tx, l.Pool, `UPDATE allowances SET available = available - ?, given_back = given_back + ? WHERE pool = ?`, given, given, l.Pool)
	return had, given, err
}
