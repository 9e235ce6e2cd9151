package httpapi

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/search"
)

// searchCache is short: availability is shown with what is found.
const searchCache = "public, max-age=10, stale-while-revalidate=60"

// Found is one page of what was found.
type Found struct {
	Items     []Hit   `json:"items" nullable:"false" doc:"Best first."`
	Total     int     `json:"total" doc:"How many products match."`
	Facets    []Facet `json:"facets" nullable:"false" doc:"In the order in which they were asked for."`
	Next      string  `json:"next,omitempty" doc:"Pass this as after to read on."`
	Corrected string  `json:"corrected,omitempty" doc:"What was searched for if what was typed found nothing."`
	Partial   bool    `json:"partial" doc:"No product has all of the words: these have some of them."`
	Redirect  string  `json:"redirect,omitempty" doc:"Where the merchant wants shoppers to go who type this."`
}

// Hit is one product that was found.
type Hit struct {
	Product   Product      `json:"product"`
	Price     *Money       `json:"price,omitempty" doc:"Of the cheapest variant."`
	Highest   *Money       `json:"highest,omitempty" doc:"Of the dearest variant."`
	Available bool         `json:"available"`
	Title     []MarkedPart `json:"title" nullable:"false"`
	Snippet   []MarkedPart `json:"snippet" nullable:"false"`
}

// MarkedPart is a piece of a text in which words were found.
type MarkedPart struct {
	Text  string `json:"text"`
	Match bool   `json:"match"`
}

// Facet is what one facet counted.
type Facet struct {
	Field  string       `json:"field"`
	Unit   string       `json:"unit,omitempty"`
	Values []FacetValue `json:"values" nullable:"false"`
	Other  int          `json:"other" doc:"How many further values there are."`
}

// FacetValue is one value and the number of products that have it.
type FacetValue struct {
	Value string   `json:"value,omitempty" doc:"For a category its ID."`
	Title string   `json:"title,omitempty"`
	Min   int64    `json:"price_min,omitempty" doc:"Of a range of prices, in minor units."`
	Max   int64    `json:"price_max,omitempty"`
	Least *float64 `json:"number_min,omitempty" doc:"Of a range of an attribute's numbers, in the unit of the facet: the smallest in it."`
	Most  *float64 `json:"number_max,omitempty" doc:"The largest in it."`
	Count int      `json:"count"`
}

// Suggested is what a shopper may mean.
type Suggested struct {
	Queries    []string           `json:"queries" nullable:"false"`
	Products   []SuggestedProduct `json:"products" nullable:"false"`
	Categories []SuggestedPlace   `json:"categories" nullable:"false"`
}

// SuggestedProduct is a product that a shopper may mean.
type SuggestedProduct struct {
	ID     string       `json:"id"`
	Handle string       `json:"handle"`
	Title  []MarkedPart `json:"title" nullable:"false"`
	Price  *Money       `json:"price,omitempty"`
}

// SuggestedPlace is a category that a shopper may mean.
type SuggestedPlace struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

func (a *api) addSearch() {
	if a.options.Finder == nil {
		return
	}
	add(a, route{forAnyone, "GET", "/search", "search", "Catalog", "Find products", 0, false}, a.search)
	add(a, route{forAnyone, "GET", "/suggestions", "suggest", "Catalog", "Complete what a shopper types", 0, false}, a.suggest)
}

type searchInput struct {
	Page
	Query    string   `query:"q" maxLength:"200" doc:"What the shopper typed."`
	Category string   `query:"category" maxLength:"200" doc:"The ID or handle of a category."`
	Filters  []string `query:"filter,explode" maxItems:"20" doc:"A field and a value, as in brand:Bosch or attribute:Colour:Red, or a range of an attribute's numbers, as in number:Display:13..15.6, number:Display:17.. or number:Display:..12. Several of one field: any of them." nullable:"false"`
	Facets   []string `query:"facets" maxItems:"20" doc:"Fields to count, with commas between them, as in brand,price,attribute:Colour." nullable:"false"`
	Sort     string   `query:"sort" enum:"price,-price,newest,best-selling" doc:"By relevance if it is missing."`
	Currency string   `query:"currency" pattern:"^[A-Z]{3}$" doc:"Of prices that are shown, filtered and sorted by."`
	Market   string   `query:"market" pattern:"^[A-Z]{2}$" doc:"The country whose price lists count."`
	Channel  string   `query:"channel" maxLength:"100" doc:"Through which it is bought, one that the shop opens to everybody; missing is the shop's own. Staff may name any."`
	Min      int64    `query:"price_min" minimum:"0" doc:"In minor units of currency."`
	Max      int64    `query:"price_max" minimum:"0"`
}

