package httpapi

import (
	"context"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/orders"
)

// CartDelivery is one of several places that the goods of a cart go to.
type CartDelivery struct {
	ID             int64           `json:"id" doc:"1 goes to the contact's shipping address."`
	Country        string          `json:"country,omitempty"`
	ShippingMethod string          `json:"shipping_method,omitempty" doc:"The one that was chosen."`
	Lines          []int64         `json:"lines" nullable:"false" doc:"The IDs of the lines in it."`
	Shipping       Money           `json:"shipping" doc:"What it costs to send, after discounts and as prices are."`
	Tax            Money           `json:"tax" doc:"The tax on shipping."`
	TaxExempt      string          `json:"tax_exempt,omitempty" doc:"The certificate by which no tax is due there."`
	Offers         []ShippingOffer `json:"shipping_offers" nullable:"false" doc:"The shipping methods that there are for its address and goods."`
}

// OrderDelivery is one of several places that an order goes to.
type OrderDelivery struct {
	Number      int    `json:"number" doc:"1 goes to the contact's shipping address."`
	Country     string `json:"country,omitempty"`
	Method      string `json:"shipping_method,omitempty"`
	Name        string `json:"shipping_name,omitempty"`
	Shipping    Money  `json:"shipping" doc:"What it costs to send, after discounts and as prices are."`
	ShippingTax Money  `json:"shipping_tax"`
	TaxExempt   string `json:"tax_exempt,omitempty" doc:"The certificate by which no tax was due there."`
}

// DeliveryAddress is where a delivery goes.
type DeliveryAddress struct {
	Delivery int64    `json:"delivery"`
	Address  *Address `json:"address,omitempty" doc:"Missing if it was not given, or was erased."`
	Country  string   `json:"country,omitempty"`
	Erased   bool     `json:"erased,omitempty"`
}

func (a *api) addDeliveries() {
	add(a, route{forCartHolder, "GET", "/carts/{cart}/deliveries", "list-cart-deliveries", "Carts", "List where the further deliveries of a cart go", 0, false}, a.listCartDeliveries)
	add(a, route{forCartHolder, "POST", "/carts/{cart}/deliveries", "add-delivery", "Carts", "Add a delivery to another address", 0, true}, a.addDelivery)
	add(a, route{forCartHolder, "PATCH", "/carts/{cart}/deliveries/{delivery}", "update-delivery", "Carts", "Change where a delivery goes and how it is sent", 0, false}, a.updateDelivery)
	add(a, route{forCartHolder, "DELETE", "/carts/{cart}/deliveries/{delivery}", "remove-delivery", "Carts", "Take a delivery off a cart; its lines go to the first", 200, false}, a.removeDelivery)
	add(a, route{forCartHolder, "POST", "/carts/{cart}/deliveries/{delivery}/lines", "assign-lines", "Carts", "Move lines, or some of their units, into a delivery", 0, false}, a.assignLines)
	add(a, route{forOrderOwner, "GET", "/orders/{order}/deliveries", "list-order-deliveries", "Orders", "List where an order goes, if to several places", 0, false}, a.listOrderDeliveries)
}

type DeliveryRef struct {
	CartRef
	Delivery int64 `path:"delivery" minimum:"1" doc:"A delivery's ID in its cart; 1 is the first."`
}

type listCartDeliveriesInput struct {
	CartRef
}

func (a *api) listCartDeliveries(ctx context.Context, in *listCartDeliveriesInput) (*answer[List[DeliveryAddress]], error) {
	all, err := a.shop.Carts.DeliveryAddresses(ctx, in.id())
	if err != nil {
		return nil, err
	}
	return addressesAnswer(all), nil
}

func (a *api) listOrderDeliveries(ctx context.Context, in *orderFields) (*answer[List[DeliveryAddress]], error) {
	all, err := a.shop.Orders.DeliveryAddresses(ctx, in.id())
	if err != nil {
		return nil, err
	}
	return addressesAnswer(all), nil
}

func addressesAnswer(all []cart.DeliveryAddress) *answer[List[DeliveryAddress]] {
	out := &answer[List[DeliveryAddress]]{Body: List[DeliveryAddress]{Items: make([]DeliveryAddress, len(all))}}
	for i, d := range all {
		out.Body.Items[i] = DeliveryAddress{Delivery: d.Delivery, Address: showAddress(d.Address), Country: d.Address.Country, Erased: d.Erased}
	}
	return out
}

type addDeliveryInput struct {
	Keyed
	Conditional
	CartRef
	Body struct {
		Address *Address `json:"address,omitempty" doc:"May be given later."`
	}
}

