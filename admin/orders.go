package admin

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// pageRows is how many rows a list shows at once.
const pageRows = 50

type ordersPage struct {
	page
	Search   string // an order's number or ID
	Status   string
	Statuses []string
	Orders   []map[string]any
	More     string // the ID that the next page begins behind; "" is the last page
}

// orderStatuses are what orders can be filtered by.
var orderStatuses = []string{"", string(orders.Placed), string(orders.Pending), string(orders.Canceled)}

func listOrders(v *visit) error {
	data := ordersPage{page: v.page("Orders", "orders"), Status: v.r.FormValue("status"), Statuses: orderStatuses}
	if !slices.Contains(orderStatuses, data.Status) {
		return fault.New(fault.Invalid, "there is no order status %q", data.Status)
	}
	if data.Search = strings.TrimSpace(v.r.FormValue("number")); data.Search != "" {
		o, err := v.site.shop.Orders.Find(v.ctx(), data.Search)
		if err == nil {
			return v.done("/orders/"+string(o.ID), "")
		}
		if fault.CodeOf(err) != fault.NotFound {
			return err
		}
		return v.show(404, "orders", data)
	}
	before := v.r.FormValue("before")
	if before == "" {
		before = "ord_~" // behind all IDs
	}
	var err error
	data.Orders, err = v.query(`SELECT id, number, status, payment_status, fulfilment_status, total, currency, created_at, units FROM orders
		WHERE id < ? AND (? = '' OR status = ?) ORDER BY id DESC LIMIT ?`, before, data.Status, data.Status, int64(pageRows+1))
	if err != nil {
		return err
	}
	if len(data.Orders) > pageRows {
		data.Orders = data.Orders[:pageRows]
		data.More = text(data.Orders[pageRows-1]["id"])
	}
	name(data.Orders)
	return v.show(200, "orders", data)
}

// name gives rows of orders that have no number yet the one that shoppers know
// them by.
func name(rows []map[string]any) {
	for _, row := range rows {
		if text(row["number"]) == "" {
			row["number"] = orders.ID(text(row["id"])).Number()
		}
	}
}

type orderPage struct {
	page
	Order      orders.Order
	Contact    cart.Contact
	Deliveries []cart.DeliveryAddress // where it goes, if to several places
	Next       int                    // the delivery that can leave next
	Attempts   []payments.Attempt
	Operations []payments.Operation
	CanShip    bool
	CanCancel  bool
	CanReturn  bool
	Refundable money.Amount // zero if there is nothing
	Parcels    []orders.Fulfilment
	Returns    []orders.RMA
	Grants     []orders.Grant
	Documents  []documents.Document
	Timeline   []orders.Moment
}

func showOrder(v *visit) error {
	o, err := v.site.shop.Orders.Get(v.ctx(), orders.ID(v.r.PathValue("order")))
	if err != nil {
		return err
	}
	data := orderPage{page: v.page("Order "+o.Number, "orders"), Order: o}
	if data.Contact, err = v.site.shop.Orders.Contact(v.ctx(), o.ID); err != nil {
		return err
	}
	if data.Deliveries, err = v.site.shop.Orders.DeliveryAddresses(v.ctx(), o.ID); err != nil {
		return err
	}
	for i := len(o.Lines) - 1; i >= 0; i-- {
		if o.Lines[i].Unshipped() > 0 {
			data.Next = o.Lines[i].Delivery
		}
	}
	if data.Attempts, err = v.site.shop.Payments.ByOrder(v.ctx(), o.ID); err != nil {
		return err
	}
	if data.Operations, err = v.site.shop.Payments.Operations(v.ctx(), o.ID); err != nil {
		return err
	}
	if err := v.fillOrder(&data); err != nil {
		return err
	}
	placed := o.Status == orders.Placed
	data.CanShip = placed && o.Shipped < o.Units-o.Canceled
	data.CanCancel = placed && o.Shipped == 0
	data.CanReturn = o.Returned < o.Shipped
	if left := o.Captured.Minor() - o.RefundGranted.Minor(); placed && left > 0 {
		data.Refundable = money.New(left, o.Currency)
	}
	return v.show(200, "order", data)
}

