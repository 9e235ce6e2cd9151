package storefront

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/search"
)

// listView is a list of products with what narrows it down.
type listView struct {
	Cards   []card
	Total   int64
	Facets  []facetView
	Chosen  []chosenView // filters that are on
	Sort    string
	Sorts   []sortView
	Path    string // of the page
	Text    string // what was searched for
	Clear   string // address without filters
	Next    string // address of the next page, "" on the last
	Counted bool   // Total is known
}

// facetView is one thing that products differ in.
type facetView struct {
	Title, Param string
	One          bool // only one value can be chosen
	Values       []facetValueView
}

type facetValueView struct {
	Value, Title string
	Count        int64
	On           bool
}

// chosenView is a filter that is on, and the address without it.
type chosenView struct{ Title, URL string }

type sortView struct{ Value, Title string }

// The parameters of a list's address. Those of attributes begin with paramField.
const (
	paramField = "f."
	paramPrice = "price"
	paramSort  = "sort"
	paramAfter = "after"
	paramText  = "q"
)

const (
	listCards    = 24
	mostFacets   = 5
	mostChosen   = 20 // values of filters in one address
	facetSamples = 60 // products that tell which facets there are
)

// finder returns what finds products in the shopper's language, or nil.
func (v *visit) finder() *search.Finder {
	if f, ok := v.site.Finders[v.locale.Code]; ok {
		return f
	}
	return v.site.Finders[v.site.locales[0].Code]
}

// list finds the products of a category or for a text, as the address says.
func (v *visit) list(path string, category catalog.CategoryID) (listView, search.Result, error) {
	q := v.r.URL.Query()
	view := listView{Path: path, Text: clip(q.Get(paramText)), Sort: q.Get(paramSort), Counted: true}
	query := search.Query{Text: view.Text, Category: string(category), Currency: v.currency, Limit: facetSamples}
	all, err := v.finder().Find(v.ctx(), query)
	if err != nil {
		return view, all, err
	}
	names := facetNames(v.products(all.Hits))
	query.Limit, query.After, query.Sort = listCards, q.Get(paramAfter), search.Sort(view.Sort)
	if query.Filters, err = v.filters(q); err != nil {
		return view, all, err
	}
	query.Facets = []search.Facet{{Field: search.FieldPrice}}
	for _, name := range names {
		query.Facets = append(query.Facets, search.Facet{Field: search.AttributeField(name), Limit: 12})
	}
	found, err := v.finder().Find(v.ctx(), query)
	if err != nil {
		return view, found, err
	}
	for _, p := range v.products(found.Hits) {
		if c, ok := v.cardLike(p, q); ok {
			view.Cards = append(view.Cards, c)
		}
	}
	view.Total = int64(found.Total)
	view.Facets = v.facets(found.Facets, q)
	view.Sorts = v.sorts()
	v.addresses(&view, q, found.Next)
	return view, found, nil
}

// cardLike is cardOf with the picture and the address of a variant that has
// what was filtered for.
func (v *visit) cardLike(p catalog.Product, q url.Values) (card, bool) {
	c, ok := v.cardOf(p)
	filtered := false
	for _, variant := range p.Variants {
		matches := true
		for _, o := range variant.Options {
			if want := q[paramField+o.Name]; len(want) > 0 {
				filtered = true
				matches = matches && slices.Contains(want, o.Value)
			}
		}
		if !filtered {
			return c, ok
		}
		if matches {
			c.URL += query(url.Values{"sku": {string(variant.SKU)}})
			if own := v.ownPicture(p, variant, c.Title); own != nil {
				c.Pictures = append([]picture{*own}, c.Pictures[min(1, len(c.Pictures)):]...)
			}
			break
		}
	}
	return c, ok
}

// products returns what was found in the shopper's language.
func (v *visit) products(hits []search.Hit) []catalog.Product {
	list := make([]catalog.Product, len(hits))
	for i, h := range hits {
		list[i] = h.Product.In(v.locale.Code)
	}
	return list
}

