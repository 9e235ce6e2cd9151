package httpapi

import (
	"context"
	"net/url"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// Operation is something that was asked of a payment provider.
type Operation struct {
	Payment string `json:"payment"`
	Number  int    `json:"number"`
	Kind    string `json:"kind" enum:"capture,void,refund"`
	State   string `json:"state" enum:"intent,unknown,pending,succeeded,failed"`
	Amount  Money  `json:"amount"`
	Decline string `json:"decline,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// LineQuantity is a number of units of one line of an order.
type LineQuantity struct {
	Line     int   `json:"line" minimum:"1" maximum:"10000"`
	Quantity int64 `json:"quantity" minimum:"1" maximum:"1000000"`
}

func (a *api) addStaffOrders() {
	add(a, route{forStaff, "GET", "/staff/orders", "list-orders", "Fulfilment", "List orders", 0, false}, a.listAllOrders)
	add(a, route{forStaff, "GET", "/staff/orders/{order}/explanation", "explain-order-to-staff", "Fulfilment", "Explain how the amounts of an order came about, with price lists, agreements and the promotions that were not applied", 0, false}, a.explainOrderToStaff)
	add(a, route{forStaff, "POST", "/staff/orders/{order}/cancel", "cancel-order", "Fulfilment", "Withdraw a placed order of which nothing has shipped", 0, false}, a.cancelOrder)
	add(a, route{forStaff, "POST", "/staff/orders/{order}/shipments", "ship-order", "Fulfilment", "Record that goods have left", 0, false}, a.shipOrder)
	add(a, route{forStaff, "POST", "/staff/orders/{order}/returns", "return-order", "Fulfilment", "Record that goods came back, and refund them", 0, false}, a.returnOrder)
	add(a, route{forStaff, "POST", "/staff/orders/{order}/refunds", "refund-order", "Payments", "Give money back", 0, false}, a.refundOrder)
	add(a, route{forStaff, "POST", "/staff/payments/{payment}/captures", "capture-payment", "Payments", "Take authorized money", 0, false}, a.capturePayment)
	add(a, route{forStaff, "POST", "/staff/payments/{payment}/voids", "void-payment", "Payments", "Let go of authorized money that will not be needed", 0, false}, a.voidPayment)
	add(a, route{forStaff, "GET", "/staff/orders/{order}/operations", "list-operations", "Payments", "List what was asked of providers after an order's payments", 0, false}, a.listOperations)
}

type listAllOrdersInput struct {
	Page
	Status   string `query:"status" enum:"pending,placed,canceled"`
	Customer string `query:"customer" maxLength:"64"`
	Overdue  string `query:"overdue" enum:"true" doc:"Only orders that are not paid after the end of their payment terms."`
	Number   string `query:"number" maxLength:"60" doc:"Only the order with this number; case, spaces and dashes of an order's own number do not matter."`
}

func (a *api) listAllOrders(ctx context.Context, in *listAllOrdersInput) (*answer[List[Order]], error) {
	if in.Number != "" {
		return a.listNumbered(ctx, in)
	}
	query := url.Values{}
	for name, value := range map[string]string{"status": in.Status, "customer": in.Customer, "overdue": in.Overdue} {
		if value != "" {
			query.Set(name, value)
		}
	}
	after, err := in.from("ord")
	if err != nil {
		return nil, err
	}
	f := orders.Filter{
		Overdue: in.Overdue != "", Status: orders.Status(in.Status), Customer: accounts.CustomerID(in.Customer), After: orders.ID(after), Limit: in.Limit + 1,
	}
	return a.listOrders(ctx, "/staff/orders", f, in.Page, query)
}

// listNumbered lists the one order of a number, or none.
func (a *api) listNumbered(ctx context.Context, in *listAllOrdersInput) (*answer[List[Order]], error) {
	out := &answer[List[Order]]{Body: List[Order]{Items: []Order{}}}
	o, err := a.shop.Orders.ByNumber(ctx, in.Number)
	if fault.CodeOf(err) == fault.NotFound {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	if (in.Status == "" || in.Status == string(o.Status)) && (in.Customer == "" || o.IsOf(accounts.CustomerID(in.Customer))) {
		o.Lines = nil
		out.Body.Items = append(out.Body.Items, showOrder(o))
	}
	return out, nil
}

func (a *api) explainOrderToStaff(ctx context.Context, in *getOrderInput) (*answer[OrderExplained], error) {
	return a.explained(ctx, in, orders.Order.Explain)
}

// OrderChange is what the routes take that change an order.
type OrderChange struct {
	Keyed
	Conditional
	OrderRef
}

type cancelOrderInput struct {
	OrderChange
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (a *api) cancelOrder(ctx context.Context, in *cancelOrderInput) (*answer[Order], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	o, err := a.shop.Orders.Cancel(ctx, orders.Cancel{Order: in.id(), Reason: in.Body.Reason, Version: version, Key: in.Key})
	return orderOr(o, version, err)
}

type shipOrderInput struct {
	OrderChange
	Body struct {
		Lines    []LineQuantity `json:"lines,omitempty" maxItems:"2000" nullable:"false" doc:"What left; missing means everything that has not left yet."`
		Delivery int            `json:"delivery,omitempty" minimum:"0" doc:"The delivery that left, in place of lines, of an order that goes to several places."`
		Tracking string         `json:"tracking,omitempty" maxLength:"200"`
	}
}

func (a *api) shipOrder(ctx context.Context, in *shipOrderInput) (*answer[Order], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	o, err := a.shop.Orders.Ship(ctx, orders.Ship{
		Order: in.id(), Lines: quantitiesOf(in.Body.Lines), Delivery: in.Body.Delivery, Tracking: in.Body.Tracking, Version: version, Key: in.Key,
	})
	return orderOr(o, version, err)
}

type returnOrderInput struct {
	OrderChange
	Body struct {
		Lines   []LineQuantity `json:"lines" minItems:"1" maxItems:"2000" nullable:"false"`
		Reason  string         `json:"reason" minLength:"1" maxLength:"500"`
		Discard bool           `json:"discard,omitempty" doc:"Keep the goods out of stock: they came back unusable."`
	}
}

func (a *api) returnOrder(ctx context.Context, in *returnOrderInput) (*answer[Order], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	o, err := a.shop.Orders.Return(ctx, orders.Return{
		Order: in.id(), Lines: quantitiesOf(in.Body.Lines), Reason: in.Body.Reason, Discard: in.Body.Discard, Version: version, Key: in.Key,
	})
	return orderOr(o, version, err)
}

func quantitiesOf(in []LineQuantity) []orders.LineQuantity {
	var out []orders.LineQuantity
	for _, l := range in {
		out = append(out, orders.LineQuantity{Line: l.Line, Quantity: l.Quantity})
	}
	return out
}

// orderOr is the answer of a command on an order.
func orderOr(o orders.Order, version int64, err error) (*answer[Order], error) {
	if err != nil {
		return nil, ifMatched[*orders.VersionError](version, err)
	}
	return &answer[Order]{ETag: web.ETag(o.Version, ""), Body: showOrder(o)}, nil
}

type refundOrderInput struct {
	Keyed
	OrderRef
	Body struct {
		Amount *MoneyInput `json:"amount,omitempty" doc:"Missing means everything that was captured and not granted back."`
		Reason string      `json:"reason,omitempty" maxLength:"500"`
		To     []RefundTo  `json:"to,omitempty" maxItems:"64" nullable:"false" doc:"Which payments it goes to. What they leave goes to the payments in their order."`
	}
}

func (a *api) refundOrder(ctx context.Context, in *refundOrderInput) (*answer[List[Operation]], error) {
	amount, err := optional(in.Body.Amount, "body.amount")
	if err != nil {
		return nil, err
	}
	to, err := refundTo(in.Body.To)
	if err != nil {
		return nil, err
	}
	done, err := a.shop.Payments.Refund(ctx, payments.Refund{Order: in.id(), Amount: amount, Reason: in.Body.Reason, To: to, Key: in.Key})
	if err != nil {
		return nil, err
	}
	return operationsAnswer(done), nil
}

type capturePaymentInput struct {
	Keyed
	Payment string `path:"payment" maxLength:"64" doc:"A payment's ID."`
	Body    struct {
		Amount *MoneyInput `json:"amount,omitempty" doc:"Missing means everything that is left."`
		Reason string      `json:"reason,omitempty" maxLength:"500"`
		Final  bool        `json:"final,omitempty" doc:"Let go of what is left."`
	}
}

func (a *api) capturePayment(ctx context.Context, in *capturePaymentInput) (*answer[Operation], error) {
	amount, err := optional(in.Body.Amount, "body.amount")
	if err != nil {
		return nil, err
	}
	done, err := a.shop.Payments.Capture(ctx, payments.Capture{Attempt: payments.ID(in.Payment), Amount: amount, Reason: in.Body.Reason, Final: in.Body.Final, Key: in.Key})
	if err != nil {
		return nil, err
	}
	return &answer[Operation]{Body: showOperation(done)}, nil
}

type voidPaymentInput struct {
	Keyed
	Payment string `path:"payment" maxLength:"64" doc:"A payment's ID."`
	Body    struct {
		Reason string `json:"reason,omitempty" maxLength:"500"`
	}
}

func (a *api) voidPayment(ctx context.Context, in *voidPaymentInput) (*answer[Operation], error) {
	done, err := a.shop.Payments.Void(ctx, payments.Void{Attempt: payments.ID(in.Payment), Reason: in.Body.Reason, Key: in.Key})
	if err != nil {
		return nil, err
	}
	return &answer[Operation]{Body: showOperation(done)}, nil
}

// optional returns the zero Amount for nil.
func optional(m *MoneyInput, at string) (money.Amount, error) {
	if m == nil {
		return money.Amount{}, nil
	}
	return m.amount(at)
}

func (a *api) listOperations(ctx context.Context, in *orderFields) (*answer[List[Operation]], error) {
	all, err := a.shop.Payments.Operations(ctx, in.id())
	if err != nil {
		return nil, err
	}
	return operationsAnswer(all), nil
}

func operationsAnswer(all []payments.Operation) *answer[List[Operation]] {
	out := &answer[List[Operation]]{Body: List[Operation]{Items: make([]Operation, len(all))}}
	for i, op := range all {
		out.Body.Items[i] = showOperation(op)
	}
	return out
}

func showOperation(op payments.Operation) Operation {
	return Operation{
		Payment: string(op.Attempt), Number: op.Number, Kind: string(op.Kind), State: string(op.State),
		Amount: moneyOf(op.Amount), Decline: string(op.Decline), Reason: op.Reason,
	}
}
