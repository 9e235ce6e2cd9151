package catalog

import (
	"math/bits"
	"slices"

	"github.com/keelshop/commerce/money"
)

// Price is what a shopper pays for a unit of a variant, and why.
type Price struct {
	Amount money.Amount
	// List is the price list that it comes from, "" if it is the variant's own
	// price. MinQuantity is the tier of the list, 0 if it has none.
	List        PriceListID
	MinQuantity int64
	Prices      PriceTax // whether it contains its tax
	// CompareAt is what it is shown against: the variant's own price during a
	// sale, or else its compare-at price. The zero Amount if there is nothing
	// above the price.
	CompareAt money.Amount
}

// Outcome says why a price list did or did not make a price.
type Outcome string

// The outcomes.
const (
	Won           Outcome = "won"
	NotReached    Outcome = "not_reached"    // one that counts first has won
	NotActive     Outcome = "not_active"     // draft or archived
	NotBegun      Outcome = "not_begun"      //
	Over          Outcome = "over"           //
	OtherGroup    Outcome = "other_group"    //
	OtherChannel  Outcome = "other_channel"  //
	OtherMarket   Outcome = "other_market"   //
	NoListPrice   Outcome = "no_price"       // none for the variant in the currency
	BelowQuantity Outcome = "below_quantity" // its first tier begins higher
	NotCheaper    Outcome = "not_cheaper"    // a sale that is none for this variant
)

// Considered is one price list's part in an explanation.
type Considered struct {
	List    PriceListID // "" is the variant's own price, which comes last
	Code    string
	Outcome Outcome
	Amount  money.Amount // the price that it would make; the zero Amount if it has none
}

// Price returns what a unit of a variant costs a shopper: the price of the
// first list that is for them and has one, or else the variant's own. It is
// false if there is none in the currency: nothing is converted. Like all that
// decides on a price it only goes by its arguments.
func (p *PriceLists) Price(v Variant, ask Ask) (Price, bool) { return p.price(&v, &ask, nil) }

// PriceOf is Price for a variant that is shared, as Known returns it. It copies
// nothing.
func (p *PriceLists) PriceOf(v *Variant, ask *Ask) (Price, bool) { return p.price(v, ask, nil) }

// For returns the lists that count for who asks, whatever the variant. They
// make the same prices as all of them.
func (p *PriceLists) For(ask Ask) *PriceLists {
	at := MomentOf(ask.At)
	var lists []PriceList
	for i := range p.lists {
		if p.lists[i].isFor(&ask, at) == Won {
			lists = append(lists, p.lists[i])
		}
	}
	return &PriceLists{lists: lists}
}

// Explain returns the price and what became of each list on the way to it.
func (p *PriceLists) Explain(v Variant, ask Ask) (Price, []Considered, bool) {
	var steps []Considered
	price, ok := p.price(&v, &ask, func(c Considered) { steps = append(steps, c) })
	return price, steps, ok
}

// price finds the price. Without note it stops at the list that wins.
func (p *PriceLists) price(v *Variant, ask *Ask, note func(Considered)) (won Price, found bool) {
	own, priced := amountIn(v.Prices, ask.Currency)
	at := MomentOf(ask.At)
	for i := range p.lists {
		l := &p.lists[i]
		outcome := NotReached
		var offer Price
		if !found {
			if outcome = l.isFor(ask, at); outcome == Won {
				offer, outcome = l.offer(v, own, priced, ask)
			}
		}
		if outcome == Won {
			won, found = offer, true
		}
		if note != nil {
			note(Considered{List: l.ID, Code: l.Code, Outcome: outcome, Amount: offer.Amount})
		} else if found {
			return won, true
		}
	}
	outcome := NotReached
	switch {
	case !found && priced:
		won, found, outcome = Price{Amount: own}, true, Won
		won.CompareAt, _ = amountIn(v.CompareAt, ask.Currency)
		if won.CompareAt.Minor() <= own.Minor() {
			won.CompareAt = money.Amount{}
		}
	case !priced:
		outcome = NoListPrice
	}
	if note != nil {
		note(Considered{Outcome: outcome, Amount: own})
	}
	return won, found
}

// isFor returns Won if the list counts for who asks.
func (l *PriceList) isFor(ask *Ask, at Moment) Outcome {
	early, late := within(at, l.From, l.Until)
	switch {
	case l.Status != Active:
		return NotActive
	case early:
		return NotBegun
	case late:
		return Over
	case len(l.Channels) > 0 && !slices.Contains(l.Channels, ask.Channel):
		return OtherChannel
	case len(l.Markets) > 0 && !slices.Contains(l.Markets, ask.Market):
		return OtherMarket
	case len(l.Groups) > 0 && !slices.ContainsFunc(ask.Groups, func(g string) bool { return slices.Contains(l.Groups, g) }):
		return OtherGroup
	}
	return Won
}

// offer returns the price that the list makes, with Won.
func (l *PriceList) offer(v *Variant, own money.Amount, priced bool, ask *Ask) (offer Price, outcome Outcome) {
	tier, outcome := v.tier(l.ID, ask)
	switch {
	case outcome == Won:
		offer = Price{Amount: tier.Price, List: l.ID, MinQuantity: tier.MinQuantity, Prices: l.Prices}
	case l.DiscountBasisPoints > 0 && priced:
		offer = Price{Amount: lessBasisPoints(own, l.DiscountBasisPoints), List: l.ID}
	default:
		return Price{}, outcome
	}
	if priced && own.Minor() > offer.Amount.Minor() && l.Sale {
		offer.CompareAt = own
	} else if l.Sale {
		return offer, NotCheaper
	}
	return offer, Won
}

// tier returns the price of a list for the quantity: that of the highest tier
// that it reaches.
func (v *Variant) tier(list PriceListID, ask *Ask) (best ListPrice, outcome Outcome) {
	quantity := max(ask.Quantity, 1)
	outcome = NoListPrice
	for i := range v.ListPrices {
		p := &v.ListPrices[i]
		switch {
		case p.List != list || p.Price.Currency() != ask.Currency:
		case p.MinQuantity > quantity && outcome != Won:
			outcome = BelowQuantity
		case p.MinQuantity <= quantity && p.MinQuantity > best.MinQuantity:
			best, outcome = *p, Won
		}
	}
	return best, outcome
}

// lessBasisPoints takes hundredths of a percent off an amount that is not
// negative, rounded half to even.
func lessBasisPoints(a money.Amount, points int64) money.Amount {
	hi, lo := bits.Mul64(uint64(a.Minor()), uint64(10_000-points))
	quotient, rest := bits.Div64(hi, lo, 10_000)
	if rest > 5_000 || rest == 5_000 && quotient%2 == 1 {
		quotient++
	}
	return money.New(int64(quotient), a.Currency())
}
