package search

import (
	"context"
	"time"

	"github.com/keelshop/commerce/catalog"
)

// survey is what no single event tells: what sells, and what has sold out.
type survey struct {
	sold  map[string]int64     // units by product, within soldDays
	stock map[catalog.SKU]bool // whether any could be sold
}

// soldDays is how many days of orders count for ByBestSelling.
const soldDays = 90

// surveyPause is the shortest time between surveys. A survey that takes long
// is made less often, so that it never takes more than a hundredth of the time.
const surveyPause = 20 * time.Second

// surveys makes a survey now and then, and notes texts that found nothing,
// until ctx ends. What cannot be surveyed
// is left as it is: selling goes by what checkout knows.
func (f *Finder) surveys(ctx context.Context, out chan<- survey) {
	for ctx.Err() == nil {
		started, pause := time.Now(), surveyPause
		s, err := f.survey(ctx)
		if err != nil { // a node that is cut off only waits
			f.options.Logger.Debug("what sells could not be surveyed", "error", err)
		} else {
			pause = max(pause, 100*time.Since(started))
			select {
			case out <- s:
			case <-ctx.Done():
			}
		}
		if err := f.noteMisses(ctx); err != nil {
			f.options.Logger.Debug("texts that found nothing could not be noted", "error", err)
		}
		wait(ctx, pause)
	}
}

func (f *Finder) survey(ctx context.Context) (survey, error) {
	s := survey{sold: map[string]int64{}, stock: map[catalog.SKU]bool{}}
	since := time.Now().AddDate(0, 0, -soldDays).UnixMilli()
	for row, err := range f.shop.Query(ctx, `SELECT v.product, sum(l.quantity - l.returned)
		FROM orders o JOIN order_lines l ON l.order_id = o.id JOIN variants v ON v.id = l.variant
		WHERE o.status = 'placed' AND o.occurred_at >= ? GROUP BY v.product`, since) {
		if err != nil {
			return survey{}, err
		}
		product, _ := row.Values[0].(string)
		s.sold[product], _ = row.Values[1].(int64)
	}
	for row, err := range f.shop.Query(ctx, `SELECT s.sku, s.unallocated + coalesce((SELECT sum(a.available) FROM allowances a WHERE a.pool = s.pool), 0)
		FROM stock s`) {
		if err != nil {
			return survey{}, err
		}
		sku, _ := row.Values[0].(string)
		n, _ := row.Values[1].(int64)
		s.stock[catalog.SKU(sku)] = s.stock[catalog.SKU(sku)] || n > 0
	}
	return s, nil
}

// changes returns the SKUs whose products may have sold out or come back.
func (s survey) changes(ctx context.Context, f *Finder, x *index) (*changes, error) {
	c := newChanges()
	for sku, any := range s.stock {
		if len(x.kitsWith(sku)) > 0 { // a kit may take more than one of it
			c.skus[sku] = true
		}
		v, err := f.shop.Catalog.BySKU(ctx, sku)
		if err != nil {
			continue // it is gone, which is heard of otherwise
		}
		if was, known := x.isAvailable(string(v.Product)); known && was != any {
			c.skus[sku] = true
		}
	}
	return c, ctx.Err()
}

// setSold takes in what has sold.
func (x *index) setSold(sold map[string]int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cols.units = sold
	for ord, id := range x.cols.ids {
		x.cols.sold[ord] = sold[id]
	}
}
