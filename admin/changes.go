package admin

import (
	"errors"
	"slices"
	"strconv"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// addedRows is how many articles can be added to an order at once.
const addedRows = 3

// changePage is the form of a change and, once it was filled in, what it would
// come to.
type changePage struct {
	page
	Form    form
	Order   orders.Order
	Lines   []changedLine
	Added   []addedLine
	Preview *checkout.ChangePreview // nil is the form
	Net     int64                   // what is due less what is paid back, in minor units
	Cancel  []canceledLine          // of the preview
}

// changedLine is a line whose quantity can be changed.
type changedLine struct {
	orders.Line
	Field, Value, Wrong string
	Has, Least          int64 // units of it, and how many have left
}

// addedLine names the fields of an article that is added.
type addedLine struct {
	N                    int
	SKU, Quantity, Price string
}

// canceledLine is what a change takes away.
type canceledLine struct {
	Title string
	orders.LineQuantity
}

func showChange(v *visit) error {
	o, err := v.site.shop.Orders.Get(v.ctx(), orders.ID(v.r.PathValue("order")))
	if err != nil {
		return err
	}
	f, err := v.form()
	if err != nil {
		return err
	}
	return v.showChangeForm(200, o, f)
}

// showChangeForm shows the form as it was filled in, or for the order as it is.
func (v *visit) showChangeForm(status int, o orders.Order, f form) error {
	if o.Status != orders.Placed {
		return &orders.StatusError{Order: o.ID, Have: string(o.Status), Want: string(orders.Placed)}
	}
	return v.show(status, "change", v.changePage(o, f))
}

func (v *visit) changePage(o orders.Order, f form) changePage {
	data := changePage{page: v.page("Change order "+o.Number, "orders"), Form: f, Order: o}
	for _, l := range o.Lines {
		field := "line-" + strconv.Itoa(l.Number)
		row := changedLine{Line: l, Field: field, Value: f.Value(field), Wrong: f.Wrong(field), Has: l.Quantity - l.Canceled, Least: l.Shipped}
		if _, sent := f.values[field]; !sent {
			row.Value = strconv.FormatInt(row.Has, 10)
		}
		data.Lines = append(data.Lines, row)
	}
	for i := range addedRows {
		n := strconv.Itoa(i)
		data.Added = append(data.Added, addedLine{i + 1, "sku-" + n, "quantity-" + n, "price-" + n})
	}
	return data
}

// change shows what a change would come to, or makes it once that was
// confirmed. If it is not possible, or costs something else by now, the form
// says so.
func change(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	o, err := v.site.shop.Orders.Get(v.ctx(), orders.ID(v.r.PathValue("order")))
	if err != nil {
		return err
	}
	c := v.readChange(f, o)
	if f.Value("back") != "" || len(f.wrongs) > 0 {
		return v.showChangeForm(statusIf(len(f.wrongs) > 0), o, f)
	}
	if f.Value("expected") != "" {
		err = v.confirmChange(f, c, o.Currency)
		if err == nil {
			return v.backToOrder("changed")
		}
	} else {
		err = v.previewChange(f, c, o)
		if err == nil {
			return nil
		}
	}
	if !slices.Contains([]fault.Code{fault.Invalid, fault.NotFound, fault.Conflict, fault.Refused}, fault.CodeOf(err)) {
		return err
	}
	f.wrong(problem, pan.Masked(err.Error()))
	return v.showChangeForm(statusOf(err), o, f)
}

func statusIf(wrong bool) int {
	if wrong {
		return 422
	}
	return 200
}

func (v *visit) previewChange(f form, c checkout.Change, o orders.Order) error {
	p, err := v.site.shop.Checkout.Preview(v.ctx(), c)
	if err != nil {
		return err
	}
	data := v.changePage(o, f)
	data.Preview, data.Net = &p, p.Added.Minor()-p.Back.Minor()
	for _, l := range c.Cancel {
		data.Cancel = append(data.Cancel, canceledLine{o.Lines[l.Line-1].Title, l})
	}
	return v.show(200, "change", data)
}

func (v *visit) confirmChange(f form, c checkout.Change, in money.Currency) error {
	version, err := strconv.ParseInt(f.Value("version"), 10, 64)
	net, netErr := strconv.ParseInt(f.Value("expected"), 10, 64)
	if errors.Join(err, netErr) != nil {
		return fault.New(fault.Invalid, "the form does not say what the change was to come to")
	}
	expected := money.New(net, in)
	c.Version, c.Expected, c.Key = version, &expected, v.key()
	_, err = v.site.shop.Checkout.Confirm(v.ctx(), c)
	return err
}

// readChange reads the form. Fewer units of a line are canceled; more of them
// are a line more, since what was bought keeps its price. What is confirmed is
// counted from what was shown, so that sending it twice asks for the same.
func (v *visit) readChange(f form, o orders.Order) checkout.Change {
	c := checkout.Change{Order: o.ID, Reason: f.Value("reason")}
	if c.Reason == "" {
		f.wrong("reason", "Say why: it is in the order's history.")
	}
	for _, l := range o.Lines {
		field := "line-" + strconv.Itoa(l.Number)
		has, shown := f.units("had-"+strconv.Itoa(l.Number), l.Quantity-l.Canceled)
		want, ok := f.units(field, has)
		switch {
		case !ok || !shown:
		case want < l.Shipped:
			f.wrong(field, "Some have left already: have them returned.")
		case want < has:
			c.Cancel = append(c.Cancel, orders.LineQuantity{Line: l.Number, Quantity: has - want})
		case want > has:
			f.add(&c, field, o, l.Delivery, checkout.AddedLine{SKU: l.SKU, Quantity: want - has})
		}
	}
	for i := range addedRows {
		n := strconv.Itoa(i)
		line := checkout.AddedLine{SKU: catalog.SKU(f.Value("sku-" + n))}
		if line.SKU == "" {
			continue
		}
		units, ok := f.units("quantity-"+n, 0)
		if !ok || units == 0 {
			f.wrong("quantity-"+n, "Say how many.")
			continue
		}
		line.Quantity = units
		if price, ok := f.price("price-"+n, o.Currency); ok {
			line.AgreedPrice, line.Reason = &price, c.Reason
		}
		delivery, _ := strconv.Atoi(f.Value("delivery")) // what is none is refused by Preview
		f.add(&c, "sku-"+n, o, delivery, line)
	}
	return c
}

// units reads how many, or returns otherwise if the form does not say.
func (f form) units(field string, otherwise int64) (int64, bool) {
	if f.Value(field) == "" {
		return otherwise, true
	}
	n, err := strconv.ParseInt(f.Value(field), 10, 64)
	if err != nil || n < 0 {
		f.wrong(field, "This is not a number of units.")
		return 0, false
	}
	return n, true
}

// add adds a line to a change. One change adds to one delivery.
func (f form) add(c *checkout.Change, field string, o orders.Order, delivery int, l checkout.AddedLine) {
	if o.Split && len(c.Add) > 0 && c.Delivery != delivery {
		f.wrong(field, "Add to one delivery at a time.")
		return
	}
	if o.Split {
		c.Delivery = delivery
	}
	c.Add = append(c.Add, l)
}
