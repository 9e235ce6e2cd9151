package commerce

import (
	"context"
	"time"

	"github.com/keelshop/commerce/internal/id"
)

// startWorkers starts what a store does by itself.
func (s *Store) startWorkers() {
	ctx := s.running
	handlers := s.timerHandlers()
	for _, l := range s.engine.lanes {
		t := newTimers(l, handlers, s.config.clock.Poll, s.config.logger)
		s.workers.Go(func() { t.run(ctx) })
		s.workers.Go(func() { s.pruneLane(ctx, l) })
	}
	s.workers.Go(func() { s.settleStock(ctx) })
	s.workers.Go(func() { s.watchRoom(ctx) })
	s.workers.Go(func() { s.reconcile(ctx) })
	s.workers.Go(func() { s.followOrders(ctx) })
}

// settleStock finishes loans of stock between shards that a crash cut in two.
func (s *Store) settleStock(ctx context.Context) {
	for first := true; first || pause(ctx, settleEvery); first = false {
		if !s.engine.lanes[0].group.Ready() {
			continue // one node is enough
		}
		if err := s.Inventory.Settle(ctx); err != nil && ctx.Err() == nil {
			s.config.logger.Warn("stock between shards could not be settled and will be tried again", "error", err)
		}
	}
}

const settleEvery = 5 * time.Minute

// reconcile compares the books of payment providers with the store's.
func (s *Store) reconcile(ctx context.Context) {
	for pause(ctx, reconcileEvery) {
		if !s.engine.lanes[0].group.Ready() {
			continue // one node is enough
		}
		for _, provider := range s.Payments.Listers() {
			r, err := s.Checkout.Reconcile(ctx, provider, s.engine.Now().Add(-reconcileBack))
			if err != nil && ctx.Err() == nil {
				s.config.logger.Warn("the books of a payment provider could not be compared and will be again", "provider", provider, "error", err)
			}
			if len(r.GivenBack) > 0 {
				s.config.logger.Warn("payments that the books have lost were given back", "provider", provider, "payments", len(r.GivenBack))
			}
		}
	}
}

const (
	reconcileEvery = 15 * time.Minute
	reconcileBack  = 72 * time.Hour
)

// followOrders gives placed orders their numbers, if the store has a sequence,
// and then their invoices and credit notes, if the store wants them.
func (s *Store) followOrders(ctx context.Context) {
	for pause(ctx, followEvery) {
		if !s.engine.lanes[s.engine.ShardOf(id.StoreSlot)].group.Ready() {
			continue // one node is enough
		}
		if err := s.Orders.AssignNumbers(ctx); err != nil && ctx.Err() == nil {
			s.config.logger.Warn("orders could not be numbered and will be tried again", "error", err)
		}
		if err := s.Documents.Follow(ctx); err != nil && ctx.Err() == nil {
			s.config.logger.Warn("documents could not be drawn up and will be tried again", "error", err)
		}
	}
}

const followEvery = time.Second
