package storefront

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/search"
)

// facetView is one thing that products differ in.
type facetView struct {
	Title, Param string
	Unit         string // of an attribute's numbers
	One          bool   // only one value can be chosen
	Values       []facetValueView
}

type facetValueView struct {
	Value, Title string
	Count        int64
	On           bool
}

// chosen returns a value that is on as it stands beside those of other facets.
func (f facetView) chosen(value facetValueView) string {
	text := f.Title + ": " + value.Title
	if f.Unit != "" {
		text += " " + f.Unit
	}
	return text
}

// ownFacets are what every product has, beside its attributes.
var ownFacets = []struct{ field, param, title string }{
	{search.FieldCategory, "category", "Category"}, {search.FieldBrand, "brand", "Brand"}, {search.FieldAvailable, "stock", "Availability"},
}

// ownFacet returns the parameter and the title of a field that every product
// has; "" is an attribute.
func ownFacet(field string) (param, title string) {
	for _, f := range ownFacets {
		if f.field == field {
			return f.param, f.title
		}
	}
	return "", ""
}

// filters reads the filters from an address.
func (v *visit) filters(q url.Values) ([]search.Filter, error) {
	filters, err := attributeFilters(q)
	if err != nil {
		return nil, err
	}
	for _, f := range ownFacets {
		values := slices.DeleteFunc(slices.Clone(q[f.param]), func(value string) bool { return value == "" })
		if len(values) > mostChosen {
			return nil, fault.New(fault.Invalid, "there are too many values of %s", f.param)
		}
		if len(values) > 0 {
			filters = append(filters, search.Filter{Field: f.field, Values: values})
		}
	}
	if text := q.Get(paramPrice); text != "" {
		r, err := parseRange(text)
		if err != nil {
			return nil, err
		}
		filters = append(filters, search.Filter{Field: search.FieldPrice, Prices: []search.PriceRange{r}})
	}
	return filters, nil
}

// attributeFilters reads the filters on attributes, by value and by range. If
// there are both of one attribute, any of them will do.
func attributeFilters(q url.Values) ([]search.Filter, error) {
	var filters []search.Filter
	for _, param := range slices.Sorted(maps.Keys(q)) { // values before ranges
		name, valued := strings.CutPrefix(param, paramField)
		ranged := strings.HasPrefix(param, paramNumber)
		if ranged {
			name = strings.TrimPrefix(param, paramNumber)
		}
		if !valued && !ranged || name == "" {
			continue
		}
		if len(q[param]) > mostChosen {
			return nil, fault.New(fault.Invalid, "there are too many values of %s", name)
		}
		if valued {
			filters = append(filters, search.Filter{Field: search.AttributeField(name), Values: q[param]})
			continue
		}
		ranges, err := numberRanges(q[param])
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(filters, func(f search.Filter) bool { return f.Field == search.AttributeField(name) })
		if i < 0 {
			i, filters = len(filters), append(filters, search.Filter{Field: search.AttributeField(name)})
		}
		filters[i].Numbers = ranges
	}
	return filters, nil
}

func numberRanges(texts []string) (ranges []search.NumberRange, err error) {
	for _, text := range texts {
		r, err := search.ParseNumberRange(text)
		if err != nil {
			return nil, err
		}
		ranges = append(ranges, r)
	}
	return ranges, nil
}

// parseRange reads a range of prices in minor units, as in 1000-2499 or 5000-.
func parseRange(s string) (search.PriceRange, error) {
	from, to, ok := strings.Cut(s, "-")
	low, err := strconv.ParseInt(from, 10, 64)
	high, err2 := int64(0), error(nil)
	if to != "" {
		high, err2 = strconv.ParseInt(to, 10, 64)
	}
	if !ok || err != nil || err2 != nil || low < 0 || high < 0 {
		return search.PriceRange{}, fault.New(fault.Invalid, "%q is not a range of prices: write it like 1000-2499", s)
	}
	return search.PriceRange{Min: low, Max: high}, nil
}

