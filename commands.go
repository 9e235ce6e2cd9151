package commerce

import (
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/downloads"
	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/note"
	"github.com/keelshop/commerce/internal/subject"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/merchandising"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/pricing"
	"github.com/keelshop/commerce/shard"
)

// newCommandSet lists every package whose commands a store applies. It is the
// only list: what is not here cannot be logged.
func newCommandSet(more ...command.Module) (*command.Set, error) {
	modules := []command.Module{
		claim.Module(),
		subject.Module(),
		note.Module(),
		accounts.Module(),
		catalog.Module(),
		inventory.Module(),
		pricing.Module(),
		cart.Module(),
		orders.Module(),
		documents.Module(),
		downloads.Module(),
		payments.Module(),
		credit.Module(),
		checkout.Module(),
		endpoints.Module(),
		merchandising.Module(),
	}
	modules = append(modules, more...)
	return command.NewSet(append([]command.Module{shard.Module(modules...)}, modules...)...)
}
