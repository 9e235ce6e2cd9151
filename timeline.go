package commerce

import (
	"context"

	"github.com/keelshop/commerce/orders"
)

// Timeline returns all that happened to an order, its goods, money and
// documents, in order. It is for staff; orders.ForShoppers leaves what a shopper
// is to see. It returns an *orders.NotFoundError if there is no such order.
func (s *Store) Timeline(ctx context.Context, order orders.ID) ([]orders.Moment, error) {
	out, err := s.Orders.Timeline(ctx, order)
	if err != nil {
		return nil, err
	}
	paid, err := s.Payments.Moments(ctx, order)
	if err != nil {
		return nil, err
	}
	issued, err := s.Documents.Moments(ctx, order)
	if err != nil {
		return nil, err
	}
	out = append(append(out, paid...), issued...)
	orders.SortMoments(out)
	return out, nil
}
