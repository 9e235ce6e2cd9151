// Package downloads gives buyers the files of digital goods.
//
// What may be downloaded, how often and until when follows from the order: from
// the files that its lines were bought with, from what of them was handed over
// (orders.Deliver) and has not come back or been paid back. This package keeps
// the links, whose tokens the store does not know, and counts the downloads.
package downloads

import (
	_ "embed"

	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/orders"
)

//go:embed schema.sql
var schema string

// Service makes links and answers them. It is safe for concurrent use.
type Service struct {
	engine command.Engine
	orders *orders.Service
	files  assets.Store
}

// NewService returns the service of a store whose files are in an asset store.
func NewService(engine command.Engine, o *orders.Service, files assets.Store) *Service {
	return &Service{engine: engine, orders: o, files: files}
}

// Module lists the package's commands, tables and checks.
func Module() command.Module {
	return command.Module{
		Name: "downloads",
		Commands: []command.Definition{
			command.Define(PutSettings.apply),
			command.Define(Link.apply),
			command.Define(Download.apply),
		},
		Schema: map[uint32]string{1: schema},
		Errors: []fault.Type{
			fault.Typed[*NotFoundError]("downloads.not_found"),
			fault.Typed[*NotReadyError]("downloads.not_ready"),
			fault.Typed[*UsedUpError]("downloads.used_up"),
			fault.Typed[*ExpiredError]("downloads.expired"),
			fault.Typed[*WithdrawnError]("downloads.withdrawn"),
			fault.Typed[*RepeatedError]("downloads.repeated"),
			fault.Typed[*MissingError]("downloads.missing"),
		},
		Check: check,
	}
}
