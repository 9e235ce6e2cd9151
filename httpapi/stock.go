package httpapi

import (
	"context"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
)

// Availability is how many of a SKU could be sold now. It is no promise:
// goods are held when a checkout begins.
type Availability struct {
	SKU       string `json:"sku"`
	Available int64  `json:"available"`
	Unlimited bool   `json:"unlimited,omitempty" doc:"Sales are not bound by stock, as of a service."`
}

// StockLevel is the stock of a SKU as staff see it.
type StockLevel struct {
	SKU       string `json:"sku"`
	OnHand    int64  `json:"on_hand" doc:"How many are there, sold and unshipped ones included."`
	Available int64  `json:"available" doc:"How many could be sold now."`
	Held      int64  `json:"held" doc:"How many wait for a payment."`
	Committed int64  `json:"committed" doc:"How many are sold and wait to be shipped."`
	Shortage  int64  `json:"shortage" doc:"How many are promised and not there."`
}

func (a *api) addStock() {
	add(a, route{forAnyone, "GET", "/availability", "list-availability", "Catalog", "Get how many of some SKUs could be sold now; those that are not on show are left out", 0, false}, a.listAvailability)
	add(a, route{forStaff, "GET", "/staff/stock/{sku}", "get-stock", "Stock", "Get the stock of a SKU", 0, false}, a.getStock)
	add(a, route{forStaff, "POST", "/staff/stock/{sku}/receipts", "receive-stock", "Stock", "Book goods that have arrived", 0, false}, a.receiveStock)
	add(a, route{forStaff, "POST", "/staff/stock/{sku}/adjustments", "adjust-stock", "Stock", "Correct what is on hand", 0, false}, a.adjustStock)
}

type listAvailabilityInput struct {
	SKUs string `query:"sku" required:"true" minLength:"1" maxLength:"2000" doc:"One or more SKUs, with commas between them."`
}

// mostSKUs bounds the SKUs of one question.
const mostSKUs = 50

func (a *api) listAvailability(ctx context.Context, in *listAvailabilityInput) (*answer[List[Availability]], error) {
	names := strings.Split(in.SKUs, ",")
	if len(names) > mostSKUs {
		return nil, &fieldError{"query.sku", "names more than 50 SKUs"}
	}
	skus := make([]catalog.SKU, len(names))
	for i, name := range names {
		skus[i] = catalog.SKU(name)
	}
	skus, err := a.published(ctx, skus)
	if err != nil {
		return nil, err
	}
	levels, err := a.shop.Inventory.Available(ctx, skus)
	if err != nil {
		return nil, err
	}
	out := &answer[List[Availability]]{Body: List[Availability]{Items: make([]Availability, len(levels))}}
	for i, l := range levels {
		out.Body.Items[i] = Availability{string(l.SKU), l.Available, l.Unlimited}
	}
	return out, nil
}

// published returns those of some SKUs whose products are. The stock of others is
// as little public as they are.
func (a *api) published(ctx context.Context, skus []catalog.SKU) (public []catalog.SKU, err error) {
	for _, sku := range skus {
		v, err := a.shop.Catalog.BySKU(ctx, sku)
		if err == nil && shown(v.Offered(askNow())) {
			public = append(public, sku)
		}
		if err != nil && fault.CodeOf(err) != fault.NotFound && fault.CodeOf(err) != fault.Invalid {
			return nil, err
		}
	}
	return public, nil
}

type getStockInput struct {
	SKU string `path:"sku" maxLength:"200"`
}

func (a *api) getStock(ctx context.Context, in *getStockInput) (*answer[StockLevel], error) {
	return a.stockLevel(ctx, in.SKU)
}

func (a *api) stockLevel(ctx context.Context, sku string) (*answer[StockLevel], error) {
	l, err := a.shop.Inventory.Level(ctx, catalog.SKU(sku), inventory.Main)
	if err != nil {
		return nil, err
	}
	return &answer[StockLevel]{Body: StockLevel{
		SKU: string(l.SKU), OnHand: l.OnHand, Available: l.Available, Held: l.Held, Committed: l.Committed, Shortage: l.Shortage,
	}}, nil
}

type receiveStockInput struct {
	Keyed
	SKU  string `path:"sku" maxLength:"200"`
	Body struct {
		Quantity int64  `json:"quantity" minimum:"1" maximum:"1000000000"`
		Reason   string `json:"reason,omitempty" maxLength:"500" doc:"A delivery note, say."`
	}
}

func (a *api) receiveStock(ctx context.Context, in *receiveStockInput) (*answer[StockLevel], error) {
	_, err := a.shop.Inventory.Receive(ctx, inventory.Receive{
		SKU: catalog.SKU(in.SKU), Quantity: in.Body.Quantity, Reason: in.Body.Reason, Key: in.Key,
	})
	if err != nil {
		return nil, err
	}
	return a.stockLevel(ctx, in.SKU)
}

type adjustStockInput struct {
	Keyed
	SKU  string `path:"sku" maxLength:"200"`
	Body struct {
		Count  *int64 `json:"count,omitempty" minimum:"0" maximum:"1000000000" doc:"What was counted on the shelf, goods that are sold and not shipped included."`
		Delta  int64  `json:"delta,omitempty" minimum:"-1000000000" maximum:"1000000000" doc:"What to add; not together with count."`
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (a *api) adjustStock(ctx context.Context, in *adjustStockInput) (*answer[StockLevel], error) {
	_, err := a.shop.Inventory.Adjust(ctx, inventory.Adjust{
		SKU: catalog.SKU(in.SKU), Count: in.Body.Count, Delta: in.Body.Delta, Reason: in.Body.Reason, Key: in.Key,
	})
	if err != nil {
		return nil, err
	}
	return a.stockLevel(ctx, in.SKU)
}
