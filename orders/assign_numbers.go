package orders

import (
	"context"
	"fmt"
	"strconv"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// numberPage is how many events one round looks at for placed orders.
const numberPage = 500

// AssignNumbers gives the placed orders that wait for one a number of the
// sequence, if the store has one. The store calls it by itself, once a second,
// on one node; it may be called at any time, and what a crash interrupts is
// taken up by the next call.
//
// Checkouts know nothing of it: it follows their events, takes numbers on the
// store's slot for many orders with one command, and writes them into the
// orders of each shard with another.
func (s *Service) AssignNumbers(ctx context.Context) error {
	var n numbering
	err := s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) (err error) {
		n, err = numberingTx(tx)
		return err
	})
	if err != nil || n.Scheme != Sequence {
		return err
	}
	for shard := range s.engine.Shards() {
		if err := s.numberShard(ctx, shard, n.since); err != nil {
			return fmt.Errorf("numbering the orders of shard %d: %w", shard, err)
		}
	}
	return nil
}

// numberShard follows the events of one shard up to its present end.
func (s *Service) numberShard(ctx context.Context, shard int, since int64) error {
	var done int64
	err := s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) (err error) {
		done, _, err = tx.Int64(`SELECT done FROM order_numbered WHERE shard = ?`, shard)
		return err
	})
	for err == nil {
		var orders []ID
		var last int64
		orders, last, err = s.placedAfter(ctx, shard, max(done, s.seen(shard)), since)
		if err != nil || last == 0 {
			return err
		}
		if len(orders) > 0 {
			if err = s.number(ctx, shard, orders, last); err != nil {
				return err
			}
		}
		s.saw(shard, last)
	}
	return err
}

// seen returns how far the events of a shard were looked at by this node. What
// was found up to there has its numbers.
func (s *Service) seen(shard int) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.numbered[shard]
}

func (s *Service) saw(shard int, seq int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.numbered[shard] = max(s.numbered[shard], seq)
}

// placedAfter returns the orders that a page of a shard's events tells to be
// placed, and the last event of the page; 0 if there is none.
func (s *Service) placedAfter(ctx context.Context, shard int, after, since int64) (orders []ID, last int64, err error) {
	err = s.engine.View(ctx, s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT seq, kind, subject, at FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?`, after, numberPage)
		for rows.Next() {
			last = rows.Int64(0)
			if rows.Text(1) == placedEvent && rows.Int64(3) >= since {
				orders = append(orders, ID(rows.Text(2)))
			}
		}
		return rows.Close()
	})
	return orders, last, err
}

// number takes numbers for orders of a shard and writes them down there.
func (s *Service) number(ctx context.Context, shard int, orders []ID, upTo int64) error {
	numbers, err := command.Do[[]string](ctx, s.engine, &assignNumbers{Orders: orders}, command.Call{Slot: id.StoreSlot})
	if err != nil {
		return err
	}
	slot := s.engine.SlotOn(shard)
	if _, err := command.Do[struct{}](ctx, s.engine, &takeNumbers{Orders: orders, Numbers: numbers}, command.Call{Slot: slot}); err != nil {
		return err
	}
	_, err = command.Do[struct{}](ctx, s.engine, &noteNumbered{Shard: shard, Done: upTo}, command.Call{Slot: id.StoreSlot})
	return err
}

// assignNumbers takes the next numbers of the sequence, on the store's slot.
// An order that has one keeps it.
type assignNumbers struct {
	Orders []ID `cbor:"1,keyasint"`
}

func (assignNumbers) Kind() command.Kind { return "orders.assign_numbers" }

// Validate returns nil: the orders come from events.
func (assignNumbers) Validate() error { return nil }

func (c assignNumbers) apply(tx *command.Tx) ([]string, error) {
	n, err := numberingTx(tx.Tx)
	if err != nil {
		return nil, err
	}
	next := n.Next
	out := make([]string, len(c.Orders))
	for i, o := range c.Orders {
		had, found, err := tx.Text(`SELECT number FROM order_numbers WHERE order_id = ?`, o)
		if err != nil {
			return nil, err
		}
		if out[i] = had; found || n.Scheme != Sequence {
			continue
		}
		out[i] = n.Prefix + strconv.FormatInt(next, 10)
		if _, err := tx.Exec(`INSERT INTO order_numbers (prefix, n, slot, number, order_id) VALUES (?, ?, ?, ?, ?)`, n.Prefix, next, tx.Slot, out[i], o); err != nil {
			return nil, err
		}
		next++
	}
	if next == n.Next {
		return out, nil
	}
	_, err = tx.Exec(`UPDATE order_sequences SET next = ? WHERE prefix = ?`, next, n.Prefix)
	return out, err
}

// takeNumbers writes numbers into the orders of a shard. It leaves their
// versions alone: nobody's decision depends on a number.
type takeNumbers struct {
	Orders  []ID     `cbor:"1,keyasint"`
	Numbers []string `cbor:"2,keyasint"` // "" is none
}

func (takeNumbers) Kind() command.Kind { return "orders.take_numbers" }

// Validate returns nil: AssignNumbers has made it.
func (takeNumbers) Validate() error { return nil }

func (c takeNumbers) apply(tx *command.Tx) (struct{}, error) {
	for i, o := range c.Orders {
		if c.Numbers[i] == "" {
			continue
		}
		if _, err := tx.Exec(`UPDATE orders SET number = ? WHERE id = ?`, c.Numbers[i], o); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, nil
}

// noteNumbered notes how far the orders of a shard have their numbers.
type noteNumbered struct {
	Shard int   `cbor:"1,keyasint"`
	Done  int64 `cbor:"2,keyasint"` // the shard's event up to which it is done
}

func (noteNumbered) Kind() command.Kind { return "orders.note_numbered" }

// Validate returns nil: AssignNumbers has made it.
func (noteNumbered) Validate() error { return nil }

func (c noteNumbered) apply(tx *command.Tx) (struct{}, error) {
	_, err := tx.Exec(`INSERT INTO order_numbered (shard, slot, done) VALUES (?, ?, ?)
		ON CONFLICT (shard) DO UPDATE SET done = max(done, excluded.done)`, c.Shard, tx.Slot, c.Done)
	return struct{}{}, err
}
