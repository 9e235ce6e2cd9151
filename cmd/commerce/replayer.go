package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/onlineretail"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"golang.org/x/sync/errgroup"
)

// replayer carries a plan out on a store. Every command that it sends has an
// idempotency key made of the plan alone, so that it can be run again at any
// time and does only what is not done yet.
type replayer struct {
	plan     *onlineretail.Plan
	outcome  *onlineretail.Outcome
	flags    replayFlags
	progress *progress
	options  []commerce.Option // more, to open the store with
	shop     *commerce.Store

	mu sync.Mutex
	// partial has the invoices of which lines were out of stock, and where
	// each of their lines stands in the order: see number.
	partial map[*onlineretail.PlaceOrder][]int
}

// run carries the whole plan out. The problems it returns, one a line, are
// where the store's books do not agree with the plan's outcome.
func (r *replayer) run(ctx context.Context) (problems []string, err error) {
	opts := r.options
	if r.flags.shards > 0 {
		opts = append(opts, commerce.WithShards(r.flags.shards))
	}
	if r.shop, err = commerce.Open(ctx, r.flags.dir, opts...); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.shop.Close()) }()
	if err := r.putProducts(ctx); err != nil {
		return nil, err
	}
	if err := r.receiveStock(ctx); err != nil {
		return nil, err
	}
	if err := r.sell(ctx); err != nil {
		return nil, err
	}
	return r.audit(ctx)
}

// putProducts puts every product of the file. One that was never sold has no
// price.
func (r *replayer) putProducts(ctx context.Context) error {
	puts := make([]catalog.PutProduct, len(r.plan.Products))
	for i, p := range r.plan.Products {
		v := catalog.PutVariant{SKU: catalog.SKU(p.SKU), Untracked: p.Service}
		if p.UsualPrice != (money.Amount{}) {
			v.Prices = []money.Amount{p.UsualPrice}
		}
		puts[i] = catalog.PutProduct{Title: p.Title, Variants: []catalog.PutVariant{v}}
	}
	_, err := again(ctx, func() ([]catalog.Product, error) { return r.shop.Catalog.PutProducts(ctx, puts) })
	return err
}

// receiveStock receives the opening stock, once in the life of the store.
func (r *replayer) receiveStock(ctx context.Context) error {
	var lines []inventory.Receive
	for _, p := range r.plan.Products {
		if n := r.openingStock(p); n > 0 {
			lines = append(lines, inventory.Receive{SKU: catalog.SKU(p.SKU), Quantity: n, Reason: "opening stock"})
		}
	}
	_, err := again(ctx, func() ([]inventory.Stock, error) {
		return r.shop.Inventory.ReceiveMany(ctx, inventory.ReceiveMany{Lines: lines, Key: "opening-stock"})
	})
	if errors.Is(err, fault.Conflict) {
		return fmt.Errorf("%s has the opening stock of another file or another --stock: name a new directory (%w)", r.flags.dir, err)
	}
	return err
}

func (r *replayer) openingStock(p onlineretail.Product) int64 {
	switch {
	case p.Service:
		return 0
	case r.flags.stock == enough:
		return p.UnitsSold
	}
	return r.flags.stock
}

// sell carries out the sequences, some of them at a time. The longest go first,
// so that none of them is what everything waits for in the end.
func (r *replayer) sell(ctx context.Context) error {
	r.progress.begin("orders and returns", r.plan.Operations())
	defer r.progress.end()
	sequences := slices.Clone(r.plan.Sequences)
	slices.SortStableFunc(sequences, func(a, b onlineretail.Sequence) int { return len(b.Operations) - len(a.Operations) })
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(r.flags.concurrency)
	for i := range sequences {
		if groupCtx.Err() != nil {
			break
		}
		group.Go(func() error { return r.sequence(groupCtx, &sequences[i]) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err() // if it ended between two sequences
}

// sequence carries out what one customer did, in order.
func (r *replayer) sequence(ctx context.Context, s *onlineretail.Sequence) error {
	customer, err := r.customer(ctx, s)
	if err != nil {
		return err
	}
	for _, op := range s.Operations {
		if op.Place != nil {
			err = r.place(ctx, customer, op.Place)
		} else {
			err = r.takeBack(ctx, op.Return)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", op.Key(), err)
		}
		r.progress.step()
	}
	return nil
}

// customer returns the store's customer for a sequence; "" is a guest. The
// file knows a number and a country of them, and nothing personal.
func (r *replayer) customer(ctx context.Context, s *onlineretail.Sequence) (accounts.CustomerID, error) {
	if s.Customer == "" {
		return "", nil
	}
	register := accounts.Register{ExternalReference: s.Customer, Key: "customer:" + s.Customer}
	if first := s.Operations[0].Place; first != nil {
		metadata, err := json.Marshal(map[string]string{"country": first.Country})
		if err != nil {
			return "", err
		}
		register.Metadata = metadata
	}
	c, err := again(ctx, func() (accounts.Customer, error) { return r.shop.Accounts.Register(ctx, register) })
	if err != nil {
		return "", fmt.Errorf("customer %s: %w", s.Customer, err)
	}
	return c.ID, nil
}
