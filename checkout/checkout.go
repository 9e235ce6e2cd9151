// Package checkout turns a cart into an order.
//
// A checkout has three phases. Begin, one log entry on the cart's shard, locks
// the cart, holds the stock, makes the order, pending, and records the payment
// attempt with the key that the provider will see. Pay calls the provider,
// outside any transaction. Finish, one entry again, places the order or
// cancels it, with stock, ledger and cart moving in the same transaction.
//
// A crash between the phases leaves a durable timer behind, and Recover asks
// the provider with the same key. A result that comes twice, from the
// shopper's call, a webhook or recovery, is the same command and changes
// nothing the second time. Not knowing is not failing: an order whose payment
// is unknown stays pending, with its stock, until the provider has answered.
package checkout

import (
	"context"
	"slices"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// Service runs checkouts. It is safe for concurrent use.
type Service struct {
	engine    command.Engine
	carts     *cart.Service
	inventory *inventory.Service
	orders    *orders.Service
	payments  *payments.Service
}

// NewService returns the service of a store.
func NewService(e command.Engine, c *cart.Service, i *inventory.Service, o *orders.Service, p *payments.Service) *Service {
	return &Service{engine: e, carts: c, inventory: i, orders: o, payments: p}
}

// Module lists the package's commands and checks.
func Module() command.Module {
	return command.Module{
		Name: "checkout",
		Commands: []command.Definition{
			command.DefineLasting(begin.apply),
			command.DefineLasting(changeOrder.apply),
			command.DefineLasting(payOrder.apply),
			command.DefineLasting(Resolve.apply),
			command.DefineRepeatable(finish.apply),
			command.DefineRepeatable(forget.apply),
			command.DefineRepeatable(forgetPayment.apply),
			command.DefineRepeatable(note.apply),
			command.DefineRepeatable(heard.apply),
		},
		Errors: []fault.Type{
			fault.Typed[*DeclinedError]("checkout.declined"),
			fault.Typed[*TotalChangedError]("checkout.total_changed"),
			fault.Typed[*UncoveredError]("checkout.uncovered"),
			fault.Typed[*EmptyCartError]("checkout.empty_cart"),
			fault.Typed[*ChangeCostError]("checkout.change_cost"),
			fault.Typed[*IncompleteError]("checkout.incomplete"),
			fault.Typed[*ProblemsError]("checkout.problems"),
			fault.Typed[*staleError]("checkout.stale"),
		},
		Check: check,
	}
}

// TimerRecover is the kind of the durable timer that finishes a checkout whose
// driver died. Its subject is the order.
const TimerRecover = "checkout.recover"

// Times by the shard's clock, in milliseconds.
const (
	// driverMillis is how long a checkout's own call has before recovery
	// takes over. It is longer than the deadline of a call to a provider.
	driverMillis = 60_000
	// actionMillis is how long a shopper has to prove who they are.
	actionMillis = 30 * 60_000
	// pendingMillis is how long a provider that has not decided is not asked
	// again, and longestMillis how long while a voucher is good for longer.
	pendingMillis = 60 * 60_000
	longestMillis = 24 * pendingMillis
)

// Result is what a checkout came to.
type Result struct {
	orders.Order
	// NextAction is what the shopper must do before the payment can go on,
	// such as a 3-D Secure challenge, or paying a voucher within days; nil if
	// there is nothing. The order is pending then.
	NextAction *payments.NextAction
}

// result reads what a checkout came to, whoever drove it.
func (s *Service) result(ctx context.Context, order orders.ID) (Result, error) {
	o, err := s.orders.Get(ctx, order)
	if err != nil {
		return Result{}, err
	}
	out := Result{Order: o}
	if o.Status == orders.Placed {
		return out, nil
	}
	attempts, err := s.payments.ByOrder(ctx, order)
	if err != nil || len(attempts) == 0 {
		return out, err
	}
	current := payments.Current(attempts)
	switch {
	case o.Status == orders.Canceled && slices.ContainsFunc(attempts, declined):
		a := attempts[slices.IndexFunc(attempts, declined)]
		return out, &DeclinedError{Order: order, Code: string(a.Decline)}
	case o.Status == orders.Canceled && o.CancelReason == underpaid:
		return out, &DeclinedError{Order: order, Code: underpaid}
	case o.Status == orders.Pending && (current.State == payments.NeedsAction || current.State == payments.Pending):
		out.NextAction = current.Next
	}
	return out, nil
}

func declined(a payments.Attempt) bool { return a.State == payments.Declined }