// asks is who looks for goods, as price lists know them.
type asks struct {
	groups []string
	cache  string // how long, and for whom, the answer may be kept
}

// shared is an answer that depends on who asks in some shops.
type shared[T any] struct {
	CacheControl string `header:"Cache-Control"`
	SurrogateKey string `header:"Surrogate-Key" doc:"What a cache in front may purge this by."`
	Link         string `header:"Link" doc:"The next page."`
	Vary         string `header:"Vary"`
	Body         T
}

// varies are the headers by which somebody may say who they are.
const varies = "Authorization, Cookie"

// asking returns who asks through a channel. The groups of a customer count only
// where a price list is for some of them; what others see may be kept by any
// cache, unless the channel is for staff.
func (a *api) asking(ctx context.Context, channel string) (asks, error) {
	out := asks{cache: searchCache}
	if err := a.mayBuyThrough(callerOf(ctx), channel, "query.channel"); err != nil {
		return out, err
	}
	if a.mayBuyThrough(Caller{}, channel, "") != nil {
		out.cache = privateCache
	}
	customer := callerOf(ctx).Customer
	if customer == "" {
		return out, nil
	}
	lists, err := a.shop.Catalog.PriceLists(ctx)
	if err != nil || !lists.AskForGroups() {
		return out, err
	}
	c, err := a.shop.Accounts.Get(ctx, customer)
	if fault.CodeOf(err) == fault.NotFound {
		return out, nil
	}
	out.groups, out.cache = c.Groups, privateCache
	return out, err
}

// privateCache keeps an answer out of every cache.
const privateCache = "private, no-store"

func (a *api) search(ctx context.Context, in *searchInput) (*shared[Found], error) {
	who, err := a.asking(ctx, in.Channel)
	if err != nil {
		return nil, err
	}
	currency, err := currencyOf(in.Currency)
	if err != nil {
		return nil, err
	}
	q := search.Query{
		Text: in.Query, Sort: search.Sort(in.Sort), Limit: in.Limit, After: in.After, Currency: currency,
		Market: in.Market, Channel: in.Channel, Groups: who.groups,
	}
	if in.Category != "" {
		c, err := a.findCategory(ctx, in.Category)
		if err != nil {
			return nil, err
		}
		q.Category = string(c.ID)
	}
	if q.Filters, err = filtersOf(in); err != nil {
		return nil, err
	}
	for _, field := range in.Facets {
		q.Facets = append(q.Facets, search.Facet{Field: field})
	}
	r, err := a.options.Finder.Find(ctx, q)
	if err != nil {
		return nil, err
	}
	return &shared[Found]{CacheControl: who.cache, SurrogateKey: "catalog", Vary: varies, Link: a.linkNext(ctx, "/search", in.query(), in.Limit, r.Next), Body: a.showFound(r)}, nil
}

// filtersOf gathers the values of each field.
func filtersOf(in *searchInput) ([]search.Filter, error) {
	var out []search.Filter
	at := map[string]int{}
	for _, text := range in.Filters {
		f, err := filterOf(text)
		if err != nil {
			return nil, &fieldError{"query.filter", err.Error()}
		}
		i, known := at[f.Field]
		if !known {
			i = len(out)
			at[f.Field] = i
			out = append(out, search.Filter{Field: f.Field})
		}
		out[i].Values, out[i].Numbers = append(out[i].Values, f.Values...), append(out[i].Numbers, f.Numbers...)
	}
	if in.Min > 0 || in.Max > 0 {
		out = append(out, search.Filter{Field: search.FieldPrice, Prices: []search.PriceRange{{Min: in.Min, Max: in.Max}}})
	}
	return out, nil
}

var errFilter = errors.New("must be of the form field:value")