// quantities reads how many of each line a form names. Without any it is nil.
func (v *visit) quantities() ([]orders.LineQuantity, error) {
	var out []orders.LineQuantity
	for name, values := range v.r.PostForm {
		number, ok := strings.CutPrefix(name, "line-")
		if !ok || strings.TrimSpace(values[0]) == "" {
			continue
		}
		line, err := strconv.Atoi(number)
		quantity, qErr := strconv.ParseInt(strings.TrimSpace(values[0]), 10, 64)
		if err := errors.Join(err, qErr); err != nil {
			return nil, fault.New(fault.Invalid, "%q is not a quantity", values[0])
		}
		if quantity != 0 {
			out = append(out, orders.LineQuantity{Line: line, Quantity: quantity})
		}
	}
	slices.SortFunc(out, func(a, b orders.LineQuantity) int { return a.Line - b.Line })
	return out, nil
}

// formOrder returns what the form of an order's page is about.
func (v *visit) formOrder() (order orders.ID, version int64, err error) {
	if err := v.r.ParseForm(); err != nil {
		return "", 0, fault.Wrap(fault.Invalid, err, "reading the form")
	}
	version, err = strconv.ParseInt(v.r.PostFormValue("version"), 10, 64)
	if err != nil {
		return "", 0, fault.New(fault.Invalid, "the form does not say which version it was made for")
	}
	return orders.ID(v.r.PathValue("order")), version, nil
}

func ship(v *visit) error {
	order, version, err := v.formOrder()
	if err != nil {
		return err
	}
	lines, err := v.quantities()
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		return fault.New(fault.Invalid, "say how many of which line have left")
	}
	_, err = v.site.shop.Orders.Ship(v.ctx(), orders.Ship{
		Order: order, Lines: lines, Carrier: v.r.PostFormValue("carrier"), Tracking: v.r.PostFormValue("tracking"), Version: version, Key: v.key(),
	})
	if err != nil {
		return err
	}
	return v.done("/orders/"+string(order), "shipped")
}

func cancel(v *visit) error {
	order, version, err := v.formOrder()
	if err != nil {
		return err
	}
	_, err = v.site.shop.Orders.Cancel(v.ctx(), orders.Cancel{Order: order, Reason: v.r.PostFormValue("reason"), Version: version, Key: v.key()})
	if err != nil {
		return err
	}
	return v.done("/orders/"+string(order), "canceled")
}

func takeBack(v *visit) error {
	order, version, err := v.formOrder()
	if err != nil {
		return err
	}
	lines, err := v.quantities()
	if err != nil {
		return err
	}
	_, err = v.site.shop.Orders.Return(v.ctx(), orders.Return{
		Order: order, Lines: lines, Reason: v.r.PostFormValue("reason"), Discard: v.r.PostFormValue("discard") != "", Version: version, Key: v.key(),
	})
	if err != nil {
		return err
	}
	return v.done("/orders/"+string(order), "returned")
}

func refund(v *visit) error {
	o, err := v.site.shop.Orders.Get(v.ctx(), orders.ID(v.r.PathValue("order")))
	if err != nil {
		return err
	}
	amount, err := money.ParseDecimal(strings.TrimSpace(v.r.PostFormValue("amount")), o.Currency)
	if err != nil {
		return fmt.Errorf("reading the amount: %w", err)
	}
	_, err = v.site.shop.Payments.Refund(v.ctx(), payments.Refund{Order: o.ID, Amount: amount, Reason: v.r.PostFormValue("reason"), Key: v.key()})
	if err != nil {
		return err
	}
	return v.done("/orders/"+string(o.ID), "refunded")
}

func capture(v *visit) error {
	attempt := payments.ID(v.r.PostFormValue("attempt"))
	if _, err := v.site.shop.Payments.Capture(v.ctx(), payments.Capture{Attempt: attempt, Reason: "by staff", Key: v.key()}); err != nil {
		return err
	}
	return v.done("/orders/"+v.r.PathValue("order"), "captured")
}
