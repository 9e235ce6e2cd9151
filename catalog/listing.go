package catalog

import (
	"context"
	"fmt"
	"iter"

	"github.com/keelshop/commerce/internal/listing"
	"github.com/keelshop/commerce/internal/sqlite"
)

// IDs is All for those who need no more than the IDs, or get the products from
// the cache with Products.
func (s *Service) IDs(ctx context.Context, f Filter) iter.Seq2[ProductID, error] {
	return func(yield func(ProductID, error) bool) {
		from, err := s.choose(ctx, f)
		if err != nil {
			yield("", fmt.Errorf("listing products: %w", err))
			return
		}
		list := listing.List[ProductID]{
			Engine: s.engine, After: string(f.After), Limit: f.Limit,
			Page: func(tx *sqlite.Tx, after string, limit int) ([]ProductID, error) {
				return f.ids(tx, from, after, limit)
			},
			Key: func(p ProductID) string { return string(p) },
		}
		for p, err := range list.All(ctx) {
			if err != nil {
				err = fmt.Errorf("listing products: %w", err)
			}
			if !yield(p, err) {
				return
			}
		}
	}
}

// Listed is a product as a page of many shows it.
type Listed struct {
	Product Product
	Offer   Offer
	// From is the lowest price of its variants for who asks; there is one if
	// Offer.Priced. Many says that other variants cost more.
	From Price
	Many bool
}

// Products returns products as a listing shows them, in the order of ids, with
// the prices that price lists make for who asks. It reads through the cache.
// Products that do not exist are left out.
func (s *Service) Products(ctx context.Context, ids []ProductID, ask Ask) ([]Listed, error) {
	lists, err := s.PriceLists(ctx)
	if err != nil {
		return nil, err
	}
	page := make([]Listed, 0, len(ids))
	for _, id := range ids {
		p, err := s.Get(ctx, id)
		if isUnknown(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		page = append(page, lists.listed(p, ask))
	}
	return page, nil
}

func (p *PriceLists) listed(product Product, ask Ask) Listed {
	l := Listed{Product: product, Offer: offered(product.Status, product.Publications, ask)}
	if ask.Currency == "" {
		return l
	}
	for i := range product.Variants {
		price, ok := p.Price(product.Variants[i], ask)
		switch {
		case !ok:
		case !l.Offer.Priced:
			l.From, l.Offer.Priced = price, true
		case price.Amount.Minor() < l.From.Amount.Minor():
			l.From, l.Many = price, true
		case price.Amount.Minor() > l.From.Amount.Minor():
			l.Many = true
		}
	}
	if !l.Offer.Priced {
		l.Offer.WhyNot = append(l.Offer.WhyNot, NoPriceInCurrency)
	}
	return l
}
