package checkout

import (
	"cmp"
	"context"
	"slices"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/pricing"
)

// readdress has a delivery sent elsewhere: the first by the order's contact.
func (s *Service) readdress(ctx context.Context, o orders.Order, c *Change, out *orders.Changed) error {
	to, err := o.Delivery(c.Delivery)
	if err != nil {
		return err
	}
	if to.Number == cart.FirstDelivery {
		if c.Contact, err = s.orders.Contact(ctx, o.ID); err == nil {
			c.Contact.ShippingAddress = c.Address
		}
		return err
	}
	a := orders.NewAddress{Country: c.Address.Country}
	if a.Sealed, a.Subject, err = s.orders.SealAddress(ctx, o.ID, to.Number, c.Address); err != nil {
		return err
	}
	out.Delivery, out.Address = to.Number, &a
	return nil
}

// resend returns what it costs more or less to send an order by another method.
// A cheaper method leaves what the order says of shipping and grants the rest
// back, so that earlier changes count by what they have given back. Where the
// method is taxed otherwise, all that is left of the old one is granted back,
// and the new one charged, each with its taxes.
func (s *Service) resend(ctx context.Context, o orders.Order, to orders.Delivery, method string, q pricing.QuotedShipping) (orders.NewShipping, error) {
	n := orders.NewShipping{Method: method, Name: q.Name}
	left, tax := to.Shipping.Minor(), to.ShippingTax.Minor()
	if !o.TaxIncluded {
		left += tax
	}
	back, backTax, err := s.shippingBack(ctx, o.ID, to.Number)
	if err != nil {
		return n, err
	}
	left, tax = left-back, tax-backTax
	same, err := taxedAlike(o.Currency, q, left, tax)
	if err != nil {
		return n, err
	}
	switch more := q.Gross - left; {
	case !same:
		n.Less, n.LessTax, n.More, n.MoreTax = left, tax, q.Amount, q.Tax
	case more < 0:
		n.Less = -more
		n.LessTax = max(0, min(tax-q.Tax, n.Less))
	case more > 0:
		n.More, n.MoreTax = more, max(0, min(q.Tax-tax, more))
		if !o.TaxIncluded {
			n.More -= n.MoreTax
		}
	}
	return n, err
}

// taxedAlike reports whether a gross amount holds as much tax as it would by
// the method that is quoted, but for what rounding does.
func taxedAlike(c money.Currency, q pricing.QuotedShipping, gross, tax int64) (bool, error) {
	if gross == 0 || q.Gross == 0 {
		return true, nil
	}
	part, err := money.NewRate(q.Tax, q.Gross)
	if err != nil {
		return false, err
	}
	want, err := money.New(gross, c).Scale(part, money.HalfEven)
	if err != nil {
		return false, err
	}
	off := want.Minor() - tax
	return max(off, -off) <= max(1, int64(len(q.Taxes))), nil
}

// shippingBack returns what of the shipping of a delivery changes have granted
// back, with its tax, and what of that was tax.
func (s *Service) shippingBack(ctx context.Context, o orders.ID, delivery int) (back, tax int64, err error) {
	grants, err := s.orders.Grants(ctx, o)
	if err != nil || len(grants) == 0 {
		return 0, 0, err
	}
	changes, err := s.orders.Changes(ctx, o)
	for _, g := range grants {
		of := slices.IndexFunc(changes, func(c orders.Change) bool { return c.Name() == g.Of })
		if g.Source == orders.FromChange && g.State != orders.Withdrawn && of >= 0 && changes[of].Delivery == delivery {
			back, tax = back+g.Shipping.Minor(), tax+g.ShippingTax.Minor()
		}
	}
	return back, tax, err
}

// moreTaxes returns the taxes on what shipping costs more: those of the method,
// all of them or in proportion.
func moreTaxes(o orders.Order, q pricing.QuotedShipping, n orders.NewShipping) ([]pricing.TaxSum, error) {
	if n.MoreTax == 0 || len(q.Taxes) == 0 {
		return nil, nil
	}
	out := make([]pricing.TaxSum, len(q.Taxes))
	for i, t := range q.Taxes {
		out[i] = pricing.TaxSum(t)
	}
	if n.MoreTax == q.Tax {
		return out, nil
	}
	net := n.More
	if o.TaxIncluded {
		net -= n.MoreTax
	}
	weights := make([]int64, len(q.Taxes))
	for i, t := range q.Taxes {
		weights[i] = t.Amount
	}
	parts, err := money.New(n.MoreTax, o.Currency).Allocate(weights)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Base, out[i].Amount = net, parts[i].Minor()
	}
	return out, nil
}

// destination returns where a delivery of the order goes after the change.
func (s *Service) destination(ctx context.Context, o orders.Order, delivery int, c Change) (pricing.Address, error) {
	if delivery != cart.FirstDelivery {
		if a := c.Address; a != (accounts.Address{}) {
			return pricing.Address{Country: a.Country, Region: a.Region.Reveal(), Postcode: a.Postcode.Reveal()}, nil
		}
		return s.furtherDestination(ctx, o.ID, delivery)
	}
	to := c.Contact
	if to == (cart.Contact{}) {
		var err error
		if to, err = s.orders.Contact(ctx, o.ID); err != nil {
			return pricing.Address{}, err
		}
	}
	a := to.ShippingAddress
	return pricing.Address{Country: a.Country, Region: a.Region.Reveal(), Postcode: a.Postcode.Reveal()}, nil
}

// furtherDestination returns where a delivery goes that is not the first.
func (s *Service) furtherDestination(ctx context.Context, o orders.ID, delivery int) (pricing.Address, error) {
	all, err := s.orders.DeliveryAddresses(ctx, o)
	if err != nil {
		return pricing.Address{}, err
	}
	i := slices.IndexFunc(all, func(a cart.DeliveryAddress) bool { return a.Delivery == int64(delivery) })
	if i < 0 {
		return pricing.Address{}, &orders.DeliveryError{Order: o, Delivery: delivery}
	}
	a := all[i].Address
	return pricing.Address{Country: a.Country, Region: a.Region.Reveal(), Postcode: a.Postcode.Reveal()}, nil
}

// countryOf returns the country that a delivery goes to after the change.
func countryOf(o orders.Order, to orders.Delivery, c orders.Changed) string {
	if to.Number != cart.FirstDelivery {
		if c.Address != nil {
			return c.Address.Country
		}
		return to.Country
	}
	return cmp.Or(c.ShippingCountry, o.ShippingCountry)
}
