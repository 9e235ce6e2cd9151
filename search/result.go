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
	// the query's currency, for who asks, by price lists too. Both are zero,
	// without a currency, if none has a price in it.
	Price, Highest money.Amount
	// CompareAt is what Price is shown against, such as the price before a
	// sale; zero if there is nothing above it.
	CompareAt money.Amount
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
	if err := f.prepare(ctx, &q); err != nil {
		return Result{}, err
	}
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
		f.misses.note(q.Text, f.options.Locale, time.Now())
	}
	return result, nil
}

// prepare adds what a query goes by beside what was asked.
func (f *Finder) prepare(ctx context.Context, q *Query) error {
	var err error
	if q.rules, err = f.guidance(ctx); err != nil {
		return err
	}
	q.now = time.Now()
	if q.Currency == "" {
		return nil
	}
	lists, err := f.shop.Catalog.PriceLists(ctx)
	if err != nil {
		return err
	}
	q.lists = lists.For(q.ask())
	return nil
}

// hits reads what was found from the store. What has left the shop since it
// was indexed is left out.
func (f *Finder) hits(ctx context.Context, q *Query, m marker, list []found) ([]Hit, error) {
	hits := make([]Hit, 0, len(list))
	products := make([]catalog.Product, 0, len(list))
	for _, it := range list {
		p, err := f.shop.Catalog.Get(ctx, catalog.ProductID(it.id))
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		offer := p.Offered(q.ask())
		if !offer.Visible {
			continue
		}
		p = p.In(f.options.Locale)
		h := Hit{Product: p, Score: it.score, Title: m.title(p.Title), Snippet: m.snippet(p.Description), Available: offer.Purchasable}
		h.price(q)
		hits, products = append(hits, h), append(products, p)
	}
	available, err := f.available(ctx, products)
	if err != nil {
		return nil, err
	}
	for i := range hits {
		hits[i].Available = hits[i].Available && available[hits[i].Product.ID]
	}
	return hits, nil
}

// price reads what the product costs who asks.
func (h *Hit) price(q *Query) {
	if q.Currency == "" || q.lists == nil {
		return
	}
	ask := q.ask()
	any := false
	for _, v := range h.Product.Variants {
		p, ok := q.lists.Price(v, ask)
		if !ok {
			continue
		}
		if !any || p.Amount.Minor() < h.Price.Minor() {
			h.Price, h.CompareAt = p.Amount, p.CompareAt
		}
		if !any || p.Amount.Minor() > h.Highest.Minor() {
			h.Highest = p.Amount
		}
		any = true
	}
}
