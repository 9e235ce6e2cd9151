package storefront

import (
	"net/url"
	"slices"
	"strings"

	"github.com/keelshop/commerce/catalog"
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

// chosenView is a filter that is on, and the address without it.
type chosenView struct{ Title, URL string }

type sortView struct{ Value, Title string }

// The parameters of a list's address. Those of attributes begin with paramField,
// or with paramNumber for ranges of their numbers.
const (
	paramField  = "f."
	paramNumber = "n."
	paramPrice  = "price"
	paramSort   = "sort"
	paramAfter  = "after"
	paramText   = "q"
	paramSKU    = "sku" // of a product's page: the variant
)

// listParams are what the page of a list depends on. Those that end with a dot
// are the beginning of parameters.
func listParams() []string {
	params := []string{paramField, paramNumber, paramPrice, paramSort, paramAfter, paramText}
	for _, f := range ownFacets {
		params = append(params, f.param)
	}
	return params
}

const (
	listCards  = 24
	mostFacets = 5
	mostChosen = 20 // values of filters in one address
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
	if err := v.readPrices(); err != nil {
		return view, search.Result{}, err
	}
	query := search.Query{Text: view.Text, Category: string(category), Currency: v.currency, Market: v.market, Groups: v.groups, Limit: listCards}
	query.After, query.Sort = q.Get(paramAfter), search.Sort(view.Sort)
	query.Facets, query.Choices = []search.Facet{{Field: search.FieldPrice}, {Field: search.FieldBrand}, {Field: search.FieldAvailable}}, mostFacets
	if category == "" {
		query.Facets = append([]search.Facet{{Field: search.FieldCategory}}, query.Facets...)
	}
	var err error
	if query.Filters, err = v.filters(q); err != nil {
		return view, search.Result{}, err
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

func (v *visit) sorts() []sortView {
	return []sortView{
		{"", v.locale.text("Best first")}, {string(search.ByBestSelling), v.locale.text("Best-selling first")}, {string(search.ByNewest), v.locale.text("Newest first")},
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
				view.Chosen = append(view.Chosen, chosenView{f.chosen(value), view.Path + query(without)})
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
