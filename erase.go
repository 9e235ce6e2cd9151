package commerce

import (
	"context"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/orders"
)

// EraseJoined makes unreadable for good what is personal in the orders that a
// customer placed as a guest and that were joined to their account: see
// orders.JoinGuests and cart.EraseGuest. Call it before Accounts.Erase, which does
// not reach them since they are sealed under keys of their own, and again after it
// for those that were joined meanwhile. Erasing twice does nothing more.
func (s *Store) EraseJoined(ctx context.Context, customer accounts.CustomerID) error {
	for o, err := range s.Orders.All(ctx, orders.Filter{Customer: customer}) {
		if err != nil {
			return err
		}
		if o.Joined != customer {
			continue
		}
		if err := s.Carts.EraseGuest(ctx, cart.EraseGuest{Cart: cart.ID(o.Cart)}); err != nil {
			return err
		}
	}
	return nil
}
