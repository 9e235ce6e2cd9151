package storefront

import (
	"crypto/rand"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// momentView is a moment of an order as a shopper sees it.
type momentView struct {
	At     time.Time
	Text   string
	More   string // what staff or the carrier said to it
	Amount money.Amount
}

// moments returns what happened to an order, as far as the storefront has words
// for it.
func (v *visit) moments(o orders.ID) ([]momentView, error) {
	all, err := v.site.shop.Timeline(v.ctx(), o)
	if err != nil {
		return nil, err
	}
	var out []momentView
	for _, m := range orders.ForShoppers(all) {
		key := "moment " + m.Kind
		if _, known := englishTexts[key]; !known {
			continue
		}
		view := momentView{At: m.At, Text: v.locale.text(key), Amount: m.Amount}
		if strings.HasPrefix(m.Kind, "parcel.") || strings.HasPrefix(m.Kind, "document.") || m.Kind == "return.approved" || m.Kind == "return.rejected" {
			view.More = m.Text
		}
		out = append(out, view)
	}
	return out, nil
}

// returnable reports whether something of an order can be sent back that the
// shopper has not asked to send back before.
func (v *visit) returnable(o orders.Order) (bool, error) {
	if o.Status != orders.Placed || o.Returned >= o.Shipped {
		return false, nil
	}
	can, err := v.site.shop.Orders.Returnable(v.ctx(), o)
	return slices.ContainsFunc(can, func(n int64) bool { return n > 0 }), err
}

type returnPage struct {
	page
	Order   orders.Order
	Lines   []returnLine
	Reasons []string
	Key     string
	Problem string
}

// returnLine is a line of an order of which something can be sent back.
type returnLine struct {
	lineView
	Number int
	Most   int64
}

// showReturn asks what of an order is to be sent back.
func showReturn(v *visit) error { return v.returnForm("") }

func (v *visit) returnForm(problem string) error {
	o, err := v.order()
	if err != nil {
		return err
	}
	p, err := v.page(v.locale.text("Send something back"))
	if err != nil {
		return err
	}
	p.NoIndex = true
	data := returnPage{page: p, Order: o, Key: rand.Text(), Problem: problem}
	can, err := v.site.shop.Orders.Returnable(v.ctx(), o)
	if err != nil {
		return err
	}
	for i, l := range o.Lines {
		if can[i] < 1 {
			continue
		}
		line, err := v.line(l.SKU, l.Title)
		if err != nil {
			return err
		}
		data.Lines = append(data.Lines, returnLine{lineView: line, Number: l.Number, Most: can[i]})
	}
	for _, r := range orders.ReturnReasons() {
		data.Reasons = append(data.Reasons, string(r))
	}
	status := 200
	if problem != "" {
		status = 422
	}
	return v.show(status, "return", data)
}

// requestReturn asks for goods to be taken back.
func requestReturn(v *visit) error {
	o, err := v.order()
	if err != nil {
		return err
	}
	c := orders.RequestReturn{Order: o.ID, Reason: orders.ReturnReason(v.r.PostFormValue("reason")), Key: v.r.PostFormValue("key")}
	for _, l := range o.Lines {
		if n, err := strconv.ParseInt(v.r.PostFormValue("line-"+strconv.Itoa(l.Number)), 10, 64); err == nil && n > 0 {
			c.Lines = append(c.Lines, orders.LineQuantity{Line: l.Number, Quantity: n})
		}
	}
	if len(c.Lines) == 0 {
		return v.returnForm(v.locale.text("Please say how many of what you want to send back."))
	}
	_, err = v.site.shop.Orders.RequestReturn(v.ctx(), c)
	switch fault.CodeOf(err) {
	case fault.Refused, fault.Invalid, fault.Conflict:
		return v.returnForm(v.locale.text("That cannot be sent back, or not that many."))
	}
	if err != nil {
		return err
	}
	return v.redirect("/orders/" + url.PathEscape(string(o.ID)))
}

// showDocument shows an invoice or a credit note of an order, ready to print.
func showDocument(v *visit) error {
	o, err := v.order()
	if err != nil {
		return err
	}
	d, err := v.site.shop.Documents.Get(v.ctx(), documents.ID(v.r.PathValue("document")))
	if code := fault.CodeOf(err); code == fault.Invalid || code == fault.NotFound || err == nil && (d.Order != o.ID || d.Number == "") {
		return errNoPage
	}
	if err != nil {
		return err
	}
	to, err := v.site.shop.Documents.Contact(v.ctx(), d)
	if err != nil {
		return err
	}
	deliveries, err := v.site.shop.Documents.Deliveries(v.ctx(), d)
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src "+v.site.printer.StyleSource()+"; frame-ancestors 'none'")
	return v.site.printer.HTML(v.w, d, to, v.locale.Code, deliveries...)
}
