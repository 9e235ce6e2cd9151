package cart

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// Priced is a cart with what its amounts were worked out from.
type Priced struct {
	Cart
	Input pricing.Input
	Quote pricing.Quote
	// Redemptions are the uses of what has a limit that buying it would make.
	Redemptions []pricing.Redemption
	// Needs says what one unit of a line takes from stock, by the line's
	// position, where that is not a unit of its variant that has to be there:
	// of kits, and of what is only tracked.
	Needs map[int][]inventory.Need
	// Digital says of the lines that are delivered over the network how, by the
	// line's position.
	Digital map[int]*catalog.Digital

	HoldMinutes int64 // how long a checkout keeps the goods; 0 is the usual time

	untaxed *pricing.TaxesError // the amounts are an estimate that is not sold by; nil if they are not

	had   pricing.Uses // what the customer has used of limits
	lacks []string     // what the address lacks
	ships []bool       // something in it has to be shipped, by delivery: the first, and those of more
	more  []further    // the deliveries beside the first
}

// Explain says in plain lines how each amount of the cart came about. It is for
// staff; ExplainForShoppers leaves out what a shopper is not to see.
func (p *Priced) Explain() string { return p.Quote.Explain(p.Input.Lines) }

// ExplainForShoppers is Explain without what is the shop's own business: why
// staff agreed a price, price lists, and promotions that are not applied.
func (p *Priced) ExplainForShoppers() string {
	quote := p.Quote
	quote.PassedOver = nil
	lines := slices.Clone(p.Input.Lines)
	for i := range lines {
		lines[i].PriceBy = ""
	}
	return quote.Explain(lines)
}

// Price returns a cart as Get does, with the derivation of its amounts.
func (s *Service) Price(ctx context.Context, cart ID) (*Priced, error) {
	slot, err := slotOf(cart)
	if err != nil {
		return nil, err
	}
	return s.price(ctx, slot, nil, s.reader(slot, cart))
}

// PriceFor is Price for a cart that is paid with certain providers, whatever
// its Payment says.
func (s *Service) PriceFor(ctx context.Context, cart ID, payments []string) (*Priced, error) {
	slot, err := slotOf(cart)
	if err != nil {
		return nil, err
	}
	return s.price(ctx, slot, payments, s.reader(slot, cart))
}

// reading reads the cart that is to be priced.
type reading func(context.Context, pricing.Asked) (*snapshot, error)

// reader returns the reading of a cart that is known by its ID.
func (s *Service) reader(slot id.Slot, cart ID) reading { return s.readerAfter(slot, cart, nil) }

// readerAfter is reader after a change, if that is not nil.
func (s *Service) readerAfter(slot id.Slot, cart ID, by *change) reading {
	return func(ctx context.Context, asks pricing.Asked) (*snapshot, error) {
		return s.snapshot(ctx, slot, cart, asks, by)
	}
}

func (s *Service) priced(ctx context.Context, slot id.Slot, read reading) (Cart, error) {
	p, err := s.price(ctx, slot, nil, read)
	if err != nil {
		return Cart{}, err
	}
	if p.Status == Active {
		err = p.checkStock(ctx, s, slot)
	}
	if err == nil && p.Status == Active {
		err = p.offerGifts(ctx, s, slot)
	}
	return p.Cart, err
}

// price prices what read reads by the rules and the catalog as they are now. A
// Priced is large: values of it on the way would make each caller's stack grow.
func (s *Service) price(ctx context.Context, slot id.Slot, payments []string, read reading) (*Priced, error) {
	rules, err := s.pricing.Rules(ctx)
	if err != nil {
		return nil, err
	}
	lists, err := s.pricing.PriceLists(ctx)
	if err != nil {
		return nil, err
	}
	from, err := read(ctx, asksOf(rules, lists))
	if err != nil {
		return nil, err
	}
	p := &Priced{Cart: from.cart, HoldMinutes: rules.Settings.HoldMinutes, more: from.deliveries, ships: make([]bool, 1+len(from.deliveries))}
	if p.Input, err = s.input(ctx, slot, rules, from); err != nil {
		return nil, err
	}
	if len(payments) > 0 {
		p.Input.Payments = payments
	}
	if err := p.lookUp(ctx, s, rules, lists, from.kept); err != nil {
		return nil, err
	}
	if from.kept != nil {
		s.keeper.put(p.ID, from.kept)
	}
	p.forget()
	if from.frozen != nil {
		p.Quote, p.Redemptions = from.frozen.Quote, from.frozen.Redemptions
	} else if err := s.quote(ctx, rules, p); err != nil {
		return nil, err
	}
	p.lacks = from.lacks
	p.fill()
	p.fillDeliveries()
	p.require(rules)
	p.checkQuantities(rules)
	p.had = from.uses
	p.checkBought(rules)
	p.checkShares()
	p.checkTaxes()
	return p, nil
}

