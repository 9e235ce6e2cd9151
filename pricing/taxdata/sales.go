package taxdata

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// salesTax is one tax in the format of github.com/valeriansaliou/node-sales-tax
// (sales_tax_rates.json).
type salesTax struct {
	Type   string              `json:"type"` // "none", "vat", "gst", "qst"
	Rate   json.Number         `json:"rate"` // a share, as in 0.09975
	Before map[string]salesTax `json:"before"`
	States map[string]salesTax `json:"states"`
}

// ReadSalesTax reads the taxes of countries and of their states or provinces
// in the format of github.com/valeriansaliou/node-sales-tax: each is a zone, and
// the zone of a state lists the country's tax and its own.
func ReadSalesTax(r io.Reader) ([]pricing.TaxZone, error) {
	var table map[string]salesTax
	if err := decode(r, "a table of sales taxes", &table); err != nil {
		return nil, err
	}
	var zones []pricing.TaxZone
	for _, country := range slices.Sorted(maps.Keys(table)) {
		national, err := table[country].rates(1)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "reading the tax of %s", country)
		}
		id := "tax-" + strings.ToLower(country)
		zones = append(zones, pricing.TaxZone{ID: id, Name: country, Areas: []pricing.Area{{Country: country}}, Rates: national})
		states := table[country].States
		for _, state := range slices.Sorted(maps.Keys(states)) {
			rates, err := states[state].within(table[country])
			if err != nil {
				return nil, fault.Wrap(fault.Invalid, err, "reading the tax of %s in %s", state, country)
			}
			zones = append(zones, pricing.TaxZone{
				ID: id + "-" + slug(state), Name: country + " " + state,
				Areas: []pricing.Area{{Country: country, Region: state}}, Rates: rates,
			})
		}
	}
	return sorted(zones)
}

// within returns what is due in a state: the tax of its country and its own. A
// negative one lowers that of the country.
func (t salesTax) within(country salesTax) ([]pricing.TaxRate, error) {
	if !strings.HasPrefix(t.Rate.String(), "-") {
		national, err := country.rates(1)
		if err != nil {
			return nil, err
		}
		local, err := t.rates(2)
		return slices.Concat(national, local), err
	}
	all, err := money.ParseRate(cmp.Or(country.Rate.String(), "0"))
	if err != nil {
		return nil, err
	}
	less, err := money.ParseRate(t.Rate.String())
	if err != nil {
		return nil, err
	}
	left, err := all.Add(less)
	return []pricing.TaxRate{{Name: strings.ToUpper(t.Type), Rate: left, Priority: 1}}, err
}

// rates returns the tax with its history.
func (t salesTax) rates(priority int) ([]pricing.TaxRate, error) {
	type dated struct {
		until pricing.Moment
		tax   salesTax
	}
	var history []dated
	for day, old := range t.Before {
		at, err := time.Parse(time.RFC3339, day)
		if err != nil {
			return nil, err
		}
		history = append(history, dated{pricing.At(at), old})
	}
	slices.SortFunc(history, func(a, b dated) int { return cmp.Compare(a.until, b.until) })
	var out []pricing.TaxRate
	from := pricing.Moment(0)
	for _, h := range append(history, dated{0, t}) {
		rate, err := money.ParseRate(cmp.Or(h.tax.Rate.String(), "0"))
		if err != nil {
			return nil, err
		}
		if rate.Num() != 0 {
			out = append(out, pricing.TaxRate{
				Name: strings.ToUpper(h.tax.Type), Rate: rate, Period: pricing.Period{From: from, Until: h.until}, Priority: priority,
			})
		}
		from = h.until
	}
	return out, nil
}
