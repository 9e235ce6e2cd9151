package inventory

import (
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// book tells the authority what shards have given back, shipped and taken
// returned, as totals: it books the difference to what it knows.
type book struct {
	Lines []totals `cbor:"1,keyasint"`
}

// totals are what one shard has done with its allowance of a pool, ever.
type totals struct {
	Pool      PoolID `cbor:"1,keyasint"`
	Shard     int    `cbor:"2,keyasint"`
	GivenBack int64  `cbor:"3,keyasint"`
	Shipped   int64  `cbor:"4,keyasint"`
	Returned  int64  `cbor:"5,keyasint"` // to stock
}

func (book) Kind() command.Kind { return "inventory.book" }

func (c book) Validate() error { return validateTotals(c.Lines) }

func validateTotals(lines []totals) error {
	for _, l := range lines {
		if l.GivenBack < 0 || l.Shipped < 0 || l.Returned < 0 || l.Returned > l.Shipped {
			return fault.New(fault.Invalid, "shard %d cannot have given back %d of %s, shipped %d and taken back %d",
				l.Shard, l.GivenBack, l.Pool, l.Shipped, l.Returned)
		}
	}
	return nil
}

func (c book) apply(tx *command.Tx) (struct{}, error) {
	for _, l := range c.Lines {
		if err := l.book(tx); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, nil
}

// uncounted is the reason of the movement that corrects a count: goods were
// shipped that were not on hand as far as anybody knew.
const uncounted = "shipped although not counted"

func (l totals) book(tx *command.Tx) error {
	row := tx.One(`SELECT given_back, shipped, returned FROM grants WHERE pool = ? AND shard = ?`, l.Pool, l.Shard)
	row.Next()
	back := max(l.GivenBack-row.Int64(0), 0)
	shipped := max(l.Shipped-row.Int64(1), 0)
	returned := max(l.Returned-row.Int64(2), 0)
	if err := row.Close(); err != nil || back+shipped+returned == 0 {
		return err
	}
	n, err := execOn(tx, l.Pool, `UPDATE grants SET given_back = given_back + ?, shipped = shipped + ?, returned = returned + ? WHERE pool = ? AND shard = ?`,
		back, shipped, returned, l.Pool, l.Shard)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "shard %d was never granted any of %s", l.Shard, l.Pool)
	}
	s, err := stockTx(tx.Tx, l.Pool)
	if err != nil {
		return err
	}
	s.add(back)
	if err := s.ship(tx, shipped); err != nil {
		return err
	}
	s.add(returned)
	if err := s.move(tx, MovedReturned, returned, ""); err != nil {
		return err
	}
	return s.save(tx)
}

// ship books goods out. They were promised, so they are neither unallocated
// nor, unless a count was wrong, part of the shortage.
func (s *Stock) ship(tx *command.Tx, n int64) error {
	if extra := n - s.OnHand; extra > 0 {
		s.add(extra)
		if err := s.move(tx, MovedAdjusted, extra, uncounted); err != nil {
			return err
		}
	}
	return s.move(tx, MovedShipped, -n, "")
}