// facets shows what can be chosen. A facet with one value is no choice, unless
// it is on.
func (v *visit) facets(found []search.FacetResult, q url.Values) []facetView {
	var views []facetView
	for _, f := range found {
		view := facetView{Param: paramPrice, Title: v.locale.text("Price"), One: true}
		other := "" // the parameter that an attribute does not have now
		if name, ok := strings.CutPrefix(f.Field, search.AttributeField("")); ok {
			view = facetView{Param: paramField + name, Title: name, Unit: f.Unit}
			if other = paramNumber + name; len(f.Values) > 0 && f.Values[0].Value == "" {
				view.Param, other = other, view.Param
			}
		} else if param, title := ownFacet(f.Field); param != "" {
			view = facetView{Param: param, Title: v.locale.text(title)}
		}
		views = v.addFacet(views, view, f, q)
		if other != "" && len(q[other]) > 0 { // chosen when the facet had values in place of ranges, or ranges
			views = v.addFacet(views, facetView{Param: other, Title: view.Title, Unit: view.Unit}, search.FacetResult{}, q)
		}
	}
	return views
}

// addFacet adds what was found of a facet, and what else is on.
func (v *visit) addFacet(views []facetView, view facetView, f search.FacetResult, q url.Values) []facetView {
	on := slices.DeleteFunc(slices.Clone(q[view.Param]), func(value string) bool { return value == "" })
	for _, value := range f.Values {
		one := facetValueView{Value: value.Value, Title: v.facetTitle(f.Field, value), Count: int64(value.Count)}
		switch {
		case view.One:
			one.Value, one.Title = v.priceRange(value.Price)
		case strings.HasPrefix(view.Param, paramNumber):
			one.Value, one.Title = v.numberRange(value.Number)
		}
		if i := slices.Index(on, one.Value); i >= 0 {
			one.On, on = true, slices.Delete(on, i, i+1)
		}
		if one.Count > 0 || one.On {
			view.Values = append(view.Values, one)
		}
	}
	for _, value := range on { // no choice any more, but it must be possible to take it off
		view.Values = append(view.Values, v.lost(view, value))
	}
	if len(view.Values) > 1 || len(view.Values) == 1 && view.Values[0].On {
		views = append(views, view)
	}
	return views
}

// facetTitle returns a value as people read it.
func (v *visit) facetTitle(field string, value search.FacetValue) string {
	switch {
	case value.Title != "":
		return value.Title
	case field == search.FieldAvailable && value.Value == "yes":
		return v.locale.text("In stock")
	case field == search.FieldAvailable:
		return v.locale.text("Sold out")
	}
	return value.Value
}

// lost is a value that is filtered by and that no product has.
func (v *visit) lost(f facetView, value string) facetValueView {
	one := facetValueView{Value: value, Title: value, On: true}
	if f.Param == "stock" {
		one.Title = v.facetTitle(search.FieldAvailable, search.FacetValue{Value: value})
	}
	if r, err := parseRange(value); f.One && err == nil {
		one.Value, one.Title = v.priceRange(r)
	}
	if r, err := search.ParseNumberRange(value); strings.HasPrefix(f.Param, paramNumber) && err == nil {
		_, one.Title = v.numberRange(r)
	}
	return one
}

// priceRange returns a range as it stands in an address and as people read it.
func (v *visit) priceRange(r search.PriceRange) (value, title string) {
	low, high := v.locale.money(money.New(r.Min, v.currency)), v.locale.money(money.New(r.Max, v.currency))
	switch {
	case r.Max == 0:
		return fmt.Sprintf("%d-", r.Min), v.locale.text("%s and more", low)
	case r.Min == 0:
		return fmt.Sprintf("0-%d", r.Max), v.locale.text("up to %s", high)
	}
	return fmt.Sprintf("%d-%d", r.Min, r.Max), v.locale.text("%s to %s", low, high)
}

// numberRange returns a range as it stands in an address and as people read it.
func (v *visit) numberRange(r search.NumberRange) (value, title string) {
	from, to, _ := strings.Cut(r.String(), "..")
	from, to = v.locale.decimal(from), v.locale.decimal(to)
	switch {
	case r.Min == r.Max:
		return r.String(), from
	case to == "":
		return r.String(), v.locale.text("%s and more", from)
	case from == "":
		return r.String(), v.locale.text("up to %s", to)
	}
	return r.String(), v.locale.text("%s to %s", from, to)
}
