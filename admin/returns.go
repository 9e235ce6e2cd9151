package admin

import (
	"strconv"
	"strings"

	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
)

// fillOrder reads what an order's page shows besides the order, its contact and
// its money.
func (v *visit) fillOrder(data *orderPage) (err error) {
	shop, o := v.site.shop, data.Order.ID
	if data.Parcels, err = shop.Orders.Fulfilments(v.ctx(), o); err != nil {
		return err
	}
	if data.Returns, err = shop.Orders.Returns(v.ctx(), o); err != nil {
		return err
	}
	if data.Grants, err = shop.Orders.Grants(v.ctx(), o); err != nil {
		return err
	}
	if data.Documents, err = shop.Documents.ByOrder(v.ctx(), o); err != nil {
		return err
	}
	data.Timeline, err = shop.Timeline(v.ctx(), o)
	return err
}

// cancelLines cancels units that have not left.
func cancelLines(v *visit) error {
	order, version, err := v.formOrder()
	if err != nil {
		return err
	}
	lines, err := v.quantities()
	if err != nil {
		return err
	}
	_, err = v.site.shop.Orders.CancelLines(v.ctx(), orders.CancelLines{Order: order, Lines: lines, Reason: v.r.PostFormValue("reason"), Version: version, Key: v.key()})
	if err != nil {
		return err
	}
	return v.done("/orders/"+string(order), "dropped")
}

// track records what became of a parcel.
func track(v *visit) error {
	_, err := v.site.shop.Orders.Track(v.ctx(), orders.Track{
		Fulfilment: v.r.PostFormValue("parcel"), Status: orders.ParcelStatus(v.r.PostFormValue("status")), Note: v.r.PostFormValue("note"), Key: v.key(),
	})
	if err != nil {
		return err
	}
	return v.backToOrder("saved")
}

// decideReturn approves, rejects or ends a return.
func decideReturn(v *visit) error {
	_, err := v.site.shop.Orders.DecideReturn(v.ctx(), orders.DecideReturn{
		Return: v.r.PostFormValue("return"), State: orders.ReturnState(v.r.PostFormValue("state")),
		Note: v.r.PostFormValue("note"), Payer: orders.Payer(v.r.PostFormValue("payer")), Key: v.key(),
	})
	if err != nil {
		return err
	}
	return v.backToOrder("saved")
}

// receiveReturn records what came back, by condition.
func receiveReturn(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "reading the form")
	}
	c := orders.ReceiveReturn{
		Return: v.r.PostFormValue("return"), Refund: v.r.PostFormValue("refund") != "", Close: v.r.PostFormValue("close") != "", Key: v.key(),
	}
	r, err := v.site.shop.Orders.ReturnOf(v.ctx(), c.Return)
	if err != nil {
		return err
	}
	for _, l := range r.Lines {
		in := orders.ReceivedLine{Line: l.Line}
		if in.Resellable, err = v.count("good-" + strconv.Itoa(l.Line)); err != nil {
			return err
		}
		if in.Damaged, err = v.count("damaged-" + strconv.Itoa(l.Line)); err != nil {
			return err
		}
		if in.Resellable+in.Damaged > 0 {
			c.Lines = append(c.Lines, in)
		}
	}
	if _, err := v.site.shop.Orders.ReceiveReturn(v.ctx(), c); err != nil {
		return err
	}
	return v.backToOrder("received")
}

// count reads a number of units; an empty field is none.
func (v *visit) count(field string) (int64, error) {
	text := strings.TrimSpace(v.r.PostFormValue(field))
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fault.New(fault.Invalid, "%.20q is not a quantity", text)
	}
	return n, nil
}

// releaseRefund has a grant paid, or takes it back.
func releaseRefund(v *visit) error {
	n, err := strconv.Atoi(v.r.PostFormValue("grant"))
	if err != nil {
		return fault.New(fault.Invalid, "the form does not say which refund it is about")
	}
	order := orders.ID(v.r.PathValue("order"))
	_, err = v.site.shop.Orders.ReleaseRefund(v.ctx(), orders.ReleaseRefund{Order: order, Grant: n, Withdraw: v.r.PostFormValue("withdraw") != "", Key: v.key()})
	if err != nil {
		return err
	}
	return v.backToOrder("saved")
}

// issue draws up the documents that an order lacks.
func issue(v *visit) error {
	if _, err := v.site.shop.Documents.Issue(v.ctx(), orders.ID(v.r.PathValue("order"))); err != nil {
		return err
	}
	return v.backToOrder("issued")
}

// backToOrder shows the order of the address again.
func (v *visit) backToOrder(note string) error {
	return v.done("/orders/"+v.r.PathValue("order"), note)
}

// showDocument shows an invoice or a credit note, ready to print.
func showDocument(v *visit) error {
	d, err := v.site.shop.Documents.Get(v.ctx(), documents.ID(v.r.PathValue("document")))
	if err != nil {
		return err
	}
	if d.Order != orders.ID(v.r.PathValue("order")) {
		return errNoPage
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
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src "+v.site.printer.StyleSource()+"; frame-ancestors 'none'")
	return v.site.printer.HTML(v.w, d, to, v.r.FormValue("language"), deliveries...)
}
