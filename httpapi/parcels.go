package httpapi

import (
	"context"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/orders"
)

// Parcel is goods of an order that left together.
type Parcel struct {
	ID       string         `json:"id"`
	Status   string         `json:"status" enum:"shipped,in_transit,delivered,failed_attempt,undeliverable,returned_to_sender"`
	Lines    []LineQuantity `json:"lines" nullable:"false"`
	Carrier  string         `json:"carrier,omitempty"`
	Tracking string         `json:"tracking,omitempty"`
	URL      string         `json:"url,omitempty" doc:"Where it can be followed."`
	At       time.Time      `json:"at"`
	Events   []ParcelEvent  `json:"events" nullable:"false" doc:"What became of it, the first event first."`
}

// ParcelEvent is something that happened to a parcel.
type ParcelEvent struct {
	Status string    `json:"status"`
	Note   string    `json:"note,omitempty"`
	At     time.Time `json:"at"`
}

// Reordered is what buying an order again came to.
type Reordered struct {
	Cart *Cart      `json:"cart,omitempty" doc:"What can be bought, at the prices of now. Missing if nothing can be."`
	Left []LeftLine `json:"left" nullable:"false" doc:"What cannot be bought any more, and why."`
}

// LeftLine is a line of an order that cannot be bought any more.
type LeftLine struct {
	SKU      string `json:"sku"`
	Title    string `json:"title"`
	Quantity int64  `json:"quantity"`
	Code     string `json:"code"`
}

func (a *api) addParcels() {
	add(a, route{forOrderOwner, "GET", "/orders/{order}/parcels", "list-parcels", "Orders", "List the parcels of an order and what became of them", 0, false}, a.listParcels)
	add(a, route{forOrderOwner, "POST", "/orders/{order}/reorder", "reorder", "Orders", "Put what was bought once into a cart again", 0, false}, a.reorder)
	add(a, route{forStaff, "POST", "/staff/parcels/{parcel}/events", "track-parcel", "Fulfilment", "Record what became of a parcel", 0, false}, a.trackParcel)
	add(a, route{forStaff, "PATCH", "/staff/orders/{order}", "annotate-order", "Fulfilment", "Change what other programs note about an order", 0, false}, a.annotateOrder)
}

func (a *api) listParcels(ctx context.Context, in *orderFields) (*answer[List[Parcel]], error) {
	all, err := a.shop.Orders.Fulfilments(ctx, in.id())
	if err != nil {
		return nil, err
	}
	out := List[Parcel]{Items: make([]Parcel, len(all))}
	for i, f := range all {
		out.Items[i] = showParcel(f)
	}
	return &answer[List[Parcel]]{Body: out}, nil
}

func showParcel(f orders.Fulfilment) Parcel {
	out := Parcel{
		ID: f.ID, Status: string(f.Status), Lines: make([]LineQuantity, len(f.Lines)), Carrier: f.Carrier, Tracking: f.Tracking, URL: f.URL, At: f.At,
		Events: make([]ParcelEvent, len(f.Events)),
	}
	for i, l := range f.Lines {
		out.Lines[i] = LineQuantity{Line: l.Line, Quantity: l.Quantity}
	}
	for i, e := range f.Events {
		out.Events[i] = ParcelEvent{string(e.Status), e.Note, e.At}
	}
	return out
}

type reorderInput struct {
	Keyed
	OrderRef
	Body struct {
		Cart string `json:"cart,omitempty" maxLength:"64" doc:"Where it goes; missing is a new one."`
	}
}

func (a *api) reorder(ctx context.Context, in *reorderInput) (*answer[Reordered], error) {
	caller := callerOf(ctx)
	if in.Body.Cart != "" {
		if err := a.permitCart(ctx, caller, cart.ID(in.Body.Cart)); err != nil {
			return nil, err
		}
	}
	r, err := a.shop.Checkout.Reorder(ctx, checkout.Reorder{
		Order: in.id(), Cart: cart.ID(in.Body.Cart), Customer: caller.Customer, Key: in.Key,
	})
	if err != nil {
		return nil, err
	}
	out := Reordered{Left: make([]LeftLine, len(r.Left))}
	if r.Cart.ID != "" {
		shown := showCart(r.Cart)
		out.Cart = &shown
	}
	for i, l := range r.Left {
		out.Left[i] = LeftLine{string(l.SKU), l.Title, l.Quantity, string(l.Code)}
	}
	return &answer[Reordered]{Body: out}, nil
}

type trackParcelInput struct {
	Keyed
	Parcel string `path:"parcel" maxLength:"64" doc:"A parcel's ID."`
	Body   struct {
		Status   string     `json:"status" enum:"shipped,in_transit,delivered,failed_attempt,undeliverable,returned_to_sender"`
		Note     string     `json:"note,omitempty" maxLength:"500" doc:"Nothing personal."`
		Carrier  string     `json:"carrier,omitempty" maxLength:"100" doc:"Missing leaves it as it is; so with tracking and url."`
		Tracking string     `json:"tracking,omitempty" maxLength:"200"`
		URL      string     `json:"url,omitempty" maxLength:"2000"`
		At       *time.Time `json:"at,omitempty" doc:"When it happened; missing is now."`
	}
}

func (a *api) trackParcel(ctx context.Context, in *trackParcelInput) (*answer[Parcel], error) {
	c := orders.Track{
		Fulfilment: in.Parcel, Status: orders.ParcelStatus(in.Body.Status), Note: in.Body.Note, Carrier: in.Body.Carrier,
		Tracking: in.Body.Tracking, URL: in.Body.URL, Key: in.Key,
	}
	if in.Body.At != nil {
		c.OccurredAt = int64(catalog.MomentOf(*in.Body.At))
	}
	f, err := a.shop.Orders.Track(ctx, c)
	if err != nil {
		return nil, err
	}
	return &answer[Parcel]{Body: showParcel(f)}, nil
}

type annotateOrderInput struct {
	OrderChange
	Body struct {
		Metadata          object  `json:"metadata,omitempty"`
		PrivateMetadata   object  `json:"private_metadata,omitempty"`
		ExternalReference *string `json:"external_reference,omitempty" maxLength:"200" doc:"The order's name in another system."`
	}
}

func (a *api) annotateOrder(ctx context.Context, in *annotateOrderInput) (*answer[Order], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	o, err := a.shop.Orders.Annotate(ctx, orders.Annotate{
		Order: in.id(), Metadata: []byte(in.Body.Metadata), PrivateMetadata: []byte(in.Body.PrivateMetadata),
		ExternalReference: in.Body.ExternalReference, Version: version, Key: in.Key,
	})
	if err != nil {
		return nil, ifMatched[*orders.VersionError](version, err)
	}
	return &answer[Order]{ETag: web.ETag(o.Version, ""), Body: showOrder(o)}, nil
}
