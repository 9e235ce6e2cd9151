package pricing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// TaxZone is where certain taxes are due. An address is in one zone: the one
// with the area that fits it most closely, where a postcode counts more than a
// region and that more than a country; of equals, the one with the lower ID.
// A zone lists all taxes that are due there, those of the state and those of
// the city.
type TaxZone struct {
	ID    string    `cbor:"1,keyasint" json:"id,omitempty"` // as in "eu-de"
	Name  string    `cbor:"2,keyasint,omitempty" json:"name,omitempty"`
	Areas []Area    `cbor:"3,keyasint" json:"areas"`
	Rates []TaxRate `cbor:"4,keyasint,omitempty" json:"rates,omitempty"`
}

// TaxRate is one tax on goods of one category.
type TaxRate struct {
	Name string `cbor:"1,keyasint" json:"name"` // as it stands on the invoice, as in "VAT"
	// Category is that of the goods it is on; "" is the standard category.
	// Goods of a category without rates in the zone are taxed as standard.
	Category string     `cbor:"2,keyasint,omitempty" json:"category,omitempty"`
	Rate     money.Rate `cbor:"3,keyasint,omitempty" json:"rate,omitempty,omitzero"`
	Period   Period     `cbor:"4,keyasint,omitempty" json:"period,omitempty,omitzero"`
	// Priority orders the taxes of a line, from the lowest on.
	Priority int `cbor:"5,keyasint,omitempty" json:"priority,omitempty"`
	// Compound says that the tax is also on the taxes of lower priority.
	Compound bool `cbor:"6,keyasint,omitempty" json:"compound,omitempty"`
}

// Limits of one zone.
const (
	MaxAreas = 5000
	MaxRates = 500
)

// maxRate bounds a tax to 1000 %, so that products of rates stay in range.
const maxRate = 10

// Check returns fault.Invalid unless the zone can be used.
func (z TaxZone) Check() error {
	if err := checkZone("tax zone", z.ID, z.Name, z.Areas); err != nil {
		return err
	}
	if len(z.Rates) > MaxRates {
		return fault.Wrong("rates", "tax zone %q has %d rates: the limit is %d", z.ID, len(z.Rates), MaxRates)
	}
	for i, r := range z.Rates {
		if err := r.check(); err != nil {
			return fault.InField(fault.Item("rates", i), fmt.Errorf("rate %d of tax zone %q: %w", i+1, z.ID, err))
		}
	}
	return z.checkTogether()
}

// checkTogether refuses taxes that cannot be combined at some moment: carts
// could not be priced then. The taxes of a category change when one of them, or
// of the standard ones, begins or ends.
func (z TaxZone) checkTogether() error {
	seen := map[string]bool{}
	for _, of := range append([]TaxRate{{}}, z.Rates...) {
		if seen[of.Category] {
			continue
		}
		seen[of.Category] = true
		moments := []Moment{0}
		for _, r := range z.Rates {
			if r.Category == of.Category || r.Category == "" {
				moments = append(moments, r.Period.From, r.Period.Until)
			}
		}
		slices.Sort(moments)
		for _, at := range slices.Compact(moments) {
			set, err := z.taxesOf(of.Category, at)
			if err == nil && len(set.rates) > maxTaxes {
				err = fault.New(fault.Invalid, "%d taxes are due on one row: the limit is %d", len(set.rates), maxTaxes)
			}
			if err == nil {
				_, err = set.total.Included()
			}
			if err != nil {
				return fault.InField("rates", fault.Wrap(fault.Invalid, err, "the taxes of category %q in tax zone %q", of.Category, z.ID))
			}
		}
	}
	return nil
}

func checkZone(what, zone, name string, areas []Area) error {
	if err := checkID(what, zone); err != nil {
		return err
	}
	if len(name) > maxName {
		return fault.Wrong("name", "the name of %s %q is longer than %d bytes", what, zone, maxName)
	}
	if len(areas) == 0 || len(areas) > MaxAreas {
		return fault.Wrong("areas", "%s %q has %d areas: it must have 1 to %d", what, zone, len(areas), MaxAreas)
	}
	for i, a := range areas {
		if err := a.check(); err != nil {
			return fault.InField(fault.Item("areas", i), fmt.Errorf("area %d of %s %q: %w", i+1, what, zone, err))
		}
	}
	return nil
}

// checkID wants a name that fits into addresses of pages: letters, digits and
// some marks.
func checkID(what, id string) error {
	ok := id != "" && len(id) <= 64
	for i := range len(id) {
		c := id[i]
		ok = ok && ('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.", c) >= 0)
	}
	if !ok {
		return fault.Wrong("id", "the ID of a %s is 1 to 64 letters, digits, hyphens, underscores and points, not %.80q", what, id)
	}
	return nil
}

func (r TaxRate) check() error {
	switch {
	case r.Name == "" || len(r.Name) > maxName:
		return fault.Wrong("name", "a tax has a name of at most %d bytes", maxName)
	case len(r.Category) > maxName:
		return fault.Wrong("category", "the category of a tax has at most %d bytes", maxName)
	case r.Rate.Num() < 0 || r.Rate.Num()/r.Rate.Den() >= maxRate || r.Rate.Den() > maxDen:
		return fault.Wrong("rate", "a tax of %v: it must be 0 %% to below %d %%, with at most 8 digits", r.Rate, maxRate*100)
	case r.Period.empty():
		return fault.Wrong("period", "the period of tax %q ends before it begins", r.Name)
	}
	return nil
}

// maxDen is the largest denominator of a tax rate.
const maxDen = 100_000_000

// taxSet is the taxes of one category in one zone at one moment, by priority.
type taxSet struct {
	rates []TaxRate
	total money.Rate // what all of them together add to a net price
	parts []int64    // how the tax in a gross price divides, in common units
}

// taxesOf returns the taxes of a category that are due at a moment.
func (z *TaxZone) taxesOf(category string, at Moment) (taxSet, error) {
	var set taxSet
	for _, want := range [...]string{category, ""} {
		for _, r := range z.Rates {
			if r.Category == want && r.Period.Holds(at) {
				set.rates = append(set.rates, r)
			}
		}
		if len(set.rates) > 0 || category == "" {
			break
		}
	}
	slices.SortStableFunc(set.rates, func(a, b TaxRate) int { return a.Priority - b.Priority })
	return set, set.combine()
}

// combine works out what the taxes come to together: a compound tax is on the
// net price and on the taxes of lower priority.
func (s *taxSet) combine() error {
	effective := make([]fraction, len(s.rates))
	total := fraction{0, 1}
	var ok bool
	for i, r := range s.rates {
		own := fraction{r.Rate.Num(), r.Rate.Den()}
		if r.Compound {
			base := fraction{1, 1}
			for j := range i {
				if s.rates[j].Priority < r.Priority {
					if base, ok = base.plus(effective[j]); !ok {
						return s.tooFine()
					}
				}
			}
			if own, ok = own.times(base); !ok {
				return s.tooFine()
			}
		}
		effective[i] = own
		if total, ok = total.plus(own); !ok {
			return s.tooFine()
		}
	}
	s.parts = make([]int64, len(effective))
	for i, f := range effective {
		s.parts[i] = f.num * (total.den / f.den)
	}
	var err error
	s.total, err = money.NewRate(total.num, total.den)
	return err
}

func (s *taxSet) tooFine() error {
	return fault.New(fault.Invalid, "the taxes %q and others cannot be combined exactly: round their rates", s.rates[0].Name)
}
