// Package endpoints keeps where a shop's events are sent: the addresses of
// other programs, what they want to hear of, the secrets that sign it, and how
// far each of them has been told. Package webhooks does the sending.
//
// An endpoint has a position in the events. All before it is settled:
// delivered, not wanted, or given up. What comes after is sent, again if need
// be, so that a crash delivers twice but never not at all.
package endpoints

import (
	_ "embed"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
)

//go:embed schema.sql
var schema string

// Service is the endpoints of a store. It is safe for concurrent use.
type Service struct {
	engine command.Engine
	sealer *seal.Sealer
	latest func() string
}

// NewService returns the endpoints of the engine's store, whose secrets sealer
// seals. latest returns the position after everything that has happened.
func NewService(engine command.Engine, sealer *seal.Sealer, latest func() string) *Service {
	return &Service{engine: engine, sealer: sealer, latest: latest}
}

// Module returns what the package adds to the state machine. It needs that of
// package subject.
func Module() command.Module {
	return command.Module{
		Name: "endpoints",
		Commands: []command.Definition{
			command.Define(Put.apply),
			command.Define(RotateSecret.apply),
			command.Define(Replay.apply),
			command.Define(Remove.apply),
			command.DefineRepeatable(Lease.apply),
			command.DefineRepeatable(Progress.apply),
		},
		Schema: map[uint32]string{1: schema},
		Errors: []fault.Type{
			fault.Typed[*UnknownEndpointError]("endpoints.unknown_endpoint"),
			fault.Typed[*VersionError]("endpoints.version"),
			fault.Typed[*TooManyError]("endpoints.too_many"),
			fault.Typed[*LeaseError]("endpoints.lease"),
			fault.Typed[*StaleError]("endpoints.stale"),
		},
		Check: check,
	}
}