// filterOf reads one filter: field:value, attribute:NAME:value or number:NAME:range.
func filterOf(text string) (search.Filter, error) {
	kind, rest, ok := strings.Cut(text, ":")
	switch {
	case !ok:
		return search.Filter{}, errFilter
	case kind == "number":
		at := strings.LastIndexByte(rest, ':') // there is none in a range
		if at < 1 {
			return search.Filter{}, errors.New("must be of the form number:name:range")
		}
		r, err := search.ParseNumberRange(rest[at+1:])
		return search.Filter{Field: search.AttributeField(rest[:at]), Numbers: []search.NumberRange{r}}, err
	case kind == "attribute":
		name, value, ok := strings.Cut(rest, ":")
		if !ok || name == "" {
			return search.Filter{}, errors.New("must be of the form attribute:name:value")
		}
		return search.Filter{Field: search.AttributeField(name), Values: []string{value}}, nil
	}
	return search.Filter{Field: kind, Values: []string{rest}}, nil
}

// query returns what asks for the same again.
func (in *searchInput) query() url.Values {
	out := url.Values{"filter": in.Filters}
	for name, value := range map[string]string{
		"q": in.Query, "category": in.Category, "sort": in.Sort, "currency": in.Currency, "market": in.Market, "channel": in.Channel,
		"facets": strings.Join(in.Facets, ","), "price_min": digits(in.Min), "price_max": digits(in.Max),
	} {
		if value != "" {
			out.Set(name, value)
		}
	}
	return out
}

func (a *api) showFound(r search.Result) Found {
	out := Found{
		Items: make([]Hit, len(r.Hits)), Total: r.Total, Facets: make([]Facet, len(r.Facets)),
		Next: r.Next, Corrected: r.Corrected, Partial: r.Partial, Redirect: r.Redirect,
	}
	for i, h := range r.Hits {
		out.Items[i] = Hit{
			Product: a.showProduct(h.Product), Price: moneyOr(h.Price), Highest: moneyOr(h.Highest), Available: h.Available,
			Title: showMarked(h.Title), Snippet: showMarked(h.Snippet),
		}
	}
	for i, f := range r.Facets {
		out.Facets[i] = Facet{Field: f.Field, Unit: f.Unit, Other: f.Other, Values: make([]FacetValue, len(f.Values))}
		for j, v := range f.Values {
			out.Facets[i].Values[j] = FacetValue{Value: v.Value, Title: v.Title, Min: v.Price.Min, Max: v.Price.Max, Count: v.Count}
			if v.Value == "" && strings.HasPrefix(f.Field, search.AttributeField("")) {
				out.Facets[i].Values[j].Least, out.Facets[i].Values[j].Most = &v.Number.Min, &v.Number.Max
			}
		}
	}
	return out
}

func showMarked(m search.Marked) []MarkedPart {
	parts := m.Parts()
	out := make([]MarkedPart, len(parts))
	for i, p := range parts {
		out[i] = MarkedPart{p.Text, p.Match}
	}
	return out
}

type suggestInput struct {
	Text     string `query:"q" required:"true" minLength:"1" maxLength:"100" doc:"What the shopper has typed so far."`
	Limit    int    `query:"limit" minimum:"1" maximum:"20" default:"5"`
	Currency string `query:"currency" pattern:"^[A-Z]{3}$"`
	Market   string `query:"market" pattern:"^[A-Z]{2}$" doc:"The country whose price lists count."`
	Channel  string `query:"channel" maxLength:"100" doc:"As in a search."`
}

func (a *api) suggest(ctx context.Context, in *suggestInput) (*shared[Suggested], error) {
	who, err := a.asking(ctx, in.Channel)
	if err != nil {
		return nil, err
	}
	currency, err := currencyOf(in.Currency)
	if err != nil {
		return nil, err
	}
	s, err := a.options.Finder.Suggest(ctx, search.Prefix{
		Text: in.Text, Limit: in.Limit, Currency: currency, Market: in.Market, Channel: in.Channel, Groups: who.groups,
	})
	if err != nil {
		return nil, err
	}
	out := &shared[Suggested]{CacheControl: who.cache, SurrogateKey: "catalog", Vary: varies, Body: Suggested{
		Queries: append([]string{}, s.Queries...), Products: make([]SuggestedProduct, len(s.Products)),
		Categories: make([]SuggestedPlace, len(s.Categories)),
	}}
	for i, p := range s.Products {
		out.Body.Products[i] = SuggestedProduct{string(p.Product.ID), p.Product.Handle, showMarked(p.Title), moneyOr(p.Price)}
	}
	for i, c := range s.Categories {
		out.Body.Categories[i] = SuggestedPlace{c.ID, c.Title}
	}
	return out, nil
}