// quote prices the lines, without promotions whose budget was found too small
// just now. Each time around leaves one more of them out.
func (s *Service) quote(ctx context.Context, rules *pricing.Rules, p *Priced) (err error) {
	for {
		p.Quote, err = s.pricing.Quote(ctx, rules, p.Input)
		if p.untaxed, _ = errors.AsType[*pricing.TaxesError](err); err != nil && p.untaxed == nil {
			return err
		}
		p.Redemptions = s.pricing.Redemptions(rules, &p.Quote, p.Input.Coupons)
		if !s.pricing.Exclude(&p.Input, p.Redemptions) {
			return nil
		}
	}
}

// lookUp brings the lines up to what the catalog says now and notes what has
// become of them. A cart that cannot be changed keeps the prices that it had.
//
// What is kept of it, if that is not nil, is brought up to date.
func (p *Priced) lookUp(ctx context.Context, s *Service, rules *pricing.Rules, lists *catalog.PriceLists, k *kept) error {
	if k == nil {
		k = unkept(p.Lines)
	}
	k.under(circumstances{rules, lists, p.Input.Channel, p.Input.Address.Country, p.Input.Groups})
	if err := s.pricing.Renew(ctx, k.sights); err != nil {
		return err
	}
	ask := p.ask()
	lists = lists.For(ask)
	p.Input.Lines = make([]pricing.Line, len(p.Lines))
	var units map[catalog.SKU]int64
	for i := range p.Lines {
		if k.reuse(p, i) {
			continue
		}
		if units == nil {
			units = p.units()
		}
		ask.Quantity = units[p.Lines[i].SKU]
		problems := len(p.Problems)
		if err := p.lookUpLine(ctx, s, rules, lists, i, k.sights[i].Variant, &ask); err != nil {
			return err
		}
		k.note(p, i, problems)
	}
	return nil
}

// units returns how many units of each SKU there are, over all lines.
func (p *Priced) units() map[catalog.SKU]int64 {
	units := make(map[catalog.SKU]int64, len(p.Lines))
	for i := range p.Lines {
		units[p.Lines[i].SKU] += p.Lines[i].Quantity
	}
	return units
}

// lookUpLine does it for one line. v is what the catalog has for it, nil if that
// is gone.
func (p *Priced) lookUpLine(ctx context.Context, s *Service, rules *pricing.Rules, lists *catalog.PriceLists, i int, v *catalog.Variant, ask *catalog.Ask) error {
	l := &p.Lines[i]
	gone := v == nil
	if gone {
		v = &catalog.Variant{SKU: l.SKU}
	}
	to, err := p.placeOf(l.Delivery)
	if err != nil {
		return err
	}
	p.deliver(i, to, v.Digital)
	if v.IsKit() || v.Reserve == catalog.TrackOnly {
		if gone, err = p.takeApart(ctx, s, i, *v); err != nil {
			return err
		}
	}
	price, found := lists.PriceOf(v, ask)
	if found && v.Digital.IsGiftCard() {
		if chosen := worthOf(l.Properties); chosen != "" {
			price.Amount, err = v.Worth(chosen, p.Currency)
			found = err == nil
		}
	}
	if p.Status == Active && p.Frozen == "" && l.Reason == "" {
		p.refresh(l, gone || !v.MayBuy(ask), price, found)
	}
	line := &p.Input.Lines[i]
	if *line, err = s.pricing.Describe(ctx, rules, v, p.Currency, l.Quantity, l.UnitPrice.Minor()); err != nil && !isGone(err) {
		return err
	}
	line.Prices, line.Properties = l.Prices, propertyNames(l.Properties)
	line.Delivery, line.PriceBy = to, l.priceBy(price, found)
	line.OnSale = found && price.CompareAt.Minor() > l.UnitPrice.Minor()
	return nil
}

