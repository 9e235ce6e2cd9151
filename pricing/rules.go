package pricing

import (
	"cmp"
	"slices"
)

// Rules is one version of a store's rules, ready to price carts by. It is
// never changed: everybody may use it at the same time.
type Rules struct {
	// Version counts the changes of the rules; 0 is a store that has none.
	Version  int64
	Settings Settings

	taxZones      []TaxZone
	shippingZones []ShippingZone
	promotions    []compiled // in the order in which they are applied
	quantities    []boundedBy
	fees          []chargeable

	taxAtlas, shippingAtlas atlas
	asks                    Asked
	gives                   bool // there are gifts
}

// NewRules makes rules that are in no store, as for tests and what-ifs. It
// returns fault.Invalid for what a store would refuse. IDs that come twice
// are the caller's mistake: the last one counts.
func NewRules(s Settings, taxes []TaxZone, shipping []ShippingZone, promotions ...Promotion) (*Rules, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	for _, z := range taxes {
		if err := z.Check(); err != nil {
			return nil, err
		}
	}
	for _, z := range shipping {
		if err := z.Check(); err != nil {
			return nil, err
		}
	}
	for _, p := range promotions {
		if err := p.Check(); err != nil {
			return nil, err
		}
	}
	r := &Rules{Settings: s, taxZones: slices.Clone(taxes), shippingZones: slices.Clone(shipping)}
	r.addPromotions(promotions)
	r.compile()
	return r, nil
}

// compile sorts the rules and builds what they are found by.
func (r *Rules) compile() {
	r.taxZones = latest(r.taxZones, func(z TaxZone) string { return z.ID })
	r.shippingZones = latest(r.shippingZones, func(z ShippingZone) string { return z.ID })
	r.sortPromotions()
	r.quantities = latest(r.quantities, func(q boundedBy) string { return q.ID })
	r.fees = latest(r.fees, func(f chargeable) string { return f.ID })
	r.ask()
	r.taxAtlas, r.shippingAtlas = newAtlas(), newAtlas()
	for i, z := range r.taxZones {
		r.taxAtlas.add(i, z.Areas)
	}
	for i, z := range r.shippingZones {
		r.shippingAtlas.add(i, z.Areas)
	}
}