func (a *api) addDelivery(ctx context.Context, in *addDeliveryInput) (*answer[Cart], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	c, err := a.shop.Carts.SetDelivery(ctx, cart.SetDelivery{Cart: in.id(), Address: in.Body.Address.address(), Version: version, Key: in.Key})
	return cartOr(c, version, err)
}

type updateDeliveryInput struct {
	Keyed
	Conditional
	DeliveryRef
	Body struct {
		Address  *Address `json:"address,omitempty" doc:"Replaces the address. That of the first delivery is the contact's."`
		Shipping *string  `json:"shipping_method,omitempty" maxLength:"64" doc:"One of the delivery's shipping_offers; an empty text takes the choice back."`
	}
}

// updateDelivery runs a command for each part of the body, as updateCart does.
func (a *api) updateDelivery(ctx context.Context, in *updateDeliveryInput) (*answer[Cart], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	if in.Body.Address == nil && in.Body.Shipping == nil {
		return nil, &fieldError{"body", "changes nothing"}
	}
	in.choose()
	var c cart.Cart
	if at := in.Body.Address; at != nil {
		c, err = a.shop.Carts.SetDelivery(ctx, cart.SetDelivery{Cart: in.id(), Delivery: in.Delivery, Address: at.address(), Version: version, Key: part(in.Key, "address")})
		if err != nil {
			return nil, ifMatched[*cart.VersionError](version, err)
		}
		version = 0
	}
	if method := in.Body.Shipping; method != nil {
		c, err = a.shop.Carts.SetShipping(ctx, cart.SetShipping{Cart: in.id(), Delivery: in.Delivery, Method: *method, Version: version, Key: part(in.Key, "shipping")})
	}
	return cartOr(c, version, err)
}

type removeDeliveryInput struct {
	Keyed
	Conditional
	DeliveryRef
}

func (a *api) removeDelivery(ctx context.Context, in *removeDeliveryInput) (*answer[Cart], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	c, err := a.shop.Carts.RemoveDelivery(ctx, cart.RemoveDelivery{Cart: in.id(), Delivery: in.Delivery, Version: version, Key: in.Key})
	return cartOr(c, version, err)
}

type assignLinesInput struct {
	Keyed
	Conditional
	DeliveryRef
	Body struct {
		Lines []AssignedLine `json:"lines" minItems:"1" maxItems:"2000" nullable:"false"`
	}
}

// AssignedLine is a line that goes into a delivery, or some of its units.
type AssignedLine struct {
	Line     int64 `json:"line" minimum:"1" doc:"The line's ID."`
	Quantity int64 `json:"quantity,omitempty" minimum:"0" maximum:"1000000" doc:"Missing is all of it. Units that leave their line join the one like it in the delivery, or become a line of their own."`
}

func (a *api) assignLines(ctx context.Context, in *assignLinesInput) (*answer[Cart], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	cmd := cart.AssignLines{Cart: in.id(), Version: version, Key: in.Key}
	for _, l := range in.Body.Lines {
		cmd.Lines = append(cmd.Lines, cart.AssignedLine{Line: l.Line, Delivery: in.Delivery, Quantity: l.Quantity})
	}
	c, err := a.shop.Carts.AssignLines(ctx, cmd)
	return cartOr(c, version, err)
}

// showDeliveries adds the deliveries of a cart that goes to several places.
func (out *Cart) showDeliveries(c cart.Cart) {
	for _, d := range c.Deliveries {
		out.Deliveries = append(out.Deliveries, CartDelivery{
			ID: d.ID, Country: d.Country, ShippingMethod: d.ShippingMethod, Lines: append([]int64{}, d.Lines...),
			Shipping: moneyOf(d.Shipping), Tax: moneyOf(d.Tax), TaxExempt: d.TaxExempt, Offers: showOffers(d.Offers),
		})
	}
	if len(c.Deliveries) == 0 {
		return
	}
	for i, l := range c.Lines {
		out.Lines[i].ID, out.Lines[i].Delivery = l.ID, l.Delivery
	}
}

// showDeliveries adds the deliveries of an order that goes to several places.
func (out *Order) showDeliveries(o orders.Order) {
	for _, d := range o.Deliveries {
		out.Deliveries = append(out.Deliveries, OrderDelivery{
			Number: d.Number, Country: d.Country, Method: d.ShippingMethod, Name: d.ShippingName,
			Shipping: moneyOf(d.Shipping), ShippingTax: moneyOf(d.ShippingTax), TaxExempt: d.TaxExempt,
		})
	}
	if !o.Split {
		return
	}
	for i, l := range o.Lines {
		out.Lines[i].Delivery = l.Delivery
	}
}
