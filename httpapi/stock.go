package httpapi

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

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
	// Backorder is how many more are sold before they are there.
	Backorder  int64      `json:"backorder,omitempty" doc:"How many more may be bought that are not there yet."`
	ExpectedAt *time.Time `json:"expected_at,omitempty" doc:"When those should be there."`
}

// StockLevel is the stock of a SKU at one place, as staff see it.
type StockLevel struct {
	SKU       string `json:"sku"`
	Place     string `json:"place" doc:"The ID of the place."`
	OnHand    int64  `json:"on_hand" doc:"How many are there, sold and unshipped ones included."`
	Available int64  `json:"available" doc:"How many could be sold now."`
	Held      int64  `json:"held" doc:"How many wait for a payment."`
	Committed int64  `json:"committed" doc:"How many are sold and wait to be shipped."`
	Shortage  int64  `json:"shortage" doc:"How many are promised and not there."`
	Owed      int64  `json:"owed" doc:"How many of the shortage were sold as not there yet."`
	StockPolicy
}

// StockPolicy says what may be sold of a SKU at one place, and when somebody is
// told.
type StockPolicy struct {
	SafetyStock  int64      `json:"safety_stock,omitempty" minimum:"0" maximum:"1000000000" doc:"How many are not to be sold; it does not count where there is a backorder."`
	ReorderPoint int64      `json:"reorder_point,omitempty" minimum:"0" maximum:"1000000000" doc:"The event inventory.low_stock is told when what is on hand falls to this; missing is never."`
	Backorder    int64      `json:"backorder,omitempty" minimum:"0" maximum:"1000000000" doc:"How many may be sold that are not there yet."`
	ExpectedAt   *time.Time `json:"expected_at,omitempty" doc:"When those should be there."`
}

func (a *api) addStock() {
	add(a, route{forAnyone, "GET", "/availability", "list-availability", "Catalog", "Get how many of some SKUs could be sold now; those that are not on show are left out", 0, false}, a.listAvailability)
	add(a, route{forStaff, "GET", "/staff/stock/{sku}", "get-stock", "Stock", "Get the stock of a SKU at a place", 0, false}, a.getStock)
	add(a, route{forStaff, "GET", "/staff/stock/{sku}/places", "list-stock-places", "Stock", "List the stock of a SKU at all places", 0, false}, a.listStockPlaces)
	add(a, route{forStaff, "GET", "/staff/stock/{sku}/movements", "list-movements", "Stock", "List why on hand is what it is at a place, the oldest first", 0, false}, a.listMovements)
	add(a, route{forStaff, "POST", "/staff/stock/{sku}/receipts", "receive-stock", "Stock", "Book goods that have arrived", 0, false}, a.receiveStock)
	add(a, route{forStaff, "POST", "/staff/stock/{sku}/adjustments", "adjust-stock", "Stock", "Correct what is on hand", 0, false}, a.adjustStock)
	add(a, route{forStaff, "PUT", "/staff/stock/{sku}/policy", "set-stock-policy", "Stock", "Say how many are kept back, and how many are sold before they are there", 0, false}, a.setStockPolicy)
}

