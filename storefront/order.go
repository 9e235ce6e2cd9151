package storefront

import (
	"net/url"
	"strings"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

type orderPage struct {
	page
	Order   orders.Order
	Number  string // what the shopper calls it
	Lines   []lineView
	Contact cart.Contact
	// Deliveries are where it goes, if to several places.
	Deliveries []deliveryView
	Paid       string        // how, for the shopper
	Owed       *money.Amount // still to be paid, nil for nothing
	PayBy      time.Time     // by its payment terms, zero if it has none
	Due        *money.Amount // of Owed, what nobody is paying yet; nil for nothing
	Paying     bool          // a payment of Owed is under way
	Sum        sumView
	// Action is what the shopper must do for the payment, nil for nothing.
	Action   *payments.NextAction
	Voucher  []payments.Detail // what the shopper pays by elsewhere, in their language
	Declined string
	// Documents are its invoice and credit notes, Moments what happened to it.
	Documents  []documents.Document
	Moments    []momentView
	Returnable bool
	Downloads  []downloadView
	GiftCards  []credit.SoldCard // those that can be paid with
}

// order returns the order of the address if the shopper may see it: their own
// as a customer, with what they bought as a guest before and was joined to their account, or a guest's that was made of a cart of this browser, also if the
// answer to the payment never came. Others are not there for them.
func (v *visit) order() (orders.Order, error) { return v.orderOf(orders.ID(v.r.PathValue("order"))) }

func (v *visit) orderOf(id orders.ID) (orders.Order, error) {
	o, err := v.site.shop.Orders.Get(v.ctx(), id)
	switch {
	case fault.CodeOf(err) == fault.Invalid:
		return orders.Order{}, errNoPage
	case err != nil:
		return orders.Order{}, err
	case o.IsOf(v.customer), o.Customer == "" && v.knowsCart(o.Cart):
		return o, nil
	}
	return orders.Order{}, errNoPage
}

func showOrder(v *visit) error {
	o, err := v.order()
	if err != nil {
		return err
	}
	p, err := v.page(v.locale.text("Your order"))
	if err != nil {
		return err
	}
	p.NoIndex = true
	data := orderPage{page: p, Order: o, Number: o.Number, Sum: v.orderSum(o)}
	if data.Contact, err = v.site.shop.Orders.Contact(v.ctx(), o.ID); err != nil {
		return err
	}
	if data.Deliveries, err = v.deliveries(o); err != nil {
		return err
	}
	if data.Lines, err = v.orderLines(o); err != nil {
		return err
	}
	if err := v.payment(&data); err != nil {
		return err
	}
	if data.Documents, err = v.site.shop.Documents.ByOrder(v.ctx(), o.ID); err != nil {
		return err
	}
	if data.Moments, err = v.moments(o.ID); err != nil {
		return err
	}
	if data.Downloads, err = v.downloads(o); err != nil {
		return err
	}
	if data.GiftCards, err = v.giftCards(o); err != nil {
		return err
	}
	if data.Returnable, err = v.returnable(o); err != nil {
		return err
	}
	return v.show(200, "order", data)
}

func (v *visit) orderLines(o orders.Order) ([]lineView, error) {
	lines := make([]lineView, 0, len(o.Lines))
	for _, l := range o.Lines {
		line, err := v.line(l.SKU, l.Title)
		if err != nil {
			return nil, err
		}
		line.Quantity, line.Unit, line.Total = l.Quantity, l.UnitPrice, l.Total
		if o.Split {
			line.Delivery = int64(l.Delivery)
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// payment fills in how the order is paid, or what the payment waits for.
func (v *visit) payment(data *orderPage) error {
	attempts, err := v.site.shop.Payments.ByOrder(v.ctx(), data.Order.ID)
	if err != nil {
		return err
	}
	if left := data.Order.Outstanding(); data.Order.Status == orders.Placed && left.IsPositive() {
		data.Owed, data.PayBy = &left, data.Order.PaymentDueAt
	}
	if data.Owed != nil {
		due, err := v.site.shop.Checkout.Due(v.ctx(), data.Order.ID)
		if err != nil {
			return err
		}
		if data.Paying = underWay(attempts) != nil; due.IsPositive() {
			data.Due = &due
		}
	}
	if len(attempts) == 0 {
		return nil
	}
	last := attempts[len(attempts)-1]
	for _, a := range attempts {
		if title := v.methodTitle(a.Provider); a.State != payments.Declined && !strings.Contains(data.Paid, title) {
			data.Paid = strings.TrimPrefix(data.Paid+", "+title, ", ")
		}
	}
	if (last.State == payments.NeedsAction || last.State == payments.Pending) && data.Order.Status == orders.Pending {
		data.Action = last.Next
		data.Voucher = v.voucher(last.Next)
	}
	if last.State == payments.Declined {
		data.Declined = v.locale.text(declineText(last.Decline))
	}
	return nil
}

// voucher names what the shopper pays by elsewhere, and until when.
func (v *visit) voucher(n *payments.NextAction) (out []payments.Detail) {
	if n == nil {
		return nil
	}
	for _, d := range n.Details {
		if name, ok := detailNames[d.Name]; ok {
			d.Name = v.locale.text(name)
		}
		out = append(out, d)
	}
	if n.ExpiresAt > 0 {
		out = append(out, payments.Detail{Name: v.locale.text("Pay until"), Value: v.locale.date(time.UnixMilli(n.ExpiresAt))})
	}
	return out
}

// detailNames are what shoppers call what a provider's details are.
var detailNames = map[string]string{
	"number": "Number", "reference": "Reference", "entity": "Entity", "account_holder": "Account holder", "iban": "IBAN", "bic": "BIC",
	"sort_code": "Sort code", "account_number": "Account number", "bank": "Bank", "clabe": "CLABE",
}

// methodTitle is what shoppers call a payment provider.
func (v *visit) methodTitle(provider string) string {
	switch provider {
	case credit.GiftCards:
		return v.locale.text("Gift card")
	case credit.StoreCredit:
		return v.locale.text("Your credit")
	}
	for _, m := range v.site.Payments {
		if m.Provider == provider {
			return v.locale.name(m.Title)
		}
	}
	return v.locale.name(v.site.Payments[0].Title)
}

// refreshOrder asks the provider how a payment stands that is under way.
func refreshOrder(v *visit) error {
	o, err := v.order()
	if err == nil && o.Status != orders.Canceled {
		_, err = v.site.shop.Checkout.Resume(v.ctx(), o.ID)
	}
	return v.backToOrder(o, err)
}

// abandonOrder gives a pending order up, so that the cart can be changed, or
// what of a placed one is being paid, so that it can be paid otherwise.
func abandonOrder(v *visit) error {
	o, err := v.order()
	if err == nil && o.Status == orders.Pending {
		_, err = v.site.shop.Checkout.Abandon(v.ctx(), o.ID)
	}
	if err == nil && o.Status == orders.Placed {
		err = v.abandonPayments(o.ID)
	}
	return v.backToOrder(o, err)
}

// backToOrder shows the order again, also after a decline, which it tells of.
func (v *visit) backToOrder(o orders.Order, err error) error {
	if code := fault.CodeOf(err); err != nil && code != fault.Refused && code != fault.Conflict && code != fault.Unavailable && code != fault.Uncertain {
		return err
	}
	return v.redirect("/orders/" + url.PathEscape(string(o.ID)))
}
