// Package accounts keeps the customers of a shop: who they are, where their
// goods go, and how they log in.
//
// Everything personal is sealed under the customer's own data key before it
// enters a command, and readable again only through a Service. A customer is
// found by e-mail address through a claim on its keyed hash. To erase a
// customer is to delete the data key; the ID stays, for orders that name it.
//
// Passwords are hashed with argon2id before they enter a command, and the hash
// is sealed. Of the tokens of sessions and letters the store keeps hashes. Who
// runs the shop is a customer in StaffGroup.
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
	engine    command.Engine
	sealer    *seal.Sealer
	passwords *hasher
}

// NewService returns the customers of the engine's store, whose personal
// fields sealer seals.
func NewService(engine command.Engine, sealer *seal.Sealer) *Service {
	return &Service{engine: engine, sealer: sealer, passwords: newHasher(Passwords{})}
}

// WithPasswords returns the service with other rules for passwords, which must
// be valid. What was hashed by others still opens.
func (s *Service) WithPasswords(p Passwords) *Service {
	return &Service{engine: s.engine, sealer: s.sealer, passwords: newHasher(p)}
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
			command.Define(SetPassword.apply),
			command.Define(ChangePassword.apply),
			command.Define(LogIn.apply),
			command.DefineRepeatable(LogOut.apply),
			command.DefineRepeatable(LogOutEverywhere.apply),
			command.Define(StartVerification.apply),
			command.Define(Verify.apply),
			command.Define(StartReset.apply),
			command.Define(Reset.apply),
			command.DefineRepeatable(noteFailure.apply),
			command.DefineRepeatable(forgetFailures.apply),
			command.DefineRepeatable(expire.apply),
		},
		Schema: map[uint32]string{1: schema},
		Errors: []fault.Type{
			fault.Typed[*UnknownCustomerError]("accounts.unknown_customer"),
			fault.Typed[*UnknownAddressError]("accounts.unknown_address"),
			fault.Typed[*EmailTakenError]("accounts.email_taken"),
			fault.Typed[*EmailBusyError]("accounts.email_busy"),
			fault.Typed[*UnverifiedError]("accounts.unverified"),
			fault.Typed[*VersionError]("accounts.version"),
			fault.Typed[*ErasedError]("accounts.erased"),
			fault.Typed[*movedError]("accounts.moved"),
			fault.Typed[*NoLetterError]("accounts.no_letter"),
			fault.Typed[*TooManyLettersError]("accounts.too_many_letters"),
		},
		Check: check,
	}
}
