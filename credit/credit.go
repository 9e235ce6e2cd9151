// Package credit keeps money that a shop owes its shoppers: gift cards and
// store credit.
//
// Both are balances that pay for orders, in full or in part: each is a
// payments.Purse, and a liability in the ledger. A gift card belongs to
// whoever knows its code, and is kept by the code's keyed hash: the store does
// not know its codes. Store credit belongs to a customer.
//
// A payment first holds a part of a balance and then takes it, on the
// balance's own slot, so that many checkouts at once cannot spend more than
// there is. A gift card may also be bought like any article: see SoldCard. The order's ledger and the balance's meet in the account of the
// provider: when nothing is under way it adds up to nothing over all shards.
package credit

import (
	_ "embed"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/payments"
)

//go:embed schema.sql
var schema string

// The names of the payment providers.
const (
	GiftCards   = "gift_card"
	StoreCredit = "store_credit"
)

// The accounts of the ledger: what the shop owes, and what it was owed for.
const (
	GiftCardsOwed   payments.Account = "gift_cards"
	StoreCreditOwed payments.Account = "store_credit"
	// Granted is debited with what was put into balances: given away, or sold
	// outside of the shop.
	Granted payments.Account = "credit_granted"
)

// Service issues and reads balances. It is safe for concurrent use.
type Service struct {
	engine command.Engine
}

// NewService returns the service of a store.
func NewService(engine command.Engine) *Service { return &Service{engine: engine} }

// Module lists the package's commands, tables and checks.
func Module() command.Module {
	return command.Module{
		Name: "credit",
		Commands: []command.Definition{
			command.DefineLasting(Issue.apply),
			command.DefineLasting(Grant.apply),
			command.DefineLasting(Adjust.apply),
			command.Define(Disable.apply),
			command.DefineRepeatable(hold.apply),
			command.DefineRepeatable(operate.apply),
			command.Define(HandOver.apply),
			command.DefineRepeatable(issueSold.apply),
			command.Define(TakeBack.apply),
			command.DefineRepeatable(withdraw.apply),
			command.DefineRepeatable(settleCard.apply),
		},
		Schema: map[uint32]string{1: schema},
		Errors: []fault.Type{
			fault.Typed[*NotFoundError]("credit.not_found"),
			fault.Typed[*ShortError]("credit.short"),
			fault.Typed[*CodeTakenError]("credit.code_taken"),
			fault.Typed[*CardSpentError]("credit.card_spent"),
			fault.Typed[*CardStateError]("credit.card_state"),
		},
		Check: check,
	}
}