// priceBy says where a line's price comes from: it was agreed, or a price list
// has it, from so many units on; "" is the variant's own.
func (l *Line) priceBy(price catalog.Price, found bool) string {
	switch {
	case l.Reason != "":
		return "agreed: " + l.Reason
	case !found || price.List == "" || price.Amount != l.UnitPrice:
		return ""
	case price.MinQuantity > 1:
		return "price list " + string(price.List) + " from " + strconv.FormatInt(price.MinQuantity, 10) + " units on"
	}
	return "price list " + string(price.List)
}

// forget leaves out methods that were chosen for what has left a delivery.
func (p *Priced) forget() {
	if !p.ships[0] {
		p.Input.Method = ""
	}
	for i := range p.Input.More {
		if !p.ships[i+1] {
			p.Input.More[i].Method = ""
		}
	}
}

// deliver notes how a line is delivered.
func (p *Priced) deliver(line, to int, d *catalog.Digital) {
	if d == nil {
		p.ships[to] = true
		return
	}
	if p.Digital == nil {
		p.Digital = map[int]*catalog.Digital{}
	}
	p.Digital[line] = d
}

// takeApart notes what a line takes from stock. A kit that cannot be put
// together is gone.
func (p *Priced) takeApart(ctx context.Context, s *Service, line int, v catalog.Variant) (gone bool, err error) {
	needs, err := s.stock.Needs(ctx, v)
	_, broken := errors.AsType[*inventory.KitError](err)
	if err != nil && !broken {
		return false, err
	}
	if p.Needs == nil {
		p.Needs = map[int][]inventory.Need{}
	}
	p.Needs[line] = needs
	return broken, nil
}

// ask says to the catalog who buys.
func (p *Priced) ask() catalog.Ask {
	return catalog.Ask{
		Channel: p.Input.Channel, Market: p.Input.Address.Country, Groups: p.Input.Groups,
		At: p.Input.At.Time(), Currency: p.Currency,
	}
}

// refresh gives a line the price that the catalog has for it.
func (p *Priced) refresh(l *Line, gone bool, price catalog.Price, found bool) {
	problem := Problem{Line: l.ID, SKU: l.SKU}
	switch {
	case gone:
		problem.Code = Discontinued
	case !found:
		problem.Code = NoPrice
	case price.Amount != l.AddedPrice:
		problem.Code, problem.Was, problem.Is = PriceChanged, l.AddedPrice, price.Amount
		l.UnitPrice, l.Prices = price.Amount, price.Prices
	default:
		l.Prices = price.Prices
		return
	}
	p.Problems = append(p.Problems, problem)
}

// fill copies the quote's amounts into the cart.
func (p *Priced) fill() {
	q, c := &p.Quote, p.Currency
	amount := func(minor int64) money.Amount { return money.New(minor, c) }
	for i := range q.Lines {
		l, from := &p.Lines[i], &q.Lines[i]
		l.Total, l.Discount = amount(from.Total), amount(from.Discount)
		l.Net, l.Tax, l.Gross = amount(from.Net), amount(from.Tax), amount(from.Gross)
	}
	p.Subtotal, p.Discount, p.Tax, p.Total = amount(q.Subtotal), amount(q.Discount), amount(q.Tax), amount(q.Total)
	shipping, _ := q.ShippingTotal()
	p.Shipping, p.TaxIncluded = amount(shipping), q.TaxIncluded
	p.TaxExempt = q.TaxExempt
	p.FeeTotal, p.TaxAdded = amount(q.FeeTotal), amount(q.TaxAdded)
	for _, f := range q.Fees {
		fee := Fee{ID: f.Fee, Name: f.Name, Kind: f.Kind, Amount: amount(f.Amount), Net: amount(f.Net), Tax: amount(f.Tax), Gross: amount(f.Gross)}
		if f.Line > 0 {
			fee.Line = p.Lines[f.Line-1].ID
		}
		p.Fees = append(p.Fees, fee)
	}
	p.Codes, p.Promotions = q.Codes, q.Promotions
	if p.ships[0] {
		p.Offers = shownOffers(q.Offers, c)
	}
}

