package pricing

import (
	"cmp"
	"fmt"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// Promotion reduces what something costs, under conditions.
//
// Promotions are applied one after the other, the one with the higher Priority
// first and of equals the one with the lower ID; each works on what those
// before it have left, so that no discount exceeds its base. What is chosen is
// the same wherever and whenever the same cart is priced.
type Promotion struct {
	ID     string `cbor:"1,keyasint" json:"id,omitempty"` // as in "summer-2026"
	Name   string `cbor:"2,keyasint" json:"name"`         // as shoppers see it
	Period Period `cbor:"3,keyasint,omitempty" json:"period,omitempty,omitzero"`
	Paused bool   `cbor:"4,keyasint,omitempty" json:"paused,omitempty"`
	// NeedsCode says that it applies only to carts with one of its codes: see
	// PutCoupon.
	NeedsCode bool `cbor:"5,keyasint,omitempty" json:"needs_code,omitempty"`
	// If holds what must be true of the cart, all of it.
	If Conditions `cbor:"6,keyasint,omitempty" json:"if,omitempty,omitzero"`
	// Effect is what it does.
	Effect Effect `cbor:"7,keyasint" json:"effect"`

	Priority int `cbor:"8,keyasint,omitempty" json:"priority,omitempty"`
	// Group names promotions of which only the best is applied: the one with
	// the largest discount at the point where the first of them would come.
	Group string `cbor:"9,keyasint,omitempty" json:"group,omitempty"`
	// Stop keeps those that come after it from being applied.
	Stop bool `cbor:"10,keyasint,omitempty" json:"stop,omitempty"`
	// Alone says that it cannot be combined. It is applied in place of all
	// others if the shopper pays less with it than with those that can be,
	// shipping included.
	Alone  bool   `cbor:"11,keyasint,omitempty" json:"alone,omitempty"`
	Limits Limits `cbor:"12,keyasint,omitempty" json:"limits,omitempty,omitzero"`
}

// Limits bound how often a promotion or a coupon can be used in all. They are
// enforced when an order is made, also when many are made at once, and an
// order that is canceled gives its use back.
type Limits struct {
	Uses        int64 `cbor:"1,keyasint,omitempty" json:"uses,omitempty"`         // orders; 0 is no limit
	PerCustomer int64 `cbor:"2,keyasint,omitempty" json:"per_customer,omitempty"` // orders of one customer; 0 is no limit. Guests cannot use it then.
	// Budget bounds the discounts in a currency; none is no limit. With one,
	// carts in a currency that it has no amount in get nothing.
	Budget []money.Amount `cbor:"3,keyasint,omitempty" json:"budget,omitempty"`
}

// Conditions are what must be true of a cart. What is empty does not matter.
type Conditions struct {
	// Items are the lines that count for MinQuantity and MinSubtotal.
	Items       Selector `cbor:"1,keyasint,omitempty" json:"items,omitempty,omitzero"`
	MinQuantity int64    `cbor:"2,keyasint,omitempty" json:"min_quantity,omitempty"` // units
	// MinSubtotal is in one amount for each currency; a cart in another
	// currency does not reach it. Discounts are not taken off.
	MinSubtotal []money.Amount   `cbor:"3,keyasint,omitempty" json:"min_subtotal,omitempty"`
	Groups      []string         `cbor:"4,keyasint,omitempty" json:"groups,omitempty"`      // the customer is in one of these
	LoggedIn    bool             `cbor:"5,keyasint,omitempty" json:"logged_in,omitempty"`   // the cart is a customer's
	FirstOrder  bool             `cbor:"6,keyasint,omitempty" json:"first_order,omitempty"` // the customer has not bought before
	Channels    []string         `cbor:"7,keyasint,omitempty" json:"channels,omitempty"`
	Countries   []string         `cbor:"8,keyasint,omitempty" json:"countries,omitempty"`
	Currencies  []money.Currency `cbor:"9,keyasint,omitempty" json:"currencies,omitempty"`
}

// Selector says which lines are meant: those that match every list that is not
// empty, in one of its entries, and none of the exceptions. The zero Selector
// means all lines.
type Selector struct {
	SKUs       []catalog.SKU        `cbor:"1,keyasint,omitempty" json:"skus,omitempty"`
	Products   []catalog.ProductID  `cbor:"2,keyasint,omitempty" json:"products,omitempty"`
	Categories []catalog.CategoryID `cbor:"3,keyasint,omitempty" json:"categories,omitempty"` // and those below them
	Attributes []AttributeValue     `cbor:"4,keyasint,omitempty" json:"attributes,omitempty"`
	// Collections are those that the product is in, by hand or by rules.
	Collections []catalog.CollectionID `cbor:"9,keyasint,omitempty" json:"collections,omitempty"`
	// Exceptions.
	ExceptSKUs        []catalog.SKU          `cbor:"5,keyasint,omitempty" json:"except_skus,omitempty"`
	ExceptProducts    []catalog.ProductID    `cbor:"6,keyasint,omitempty" json:"except_products,omitempty"`
	ExceptCategories  []catalog.CategoryID   `cbor:"7,keyasint,omitempty" json:"except_categories,omitempty"`
	ExceptCollections []catalog.CollectionID `cbor:"10,keyasint,omitempty" json:"except_collections,omitempty"`
	ExceptOnSale      bool                   `cbor:"8,keyasint,omitempty" json:"except_on_sale,omitempty"` // whose price is shown against a higher one
}

// AttributeValue is a value that an attribute has, as catalog.Attribute.Value
// writes it, or one of its values.
type AttributeValue struct {
	Name  string `cbor:"1,keyasint" json:"name"`
	Value string `cbor:"2,keyasint" json:"value"`
}

// EffectKind says what a promotion does.
type EffectKind string

// The kinds of effects.
const (
	PercentOff   EffectKind = "percent_off"   // Rate off the items
	AmountOff    EffectKind = "amount_off"    // Amounts off the items together, or off each with PerUnit
	FixedPrice   EffectKind = "fixed_price"   // each of the items costs Amounts
	BuyGet       EffectKind = "buy_get"       // whoever takes Buy gets Get more at Rate off
	Tiered       EffectKind = "tiered"        // the highest of Tiers that is reached, of those in the cart's currency
	FreeShipping EffectKind = "free_shipping" // Rate off shipping
	Gift         EffectKind = "gift"          // Get units of Items at no cost, when they are in the cart: they count for no condition. See DueGift
)

// Effect is what a promotion does. Fields that its kind does not use are
// empty.
type Effect struct {
	Kind EffectKind `cbor:"1,keyasint" json:"kind"`
	// Items are the lines that it reduces.
	//
	// Of a BuyGet without Items, those that the conditions count are bought and
	// got; otherwise the latter are bought, and these are got. A unit of both is
	// got only if the others do not suffice, and is not bought then. The cheapest
	// are the ones that are reduced.
	//
	// The units that a Gift gives do not count for its conditions.
	Items   Selector       `cbor:"2,keyasint,omitempty" json:"items,omitempty,omitzero"`
	Rate    money.Rate     `cbor:"3,keyasint,omitempty" json:"rate,omitempty,omitzero"`
	Amounts []money.Amount `cbor:"4,keyasint,omitempty" json:"amounts,omitempty"` // one for each currency
	PerUnit bool           `cbor:"5,keyasint,omitempty" json:"per_unit,omitempty"`
	Buy     int64          `cbor:"6,keyasint,omitempty" json:"buy,omitempty"`
	Get     int64          `cbor:"7,keyasint,omitempty" json:"get,omitempty"`
	Times   int64          `cbor:"8,keyasint,omitempty" json:"times,omitempty"`    // how often a BuyGet counts in one cart; 0 is no limit
	Tiers   []Tier         `cbor:"9,keyasint,omitempty" json:"tiers,omitempty"`    // from the lowest
	Methods []string       `cbor:"10,keyasint,omitempty" json:"methods,omitempty"` // the shipping methods of a FreeShipping; none is all
	// AtMost bounds the discount, in one amount for each currency.
	AtMost []money.Amount `cbor:"11,keyasint,omitempty" json:"at_most,omitempty"`
}

// Tier is one step of a Tiered effect: Rate or Amounts off when the counted
// lines reach MinQuantity and MinSubtotal.
type Tier struct {
	MinQuantity int64          `cbor:"1,keyasint,omitempty" json:"min_quantity,omitempty"`
	MinSubtotal []money.Amount `cbor:"2,keyasint,omitempty" json:"min_subtotal,omitempty"`
	Rate        money.Rate     `cbor:"3,keyasint,omitempty" json:"rate,omitempty,omitzero"`
	Amounts     []money.Amount `cbor:"4,keyasint,omitempty" json:"amounts,omitempty"`
}

// Bounds of one promotion.
const (
	maxSelected = 20_000 // entries of one list
	maxUnits    = 1_000_000_000
)

// Check returns fault.Invalid unless the promotion can be used.
func (p Promotion) Check() error {
	if err := checkID("promotion", p.ID); err != nil {
		return err
	}
	switch {
	case p.Name == "" || len(p.Name) > maxName:
		return fault.Wrong("name", "promotion %q: it has a name of at most %d bytes", p.ID, maxName)
	case len(p.Group) > maxName:
		return fault.Wrong("group", "promotion %q: the name of its group is longer than %d bytes", p.ID, maxName)
	case p.Period.empty():
		return fault.Wrong("period", "promotion %q ends before it begins", p.ID)
	}
	err := cmp.Or(fault.InField("if", p.If.check()), fault.InField("effect", p.Effect.check()), fault.InField("limits", p.Limits.check()))
	if err != nil {
		return fmt.Errorf("promotion %q: %w", p.ID, err)
	}
	return nil
}

func (l Limits) check() error {
	if l.Uses < 0 || l.Uses > maxUnits {
		return fault.Wrong("uses", "a limit of %d uses", l.Uses)
	}
	if l.PerCustomer < 0 || l.PerCustomer > maxUnits {
		return fault.Wrong("per_customer", "a limit of %d uses for each customer", l.PerCustomer)
	}
	return checkAmounts("budget", "budget", l.Budget)
}

func (l Limits) any() bool { return l.Uses > 0 || l.PerCustomer > 0 || len(l.Budget) > 0 }

func (c Conditions) check() error {
	if err := c.Items.check(); err != nil {
		return fault.InField("items", err)
	}
	if c.MinQuantity < 0 {
		return fault.Wrong("min_quantity", "a least quantity of %d", c.MinQuantity)
	}
	if len(c.Groups)+len(c.Channels)+len(c.Countries)+len(c.Currencies) > maxSelected {
		return fault.Wrong("countries", "the conditions have more than %d entries", maxSelected)
	}
	for i, country := range c.Countries {
		if !isCountry(country) {
			return fault.Wrong(fault.Item("countries", i), "country %.10q is not two capital letters as in ISO 3166-1", country)
		}
	}
	return checkAmounts("min_subtotal", "least subtotal", c.MinSubtotal)
}

func (s Selector) check() error {
	for _, n := range [...]int{len(s.SKUs), len(s.Products), len(s.Categories), len(s.Attributes), len(s.ExceptSKUs), len(s.ExceptProducts), len(s.ExceptCategories), len(s.Collections), len(s.ExceptCollections)} {
		if n > maxSelected {
			return fault.Wrong("skus", "%d entries select lines: the limit is %d", n, maxSelected)
		}
	}
	return nil
}

func (s Selector) isZero() bool {
	return len(s.SKUs)+len(s.Products)+len(s.Categories)+len(s.Attributes)+len(s.ExceptSKUs)+len(s.ExceptProducts)+len(s.ExceptCategories)+len(s.Collections)+len(s.ExceptCollections) == 0 && !s.ExceptOnSale
}

func (e Effect) check() error {
	err := cmp.Or(fault.InField("items", e.Items.check()), checkShare(e.Rate),
		checkAmounts("amounts", "amount", e.Amounts), checkAmounts("at_most", "greatest discount", e.AtMost))
	if err != nil {
		return err
	}
	ok := true
	switch e.Kind {
	case PercentOff, FreeShipping:
		ok = e.Rate.Num() > 0
	case AmountOff, FixedPrice:
		ok = len(e.Amounts) > 0
	case BuyGet:
		ok = e.Buy > 0 && e.Get > 0 && e.Buy <= maxUnits && e.Get <= maxUnits && e.Times >= 0 && e.Times <= maxUnits && e.Rate.Num() > 0
	case Gift:
		ok = e.Get > 0 && e.Get <= maxUnits && len(e.Items.SKUs) > 0
	case Tiered:
		ok = len(e.Tiers) > 0 && len(e.Tiers) <= MaxTiers
	default:
		return fault.Wrong("kind", "there is no effect %.40q", e.Kind)
	}
	if !ok {
		return fault.Wrong("kind", "an effect %q lacks what it works by, or has too much of it", e.Kind)
	}
	for i, t := range e.Tiers {
		if err := t.check(); err != nil {
			return fault.InField(fault.Item("tiers", i), err)
		}
	}
	return nil
}

func (t Tier) check() error {
	if t.MinQuantity < 0 {
		return fault.Wrong("min_quantity", "a tier from %d units on", t.MinQuantity)
	}
	if (t.Rate.Num() > 0) == (len(t.Amounts) > 0) {
		return fault.Wrong("rate", "a tier has either a rate or amounts")
	}
	if err := checkShare(t.Rate); err != nil {
		return err
	}
	if err := checkAmounts("min_subtotal", "least subtotal", t.MinSubtotal); err != nil {
		return err
	}
	return checkAmounts("amounts", "amount", t.Amounts)
}

func checkShare(r money.Rate) error {
	if r.Num() < 0 || r.Num() > r.Den() {
		return fault.Wrong("rate", "%v off: it must be 0 %% to 100 %%", r)
	}
	return nil
}

func checkAmounts(field, what string, amounts []money.Amount) error {
	if len(amounts) > MaxCurrencies {
		return fault.Wrong(field, "%d amounts: the limit is %d", len(amounts), MaxCurrencies)
	}
	for i, a := range amounts {
		if err := a.Check(); err != nil {
			return fault.InField(fault.Item(field, i), err)
		}
		if a.IsNegative() {
			return fault.Wrong(fault.Item(field, i), "a %s of %v is below zero", what, a)
		}
		for _, b := range amounts[:i] {
			if a.Currency() == b.Currency() {
				return fault.Wrong(fault.Item(field, i), "a %s has two amounts in %s", what, a.Currency())
			}
		}
	}
	return nil
}

// in returns the amount in a currency, in minor units.
func in(amounts []money.Amount, c money.Currency) (int64, bool) {
	for _, a := range amounts {
		if a.Currency() == c {
			return a.Minor(), true
		}
	}
	return 0, false
}
