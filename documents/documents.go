// Package documents writes invoices and credit notes.
//
// A document is a copy of what it states, written once: what was sold or
// credited, the taxes by rate, the seller, and the shopper, sealed. Its number
// comes right afterwards, from a series without gaps for each kind and year,
// which one slot of the store counts. An invoice states an order without what
// was canceled before; a credit note states a refund that was released
// afterwards. So invoice less credit notes is what the order is worth.
package documents

import (
	_ "embed"
	"sync"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/orders"
)

//go:embed schema.sql
var schema string

// Service draws documents up and reads them. It is safe for concurrent use.
type Service struct {
	engine command.Engine
	orders *orders.Service
	sealer *seal.Sealer

	mu   sync.Mutex
	seen map[int]int64 // by shard, see Follow
}

// NewService returns the service of a store.
func NewService(engine command.Engine, o *orders.Service, sealer *seal.Sealer) *Service {
	return &Service{engine: engine, orders: o, sealer: sealer, seen: map[int]int64{}}
}

// Module lists the package's commands, tables and checks.
func Module() command.Module {
	return command.Module{
		Name: "documents",
		Commands: []command.Definition{
			command.Define(PutSettings.apply),
			command.DefineRepeatable(drawUp.apply),
			command.DefineRepeatable(assignNumber.apply),
			command.DefineRepeatable(takeNumber.apply),
			command.DefineRepeatable(noteDone.apply),
		},
		Schema: map[uint32]string{1: schema},
		Errors: []fault.Type{
			fault.Typed[*NotFoundError]("documents.not_found"),
			fault.Typed[*VersionError]("documents.version"),
		},
		Check: check,
	}
}
