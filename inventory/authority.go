package inventory

import (
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Stock is the authority's record of a pool. What shards hold and have not
// booked yet is not in it: see Level for the whole picture.
type Stock struct {
	Pool PoolID      `cbor:"1,keyasint"`
	SKU  catalog.SKU `cbor:"2,keyasint"`
	// OnHand is how many are there, as booked.
	OnHand int64 `cbor:"3,keyasint"`
	// Unallocated is how many no shard has an allowance for.
	Unallocated int64 `cbor:"4,keyasint"`
	// Shortage is how many are promised and not there.
	Shortage int64 `cbor:"5,keyasint"`
	// Version counts the movements of OnHand.
	Version int64 `cbor:"6,keyasint"`
	// Owed is the part of Shortage that was sold knowing that it is not there.
	Owed   int64 `cbor:"7,keyasint,omitempty"`
	Policy `cbor:"8,keyasint,omitzero"`

	recallDue int64 // the due time of the timer; set while there is a shortage
	known     bool  // has a row
	wasOnHand int64 // when it was read
}

// stockTx reads the authority's record; one that is not there is all zeros.
func stockTx(tx *sqlite.Tx, pool PoolID) (Stock, error) {
	s := Stock{Pool: pool}
	row := tx.One(selectPools+` WHERE pool = ?`, pool)
	if row.Next() {
		s = scanStock(row, pool)
	}
	return s, row.Close()
}

const selectPools = `SELECT pool, sku, on_hand, unallocated, shortage, coalesce(recall_due, 0), version,
	owed, safety, reorder, backorder, expected_at FROM pools`

func scanStock(row *sqlite.Rows, pool PoolID) Stock {
	return Stock{
		Pool: pool, SKU: catalog.SKU(row.Text(1)), OnHand: row.Int64(2), Unallocated: row.Int64(3),
		Shortage: row.Int64(4), recallDue: row.Int64(5), Version: row.Int64(6), known: true, wasOnHand: row.Int64(2),
		Owed: row.Int64(7), Policy: Policy{row.Int64(8), row.Int64(9), row.Int64(10), row.Int64(11)},
	}
}

// add puts n goods that nobody has been promised into the pool: they work off
// the shortage first.
func (s *Stock) add(n int64) {
	worked := min(n, s.Shortage)
	s.Shortage -= worked
	s.Owed = min(s.Owed, s.Shortage)
	s.Unallocated += n - worked
}

// remove takes n goods out of the pool: those that are promised already become
// a shortage.
func (s *Stock) remove(n int64) {
	taken := min(n, s.Unallocated)
	s.Unallocated -= taken
	s.Shortage += n - taken
}

// save writes the record, and sets or clears the timer of its shortage.
func (s *Stock) save(tx *command.Tx) error {
	wasShort := s.recallDue > 0
	switch short := s.Shortage > s.Owed; {
	case short && !wasShort:
		s.recallDue = max(tx.Clock, 1)
		if err := tx.SetTimer(s.recallDue, TimerRecall, string(s.Pool)); err != nil {
			return err
		}
	case !short && wasShort:
		if err := tx.ClearTimer(s.recallDue, TimerRecall, string(s.Pool)); err != nil {
			return err
		}
		s.recallDue = 0
	}
	var due any
	if s.recallDue > 0 {
		due = s.recallDue
	}
	if s.known {
		_, err := execOn(tx, s.Pool, `UPDATE pools SET on_hand = ?, unallocated = ?, shortage = ?, owed = ?, recall_due = ?, version = ?,
			safety = ?, reorder = ?, backorder = ?, expected_at = ? WHERE pool = ?`,
			s.OnHand, s.Unallocated, s.Shortage, s.Owed, due, s.Version, s.SafetyStock, s.ReorderPoint, s.Backorder, s.ExpectedAt, s.Pool)
		if err != nil {
			return err
		}
		return s.warn(tx)
	}
	slot, err := s.Pool.Slot()
	if err != nil {
		return err
	}
	s.known = true
	_, err = execOn(tx, s.Pool, `INSERT INTO pools (pool, sku, slot, on_hand, unallocated, shortage, owed, recall_due, version, safety, reorder, backorder, expected_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.Pool, s.SKU, slot, s.OnHand, s.Unallocated, s.Shortage, s.Owed, due, s.Version, s.SafetyStock, s.ReorderPoint, s.Backorder, s.ExpectedAt)
	return err
}

// MovementKind says why a pool's on-hand quantity changed.
type MovementKind string

// The kinds of movements. Nothing else changes what is on hand.
const (
	MovedReceived MovementKind = "received"
	MovedAdjusted MovementKind = "adjusted"
	MovedShipped  MovementKind = "shipped"
	MovedReturned MovementKind = "returned"
	// MovedTransferred is out of one location, or into another.
	MovedTransferred MovementKind = "transferred"
)

// move changes what is on hand by quantity and records why.
func (s *Stock) move(tx *command.Tx, kind MovementKind, quantity int64, reason string) error {
	if quantity == 0 {
		return nil
	}
	slot, err := s.Pool.Slot()
	if err != nil {
		return err
	}
	s.OnHand += quantity
	s.Version++
	_, err = tx.Exec(`INSERT INTO movements (pool, n, slot, kind, quantity, reason, at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		s.Pool, s.Version, slot, kind, quantity, reason, tx.At)
	return err
}
