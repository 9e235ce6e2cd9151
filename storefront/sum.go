package storefront

import (
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/pricing"
)

// sumView is how a total comes about.
type sumView struct {
	Rows  []amountView // that add up to the total
	Total money.Amount
	In    []amountView // that the total contains
}

// amountView is one row of a sum.
type amountView struct {
	Title  string
	Amount money.Amount
	Free   bool // said in a word in place of Amount
}

func (v *visit) cartSum() sumView {
	c := v.basket
	s := v.sum(c.Subtotal, c.Discount, c.Total, c.Promotions)
	s.Rows = append(s.Rows, v.cartShipping()...)
	for _, f := range c.Fees {
		s.Rows = append(s.Rows, amountView{Title: v.locale.name(f.Name), Amount: f.Amount})
	}
	tax := amountView{Title: v.locale.text("Tax"), Amount: c.Tax}
	switch {
	case c.Tax.IsZero():
	case c.TaxAdded.IsZero():
		tax.Title = v.locale.text("of which tax")
		s.In = append(s.In, tax)
	case c.TaxAdded != c.Tax:
		s.In = append(s.In, amountView{Title: v.locale.text("of which tax"), Amount: c.Tax})
		tax.Amount = c.TaxAdded
		fallthrough
	default:
		s.Rows = append(s.Rows, tax)
	}
	return s
}

func (v *visit) orderSum(o orders.Order) sumView {
	s := v.sum(o.Subtotal, o.Discount, o.Total, o.Promotions)
	s.Rows = append(s.Rows, v.orderShipping(o)...)
	for _, f := range o.Fees {
		s.Rows = append(s.Rows, amountView{Title: v.locale.name(f.Name), Amount: f.Amount})
	}
	partly := o.TaxAdded != o.Tax && !o.TaxAdded.IsZero()
	if partly {
		s.Rows = append(s.Rows, amountView{Title: v.locale.text("Tax"), Amount: o.TaxAdded})
	}
	for _, t := range o.Taxes {
		row := amountView{Title: v.taxTitle(t), Amount: money.New(t.Amount, o.Currency)}
		switch {
		case t.Amount == 0:
		case o.TaxAdded.IsZero() || partly:
			row.Title = v.locale.text("of which %s", row.Title)
			s.In = append(s.In, row)
		default:
			s.Rows = append(s.Rows, row)
		}
	}
	return s
}

// sum begins a sum with the goods and what is off them: by promotion where
// these make up the discount, in one row otherwise.
func (v *visit) sum(subtotal, discount, total money.Amount, applied []pricing.Applied) sumView {
	s := sumView{Total: total, Rows: []amountView{{Title: v.locale.text("Subtotal"), Amount: subtotal}}}
	known := int64(0)
	var rows []amountView
	for _, p := range applied {
		if off := p.Amount - p.Shipping; off != 0 {
			known += off
			rows = append(rows, amountView{Title: v.locale.name(p.Name), Amount: money.New(-off, discount.Currency())})
		}
	}
	switch {
	case known == discount.Minor():
		s.Rows = append(s.Rows, rows...)
	case !discount.IsZero():
		s.Rows = append(s.Rows, amountView{Title: v.locale.text("Discount"), Amount: money.New(-discount.Minor(), discount.Currency())})
	}
	return s
}

func (v *visit) taxTitle(t pricing.TaxSum) string {
	return v.locale.name(t.Name) + " " + v.locale.percent(t.Rate)
}

// offerView is a way to send the goods.
type offerView struct {
	Method, Name, Time string
	Price              money.Amount
	Chosen             bool
}

// offersOf returns the ways that there are; the first is chosen if none is yet.
func (v *visit) offersOf(all []cart.ShippingOffer, chosen string) []offerView {
	var views []offerView
	for _, o := range all {
		if o.Reason == "" {
			views = append(views, offerView{o.Method, v.locale.name(o.Name), v.days(o), o.Price, o.Method == chosen})
		}
	}
	if chosen == "" && len(views) > 0 {
		views[0].Chosen = true
	}
	return views
}

func (v *visit) days(o cart.ShippingOffer) string {
	switch {
	case o.MaxDays == 0:
		return ""
	case o.MinDays == o.MaxDays || o.MinDays == 0:
		return v.locale.text("%d days", o.MaxDays)
	}
	return v.locale.text("%d to %d days", o.MinDays, o.MaxDays)
}
