// Package accounts keeps the customers of a shop: who they are and where their
// goods go.
//
// Everything personal is sealed under the customer's own data key before it
// enters a command, and readable again only through a Service. A customer is
// found by e-mail address through a claim on its keyed hash. To erase a
// customer is to delete the data key; the ID stays, for orders that name it.
package accounts

import (
	_ "embed"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
)

//go:embed schema.sql
var schema string

// Service is the customers of a store. It is safe for concurrent use.
type Service struct {
	engine command.Engine
	sealer *seal.Sealer
}

// NewService returns the customers of the engine's store, whose personal
// fields sealer seals.
func NewService(engine command.Engine, sealer *seal.Sealer) *Service {
	return &Service{engine: engine, sealer: sealer}
}

// Module returns what the package adds to the state machine. It needs those of
// packages claim and subject.
func Module() command.Module {
	return command.Module{
		Name: "accounts",
		Commands: []command.Definition{
			command.Define(Register.apply),
			command.Define(Update.apply),
			command.Define(AddAddress.apply),
			command.Define(RemoveAddress.apply),
			command.Define(Erase.apply),
		},
		Schema: map[uint32]string{1: schema},
		Errors: []fault.Type{
			fault.Typed[*UnknownCustomerError]("accounts.unknown_customer"),
			fault.Typed[*UnknownAddressError]("accounts.unknown_address"),
			fault.Typed[*EmailTakenError]("accounts.email_taken"),
			fault.Typed[*EmailBusyError]("accounts.email_busy"),
			fault.Typed[*VersionError]("accounts.version"),
			fault.Typed[*ErasedError]("accounts.erased"),
			fault.Typed[*movedError]("accounts.moved"),
		},
		Check: check,
	}
}
