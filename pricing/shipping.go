package pricing

import (
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// ShippingZone is where goods are sent in certain ways. An address is in one
// zone, which is found as with tax zones.
type ShippingZone struct {
	ID      string           `cbor:"1,keyasint" json:"id,omitempty"`
	Name    string           `cbor:"2,keyasint,omitempty" json:"name,omitempty"`
	Areas   []Area           `cbor:"3,keyasint" json:"areas"`
	Methods []ShippingMethod `cbor:"4,keyasint,omitempty" json:"methods,omitempty"` // in the order in which they are offered
}

// ShippingMethod is one way for goods to reach the shopper. Methods of several
// zones may have the same ID: a cart that moves to another zone keeps its
// method if there is one of that name.
type ShippingMethod struct {
	ID     string `cbor:"1,keyasint" json:"id,omitempty"`
	Name   string `cbor:"2,keyasint" json:"name"` // as shoppers see it
	Pickup bool   `cbor:"3,keyasint,omitempty" json:"pickup,omitempty"`
	// MinDays and MaxDays are how long it takes from the order on; both 0 if
	// that is not known.
	MinDays int `cbor:"4,keyasint,omitempty" json:"min_days,omitempty"`
	MaxDays int `cbor:"5,keyasint,omitempty" json:"max_days,omitempty"`
	// MaxWeightGrams is the heaviest parcel; 0 is no limit.
	MaxWeightGrams int64 `cbor:"6,keyasint,omitempty" json:"max_weight_grams,omitempty"`
	// MaxLengthMM is the longest side that any unit may have, and MaxGirthMM the
	// most that its longest side and its girth, twice both others, may come to;
	// 0 is no limit.
	MaxLengthMM int64 `cbor:"10,keyasint,omitempty" json:"max_length_mm,omitempty"`
	MaxGirthMM  int64 `cbor:"11,keyasint,omitempty" json:"max_girth_mm,omitempty"`
	// VolumeDivisor has bulky goods weigh as much as their volume says: so many
	// cubic centimetres are a kilogram, as 5000 with most carriers; 0 is by the
	// scales alone.
	VolumeDivisor int64 `cbor:"12,keyasint,omitempty" json:"volume_divisor,omitempty"`
	// WorkingDays says that MinDays and MaxDays count from Monday to Friday.
	WorkingDays bool `cbor:"13,keyasint,omitempty" json:"working_days,omitempty"`
	// CutOffHour is the hour of the day in UTC from which an order counts as one
	// of the next day; 0 is midnight.
	CutOffHour int `cbor:"14,keyasint,omitempty" json:"cut_off_hour,omitempty"`
	// TaxCategory is the one that shipping is taxed by; "" is the standard one.
	TaxCategory string         `cbor:"7,keyasint,omitempty" json:"tax_category,omitempty"`
	Rates       []ShippingRate `cbor:"8,keyasint,omitempty" json:"rates,omitempty"` // one for each currency
	// Carrier names it to the store's RateProvider, which says what it costs in
	// place of Rates. "" is by Rates.
	Carrier string `cbor:"9,keyasint,omitempty" json:"carrier,omitempty"`
}

// ShippingRate is what a method costs in one currency.
type ShippingRate struct {
	Currency money.Currency `cbor:"1,keyasint" json:"currency"`
	Basis    Basis          `cbor:"2,keyasint,omitempty" json:"basis,omitempty"`
	// Tiers are sorted by From. The last one that is reached counts; a cart
	// that does not reach the first is not sent.
	Tiers []ShippingTier `cbor:"3,keyasint" json:"tiers"`
	// FreeFrom is the value of goods, after discounts, from which shipping
	// costs nothing, in minor units; 0 is never.
	FreeFrom int64 `cbor:"4,keyasint,omitempty" json:"free_from,omitempty"`
}

// ShippingTier is a step of a ShippingRate.
type ShippingTier struct {
	From    int64 `cbor:"1,keyasint,omitempty" json:"from,omitempty"`     // grams, minor units or units, as the Basis says
	Price   int64 `cbor:"2,keyasint,omitempty" json:"price,omitempty"`    // minor units
	PerUnit int64 `cbor:"3,keyasint,omitempty" json:"per_unit,omitempty"` // minor units more for each unit of goods
}

// Basis is what the tiers of a shipping rate go by.
type Basis string

// The bases of shipping rates.
const (
	ByNothing  Basis = ""         // one tier
	ByWeight   Basis = "weight"   // grams
	ByValue    Basis = "value"    // of the goods after discounts, minor units
	ByQuantity Basis = "quantity" // units
	ByVolume   Basis = "volume"   // cubic centimetres, rounded up
	ByLength   Basis = "length"   // the longest side of any unit, millimetres
)

// Limits of one shipping zone.
const (
	MaxMethods = 100
	MaxTiers   = 100
)

// Check returns fault.Invalid unless the zone can be used.
func (z ShippingZone) Check() error {
	if err := checkZone("shipping zone", z.ID, z.Name, z.Areas); err != nil {
		return err
	}
	if len(z.Methods) > MaxMethods {
		return fault.Wrong("methods", "shipping zone %q has %d methods: the limit is %d", z.ID, len(z.Methods), MaxMethods)
	}
	seen := map[string]bool{}
	for i, m := range z.Methods {
		if seen[m.ID] {
			return fault.Wrong(fault.Item("methods", i)+".id", "shipping zone %q has two methods %q", z.ID, m.ID)
		}
		seen[m.ID] = true
		if err := m.check(); err != nil {
			return fault.InField(fault.Item("methods", i), fmt.Errorf("method %q of shipping zone %q: %w", m.ID, z.ID, err))
		}
	}
	return nil
}

func (m ShippingMethod) check() error {
	if err := checkID("shipping method", m.ID); err != nil {
		return err
	}
	switch {
	case m.Name == "" || len(m.Name) > maxName:
		return fault.Wrong("name", "a shipping method has a name of at most %d bytes", maxName)
	case len(m.TaxCategory) > maxName:
		return fault.Wrong("tax_category", "a tax category has at most %d bytes", maxName)
	case len(m.Carrier) > maxName:
		return fault.Wrong("carrier", "the name of a carrier has at most %d bytes", maxName)
	case m.MinDays < 0:
		return fault.Wrong("min_days", "%d days: it is not negative", m.MinDays)
	case m.MaxDays < m.MinDays || m.MaxDays > 3650:
		return fault.Wrong("max_days", "%d to %d days: neither is negative, and the first is not above the last", m.MinDays, m.MaxDays)
	case m.MaxLengthMM < 0:
		return fault.Wrong("max_length_mm", "a greatest length of %d mm", m.MaxLengthMM)
	case m.MaxGirthMM < 0:
		return fault.Wrong("max_girth_mm", "a greatest girth of %d mm", m.MaxGirthMM)
	case m.VolumeDivisor < 0:
		return fault.Wrong("volume_divisor", "volumes are divided by %d", m.VolumeDivisor)
	case m.CutOffHour < 0 || m.CutOffHour > 23:
		return fault.Wrong("cut_off_hour", "an hour is 0 to 23, and not %d", m.CutOffHour)
	case m.MaxWeightGrams < 0:
		return fault.Wrong("max_weight_grams", "a greatest weight of %d grams", m.MaxWeightGrams)
	case len(m.Rates) > MaxCurrencies:
		return fault.Wrong("rates", "%d rates: the limit is %d", len(m.Rates), MaxCurrencies)
	}
	seen := map[money.Currency]bool{}
	for i, r := range m.Rates {
		if seen[r.Currency] {
			return fault.Wrong(fault.Item("rates", i)+".currency", "two rates in %s", r.Currency)
		}
		seen[r.Currency] = true
		if err := r.check(); err != nil {
			return fault.InField(fault.Item("rates", i), err)
		}
	}
	return nil
}

func (r ShippingRate) check() error {
	if err := r.Currency.Check(); err != nil {
		return fault.InField("currency", err)
	}
	switch {
	case r.Basis != ByNothing && r.Basis != ByWeight && r.Basis != ByValue && r.Basis != ByQuantity && r.Basis != ByVolume && r.Basis != ByLength:
		return fault.Wrong("basis", "there is no basis %.20q for shipping rates", r.Basis)
	case len(r.Tiers) == 0 || len(r.Tiers) > MaxTiers || r.Basis == ByNothing && (len(r.Tiers) > 1 || r.Tiers[0].From != 0):
		return fault.Wrong("tiers", "a rate has 1 to %d tiers, and one from 0 on without a basis", MaxTiers)
	case r.FreeFrom < 0:
		return fault.Wrong("free_from", "shipping is free from %d on: that is below zero", r.FreeFrom)
	}
	for i, t := range r.Tiers {
		if t.From < 0 || t.Price < 0 || t.PerUnit < 0 || i > 0 && t.From <= r.Tiers[i-1].From {
			return fault.Wrong(fault.Item("tiers", i), "tier %d: nothing is below zero, and each tier begins above the one before", i+1)
		}
	}
	return nil
}

// Offer is a shipping method as it stands for a cart.
type Offer struct {
	Method           string `cbor:"1,keyasint"`
	Name             string `cbor:"2,keyasint"`
	Pickup           bool   `cbor:"3,keyasint,omitempty"`
	MinDays, MaxDays int    `cbor:"-"`
	// First and Last are the days on which it should arrive, as in 2026-03-01;
	// "" if that is not known.
	First, Last string `cbor:"-"`
	// Price is what it costs, before discounts, in minor units. Tax is in it
	// where the store's prices contain it.
	Price int64 `cbor:"4,keyasint,omitempty"`
	// Reason says why it is not offered; "" is offered.
	Reason Reason `cbor:"5,keyasint,omitempty"`

	taxCategory string
	by          shippingBasis
}

// shippingBasis is how a price of shipping came about.
type shippingBasis struct {
	carrier string // that has named it; "" is a rate of the store
	free    bool   // from a value on
	basis   Basis
	measure int64 // of the parcel
	from    int64 // of the tier
	perUnit int64 // of that, for each of units
	units   int64
}

// Reason is why a shipping method is not offered.
type Reason string

// The reasons.
const (
	NotInZone     Reason = "not_in_zone"    // goods are not sent to the address in this way, or no longer
	NoCurrency    Reason = "no_currency"    // it has no rate in the cart's currency
	TooHeavy      Reason = "too_heavy"      // for one parcel
	TooLarge      Reason = "too_large"      // a unit is longer or thicker than the method takes
	SizeUnknown   Reason = "size_unknown"   // its price or its bounds go by sizes that the catalog does not have
	BelowTiers    Reason = "below_tiers"    // the cart does not reach the rate's first tier
	CarrierSilent Reason = "carrier_silent" // the carrier does not take it, or does not answer
	OutOfRange    Reason = "out_of_range"   // its price would not fit into 64 bits
)

// parcel is what the price of shipping goes by.
type parcel struct {
	currency            money.Currency
	grams, units, value int64
	size                size
	at                  Moment
	carriers            map[string]CarrierRate
}

// offer says what a method costs for a parcel.
func (m *ShippingMethod) offer(p parcel) Offer {
	o := Offer{Method: m.ID, Name: m.Name, Pickup: m.Pickup, MinDays: m.MinDays, MaxDays: m.MaxDays, taxCategory: m.TaxCategory}
	o.First, o.Last = m.arrives(p.at, o.MinDays, o.MaxDays)
	p.grams = max(p.grams, p.size.weight(m.VolumeDivisor))
	if o.Reason = m.fits(p); o.Reason != "" {
		return o
	}
	if m.Carrier != "" {
		return m.offerCarrier(o, p)
	}
	for i := range m.Rates {
		if m.Rates[i].Currency == p.currency {
			o.Price, o.Reason, o.by = m.Rates[i].price(p)
			return o
		}
	}
	o.Reason = NoCurrency
	return o
}

// offerCarrier says what the method's carrier charges.
func (m *ShippingMethod) offerCarrier(o Offer, p parcel) Offer {
	rate, ok := p.carriers[m.Carrier]
	if !ok || rate.Price < 0 {
		o.Reason = CarrierSilent
		return o
	}
	o.Price, o.by.carrier = rate.Price, m.Carrier
	if rate.MaxDays > 0 {
		o.MinDays, o.MaxDays = rate.MinDays, rate.MaxDays
		o.First, o.Last = m.arrives(p.at, o.MinDays, o.MaxDays)
	}
	return o
}

func (r *ShippingRate) price(p parcel) (int64, Reason, shippingBasis) {
	by := shippingBasis{basis: r.Basis, units: p.units}
	if r.FreeFrom > 0 && p.value >= r.FreeFrom {
		by.free, by.from, by.measure = true, r.FreeFrom, p.value
		return 0, "", by
	}
	measure := int64(0)
	switch r.Basis {
	case ByWeight:
		measure = p.grams
	case ByValue:
		measure = p.value
	case ByQuantity:
		measure = p.units
	case ByVolume:
		measure = p.size.cubicCentimetres()
	case ByLength:
		measure = p.size.longest
	}
	if (r.Basis == ByVolume || r.Basis == ByLength) && p.size.unknown {
		return 0, SizeUnknown, by
	}
	by.measure = measure
	for i := len(r.Tiers) - 1; i >= 0; i-- {
		t := r.Tiers[i]
		if measure < t.From {
			continue
		}
		more, ok := product(t.PerUnit, p.units)
		if price := t.Price + more; ok && price >= 0 {
			by.from, by.perUnit = t.From, t.PerUnit
			return price, "", by
		}
		return 0, OutOfRange, by
	}
	return 0, BelowTiers, by
}
