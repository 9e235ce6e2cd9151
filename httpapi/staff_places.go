package httpapi

import (
	"context"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/inventory"
)

// Places are where a shop sells from.
type Places struct {
	Places  []Place `json:"places" minItems:"1" maxItems:"200" nullable:"false"`
	Split   bool    `json:"split,omitempty" doc:"The units of one line may come from several places."`
	Version int64   `json:"version,omitempty" readOnly:"true" doc:"Counts the changes, from 1 for a shop that never set them; also the ETag."`
}

// Place is a location that a shop sells from.
type Place struct {
	ID        string   `json:"id" minLength:"1" maxLength:"100" example:"main"`
	Name      string   `json:"name,omitempty" maxLength:"500"`
	Priority  int64    `json:"priority,omitempty" doc:"Places are asked in this order, the lowest first."`
	Countries []string `json:"countries,omitempty" nullable:"false" maxItems:"300" doc:"The countries that it serves, as ISO 3166-1 codes; missing is all."`
	Closed    bool     `json:"closed,omitempty" doc:"It sells nothing. Its goods stay where they are."`
}

// StockTransfer is goods of one SKU on their way from one place to another.
type StockTransfer struct {
	ID        string    `json:"id"`
	SKU       string    `json:"sku"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	Sent      int64     `json:"sent"`
	Received  int64     `json:"received"`
	Lost      int64     `json:"lost"`
	OnItsWay  int64     `json:"on_its_way" doc:"Sent, and neither received nor lost."`
	Reference string    `json:"reference,omitempty"`
	At        time.Time `json:"at"`
}

func (a *api) addStaffPlaces() {
	add(a, route{forStaff, "GET", "/staff/places", "get-places", "Stock", "Get the places that the shop sells from", 0, false}, a.getPlaces)
	add(a, route{forStaff, "PUT", "/staff/places", "set-places", "Stock", "Replace the places that the shop sells from", 0, false}, a.setPlaces)
	add(a, route{forStaff, "GET", "/staff/transfers", "list-transfers", "Stock", "List what of a SKU is on its way to a place", 0, false}, a.listTransfers)
	add(a, route{forStaff, "POST", "/staff/transfers", "send-transfer", "Stock", "Send goods from one place to another", 201, false}, a.sendTransfer)
	add(a, route{forStaff, "GET", "/staff/transfers/{transfer}", "get-transfer", "Stock", "Get a transfer", 0, false}, a.getTransfer)
	add(a, route{forStaff, "POST", "/staff/transfers/{transfer}/receipts", "receive-transfer", "Stock", "Book what of a transfer has arrived, and what was lost", 0, false}, a.receiveTransfer)
}

func placesAnswer(s inventory.Sourcing) *answer[Places] {
	out := Places{Places: []Place{}, Split: s.Split, Version: s.Version}
	for _, p := range s.Places {
		out.Places = append(out.Places, Place{string(p.ID), p.Name, p.Priority, p.Countries, p.Closed})
	}
	return &answer[Places]{ETag: web.ETag(s.Version, ""), Body: out}
}

func (a *api) getPlaces(ctx context.Context, _ *struct{}) (*answer[Places], error) {
	s, err := a.shop.Inventory.Sourcing(ctx)
	if err != nil {
		return nil, err
	}
	return placesAnswer(*s), nil
}

type setPlacesInput struct {
	Keyed
	Conditional
	Body Places
}

func (a *api) setPlaces(ctx context.Context, in *setPlacesInput) (*answer[Places], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	c := inventory.SetSourcing{Split: in.Body.Split, Version: version, Key: in.Key}
	for _, p := range in.Body.Places {
		c.Places = append(c.Places, inventory.Place{ID: inventory.Location(p.ID), Name: p.Name, Priority: p.Priority, Countries: p.Countries, Closed: p.Closed})
	}
	s, err := a.shop.Inventory.SetSourcing(ctx, c)
	if err != nil {
		return nil, ifMatched[*inventory.SourcingVersionError](version, err)
	}
	return placesAnswer(s), nil
}

func showTransfer(t inventory.Transfer) StockTransfer {
	return StockTransfer{string(t.ID), string(t.SKU), string(t.From), string(t.To), t.Sent, t.Received, t.Lost, t.OnItsWay(), t.Reference, t.At}
}

func transferOr(t inventory.Transfer, err error) (*answer[StockTransfer], error) {
	if err != nil {
		return nil, err
	}
	return &answer[StockTransfer]{Body: showTransfer(t)}, nil
}

type listTransfersInput struct {
	SKU string `query:"sku" required:"true" minLength:"1" maxLength:"200"`
	To  string `query:"to" maxLength:"100" doc:"The ID of the place; missing is main."`
}

func (a *api) listTransfers(ctx context.Context, in *listTransfersInput) (*answer[List[StockTransfer]], error) {
	all, err := a.shop.Inventory.TransfersTo(ctx, catalog.SKU(in.SKU), inventory.Location(in.To))
	if err != nil {
		return nil, err
	}
	out := List[StockTransfer]{Items: []StockTransfer{}}
	for _, t := range all {
		out.Items = append(out.Items, showTransfer(t))
	}
	return &answer[List[StockTransfer]]{Body: out}, nil
}

type sendTransferInput struct {
	Keyed
	Body struct {
		SKU       string `json:"sku" minLength:"1" maxLength:"200"`
		From      string `json:"from,omitempty" maxLength:"100" doc:"The ID of a place; missing is main."`
		To        string `json:"to,omitempty" maxLength:"100" doc:"The ID of a place; missing is main."`
		Quantity  int64  `json:"quantity" minimum:"1" maximum:"1000000000"`
		Reference string `json:"reference,omitempty" maxLength:"200" doc:"Groups the transfers of one lorry, say."`
	}
}

func (a *api) sendTransfer(ctx context.Context, in *sendTransferInput) (*answer[StockTransfer], error) {
	t, err := a.shop.Inventory.SendTransfer(ctx, inventory.SendTransfer{
		SKU: catalog.SKU(in.Body.SKU), From: inventory.Location(in.Body.From), To: inventory.Location(in.Body.To),
		Quantity: in.Body.Quantity, Reference: in.Body.Reference, Key: in.Key,
	})
	out, err := transferOr(t, err)
	if err == nil {
		out.Location = a.options.Prefix + "/staff/transfers/" + string(t.ID)
	}
	return out, err
}

// TransferRef names a transfer.
type TransferRef struct {
	Transfer string `path:"transfer" maxLength:"64" doc:"A transfer's ID."`
}

func (a *api) getTransfer(ctx context.Context, in *TransferRef) (*answer[StockTransfer], error) {
	return transferOr(a.shop.Inventory.Transfer(ctx, inventory.TransferID(in.Transfer)))
}

type receiveTransferInput struct {
	Keyed
	TransferRef
	Body struct {
		Quantity int64 `json:"quantity,omitempty" minimum:"0" maximum:"1000000000" doc:"How many have arrived now."`
		Lost     int64 `json:"lost,omitempty" minimum:"0" maximum:"1000000000" doc:"How many will not arrive any more."`
	}
}

func (a *api) receiveTransfer(ctx context.Context, in *receiveTransferInput) (*answer[StockTransfer], error) {
	return transferOr(a.shop.Inventory.ReceiveTransfer(ctx, inventory.ReceiveTransfer{
		Transfer: inventory.TransferID(in.Transfer), Quantity: in.Body.Quantity, Lost: in.Body.Lost, Key: in.Key,
	}))
}
