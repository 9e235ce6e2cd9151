package cart

import (
	"context"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// Added is what is added to an order that was placed.
type Added struct {
	Currency money.Currency
	// Cart is what the order was made of. Its channel counts for prices, for as
	// long as the cart is kept.
	Cart     ID
	Customer accounts.CustomerID // "" is a guest
	Lines    []AddedLine
	// Kept are the lines that the order has, at their prices. They count for
	// what shipping costs, and for the conditions of fees.
	Kept []AddedLine
	// Method is how the order is sent; "" if that does not change.
	Method string
	// TaxExempt is the certificate by which the order is exempt from tax.
	TaxExempt string
	// Address says where the order goes.
	Address func(context.Context) (pricing.Address, error)
}

// QuotedAdded is what is added to an order, priced.
type QuotedAdded struct {
	TaxIncluded bool
	Lines       []QuotedLine
	Taxes       []pricing.TaxSum // of Lines and their fees
	Shipping    pricing.QuotedShipping
}

// QuotedLine is one of the lines. Amounts are minor units.
type QuotedLine struct {
	SKU            catalog.SKU
	Variant        catalog.VariantID
	Needs          []inventory.Need // what one unit takes from stock; none is not counted
	Title, Reason  string
	Quantity       int64
	UnitPrice, Tax int64
	TaxIncluded    bool                // in UnitPrice
	Fees           []pricing.QuotedFee // on the line, beside UnitPrice and Tax
	Digital        *catalog.Digital    // nil if it is shipped
}

// QuoteAdded prices what is added to an order by the catalog and the rules of
// now, without promotions, and with the fees that are charged on lines. It returns a *catalog.UnknownSKUError, a
// *NotForSaleError, a *CurrencyError, or an *inventory.KitError for a kit that
// cannot be put together.
func (s *Service) QuoteAdded(ctx context.Context, a Added) (QuotedAdded, error) {
	rules, err := s.pricing.Rules(ctx)
	if err != nil {
		return QuotedAdded{}, err
	}
	rules, charging := rules.ForAdded()
	in := pricing.Input{Currency: a.Currency, At: pricing.At(s.engine.Now()), LoggedIn: a.Customer != "", TaxExempt: a.TaxExempt}
	if in.Address, err = a.Address(ctx); err != nil {
		return QuotedAdded{}, err
	}
	out := QuotedAdded{TaxIncluded: rules.Settings.TaxIncluded}
	describing := rules
	if charging != nil {
		describing = charging // fees ask what the goods are
	}
	if out.Lines, err = s.describeAdded(ctx, describing, a, &in); err != nil {
		return QuotedAdded{}, err
	}
	q, err := s.pricing.Quote(ctx, rules, in)
	if err != nil {
		return QuotedAdded{}, err
	}
	for i, l := range q.Lines {
		out.Lines[i].Tax, out.Lines[i].TaxIncluded = l.Tax, l.TaxIncluded
	}
	out.Taxes = q.TaxSums()
	if a.Method == "" && charging == nil {
		return out, nil
	}
	if charging != nil {
		rules = charging
	}
	in.Method = a.Method
	if err := s.describeKept(ctx, rules, a, &in); err != nil {
		return QuotedAdded{}, err
	}
	if q, err = s.pricing.Quote(ctx, rules, in); err != nil {
		return QuotedAdded{}, err
	}
	out.Shipping = q.Shipping
	for _, f := range q.Fees {
		if f.Line > len(out.Lines) {
			continue // of a line that the order has
		}
		l := &out.Lines[f.Line-1]
		l.Fees = append(l.Fees, f)
		out.Taxes = pricing.AddTaxes(out.Taxes, f.Taxes)
	}
	return out, nil
}

// describeKept looks up the lines that stay.
func (s *Service) describeKept(ctx context.Context, rules *pricing.Rules, a Added, in *pricing.Input) error {
	for _, l := range a.Kept {
		v, err := s.pricing.Variant(ctx, l.SKU)
		gone := isGone(err)
		if err != nil && !gone {
			return err
		}
		v.SKU = l.SKU // of one that is gone, too
		line, err := s.pricing.Describe(ctx, rules, &v, a.Currency, l.Quantity, l.UnitPrice)
		if err != nil && !isGone(err) {
			return err
		}
		line.Gone = gone
		in.Lines = append(in.Lines, line)
	}
	return nil
}

// describeAdded looks the lines up in the catalog.
func (s *Service) describeAdded(ctx context.Context, rules *pricing.Rules, a Added, in *pricing.Input) ([]QuotedLine, error) {
	lists, err := s.pricing.PriceLists(ctx)
	if err != nil {
		return nil, err
	}
	ask := catalog.Ask{At: s.engine.Now(), Currency: a.Currency, Market: in.Address.Country}
	if ask.Channel, err = s.channelOf(ctx, a.Cart); err != nil {
		return nil, err
	}
	in.Channel = ask.Channel
	if a.Customer != "" && asksOf(rules, lists).Groups {
		slot, err := slotOfCustomer(a.Customer)
		if err != nil {
			return nil, err
		}
		err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
			ask.Groups, err = accounts.GroupsTx(tx, a.Customer)
			return err
		})
		if err != nil {
			return nil, err
		}
		in.Groups = ask.Groups
	}
	var out []QuotedLine
	for _, l := range a.Lines {
		v, err := s.pricing.Variant(ctx, l.SKU)
		if err != nil {
			return nil, err
		}
		needs, err := s.stock.Needs(ctx, v)
		if err != nil {
			return nil, err
		}
		if v.Digital.IsGiftCard() {
			return nil, fault.New(fault.Refused, "gift card %q cannot be added to an order that was placed: it needs an order of its own", l.SKU)
		}
		found, err := l.price(lists, v, ask)
		if err != nil {
			return nil, err
		}
		price := found.Amount
		if _, err := price.Mul(l.Quantity); err != nil {
			return nil, err
		}
		line, err := s.pricing.Describe(ctx, rules, &v, a.Currency, l.Quantity, price.Minor())
		if err != nil {
			return nil, err
		}
		line.Prices, line.OnSale = found.Prices, found.CompareAt.Minor() > price.Minor()
		in.Lines = append(in.Lines, line)
		out = append(out, QuotedLine{SKU: l.SKU, Variant: v.ID, Needs: needs, Title: v.Title, Reason: l.Reason, Quantity: l.Quantity, UnitPrice: price.Minor(), Digital: v.Digital})
	}
	return out, nil
}

// channelOf returns the channel of a cart; "" also if it is not kept any more.
func (s *Service) channelOf(ctx context.Context, cart ID) (channel string, err error) {
	if cart == "" {
		return "", nil
	}
	slot, err := id.SlotOf(string(cart))
	if err != nil {
		return "", err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		channel, _, err = tx.Text(`SELECT channel FROM carts WHERE id = ?`, cart)
		return err
	})
	return channel, err
}