type listAvailabilityInput struct {
	SKUs    string `query:"sku" required:"true" minLength:"1" maxLength:"2000" doc:"One or more SKUs, with commas between them."`
	Country string `query:"country" maxLength:"2" doc:"Where they are to go, as in DE: what only other places have cannot be had there. Missing is anywhere."`
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
	levels, err := a.shop.Inventory.AvailableTo(ctx, in.Country, skus)
	if err != nil {
		return nil, err
	}
	out := &answer[List[Availability]]{Body: List[Availability]{Items: make([]Availability, len(levels))}}
	for i, l := range levels {
		out.Body.Items[i] = Availability{string(l.SKU), l.Available, l.Unlimited, l.Backorder, timeOr(l.ExpectedAt)}
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

// AtPlace names the place that a request is about.
type AtPlace struct {
	SKU   string `path:"sku" maxLength:"200"`
	Place string `query:"place" maxLength:"100" doc:"The ID of the place; missing is main."`
}

func (p AtPlace) location() inventory.Location { return inventory.Location(p.Place) }

func (a *api) getStock(ctx context.Context, in *AtPlace) (*answer[StockLevel], error) {
	return a.stockLevel(ctx, *in)
}

func (a *api) stockLevel(ctx context.Context, at AtPlace) (*answer[StockLevel], error) {
	l, err := a.shop.Inventory.Level(ctx, catalog.SKU(at.SKU), at.location())
	if err != nil {
		return nil, err
	}
	return &answer[StockLevel]{Body: showLevel(l)}, nil
}

func showLevel(l inventory.Level) StockLevel {
	return StockLevel{
		SKU: string(l.SKU), Place: string(l.Location), OnHand: l.OnHand, Available: l.Available, Held: l.Held,
		Committed: l.Committed, Shortage: l.Shortage, Owed: l.Owed, StockPolicy: StockPolicy{
			SafetyStock: l.SafetyStock, ReorderPoint: l.ReorderPoint, Backorder: l.Backorder, ExpectedAt: expected(l.ExpectedAt),
		},
	}
}

// expected returns nil for 0 milliseconds since 1970.
func expected(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	t := time.UnixMilli(ms).UTC()
	return &t
}

type skuInput struct {
	SKU string `path:"sku" maxLength:"200"`
}

func (a *api) listStockPlaces(ctx context.Context, in *skuInput) (*answer[List[StockLevel]], error) {
	levels, err := a.shop.Inventory.LevelsByPlace(ctx, catalog.SKU(in.SKU))
	if err != nil {
		return nil, err
	}
	out := List[StockLevel]{Items: []StockLevel{}}
	for _, l := range levels {
		out.Items = append(out.Items, showLevel(l))
	}
	return &answer[List[StockLevel]]{Body: out}, nil
}

// StockMovement is why on hand is what it is.
type StockMovement struct {
	N        int64     `json:"n" doc:"Counts the movements at the place, from 1."`
	Kind     string    `json:"kind" enum:"received,adjusted,shipped,returned,transferred"`
	Quantity int64     `json:"quantity" doc:"What was added to on hand."`
	Reason   string    `json:"reason,omitempty"`
	At       time.Time `json:"at"`
}

type listMovementsInput struct {
	AtPlace
	Limit int   `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many to answer with."`
	After int64 `query:"after" minimum:"0" doc:"The next of the page before."`
}

func (a *api) listMovements(ctx context.Context, in *listMovementsInput) (*answer[List[StockMovement]], error) {
	all := a.shop.Inventory.Movements(ctx, catalog.SKU(in.SKU), in.location(), in.After)
	l, err := collect(all, in.Limit, func(m inventory.Movement) string { return strconv.FormatInt(m.Version, 10) }, func(m inventory.Movement) StockMovement {
		return StockMovement{m.Version, string(m.Kind), m.Quantity, m.Reason, m.At}
	})
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	if in.Place != "" {
		query.Set("place", in.Place)
	}
	return listed(ctx, a, "/staff/stock/"+url.PathEscape(in.SKU)+"/movements", Page{Limit: in.Limit}, query, l), nil
}

type receiveStockInput struct {
	Keyed
	AtPlace
	Body struct {
		Quantity int64  `json:"quantity" minimum:"1" maximum:"1000000000"`
		Reason   string `json:"reason,omitempty" maxLength:"500" doc:"A delivery note, say."`
	}
}

func (a *api) receiveStock(ctx context.Context, in *receiveStockInput) (*answer[StockLevel], error) {
	_, err := a.shop.Inventory.Receive(ctx, inventory.Receive{
		SKU: catalog.SKU(in.SKU), Location: in.location(), Quantity: in.Body.Quantity, Reason: in.Body.Reason, Key: in.Key,
	})
	if err != nil {
		return nil, err
	}
	return a.stockLevel(ctx, in.AtPlace)
}

type adjustStockInput struct {
	Keyed
	AtPlace
	Body struct {
		Count  *int64 `json:"count,omitempty" minimum:"0" maximum:"1000000000" doc:"What was counted on the shelf, goods that are sold and not shipped included."`
		Delta  int64  `json:"delta,omitempty" minimum:"-1000000000" maximum:"1000000000" doc:"What to add; not together with count."`
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (a *api) adjustStock(ctx context.Context, in *adjustStockInput) (*answer[StockLevel], error) {
	_, err := a.shop.Inventory.Adjust(ctx, inventory.Adjust{
		SKU: catalog.SKU(in.SKU), Location: in.location(), Count: in.Body.Count, Delta: in.Body.Delta, Reason: in.Body.Reason, Key: in.Key,
	})
	if err != nil {
		return nil, err
	}
	return a.stockLevel(ctx, in.AtPlace)
}

type setStockPolicyInput struct {
	Keyed
	AtPlace
	Body StockPolicy
}

func (a *api) setStockPolicy(ctx context.Context, in *setStockPolicyInput) (*answer[StockLevel], error) {
	p := inventory.Policy{SafetyStock: in.Body.SafetyStock, ReorderPoint: in.Body.ReorderPoint, Backorder: in.Body.Backorder}
	if in.Body.ExpectedAt != nil {
		p.ExpectedAt = in.Body.ExpectedAt.UnixMilli()
	}
	_, err := a.shop.Inventory.SetPolicy(ctx, inventory.SetPolicy{SKU: catalog.SKU(in.SKU), Location: in.location(), Policy: p, Key: in.Key})
	if err != nil {
		return nil, err
	}
	return a.stockLevel(ctx, in.AtPlace)
}