func shownOffers(offers []pricing.Offer, c money.Currency) (out []ShippingOffer) {
	for _, o := range offers {
		out = append(out, ShippingOffer{
			Method: o.Method, Name: o.Name, Pickup: o.Pickup, MinDays: o.MinDays, MaxDays: o.MaxDays, First: o.First, Last: o.Last,
			Price: money.New(o.Price, c), Reason: o.Reason,
		})
	}
	return out
}

// require notes what is missing before the cart can be bought.
func (p *Priced) require(rules *pricing.Rules) {
	if p.Status != Active {
		return
	}
	if len(p.Lines) == 0 {
		p.Requirements = append(p.Requirements, NeedsLines)
	}
	if !rules.Ships() {
		return
	}
	for place, ships := range p.ships {
		if ships || len(p.Lines) == 0 && place == 0 {
			p.requireOf(place)
		}
	}
}

// checkQuantities notes SKUs of which there are too few or too many. Lines at
// an agreed price count, and only what the catalog prices is bound.
func (p *Priced) checkQuantities(rules *pricing.Rules) {
	if p.Status != Active {
		return
	}
	for _, q := range rules.CheckQuantities(p.Input.Lines) {
		for _, l := range p.Lines {
			if l.SKU == q.SKU && l.Reason == "" {
				p.Problems = append(p.Problems, Problem{Code: ProblemCode(q.Kind), Line: l.ID, SKU: q.SKU, Bound: q.Bound})
				break
			}
		}
	}
}

// checkBought notes what the customer would have bought too much of, over all
// their orders, and what buying the cart would count. What was agreed with staff
// is not bound.
func (p *Priced) checkBought(rules *pricing.Rules) {
	if p.Status != Active || !rules.AsksFor().PerCustomer {
		return
	}
	lines := make([]pricing.Line, 0, len(p.Lines))
	for i, l := range p.Lines {
		if l.Reason == "" {
			lines = append(lines, p.Input.Lines[i])
		}
	}
	uses := rules.UnitUses(lines)
	if len(uses) > pricing.MaxUnitUses {
		p.Problems = append(p.Problems, Problem{Code: TooManyBound, Bound: pricing.MaxUnitUses})
		return
	}
	for _, u := range uses {
		problem := Problem{Code: BoughtEnough, SKU: u.SKU, Bound: u.Left(p.had)}
		if p.Customer == "" {
			problem.Code, problem.Bound = LoginNeeded, 0
		} else if u.Units <= problem.Bound {
			continue
		}
		i := slices.IndexFunc(p.Lines, func(l Line) bool { return l.SKU == u.SKU && l.Reason == "" })
		problem.Line = p.Lines[i].ID
		p.Problems = append(p.Problems, problem)
	}
	p.Redemptions = append(p.Redemptions, uses...)
}

// Sellable returns a *pricing.TaxesError of code fault.Unavailable if the amounts
// are an estimate for the moment, by which nothing is sold. What is there to stay
// is among the problems.
func (p *Priced) Sellable() error {
	if p.untaxed != nil && !p.untaxed.Refused {
		return p.untaxed
	}
	return nil
}

// checkTaxes notes that the amounts are an estimate.
func (p *Priced) checkTaxes() {
	switch {
	case p.untaxed == nil || p.Status != Active:
	case p.untaxed.Refused:
		p.Problems = append(p.Problems, Problem{Code: TaxesRefused})
	default:
		p.Problems = append(p.Problems, Problem{Code: TaxesUnknown})
	}
}

// checkShares notes a cart whose lines have more discounts than an order keeps.
func (p *Priced) checkShares() {
	if p.Status == Active && pricing.SharesOf(p.Quote.Promotions) > pricing.MaxShares {
		p.Problems = append(p.Problems, Problem{Code: TooManyShares, Bound: pricing.MaxShares})
	}
}

// Unsellable returns the problems that keep the cart from being bought.
func (c Cart) Unsellable() []Problem {
	return slices.DeleteFunc(slices.Clone(c.Problems), func(p Problem) bool { return p.Code == PriceChanged })
}