// facetNames returns the options and attributes that the most products have,
// in that order; of equals, in their own.
func facetNames(products []catalog.Product) []string {
	count := map[string]int{}
	var names []string
	see := func(name string) {
		if count[name]++; count[name] == 1 {
			names = append(names, name)
		}
	}
	for _, p := range products {
		for _, a := range p.Attributes {
			if a.Kind == catalog.EnumAttribute {
				see(a.Name)
			}
		}
		if len(p.Variants) > 0 {
			for _, o := range p.Variants[0].Options {
				see(o.Name)
			}
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return count[b] - count[a] })
	return names[:min(len(names), mostFacets)]
}

// filters reads the filters from an address.
func (v *visit) filters(q url.Values) ([]search.Filter, error) {
	var filters []search.Filter
	for _, param := range sortedKeys(q) {
		name, ok := strings.CutPrefix(param, paramField)
		if !ok || name == "" {
			continue
		}
		if len(q[param]) > mostChosen {
			return nil, fault.New(fault.Invalid, "there are too many values of %s", name)
		}
		filters = append(filters, search.Filter{Field: search.AttributeField(name), Values: q[param]})
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

func sortedKeys(q url.Values) []string {
	keys := make([]string, 0, len(q))
	for k := range q {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
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
		if name, ok := strings.CutPrefix(f.Field, search.AttributeField("")); ok {
			view = facetView{Param: paramField + name, Title: name}
		}
		on := slices.DeleteFunc(slices.Clone(q[view.Param]), func(value string) bool { return value == "" })
		for _, value := range f.Values {
			one := facetValueView{Value: value.Value, Title: value.Value, Count: int64(value.Count)}
			if view.One {
				one.Value, one.Title = v.priceRange(value.Price)
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
	}
	return views
}

// lost is a value that is filtered by and that no product has.
func (v *visit) lost(f facetView, value string) facetValueView {
	one := facetValueView{Value: value, Title: value, On: true}
	if r, err := parseRange(value); f.One && err == nil {
		one.Value, one.Title = v.priceRange(r)
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

func (v *visit) sorts() []sortView {
	return []sortView{
		{"", v.locale.text("Best first")}, {string(search.ByNewest), v.locale.text("Newest first")},
		{string(search.ByPriceUp), v.locale.text("Cheapest first")}, {string(search.ByPriceDown), v.locale.text("Dearest first")},
	}
}

// addresses fills in the links of a list: without one of its filters, without
// all, and to the next page.
func (v *visit) addresses(view *listView, q url.Values, next string) {
	keep := url.Values{}
	for _, param := range []string{paramText, paramSort} {
		if q.Get(param) != "" {
			keep.Set(param, q.Get(param))
		}
	}
	all := url.Values{}
	for k, values := range keep {
		all[k] = values
	}
	for _, f := range view.Facets {
		for _, value := range f.Values {
			if value.On {
				all.Add(f.Param, value.Value)
			}
		}
	}
	for _, f := range view.Facets {
		for _, value := range f.Values {
			if value.On {
				without := url.Values{}
				for k, values := range all {
					without[k] = slices.DeleteFunc(slices.Clone(values), func(have string) bool { return k == f.Param && have == value.Value })
				}
				view.Chosen = append(view.Chosen, chosenView{f.Title + ": " + value.Title, view.Path + query(without)})
			}
		}
	}
	view.Clear = view.Path + query(keep)
	if next != "" {
		all.Set(paramAfter, next)
		view.Next = view.Path + query(all)
	}
}

func query(q url.Values) string {
	if text := q.Encode(); text != "" {
		return "?" + text
	}
	return ""
}

// mostText bounds what is searched for, in bytes.
const mostText = 200

func clip(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > mostText {
		text = strings.ToValidUTF8(text[:mostText], "")
	}
	return text
}
