package httpapi

import (
	"context"
	"net/url"
	"time"

	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// Order is what a checkout made.
type Order struct {
	ID           string          `json:"id"`
	Number       string          `json:"number" doc:"What people call the order. Unique; with a sequence it changes once, a moment after the order was placed."`
	Cart         string          `json:"cart,omitempty"`
	Customer     string          `json:"customer,omitempty"`
	Currency     string          `json:"currency"`
	Status       string          `json:"status" enum:"pending,placed,canceled"`
	Payment      string          `json:"payment_status" enum:"none,authorized,partially_paid,paid,partially_refunded,refunded,overcharged,voided"`
	Fulfilment   string          `json:"fulfilment_status" enum:"unfulfilled,partial,fulfilled,delivered,canceled"`
	CancelReason string          `json:"cancel_reason,omitempty"`
	Lines        []OrderLine     `json:"lines,omitempty" nullable:"false" doc:"Missing in lists."`
	Subtotal     Money           `json:"subtotal"`
	Discount     Money           `json:"discount"`
	Fees         Money           `json:"fees"`
	FeeRows      []Fee           `json:"fee_rows,omitempty" nullable:"false" doc:"What fees consists of; missing in lists."`
	Shipping     Money           `json:"shipping"`
	Tax          Money           `json:"tax"`
	TaxExempt    string          `json:"tax_exempt,omitempty" doc:"The certificate by which no tax was due."`
	TaxAdded     Money           `json:"tax_added" doc:"The part of tax that is in none of the other amounts."`
	Total        Money           `json:"total"`
	Captured     Money           `json:"captured"`
	Refunded     Money           `json:"refunded"`
	Metadata     object          `json:"metadata,omitempty"`
	Deliveries   []OrderDelivery `json:"deliveries,omitempty" nullable:"false" doc:"Where it goes, if to several places; shipping is what all cost. Missing in lists."`
	Version      int64           `json:"version"`
	CreatedAt    time.Time       `json:"created_at"`
	PlacedAt     *time.Time      `json:"placed_at,omitempty"`
	CanceledAt   *time.Time      `json:"canceled_at,omitempty"`
	Terms        string          `json:"terms,omitempty" doc:"The payment terms that it was placed unpaid on."`
	OnTerms      *Money          `json:"on_terms,omitempty" doc:"What was left to the payment terms; the rest was paid from gift cards and credit."`
	PaymentDueAt *time.Time      `json:"payment_due_at,omitempty" doc:"When it is to be paid by its terms."`
	OverdueAt    *time.Time      `json:"overdue_at,omitempty" doc:"When it was found unpaid after that."`
}

// OrderLine is one line of an order, with title and price as they were agreed.
type OrderLine struct {
	Number    int    `json:"number"`
	Delivery  int    `json:"delivery,omitempty" doc:"The number of the delivery that it is in, of an order that goes to several places."`
	SKU       string `json:"sku"`
	Title     string `json:"title"`
	Quantity  int64  `json:"quantity"`
	UnitPrice Money  `json:"unit_price"`
	Total     Money  `json:"total"`
	Shipped   int64  `json:"shipped"`
	Returned  int64  `json:"returned"`
}

// OrderExplained says how the amounts of an order came about.
type OrderExplained struct {
	Explanation string `json:"explanation" doc:"How each amount came about, in plain lines, as it was when the order was made or changed."`
}

// Payment is one attempt to pay for an order.
type Payment struct {
	ID         string `json:"id"`
	Provider   string `json:"provider"`
	State      string `json:"state"`
	Amount     Money  `json:"amount"`
	Authorized Money  `json:"authorized"`
	Captured   Money  `json:"captured"`
	Voided     Money  `json:"voided"`
	Refunded   Money  `json:"refunded"`
	Decline    string `json:"decline,omitempty"`
}

func (a *api) addOrders() {
	add(a, route{forCustomer, "GET", "/orders", "list-my-orders", "Orders", "List one's own orders", 0, false}, a.listMyOrders)
	add(a, route{forOrderOwner, "GET", "/orders/{order}", "get-order", "Orders", "Get an order", 0, false}, a.getOrder)
	add(a, route{forOrderOwner, "GET", "/orders/{order}/explanation", "explain-order", "Orders", "Explain how the amounts of an order came about", 0, false}, a.explainOrder)
	add(a, route{forOrderOwner, "GET", "/orders/{order}/payments", "list-payments", "Orders", "List the attempts to pay for an order", 0, false}, a.listPayments)
	add(a, route{forOrderOwner, "GET", "/orders/{order}/contact", "get-order-contact", "Orders", "Get who bought and where goods go", 0, false}, a.getOrderContact)
}

type OrderRef struct {
	Order string `path:"order" maxLength:"64" doc:"An order's ID."`
}

func (r OrderRef) id() orders.ID { return orders.ID(r.Order) }

type listMyOrdersInput struct {
	Page
}

func (a *api) listMyOrders(ctx context.Context, in *listMyOrdersInput) (*answer[List[Order]], error) {
	after, err := in.from("ord")
	if err != nil {
		return nil, err
	}
	f := orders.Filter{Customer: callerOf(ctx).Customer, After: orders.ID(after), Limit: in.Limit + 1}
	return a.listOrders(ctx, "/orders", f, in.Page, url.Values{})
}

func (a *api) listOrders(ctx context.Context, path string, f orders.Filter, p Page, query url.Values) (*answer[List[Order]], error) {
	l, err := collect(a.shop.Orders.All(ctx, f), p.Limit, func(o orders.Order) string { return string(o.ID) }, showOrder)
	if err != nil {
		return nil, err
	}
	return listed(ctx, a, path, p, query, l), nil
}

type getOrderInput struct {
	OrderRef
	Read
}

func (a *api) getOrder(ctx context.Context, in *getOrderInput) (*answer[Order], error) {
	return a.orderAnswer(ctx, in.id(), in.Read)
}

func (a *api) orderAnswer(ctx context.Context, id orders.ID, in Read) (*answer[Order], error) {
	o, err := a.shop.Orders.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &answer[Order]{ETag: web.ETag(o.Version, variantOf(ctx))}
	if err := out.unlessMatched(in.IfNoneMatch); err != nil {
		return nil, err
	}
	out.Body = showOrder(o)
	return out, nil
}

func (a *api) explainOrder(ctx context.Context, in *getOrderInput) (*answer[OrderExplained], error) {
	return a.explained(ctx, in, orders.Order.ExplainForShoppers)
}

func (a *api) explained(ctx context.Context, in *getOrderInput, explain func(orders.Order) string) (*answer[OrderExplained], error) {
	o, err := a.shop.Orders.Get(ctx, in.id())
	if err != nil {
		return nil, err
	}
	out := &answer[OrderExplained]{ETag: web.ETag(o.Version, variantOf(ctx))}
	if err := out.unlessMatched(in.IfNoneMatch); err != nil {
		return nil, err
	}
	out.Body.Explanation = explain(o)
	return out, nil
}

type orderFields struct {
	OrderRef
}

func (a *api) listPayments(ctx context.Context, in *orderFields) (*answer[List[Payment]], error) {
	attempts, err := a.shop.Payments.ByOrder(ctx, in.id())
	if err != nil {
		return nil, err
	}
	out := &answer[List[Payment]]{Body: List[Payment]{Items: make([]Payment, len(attempts))}}
	for i, p := range attempts {
		out.Body.Items[i] = showPayment(p)
	}
	return out, nil
}

func (a *api) getOrderContact(ctx context.Context, in *orderFields) (*answer[Contact], error) {
	c, err := a.shop.Orders.Contact(ctx, in.id())
	if err != nil {
		return nil, err
	}
	return &answer[Contact]{Body: showContact(c)}, nil
}

// onTerms returns what was left to an order's terms; nil if it has none.
func onTerms(o orders.Order) *Money {
	if o.Terms == "" {
		return nil
	}
	return new(moneyOf(o.OnTerms))
}

func showOrder(o orders.Order) Order {
	out := Order{
		ID: string(o.ID), Number: o.Number, Cart: o.Cart, Customer: string(o.Customer), Currency: string(o.Currency),
		Status: string(o.Status), Payment: string(o.PaymentStatus), Fulfilment: string(o.FulfilmentStatus), CancelReason: o.CancelReason,
		Subtotal: moneyOf(o.Subtotal), Discount: moneyOf(o.Discount), Shipping: moneyOf(o.Shipping), Tax: moneyOf(o.Tax),
		Fees: moneyOf(o.FeeTotal), TaxAdded: moneyOf(o.TaxAdded), TaxExempt: o.TaxExempt,
		Total: moneyOf(o.Total), Captured: moneyOf(o.Captured), Refunded: moneyOf(o.Refunded),
		Metadata: object(o.Metadata), Version: o.Version,
		CreatedAt: o.CreatedAt, PlacedAt: timeOr(o.PlacedAt), CanceledAt: timeOr(o.CanceledAt),
		Terms: o.Terms, OnTerms: onTerms(o), PaymentDueAt: timeOr(o.PaymentDueAt), OverdueAt: timeOr(o.OverdueAt),
	}
	for _, f := range o.Fees {
		out.FeeRows = append(out.FeeRows, Fee{f.Fee, f.Name, string(f.Kind), f.Line, moneyOf(f.Amount), moneyOf(f.Tax)})
	}
	for _, l := range o.Lines {
		out.Lines = append(out.Lines, OrderLine{
			Number: l.Number, SKU: string(l.SKU), Title: l.Title, Quantity: l.Quantity,
			UnitPrice: moneyOf(l.UnitPrice), Total: moneyOf(l.Total), Shipped: l.Shipped, Returned: l.Returned,
		})
	}
	out.showDeliveries(o)
	return out
}

func showPayment(p payments.Attempt) Payment {
	return Payment{
		ID: string(p.ID), Provider: p.Provider, State: string(p.State), Amount: moneyOf(p.Amount),
		Authorized: moneyOf(p.Authorized), Captured: moneyOf(p.Captured), Voided: moneyOf(p.Voided), Refunded: moneyOf(p.Refunded),
		Decline: string(p.Decline),
	}
}

// timeOr returns nil for no time.
func timeOr(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
