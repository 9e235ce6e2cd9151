// Package payments moves money and keeps the books: attempts to pay, what was
// asked of providers afterwards, and a double-entry ledger.
//
// A card number never comes here, only tokens. Whatever is asked of a provider
// is recorded before, with the key it is asked with, and the answer is
// recorded by the same commands whoever brings it: the shopper's own call, a
// webhook or recovery. News only moves things forward, so it may come twice,
// late and out of order.
//
// RecordOutcome is for the checkout, in its own transaction. What happens
// later, captures, voids and refunds, are operations: Settle compares what is
// owed with what was done, and asks until the two agree.
package payments

import (
	_ "embed"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/orders"
)

//go:embed schema.sql
var schema string

// TimerSettle is the kind of the durable timers that call SettleTimer with an
// order's ID.
const TimerSettle = orders.TimerSettle

// Prefix begins the ID of every payment attempt.
const Prefix = "pay"

// ID identifies a payment attempt, as in pay_01KAJ3W7Q8Z5D4F6G7H8J9K0M1.
type ID string

// Service reads payments, asks providers and settles. It is safe for
// concurrent use.
type Service struct {
	engine    command.Engine
	orders    *orders.Service
	providers map[string]Provider // each guarded
	listeners map[string]Listener // those that have webhooks
	purses    map[string]Purse    // those that hold balances
	listers   map[string]Lister   // those that list their payments
	vaults    map[string]Vault    // those that keep means of payment; each guarded
	sealer    *seal.Sealer
	back      GiveBack
}

// NewService returns the service of a store with these providers, by name. Means
// of payment that are kept are sealed with sealer; nil keeps none.
func NewService(engine command.Engine, orders *orders.Service, providers map[string]Provider, sealer *seal.Sealer) *Service {
	s := &Service{
		engine: engine, orders: orders, providers: make(map[string]Provider, len(providers)),
		listeners: map[string]Listener{}, purses: map[string]Purse{}, listers: map[string]Lister{}, vaults: map[string]Vault{}, sealer: sealer,
	}
	for name, p := range providers {
		s.providers[name] = guard(p)
		if l, ok := p.(Listener); ok {
			s.listeners[name] = l
		}
		if l, ok := p.(Lister); ok {
			s.listers[name] = l
		}
		if v, ok := p.(Vault); ok {
			s.vaults[name] = &guardedVault{gateOf(s.providers[name]), v}
		}
		if purse, ok := p.(Purse); ok {
			s.purses[name] = purse
		}
	}
	return s
}

// Provider returns the provider of a name, or an *UnknownProviderError. Its
// calls are bounded in number and time: a *BusyError means that nothing was
// asked, a *NoAnswerError that the outcome is not known.
func (s *Service) Provider(name string) (Provider, error) {
	p, ok := s.providers[name]
	if !ok {
		return nil, &UnknownProviderError{Provider: name}
	}
	return p, nil
}

// Module lists the package's commands, tables and checks.
func Module() command.Module {
	return command.Module{
		Name: "payments",
		Commands: []command.Definition{
			command.DefineLasting(Capture.apply),
			command.DefineLasting(Void.apply),
			command.DefineLasting(Refund.apply),
			command.DefineLasting(RecordRefund.apply),
			command.DefineLasting(ReleaseRefund.apply),
			command.Define(Annotate.apply),
			command.Define(Clear.apply),
			command.DefineLasting(SaveMethod.apply),
			command.Define(RemoveMethod.apply),
			command.Define(PreferMethod.apply),
			command.DefineRepeatable(finishMethod.apply),
			command.DefineRepeatable(report.apply),
			command.DefineRepeatable(returnLost.apply),
			command.DefineRepeatable(returnedLost.apply),
			command.DefineRepeatable(plan.apply),
			command.DefineRepeatable(recordOperation.apply),
			command.DefineRepeatable(identify.apply),
		},
		Schema: map[uint32]string{1: schema},
		Errors: []fault.Type{
			fault.Typed[*NotFoundError]("payments.not_found"),
			fault.Typed[*AmountError]("payments.amount"),
			fault.Typed[*NoMethodError]("payments.no_method"),
			fault.Typed[*MethodDeclinedError]("payments.method_declined"),
		},
		Check: check,
	}
}

func slotOf(prefix, s string) (id.Slot, error) {
	if err := id.Check(prefix, s); err != nil {
		return 0, err
	}
	return id.SlotOf(s)
}
