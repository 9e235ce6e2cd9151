package pricing

import (
	"context"
	"slices"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// Describe returns the line of an Input for units of a variant, with what the
// rules ask of it and no more: what nobody asks for is not looked up. With an
// error of code fault.NotFound, of a product that is not there any more, comes
// the line as far as the variant knows it.
func (s *Service) Describe(ctx context.Context, r *Rules, v *catalog.Variant, c money.Currency, quantity, unitPrice int64) (Line, error) {
	l := Line{
		SKU: v.SKU, Quantity: quantity, UnitPrice: unitPrice, TaxCategory: v.TaxCategory, WeightGrams: v.WeightGrams,
		Product: v.Product, LengthMM: v.LengthMM, WidthMM: v.WidthMM, HeightMM: v.HeightMM, Voucher: v.Digital.IsGiftCard(), Digital: v.Digital != nil,
	}
	if len(r.promotions)+len(r.quantities)+len(r.fees) == 0 || v.Product == "" {
		return l, nil
	}
	above, ok := v.CompareAtPrice(c)
	l.OnSale = ok && above.Minor() > unitPrice
	if r.asks.collections {
		in, err := s.catalog.CollectionsOf(ctx, v.Product)
		if err != nil {
			return l, err
		}
		for _, c := range in {
			l.Collections = append(l.Collections, c.ID)
		}
	}
	if !r.asks.categories && !r.asks.attributes {
		return l, nil
	}
	p, err := s.catalog.Get(ctx, v.Product)
	if err != nil {
		return l, err
	}
	l.Attributes = slices.Concat(v.Attributes, p.Attributes)
	if !r.asks.categories {
		return l, nil
	}
	tree, err := s.catalog.Categories(ctx)
	if err != nil {
		return l, err
	}
	for _, in := range p.Categories {
		for _, above := range tree.Path(in) {
			if !slices.Contains(l.Categories, above.ID) {
				l.Categories = append(l.Categories, above.ID)
			}
		}
	}
	return l, nil
}