// latest sorts by ID and keeps the last of each.
func latest[T any](all []T, id func(T) string) []T {
	slices.SortStableFunc(all, func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	out := all[:0]
	for i, v := range all {
		if i+1 == len(all) || id(all[i+1]) != id(v) {
			out = append(out, v)
		}
	}
	return out
}

// TaxZones returns the tax zones by ID. The slice is the caller's, what the
// zones hold is not.
func (r *Rules) TaxZones() []TaxZone { return slices.Clone(r.taxZones) }

// ShippingZones returns the shipping zones by ID. The slice is the caller's,
// what the zones hold is not.
func (r *Rules) ShippingZones() []ShippingZone { return slices.Clone(r.shippingZones) }

// Ships reports whether there is any shipping zone. A store without one sends
// nothing, and its carts need no shipping method.
func (r *Rules) Ships() bool { return len(r.shippingZones) > 0 }

// NeedsAddress reports whether the rules ask for more of an address in a
// country than the country.
func (r *Rules) NeedsAddress(country string) bool {
	return r.taxAtlas.needsMore(country) || r.shippingAtlas.needsMore(country)
}

func (r *Rules) addPromotions(all []Promotion) {
	for _, p := range all {
		r.promotions = append(r.promotions, compiled{Promotion: &p, counted: newMatcher(p.If.Items), given: newMatcher(p.Effect.Items)})
	}
}

func (r *Rules) addQuantities(all []QuantityRule) {
	for _, q := range all {
		r.quantities = append(r.quantities, boundedBy{q, newMatcher(q.Items)})
	}
}

// WithQuantities returns rules that have quantity rules, too. It returns
// fault.Invalid for what a store would refuse.
func (r *Rules) WithQuantities(all ...QuantityRule) (*Rules, error) {
	for _, q := range all {
		if err := q.Check(); err != nil {
			return nil, err
		}
	}
	out := *r
	// compile sorts in place, and r is shared.
	out.taxZones, out.shippingZones = slices.Clone(r.taxZones), slices.Clone(r.shippingZones)
	out.promotions, out.quantities = slices.Clone(r.promotions), slices.Clone(r.quantities)
	out.addQuantities(all)
	out.compile()
	return &out, nil
}

func (r *Rules) addFees(all []Fee) {
	for _, f := range all {
		r.fees = append(r.fees, chargeable{&f, newMatcher(f.If.Items), newMatcher(f.Items)})
	}
}

// WithFees returns rules that have fees, too. It returns fault.Invalid for what
// a store would refuse.
func (r *Rules) WithFees(all ...Fee) (*Rules, error) {
	for _, f := range all {
		if err := f.Check(); err != nil {
			return nil, err
		}
	}
	out := *r
	// compile sorts in place, and r is shared.
	out.taxZones, out.shippingZones = slices.Clone(r.taxZones), slices.Clone(r.shippingZones)
	out.promotions, out.quantities, out.fees = slices.Clone(r.promotions), slices.Clone(r.quantities), slices.Clone(r.fees)
	out.addFees(all)
	out.compile()
	return &out, nil
}

// Fees returns the fees by ID. What they hold is shared: nobody may change it.
func (r *Rules) Fees() []Fee {
	out := make([]Fee, len(r.fees))
	for i, f := range r.fees {
		out[i] = *f.Fee
	}
	return out
}

// QuantityRules returns the quantity rules by ID. What they hold is shared:
// nobody may change it.
func (r *Rules) QuantityRules() []QuantityRule {
	out := make([]QuantityRule, len(r.quantities))
	for i, q := range r.quantities {
		out[i] = q.QuantityRule
	}
	return out
}

// sortPromotions puts them into the order in which they are applied.
func (r *Rules) sortPromotions() {
	r.promotions = latest(r.promotions, func(c compiled) string { return c.ID })
	slices.SortStableFunc(r.promotions, func(a, b compiled) int { return cmp.Compare(b.Priority, a.Priority) })
}

// Promotions returns the promotions in the order in which they are applied.
// What they hold is shared: nobody may change it.
func (r *Rules) Promotions() []Promotion {
	out := make([]Promotion, len(r.promotions))
	for i, c := range r.promotions {
		out[i] = *c.Promotion
	}
	return out
}

// Promotion returns a promotion by its ID.
func (r *Rules) Promotion(id string) (Promotion, bool) {
	for _, c := range r.promotions {
		if c.ID == id {
			return *c.Promotion, true
		}
	}
	return Promotion{}, false
}

// Asked is what the promotions of a store ask for beyond the cart itself.
type Asked struct {
	Codes, Groups, FirstOrder, PerCustomer bool

	categories, attributes, collections bool
}

// ForAdded returns the rules for what is added to an order that was placed: those
// without promotions and fees, by which the goods are priced, and the same with
// the fees that are charged on lines, nil if there are none. What is charged once
// for an order was charged when it was placed.
func (r *Rules) ForAdded() (goods, fees *Rules) {
	plain := *r
	plain.promotions, plain.fees = nil, nil
	charged := plain
	for _, f := range r.fees {
		if f.PerLine {
			charged.fees = append(charged.fees, f)
		}
	}
	if len(charged.fees) == 0 {
		return &plain, nil
	}
	return &plain, &charged
}

// AsksFor says what has to be known to price a cart. What nobody asks for
// need not be read.
func (r *Rules) AsksFor() Asked { return r.asks }

// AskProducts reports whether the rules ask for more of a line than its variant
// says: for what its product is, or in which categories or collections it is.
func (r *Rules) AskProducts() bool {
	return r.asks.categories || r.asks.attributes || r.asks.collections
}

func (a *Asked) items(s *Selector) {
	a.categories = a.categories || len(s.Categories)+len(s.ExceptCategories) > 0
	a.attributes = a.attributes || len(s.Attributes) > 0
	a.collections = a.collections || len(s.Collections)+len(s.ExceptCollections) > 0
}

func (r *Rules) ask() {
	for i := range r.quantities {
		r.asks.items(&r.quantities[i].Items)
		r.asks.PerCustomer = r.asks.PerCustomer || r.quantities[i].PerCustomer > 0
	}
	for _, f := range r.fees {
		r.asks.items(&f.If.Items)
		r.asks.items(&f.Items)
		r.asks.Groups = r.asks.Groups || len(f.If.Groups) > 0
		r.asks.FirstOrder = r.asks.FirstOrder || f.If.FirstOrder
	}
	for _, c := range r.promotions {
		r.gives = r.gives || c.Effect.Kind == Gift
		r.asks.items(&c.If.Items)
		r.asks.items(&c.Effect.Items)
		r.asks.Codes = r.asks.Codes || c.NeedsCode
		r.asks.Groups = r.asks.Groups || len(c.If.Groups) > 0
		r.asks.FirstOrder = r.asks.FirstOrder || c.If.FirstOrder
		r.asks.PerCustomer = r.asks.PerCustomer || c.Limits.PerCustomer > 0
	}
}

// carriers returns those of the shipping methods for an address.
func (r *Rules) carriers(to Address) (out []string) {
	if to.Country == "" {
		to = r.Settings.Home
	}
	zone := r.shippingAtlas.find(to)
	if zone < 0 {
		return nil
	}
	for _, m := range r.shippingZones[zone].Methods {
		if m.Carrier != "" && !slices.Contains(out, m.Carrier) {
			out = append(out, m.Carrier)
		}
	}
	return out
}
