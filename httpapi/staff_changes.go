package httpapi

import (
	"context"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// ChangePreview is what a change of an order would come to.
type ChangePreview struct {
	Added       Money       `json:"added" doc:"What becomes due, with its tax."`
	Back        Money       `json:"back" doc:"What is granted back, with its tax."`
	Total       Money       `json:"total"`
	Outstanding Money       `json:"outstanding" doc:"What is still to be paid afterwards; below nothing it is paid back."`
	Lines       []OrderLine `json:"lines" nullable:"false" doc:"That are added."`
}

// OrderEdit is a change that an order has had.
type OrderEdit struct {
	Number int       `json:"number"`
	Reason string    `json:"reason"`
	Added  Money     `json:"added"`
	Back   Money     `json:"back"`
	By     string    `json:"by,omitempty"`
	At     time.Time `json:"at"`
}

// Grant is what of an order is paid back, and why.
type Grant struct {
	Number   int    `json:"number"`
	Source   string `json:"source" enum:"return,cancellation,change,other"`
	State    string `json:"state" enum:"granted,released,withdrawn"`
	Reason   string `json:"reason"`
	Goods    Money  `json:"goods"`
	Shipping Money  `json:"shipping"`
	Delivery int    `json:"delivery,omitempty" doc:"The one that shipping is of; missing for the order as a whole."`
	Fees     Money  `json:"fees" doc:"On no line: what is on a line goes back with its goods."`
	Other    Money  `json:"other"`
	Amount   Money  `json:"amount"`
	Tax      Money  `json:"tax"`
	Paid     bool   `json:"paid"`
}

// RefundTo says how much of a refund goes to a payment.
type RefundTo struct {
	Payment string     `json:"payment" maxLength:"64"`
	Amount  MoneyInput `json:"amount"`
}

func (a *api) addStaffChanges() {
	add(a, route{forStaff, "POST", "/staff/orders/{order}/changes/preview", "preview-change", "Fulfilment", "See what a change of a placed order would come to", 0, false}, a.previewChange)
	add(a, route{forStaff, "POST", "/staff/orders/{order}/changes", "confirm-change", "Fulfilment", "Change a placed order", 0, false}, a.confirmChange)
	add(a, route{forStaff, "GET", "/staff/orders/{order}/changes", "list-changes", "Fulfilment", "List the changes that an order has had", 0, false}, a.listChanges)
	add(a, route{forStaff, "POST", "/staff/orders/{order}/line-cancellations", "cancel-lines", "Fulfilment", "Cancel units that have not left", 0, false}, a.cancelLines)
	add(a, route{forStaff, "POST", "/staff/returns/{rma}/decision", "decide-return", "Fulfilment", "Approve, reject or end a return", 0, false}, a.decideReturn)
	add(a, route{forStaff, "POST", "/staff/returns/{rma}/receipts", "receive-return", "Fulfilment", "Record what came back, by condition", 0, false}, a.receiveReturn)
	add(a, route{forStaff, "GET", "/staff/orders/{order}/grants", "list-grants", "Payments", "List what of an order is paid back, and why", 0, false}, a.listGrants)
	add(a, route{forStaff, "POST", "/staff/orders/{order}/grants", "grant-refund", "Payments", "Decide that money is paid back", 0, false}, a.grantRefund)
	add(a, route{forStaff, "POST", "/staff/orders/{order}/grants/{grant}/release", "release-refund", "Payments", "Pay a grant back", 0, false}, a.releaseGrant)
	add(a, route{forStaff, "POST", "/staff/orders/{order}/grants/{grant}/withdraw", "withdraw-refund", "Payments", "Take an open grant back", 0, false}, a.withdrawGrant)
}

// ChangeAdd is something that is added to an order.
type ChangeAdd struct {
	SKU         string      `json:"sku" minLength:"1" maxLength:"100"`
	Quantity    int64       `json:"quantity" minimum:"1" maximum:"1000000"`
	AgreedPrice *MoneyInput `json:"agreed_price,omitempty" doc:"Missing is the catalog's price. It needs a reason."`
	Reason      string      `json:"reason,omitempty" maxLength:"500"`
}

// ChangeLower makes a line of an order cheaper.
type ChangeLower struct {
	Line   int        `json:"line" minimum:"1" maximum:"10000"`
	Amount MoneyInput `json:"amount" doc:"By how much, with its tax."`
}

// ReceivedLine is what came back of a line, by condition.
type ReceivedLine struct {
	Line       int   `json:"line" minimum:"1" maximum:"10000"`
	Resellable int64 `json:"resellable,omitempty" minimum:"0" maximum:"1000000"`
	Damaged    int64 `json:"damaged,omitempty" minimum:"0" maximum:"1000000"`
}

// GrantLine is what is paid back for a line.
type GrantLine struct {
	Line     int         `json:"line" minimum:"1" maximum:"10000"`
	Quantity int64       `json:"quantity,omitempty" minimum:"0" maximum:"1000000" doc:"0 is a lower price, and needs an amount."`
	Amount   *MoneyInput `json:"amount,omitempty" doc:"Missing is what was paid for the quantity."`
}

// ChangeBody is what is changed about an order.
type ChangeBody struct {
	Reason   string         `json:"reason" minLength:"1" maxLength:"500"`
	Add      []ChangeAdd    `json:"add,omitempty" maxItems:"200" nullable:"false"`
	Cancel   []LineQuantity `json:"cancel,omitempty" maxItems:"2000" nullable:"false"`
	Lower    []ChangeLower  `json:"lower,omitempty" maxItems:"2000" nullable:"false"`
	Shipping string         `json:"shipping,omitempty" maxLength:"100" doc:"The method by which the order is sent instead."`
	Delivery int            `json:"delivery,omitempty" minimum:"0" doc:"The number of the delivery that add, shipping and address are for; needed if the order goes to several places."`
	Address  *Address       `json:"address,omitempty" doc:"Where the delivery goes instead. What was bought keeps its price and its tax."`
	Expected *MoneyInput    `json:"expected,omitempty" doc:"What is due for it less what is paid back, as the preview said; the change is refused if it comes to something else."`
}

func (b ChangeBody) change(o orders.ID) (checkout.Change, error) {
	c := checkout.Change{Order: o, Reason: b.Reason, Cancel: quantitiesOf(b.Cancel), Shipping: b.Shipping, Delivery: b.Delivery, Address: b.Address.address()}
	for _, l := range b.Add {
		line := checkout.AddedLine{SKU: catalog.SKU(l.SKU), Quantity: l.Quantity, Reason: l.Reason}
		if l.AgreedPrice != nil {
			amount, err := l.AgreedPrice.amount("body.add.agreed_price")
			if err != nil {
				return c, err
			}
			line.AgreedPrice = &amount
		}
		c.Add = append(c.Add, line)
	}
	for _, l := range b.Lower {
		amount, err := l.Amount.amount("body.lower.amount")
		if err != nil {
			return c, err
		}
		c.Lower = append(c.Lower, checkout.LowerLine{Line: l.Line, Amount: amount})
	}
	if b.Expected != nil {
		amount, err := b.Expected.amount("body.expected")
		if err != nil {
			return c, err
		}
		c.Expected = &amount
	}
	return c, nil
}

type previewChangeInput struct {
	Repeatable
	OrderRef
	Body ChangeBody
}

func (a *api) previewChange(ctx context.Context, in *previewChangeInput) (*answer[ChangePreview], error) {
	c, err := in.Body.change(in.id())
	if err != nil {
		return nil, err
	}
	p, err := a.shop.Checkout.Preview(ctx, c)
	if err != nil {
		return nil, err
	}
	shown := showOrder(orders.Order{Lines: p.Lines})
	return &answer[ChangePreview]{ETag: web.ETag(p.Order.Version, ""), Body: ChangePreview{
		Added: moneyOf(p.Added), Back: moneyOf(p.Back), Total: moneyOf(p.Total), Outstanding: moneyOf(p.Outstanding), Lines: append([]OrderLine{}, shown.Lines...),
	}}, nil
}

type confirmChangeInput struct {
	OrderChange
	Body ChangeBody
}

func (a *api) confirmChange(ctx context.Context, in *confirmChangeInput) (*answer[Order], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	if version == 0 {
		return nil, &fieldError{"header.If-Match", "is needed: the ETag of the preview, or of the order"}
	}
	c, err := in.Body.change(in.id())
	if err != nil {
		return nil, err
	}
	c.Version, c.Key = version, in.Key
	o, err := a.shop.Checkout.Confirm(ctx, c)
	return orderOr(o, version, err)
}

func (a *api) listChanges(ctx context.Context, in *orderFields) (*answer[List[OrderEdit]], error) {
	all, err := a.shop.Orders.Changes(ctx, in.id())
	if err != nil {
		return nil, err
	}
	out := &answer[List[OrderEdit]]{Body: List[OrderEdit]{Items: make([]OrderEdit, len(all))}}
	for i, c := range all {
		out.Body.Items[i] = OrderEdit{Number: c.Number, Reason: c.Reason, Added: moneyOf(c.Added), Back: moneyOf(c.Back), By: c.By, At: c.At}
	}
	return out, nil
}

type cancelLinesInput struct {
	OrderChange
	Body struct {
		Lines  []LineQuantity `json:"lines" minItems:"1" maxItems:"2000" nullable:"false"`
		Reason string         `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (a *api) cancelLines(ctx context.Context, in *cancelLinesInput) (*answer[Order], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	o, err := a.shop.Orders.CancelLines(ctx, orders.CancelLines{
		Order: in.id(), Lines: quantitiesOf(in.Body.Lines), Reason: in.Body.Reason, Version: version, Key: in.Key,
	})
	return orderOr(o, version, err)
}

// ReturnRef names a return.
type ReturnRef struct {
	Return string `path:"rma" maxLength:"64" doc:"A return's ID."`
}

type decideReturnInput struct {
	Keyed
	ReturnRef
	Body struct {
		State string `json:"state" enum:"approved,rejected,canceled"`
		Note  string `json:"note,omitempty" maxLength:"500" doc:"For the shopper; needed to reject."`
		Payer string `json:"payer,omitempty" enum:"shop,shopper" doc:"Who pays the way back."`
	}
}

func (a *api) decideReturn(ctx context.Context, in *decideReturnInput) (*answer[Return], error) {
	r, err := a.shop.Orders.DecideReturn(ctx, orders.DecideReturn{
		Return: in.Return, State: orders.ReturnState(in.Body.State), Note: in.Body.Note, Payer: orders.Payer(in.Body.Payer), Key: in.Key,
	})
	if err != nil {
		return nil, err
	}
	return &answer[Return]{Body: showReturn(r)}, nil
}

type receiveReturnInput struct {
	Keyed
	ReturnRef
	Body struct {
		Lines  []ReceivedLine `json:"lines,omitempty" maxItems:"2000" nullable:"false"`
		Refund bool           `json:"refund,omitempty" doc:"Pay back what came."`
		Close  bool           `json:"close,omitempty" doc:"No more of it is expected."`
	}
}

func (a *api) receiveReturn(ctx context.Context, in *receiveReturnInput) (*answer[Return], error) {
	c := orders.ReceiveReturn{Return: in.Return, Refund: in.Body.Refund, Close: in.Body.Close, Key: in.Key}
	for _, l := range in.Body.Lines {
		c.Lines = append(c.Lines, orders.ReceivedLine{Line: l.Line, Resellable: l.Resellable, Damaged: l.Damaged})
	}
	r, err := a.shop.Orders.ReceiveReturn(ctx, c)
	if err != nil {
		return nil, err
	}
	return &answer[Return]{Body: showReturn(r)}, nil
}

func (a *api) listGrants(ctx context.Context, in *orderFields) (*answer[List[Grant]], error) {
	all, err := a.shop.Orders.Grants(ctx, in.id())
	if err != nil {
		return nil, err
	}
	out := &answer[List[Grant]]{Body: List[Grant]{Items: make([]Grant, len(all))}}
	for i, g := range all {
		out.Body.Items[i] = showGrant(g)
	}
	return out, nil
}

type grantRefundInput struct {
	OrderChange
	Body struct {
		Lines    []GrantLine `json:"lines,omitempty" maxItems:"2000" nullable:"false"`
		Shipping *MoneyInput `json:"shipping,omitempty"`
		Delivery int         `json:"delivery,omitempty" minimum:"0" doc:"The number of the delivery that shipping is of, if the order goes to several places; 0 is what all of it costs to send."`
		Fees     *MoneyInput `json:"fees,omitempty" doc:"On no line: what is on a line goes back with its goods."`
		Other    *MoneyInput `json:"other,omitempty" doc:"For no goods, such as for a late delivery."`
		Reason   string      `json:"reason" minLength:"1" maxLength:"500"`
		Return   string      `json:"return,omitempty" maxLength:"64" doc:"The return whose goods it is for."`
	}
}

func (a *api) grantRefund(ctx context.Context, in *grantRefundInput) (*answer[Grant], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	c := orders.GrantRefund{Order: in.id(), Reason: in.Body.Reason, Return: in.Body.Return, Delivery: in.Body.Delivery, Version: version, Key: in.Key}
	if c.Shipping, err = optional(in.Body.Shipping, "body.shipping"); err != nil {
		return nil, err
	}
	if c.Fees, err = optional(in.Body.Fees, "body.fees"); err != nil {
		return nil, err
	}
	if c.Other, err = optional(in.Body.Other, "body.other"); err != nil {
		return nil, err
	}
	for _, l := range in.Body.Lines {
		line := orders.RefundLine{Line: l.Line, Quantity: l.Quantity}
		if line.Amount, err = optional(l.Amount, "body.lines.amount"); err != nil {
			return nil, err
		}
		c.Lines = append(c.Lines, line)
	}
	g, err := a.shop.Orders.GrantRefund(ctx, c)
	return grantOr(g, version, err)
}

// GrantRef names a grant of an order.
type GrantRef struct {
	OrderChange
	Grant int `path:"grant" minimum:"1" maximum:"100000" doc:"The number of a grant."`
}

type releaseGrantInput struct {
	GrantRef
	Body struct {
		To []RefundTo `json:"to,omitempty" maxItems:"64" nullable:"false" doc:"Which payments it goes to. What they leave goes to the payments in their order."`
	}
}

func (a *api) releaseGrant(ctx context.Context, in *releaseGrantInput) (*answer[Grant], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	c := payments.ReleaseRefund{Order: in.id(), Grant: in.Grant, Version: version, Key: in.Key}
	if c.To, err = refundTo(in.Body.To); err != nil {
		return nil, err
	}
	g, err := a.shop.Payments.ReleaseRefund(ctx, c)
	return grantOr(g, version, err)
}

func (a *api) withdrawGrant(ctx context.Context, in *GrantRef) (*answer[Grant], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	g, err := a.shop.Orders.ReleaseRefund(ctx, orders.ReleaseRefund{Order: in.id(), Grant: in.Grant, Withdraw: true, Version: version, Key: in.Key})
	return grantOr(g, version, err)
}

func refundTo(in []RefundTo) (out []payments.RefundTo, err error) {
	for _, t := range in {
		amount, err := t.Amount.amount("body.to.amount")
		if err != nil {
			return nil, err
		}
		out = append(out, payments.RefundTo{Payment: payments.ID(t.Payment), Amount: amount})
	}
	return out, nil
}

func grantOr(g orders.Grant, version int64, err error) (*answer[Grant], error) {
	if err != nil {
		return nil, ifMatched[*orders.VersionError](version, err)
	}
	return &answer[Grant]{Body: showGrant(g)}, nil
}

func showGrant(g orders.Grant) Grant {
	return Grant{
		Number: g.Number, Source: string(g.Source), State: string(g.State), Reason: g.Reason, Paid: g.Paid,
		Goods: moneyOf(g.Goods), Shipping: moneyOf(g.Shipping), Delivery: g.Delivery, Fees: moneyOf(g.Fees), Other: moneyOf(g.Other), Amount: moneyOf(g.Amount), Tax: moneyOf(g.Tax),
	}
}
