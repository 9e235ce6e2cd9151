package interchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
)

// stockers is how many stocks are set at the same time.
const stockers = 64

// count is what a file says of the stock of a variant at a place.
type count struct {
	sku    catalog.SKU
	at     inventory.Location
	onHand *int64
	policy inventory.Policy
}

// counts returns what the record says of stock, of variants that have any.
func (r *record) counts() (list []count) {
	for i, v := range r.put.Variants {
		if _, counted := r.stocked(i); !counted {
			continue
		}
		main := count{sku: v.SKU, at: inventory.Main}
		if n, ok := r.stock[i]; ok {
			main.onHand = new(int64)
			*main.onHand = n
		}
		if r.own != nil {
			main.policy = inventory.Policy(r.own.Variants[i].Policy)
			for _, s := range r.own.Variants[i].StockAt {
				list = append(list, count{v.SKU, s.Place, &s.OnHand, inventory.Policy(s.Policy)})
			}
		}
		if main.onHand != nil || main.policy != (inventory.Policy{}) {
			list = append(list, main)
		}
	}
	return list
}

// check returns why a stock cannot be set.
func (c count) check() error {
	if c.onHand != nil {
		if err := (inventory.Adjust{SKU: c.sku, Location: c.at, Count: c.onHand, Reason: "import"}).Validate(); err != nil {
			return err
		}
	}
	return inventory.SetPolicy{SKU: c.sku, Location: c.at, Policy: c.policy}.Validate()
}

// stocks is what became of the stock of a batch.
type stocks struct{ set, kept int }

// stock sets what is on hand where nothing was counted yet, or everywhere if it
// is to be counted anew.
func (l *loader) stock(ctx context.Context, batch []*record) (sum stocks, err error) {
	var counts []count
	for _, r := range batch {
		if !r.refused() {
			counts = append(counts, r.counts()...)
		}
	}
	type outcome struct {
		stocks
		err error
	}
	done := make(chan outcome, len(counts))
	gate := make(chan struct{}, stockers)
	var wait sync.WaitGroup
	for _, c := range counts {
		gate <- struct{}{}
		wait.Go(func() {
			defer func() { <-gate }()
			s, err := l.setStock(ctx, c)
			done <- outcome{s, err}
		})
	}
	wait.Wait()
	close(done)
	for o := range done {
		if o.err != nil {
			return sum, o.err
		}
		sum.set, sum.kept = sum.set+o.set, sum.kept+o.kept
	}
	return sum, nil
}

func (l *loader) setStock(ctx context.Context, c count) (done stocks, err error) {
	have, err := l.shop.Inventory.Level(ctx, c.sku, c.at)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return done, fmt.Errorf("reading the stock of %s: %w", c.sku, err)
	}
	if c.policy != have.Policy && (have.Policy == inventory.Policy{} || l.options.Recount) {
		if _, err := l.shop.Inventory.SetPolicy(ctx, inventory.SetPolicy{SKU: c.sku, Location: c.at, Policy: c.policy}); err != nil {
			return done, fmt.Errorf("setting how the stock of %s is sold: %w", c.sku, err)
		}
	}
	switch {
	case c.onHand == nil || have.OnHand == *c.onHand:
		return done, nil
	case have.Version > 0 && !l.options.Recount:
		return stocks{kept: 1}, nil
	}
	if _, err = l.shop.Inventory.Adjust(ctx, inventory.Adjust{SKU: c.sku, Location: c.at, Count: c.onHand, Reason: "import"}); err != nil {
		return done, fmt.Errorf("setting the stock of %s to %d: %w", c.sku, *c.onHand, err)
	}
	return stocks{set: 1}, nil
}

// listed works out what price lists get of the record's variants. Of variants
// that stay as they are, they get only what they have nothing of yet.
func (l *loader) listed(ctx context.Context, r *record) error {
	if r.own == nil || l.options.DryRun {
		return nil
	}
	for i, v := range r.own.Variants {
		if there, _ := r.stocked(i); !there {
			continue
		}
		for _, p := range v.ListPrices {
			list, err := l.priceList(ctx, p.List)
			if err != nil {
				return err
			}
			if list == "" {
				r.refuse(r.line, "", "unknown_price_list", "there is no price list %q", p.List)
				return nil
			}
			if !r.kept || !r.onList(v.SKU, list) {
				r.lists = tier(r.lists, list, v.SKU, catalog.Tier{MinQuantity: p.MinQuantity, Price: p.Price})
			}
		}
	}
	for _, put := range r.lists {
		if err := put.Validate(); err != nil {
			r.refuse(r.line, "", "invalid", "%v", err)
		}
	}
	return nil
}

// onList reports whether the product as it is has prices on a list.
func (r *record) onList(sku catalog.SKU, list catalog.PriceListID) bool {
	return slices.ContainsFunc(r.have.Variants, func(v catalog.Variant) bool {
		return v.SKU == sku && slices.ContainsFunc(v.ListPrices, func(p catalog.ListPrice) bool { return p.List == list })
	})
}

// tier adds a price on a list.
func tier(lists []catalog.PutListPrices, list catalog.PriceListID, sku catalog.SKU, t ...catalog.Tier) []catalog.PutListPrices {
	i := slices.IndexFunc(lists, func(p catalog.PutListPrices) bool { return p.List == list })
	if i < 0 {
		i = len(lists)
		lists = append(lists, catalog.PutListPrices{List: list})
	}
	p := &lists[i]
	if n := len(p.Prices); n > 0 && p.Prices[n-1].SKU == sku {
		p.Prices[n-1].Tiers = append(p.Prices[n-1].Tiers, t...)
		return lists
	}
	p.Prices = append(p.Prices, catalog.SKUPrices{SKU: sku, Tiers: t})
	return lists
}

// list puts the prices of a batch on their lists.
func (l *loader) list(ctx context.Context, batch []*record) error {
	var lists []catalog.PutListPrices
	for _, r := range batch {
		if r.refused() {
			continue
		}
		for _, put := range r.lists {
			for _, p := range put.Prices {
				lists = tier(lists, put.List, p.SKU, p.Tiers...)
			}
		}
	}
	for _, put := range lists {
		if err := l.shop.Catalog.PutListPrices(ctx, put); err != nil {
			return fmt.Errorf("putting the prices of rows %d to %d on a list: %w", batch[0].line, batch[len(batch)-1].line, err)
		}
	}
	return nil
}
