// Package cart keeps what somebody intends to buy.
//
// A cart has lines in one currency: of each SKU one at the catalog's price and
// one at each price that was agreed for it. Every change answers with the whole
// cart, priced as of now: a line remembers the price at which it was added and
// costs what the catalog says. A checkout locks the cart while its payment
// runs; then the cart is completed and stays readable.
package cart

import (
	_ "embed"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/pricing"
)

//go:embed schema.sql
var schema string

// Service reads and changes carts. It is safe for concurrent use.
type Service struct {
	engine  command.Engine
	pricing *pricing.Service
	stock   *inventory.Service
	sealer  *seal.Sealer
	keeper  keeper
}

// NewService returns the service of a store.
func NewService(engine command.Engine, prices *pricing.Service, stock *inventory.Service, sealer *seal.Sealer) *Service {
	return &Service{engine: engine, pricing: prices, stock: stock, sealer: sealer}
}

// Module lists the package's commands, tables and checks.
func Module() command.Module {
	return command.Module{
		Name: "cart",
		Commands: []command.Definition{
			command.Define(AddLines.apply),
			command.Define(AddAgain.apply),
			command.Define(SetQuantity.apply),
			command.Define(SetShipping.apply),
			command.Define(SetPayment.apply),
			command.Define(ApplyCode.apply),
			command.Define(RemoveCode.apply),
			command.Define(SetContact.apply),
			command.Define(SetDelivery.apply),
			command.Define(RemoveDelivery.apply),
			command.Define(AssignLines.apply),
			command.Define(Freeze.apply),
			command.Define(Thaw.apply),
			command.Define(EraseGuest.apply),
			command.Define(Annotate.apply),
			command.DefineRepeatable(closeGuest.apply),
			command.DefineRepeatable(takeOver.apply),
			command.DefineRepeatable(markMerged.apply),
			command.DefineRepeatable(expire.apply),
			command.DefineRepeatable(release.apply),
		},
		Schema: map[uint32]string{1: schema},
		Errors: []fault.Type{
			fault.Typed[*NotFoundError]("cart.not_found"),
			fault.Typed[*StatusError]("cart.status"),
			fault.Typed[*OwnerError]("cart.owner"),
			fault.Typed[*ErasedError]("cart.erased"),
			fault.Typed[*VersionError]("cart.version"),
			fault.Typed[*CurrencyError]("cart.currency"),
			fault.Typed[*NotForSaleError]("cart.not_for_sale"),
			fault.Typed[*AmbiguousLineError]("cart.ambiguous_line"),
			fault.Typed[*LimitError]("cart.limit"),
			fault.Typed[*MethodError]("cart.method"),
			fault.Typed[*CodeError]("cart.code"),
			fault.Typed[*FrozenError]("cart.frozen"),
			fault.Typed[*movedError]("cart.moved"),
		},
		Check: check,
	}
}
