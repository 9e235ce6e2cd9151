package checkout

import (
	"context"
	"slices"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/pricing"
)

// priceChange reads the order and works out what the change is worth.
func (s *Service) priceChange(ctx context.Context, c Change, cmd *changeOrder) (orders.Order, error) {
	if err := c.check(); err != nil {
		return orders.Order{}, err
	}
	o, err := s.orders.Get(ctx, c.Order)
	if err != nil {
		return o, err
	}
	cmd.Change = orders.Changed{Cancel: c.Cancel, Reason: c.Reason}
	for _, l := range c.Lower {
		if l.Amount.Currency() != o.Currency {
			return o, fault.Wrong("lower.amount.currency", "order %s is in %s, not in %s", o.ID, o.Currency, l.Amount.Currency())
		}
		cmd.Change.Lowered = append(cmd.Change.Lowered, orders.LoweredLine{Line: l.Line, Amount: l.Amount.Minor()})
	}
	if c.Address != (accounts.Address{}) {
		if err := s.readdress(ctx, o, &c, &cmd.Change); err != nil {
			return o, err
		}
	}
	if c.Contact != (cart.Contact{}) {
		cmd.Change.ShippingCountry, cmd.Change.BillingCountry = c.Contact.ShippingAddress.Country, c.Contact.BillingAddress.Country
		if cmd.Change.Contact, err = s.orders.SealContact(ctx, o.ID, c.Contact); err != nil {
			return o, err
		}
	}
	if len(c.Add) == 0 && c.Shipping == "" {
		return o, nil
	}
	return o, s.priceAdded(ctx, o, c, &cmd.Change)
}

// priceAdded prices what is added, and another way to send the order, by the
// rules and the catalog as they are now.
func (s *Service) priceAdded(ctx context.Context, o orders.Order, c Change, out *orders.Changed) error {
	to, err := o.Delivery(c.Delivery)
	if err != nil {
		return err
	}
	out.Delivery = to.Number
	q, err := s.carts.QuoteAdded(ctx, cart.Added{
		Currency: o.Currency, Cart: cart.ID(o.Cart), Customer: o.Customer, TaxExempt: to.TaxExempt, Method: c.Shipping, Lines: added(c.Add), Kept: kept(o, to.Number, c.Cancel),
		Address: func(ctx context.Context) (pricing.Address, error) { return s.destination(ctx, o, to.Number, c) },
	})
	if err != nil {
		return err
	}
	if q.TaxIncluded != o.TaxIncluded {
		return fault.New(fault.Conflict, "prices have been changed to contain tax or not since order %s was placed: nothing can be added to it, so sell it in an order of its own", o.ID)
	}
	parts, err := s.sourceAdded(ctx, o, countryOf(o, to, *out), q.Lines)
	if err != nil {
		return err
	}
	fees := 0
	for i, l := range q.Lines {
		if fees += len(l.Fees); fees > maxAddedFees {
			return fault.New(fault.Refused, "more than %d fees are on what is added: add the goods in several changes", maxAddedFees)
		}
		out.Added = append(out.Added, orders.AddedLine{
			SKU: l.SKU, Variant: l.Variant, Parts: parts[i], Title: l.Title, Quantity: l.Quantity, UnitPrice: l.UnitPrice, Tax: l.Tax, TaxIncluded: l.TaxIncluded, Reason: l.Reason, Digital: l.Digital,
			Delivery: to.Number, Fees: feesOf(l),
		})
	}
	out.Taxes = q.Taxes
	if c.Shipping == "" {
		return nil
	}
	if q.Shipping.Reason != "" {
		return fault.New(fault.Refused, "order %s cannot be sent by %q: %s", o.ID, c.Shipping, q.Shipping.Reason)
	}
	n, err := s.resend(ctx, o, to, c.Shipping, q.Shipping)
	if err != nil {
		return err
	}
	more, err := moreTaxes(o, q.Shipping, n)
	if err != nil {
		return err
	}
	out.Taxes = append(out.Taxes, more...)
	out.Shipping = &n
	return nil
}

// feesOf returns the fees on an added line as an order takes them.
func feesOf(l cart.QuotedLine) []orders.AddedFee {
	var out []orders.AddedFee
	for _, f := range l.Fees {
		out = append(out, orders.AddedFee{Fee: f.Fee, Kind: f.Kind, Name: f.Name, Amount: f.Amount, Tax: f.Tax})
	}
	return out
}

func added(lines []AddedLine) []cart.AddedLine {
	out := make([]cart.AddedLine, len(lines))
	for i, l := range lines {
		out[i] = cart.AddedLine{SKU: l.SKU, Quantity: l.Quantity, AgreedPrice: l.AgreedPrice, Reason: l.Reason}
	}
	return out
}

// kept returns the lines of a delivery that stay, which count for what it costs
// to send it.
func kept(o orders.Order, delivery int, canceled []orders.LineQuantity) []cart.AddedLine {
	var out []cart.AddedLine
	for _, l := range o.Lines {
		if l.Delivery != delivery {
			continue
		}
		n := l.Quantity - l.Canceled
		if i := slices.IndexFunc(canceled, func(c orders.LineQuantity) bool { return c.Line == l.Number }); i >= 0 {
			n -= canceled[i].Quantity
		}
		if n > 0 {
			out = append(out, cart.AddedLine{SKU: l.SKU, Quantity: n, UnitPrice: l.UnitPrice.Minor()})
		}
	}
	return out
}
