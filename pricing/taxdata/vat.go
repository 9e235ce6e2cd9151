package taxdata

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/keelshop/commerce/pricing"
)

// vatTable is the format of github.com/ibericode/vat-rates, version 4.
type vatTable struct {
	Items map[string][]vatPeriod `json:"items"`
}

type vatPeriod struct {
	From       string                 `json:"effective_from"`
	Rates      map[string]json.Number `json:"rates"`
	Exceptions []vatException         `json:"exceptions"`

	period pricing.Period
}

type vatException struct {
	Name     string      `json:"name"`
	Postcode string      `json:"postcode"`
	Standard json.Number `json:"standard"`
}

// ReadVAT reads the value-added taxes of European countries in the format of
// github.com/ibericode/vat-rates (vat-rates.json): each country is a zone, and
// so is each part of it whose postcodes are an exception. Rates but the
// standard one are for categories of their names, as in "reduced"; in the
// exceptions, of which the table knows the standard rate only, goods of all
// categories are taxed at that.
func ReadVAT(r io.Reader) ([]pricing.TaxZone, error) {
	var table vatTable
	if err := decode(r, "a table of VAT rates", &table); err != nil {
		return nil, err
	}
	var zones []pricing.TaxZone
	for _, country := range slices.Sorted(maps.Keys(table.Items)) {
		periods := table.Items[country]
		if err := datePeriods(periods); err != nil {
			return nil, err
		}
		found, err := vatZones(country, periods)
		if err != nil {
			return nil, err
		}
		zones = append(zones, found...)
	}
	return sorted(zones)
}

// datePeriods sorts periods by their beginning: each ends where the next one
// begins.
func datePeriods(periods []vatPeriod) (err error) {
	for i := range periods {
		if periods[i].period.From, err = date(periods[i].From); err != nil {
			return err
		}
	}
	slices.SortFunc(periods, func(a, b vatPeriod) int { return cmp.Compare(a.period.From, b.period.From) })
	for i := range periods[:max(len(periods)-1, 0)] {
		periods[i].period.Until = periods[i+1].period.From
	}
	return nil
}

func vatZones(country string, periods []vatPeriod) ([]pricing.TaxZone, error) {
	whole := pricing.TaxZone{ID: "vat-" + strings.ToLower(country), Name: country, Areas: []pricing.Area{{Country: country}}}
	parts := map[string]*pricing.TaxZone{}
	for _, p := range periods {
		rates, err := p.rates()
		if err != nil {
			return nil, err
		}
		whole.Rates = append(whole.Rates, rates...)
		for _, e := range p.Exceptions {
			if parts[e.Name] != nil {
				continue
			}
			where, err := areas(country, e.Postcode)
			if err != nil {
				return nil, err
			}
			parts[e.Name] = &pricing.TaxZone{ID: whole.ID + "-" + slug(e.Name), Name: e.Name, Areas: where}
		}
	}
	zones := []pricing.TaxZone{whole}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		part := parts[name]
		for _, p := range periods {
			rates, err := p.ratesIn(name)
			if err != nil {
				return nil, err
			}
			part.Rates = append(part.Rates, rates...)
		}
		zones = append(zones, *part)
	}
	return zones, nil
}

// rates returns what is due in a country in a period.
func (p vatPeriod) rates() (out []pricing.TaxRate, err error) {
	for _, category := range slices.Sorted(maps.Keys(p.Rates)) {
		r := pricing.TaxRate{Name: "VAT", Category: category, Period: p.period}
		if category == "standard" {
			r.Category = ""
		}
		if r.Rate, err = percent(p.Rates[category]); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// ratesIn returns what is due in a part of a country: its own rate, or that of
// the country while it was no exception.
func (p vatPeriod) ratesIn(name string) ([]pricing.TaxRate, error) {
	for _, e := range p.Exceptions {
		if e.Name == name {
			rate, err := percent(e.Standard)
			return []pricing.TaxRate{{Name: "VAT", Rate: rate, Period: p.period}}, err
		}
	}
	return p.rates()
}
