package search

import (
	"context"
	"errors"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// Hit is one product that was found, as it is in the store now.
type Hit struct {
	Product catalog.Product
	// Price and Highest are what the cheapest and the dearest variant cost in
	// the query's currency. Both are zero, without a currency, if none has a
	// price in it.
	Price, Highest money.Amount
	// Available means that a variant could be sold now.
	Available bool
	// Score is the relevance. It compares with others of the same query only.
	Score float64
	// Title is the product's title, with the words that were found marked.
	Title Marked
	// Snippet is a part of the description with words that were found, or "".
	Snippet Marked
}

// queryTime bounds a query. It takes a thousandth of this as a rule.
const queryTime = time.Second

// Find answers a query. It returns fault.Invalid for a query that cannot be
// meant or is out of bounds, and fault.Unavailable if it takes too long.
func (f *Finder) Find(ctx context.Context, q Query) (Result, error) {
	ctx, stop := context.WithTimeout(ctx, queryTime)
	defer stop()
	q.rules = f.rules.Load()
	result := Result{}
	err := f.use(func(x *index) error {
		p, err := x.find(ctx, &q)
		if err != nil {
			return err
		}
		result = Result{Redirect: q.rules.redirect(q.Text), Total: p.total, Facets: p.facets, Next: p.next, Corrected: p.corrected, Partial: p.partial}
		result.Hits, err = f.hits(ctx, &q, x.newMarker(p.terms), p.found)
		return err
	})
	if errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, fault.Unavailable) {
		err = fault.Wrap(fault.Unavailable, err, "searching")
	}
	if err != nil {
		return Result{}, err
	}
	if result.Total == 0 && q.Text != "" && len(q.Filters) == 0 && q.Category == "" {
		f.misses.note(q.Text, time.Now())
	}
	return result, nil
}

// hits reads what was found from the store. What has left the shop since it
// was indexed is left out.
func (f *Finder) hits(ctx context.Context, q *Query, m marker, list []found) ([]Hit, error) {
	hits := make([]Hit, 0, len(list))
	products := make([]catalog.Product, 0, len(list))
	for _, it := range list {
		p, err := f.shop.Catalog.Get(ctx, catalog.ProductID(it.id))
		switch {
		case errors.Is(err, fault.NotFound):
			continue
		case err != nil:
			return nil, err
		case p.Status != catalog.Active:
			continue
		}
		h := Hit{Product: p, Score: it.score, Title: m.title(p.Title), Snippet: m.snippet(p.Description)}
		h.price(q.Currency)
		hits, products = append(hits, h), append(products, p)
	}
	available, err := f.available(ctx, products)
	if err != nil {
		return nil, err
	}
	for i := range hits {
		hits[i].Available = available[hits[i].Product.ID]
	}
	return hits, nil
}

func (h *Hit) price(c money.Currency) {
	if c == "" {
		return
	}
	first := true
	for _, v := range h.Product.Variants {
		p, ok := v.Price(c)
		if !ok {
			continue
		}
		if first || p.Minor() < h.Price.Minor() {
			h.Price = p
		}
		if first || p.Minor() > h.Highest.Minor() {
			h.Highest = p
		}
		first = false
	}
}
