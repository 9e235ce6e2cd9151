// Package orders keeps what was sold: orders, what left the house, what came
// back, and where each order stands.
//
// An order is made by a checkout, pending until its payment is known, and
// placed or canceled then. It has three statuses: its own, and those of payment
// and fulfilment, which one function each derives from what happened.
package orders

import (
	_ "embed"
	"sync"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
)

//go:embed schema.sql
var schema string

// Service reads and changes orders. It is safe for concurrent use.
type Service struct {
	engine command.Engine
	sealer *seal.Sealer

	mu       sync.Mutex
	numbered map[int]int64 // by shard, see AssignNumbers
}

// NewService returns the service of a store.
func NewService(engine command.Engine, sealer *seal.Sealer) *Service {
	return &Service{engine: engine, sealer: sealer, numbered: map[int]int64{}}
}

// Module lists the package's commands, tables and checks.
func Module() command.Module {
	return command.Module{
		Name: "orders",
		Commands: []command.Definition{
			command.Define(Cancel.apply),
			command.Define(Ship.apply),
			command.Define(Deliver.apply),
			command.DefineRepeatable(deliverDue.apply),
			command.Define(CancelLines.apply),
			command.Define(Track.apply),
			command.DefineLasting(Return.apply),
			command.DefineLasting(RequestReturn.apply),
			command.Define(DecideReturn.apply),
			command.DefineLasting(ReceiveReturn.apply),
			command.DefineLasting(GrantRefund.apply),
			command.Define(ReleaseRefund.apply),
			command.Define(Annotate.apply),
			command.Define(AnnotateReturn.apply),
			command.Define(NoteLetter.apply),
			command.Define(SetNumbering.apply),
			command.Define(SetTerms.apply),
			command.DefineRepeatable(JoinGuests.apply),
			command.DefineRepeatable(takeGuests.apply),
			command.DefineRepeatable(noteOverdue.apply),
			command.DefineRepeatable(assignNumbers.apply),
			command.DefineRepeatable(takeNumbers.apply),
			command.DefineRepeatable(noteNumbered.apply),
		},
		Schema: map[uint32]string{1: schema},
		Errors: []fault.Type{
			fault.Typed[*StatusError]("orders.status"),
			fault.Typed[*QuantityError]("orders.quantity"),
			fault.Typed[*NotFoundError]("orders.not_found"),
			fault.Typed[*VersionError]("orders.version"),
			fault.Typed[*TermsVersionError]("orders.terms_version"),
			fault.Typed[*PaymentError]("orders.payment"),
			fault.Typed[*TakenError]("orders.taken"),
			fault.Typed[*TermsError]("orders.terms"),
			fault.Typed[*CapError]("orders.cap"),
			fault.Typed[*GiftCardError]("orders.gift_card"),
			fault.Typed[*DeliveryError]("orders.delivery"),
			fault.Typed[*MixedDeliveriesError]("orders.mixed_deliveries"),
			fault.Typed[*NoReturnError]("orders.no_return"),
			fault.Typed[*ReturnStateError]("orders.return_state"),
		},
		Check: check,
	}
}
