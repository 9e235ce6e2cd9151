package documents

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/orders"
)

// followPage is how many events one round looks at.
const followPage = 500

// Follow draws up what the settings say is due since it was last called, by
// the events of orders and payments. The store calls it by itself, once a
// second, on one node; it may be called at any time.
func (s *Service) Follow(ctx context.Context) error {
	settings, err := s.Settings(ctx)
	if err != nil || settings.Invoice == Never {
		return err
	}
	for shard := range s.engine.Shards() {
		if err := s.followShard(ctx, shard, settings.Invoice); err != nil {
			return fmt.Errorf("drawing up the documents of shard %d: %w", shard, err)
		}
	}
	return nil
}

func (s *Service) followShard(ctx context.Context, shard int, when When) error {
	var done int64
	err := s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) (err error) {
		done, _, err = tx.Int64(`SELECT done FROM documented WHERE shard = ?`, shard)
		return err
	})
	if err != nil {
		return err
	}
	for {
		touched, last, err := s.eventsAfter(ctx, shard, max(done, s.sawUpTo(shard, 0)))
		if err != nil || last == 0 {
			return err
		}
		drew := false
		for _, o := range touched {
			issued, err := s.issueIfDue(ctx, o, when)
			if err != nil {
				return err
			}
			drew = drew || issued
		}
		if drew {
			if _, err := command.Do[struct{}](ctx, s.engine, &noteDone{Shard: shard, Done: last}, command.Call{Slot: id.StoreSlot}); err != nil {
				return err
			}
		}
		s.sawUpTo(shard, last)
	}
}

// sawUpTo raises how far this node has looked at a shard's events, and returns
// it.
func (s *Service) sawUpTo(shard int, seq int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[shard] = max(s.seen[shard], seq)
	return s.seen[shard]
}

// eventsAfter returns the orders that a page of a shard's events is about and
// the last event of the page; 0 if there is none.
func (s *Service) eventsAfter(ctx context.Context, shard int, after int64) (touched []orders.ID, last int64, err error) {
	err = s.engine.View(ctx, s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT seq, kind, subject, data FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?`, after, followPage)
		for rows.Next() {
			last = rows.Int64(0)
			if o := about(rows.Text(1), rows.Text(2), rows.Blob(3)); o != "" && !slices.Contains(touched, o) {
				touched = append(touched, o)
			}
		}
		return rows.Close()
	})
	return touched, last, err
}

// about returns the order that an event may make documents due for.
func about(kind, subject string, data []byte) orders.ID {
	switch kind {
	case "order.placed", "order.changed", "order.shipped", "order.refund_granted", "order.refund_released", "order.canceled":
		return orders.ID(subject)
	case "payment.captured":
		var of struct {
			Order orders.ID `json:"order"`
		}
		if json.Unmarshal(data, &of) == nil {
			return of.Order
		}
	}
	return ""
}

// issueIfDue draws up what an order lacks, once its time has come.
func (s *Service) issueIfDue(ctx context.Context, order orders.ID, when When) (bool, error) {
	o, err := s.orders.Get(ctx, order)
	if fault.CodeOf(err) == fault.NotFound {
		return false, nil
	}
	if err != nil || o.PlacedAt.IsZero() {
		return false, err
	}
	due := when == OnPayment && paid(o) || when == OnShip && o.Shipped > 0
	if !due || o.Total.IsZero() {
		have, err := s.ByOrder(ctx, order)
		if err != nil || len(have) == 0 {
			return false, err
		}
	}
	_, err = s.Issue(ctx, order)
	return err == nil, err
}

// paid reports whether all of an order is paid, or was before a part of it went
// back. One that went back in full before anybody looked is not invoiced.
func paid(o orders.Order) bool {
	switch o.PaymentStatus {
	case orders.Paid, orders.Overcharged:
		return true
	case orders.PartiallyRefunded:
		kept, lowered := o.Captured.Minor()-o.Refunded.Minor(), o.RefundGranted.Minor()-o.ExcessGranted.Minor()
		return kept >= o.Total.Minor()-lowered
	}
	return false
}

// noteDone notes how far the orders of a shard have their documents.
type noteDone struct {
	Shard int   `cbor:"1,keyasint"`
	Done  int64 `cbor:"2,keyasint"` // the shard's event up to which it is done
}

func (noteDone) Kind() command.Kind { return "documents.note_done" }

// Validate returns nil: Follow has made it.
func (noteDone) Validate() error { return nil }

func (c noteDone) apply(tx *command.Tx) (struct{}, error) {
	_, err := tx.Exec(`INSERT INTO documented (shard, slot, done) VALUES (?, ?, ?)
		ON CONFLICT (shard) DO UPDATE SET done = max(done, excluded.done)`, c.Shard, tx.Slot, c.Done)
	return struct{}{}, err
}
