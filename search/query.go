package search

import (
	"math"
	"strings"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// Query is what a shopper asks for. The zero Query lists everything.
type Query struct {
	// Text is what the shopper typed.
	Text string
	// Category is the ID of a category: only products in it or below it.
	Category string
	// Filters must all hold.
	Filters []Filter
	// Facets are counted over the results.
	Facets []Facet
	// Choices is how many facets the Finder chooses beside those: options,
	// enumerations and numbers in which the most of what matches the text and the category, whatever
	// is filtered, has a value to choose. At most 64.
	Choices int
	Sort    Sort
	// Limit is how many hits to return: 20 if it is 0, at most 200.
	Limit int
	// After is the Next of the page before. It is only good for the same
	// query with the same filters and sorting.
	After string
	// Currency is what prices are filtered, counted, sorted and shown in.
	// Without it there are none.
	Currency money.Currency
	// Channel, Market and Groups say who asks: products that are not shown
	// there are left out, and prices are those of the price lists for them.
	Channel, Market string
	Groups          []string
	// Exact turns off corrections of spelling.
	Exact bool

	rules  *rules
	now    time.Time
	lists  *catalog.PriceLists // that count for who asks; nil: none
	column *priceColumn        // what they pay
}

// Fields that can be filtered and counted. Attributes are fields too: see
// AttributeField.
const (
	FieldBrand     = "brand"
	FieldType      = "type"
	FieldCategory  = "category"  // values are IDs
	FieldAvailable = "available" // values are "yes" and "no"
	FieldPrice     = "price"     // in the currency of the query
)

const attributePrefix = "attribute:"

// AttributeField returns the field of the attribute with a name, such as
// "Colour", and of the option with that name.
func AttributeField(name string) string { return attributePrefix + name }

// Filter keeps products that have one of the values or are in one of the
// ranges.
type Filter struct {
	Field   string
	Values  []string
	Prices  []PriceRange  // for FieldPrice
	Numbers []NumberRange // for attributes with numbers
}

// PriceRange is a range of prices in minor units, both ends included. A
// product is in it if one of its variants is, as far as its lowest and highest
// price tell.
type PriceRange struct {
	Min int64
	Max int64 // 0 means no end
}

// Facet asks for the values of a field in the results, with counts. A filter
// on the same field does not narrow its own facet: a shopper sees what else
// could be chosen.
type Facet struct {
	Field string
	// Limit is how many values to return: 10 if it is 0, at most 1,000.
	Limit int
	// Prices and Numbers are the ranges to count. Without them ranges of prices
	// are chosen by what there is, and so are ranges of numbers if there are more
	// of those than Limit: up to 8 with about as many products each, from a number
	// that occurs to one that occurs. Numbers in different units are values.
	Prices  []PriceRange
	Numbers []NumberRange
}

// Sort is an order of results.
type Sort string

// The orders of results. Equal ones are in the order of their IDs.
const (
	ByRelevance   Sort = "" // or newest first if there is no text
	ByPriceUp     Sort = "price"
	ByPriceDown   Sort = "-price"
	ByNewest      Sort = "newest"
	ByBestSelling Sort = "best-selling"
)

// The bounds of a query. Beyond them it is refused, except for its text, of
// which only the beginning counts.
const (
	maxLimit   = 200
	maxFilters = 64
	maxFacets  = 64
	maxValues  = 1000
	maxText    = 512 // bytes
	maxWords   = 24
)

// ask returns who asks.
func (q *Query) ask() catalog.Ask {
	return catalog.Ask{Channel: q.Channel, Market: q.Market, Groups: q.Groups, At: q.now, Currency: q.Currency}
}

func (q *Query) check() error {
	switch {
	case q.Limit < 0 || q.Limit > maxLimit:
		return fault.Wrong("limit", "a page has 1 to %d hits, not %d", maxLimit, q.Limit)
	case len(q.Filters) > maxFilters:
		return fault.Wrong("filter", "a query has at most %d filters, not %d", maxFilters, len(q.Filters))
	case len(q.Facets) > maxFacets || q.Choices < 0 || q.Choices > maxFacets:
		return fault.Wrong("facets", "a query has at most %d facets and chosen ones, not %d and %d", maxFacets, len(q.Facets), q.Choices)
	}
	switch q.Sort {
	case ByRelevance, ByNewest, ByBestSelling:
	case ByPriceUp, ByPriceDown:
		if q.Currency == "" {
			return fault.Wrong("currency", "sorting by price needs a currency")
		}
	default:
		return fault.Wrong("sort", "there is no order %q of results", q.Sort)
	}
	for _, f := range q.Filters {
		if err := f.check(q); err != nil {
			return err
		}
	}
	for _, f := range q.Facets {
		if err := f.check(q); err != nil {
			return err
		}
	}
	return nil
}

func (f Filter) check(q *Query) error {
	switch {
	case len(f.Values)+len(f.Prices)+len(f.Numbers) > maxValues:
		return fault.Wrong("filter", "the filter on %q has more than %d values", f.Field, maxValues)
	case len(f.Values)+len(f.Prices)+len(f.Numbers) == 0:
		return fault.Wrong("filter", "the filter on %q has no values", f.Field)
	case f.Field == FieldPrice && (len(f.Values) > 0 || len(f.Numbers) > 0):
		return fault.Wrong("filter", "a filter on the price has ranges of prices only")
	}
	return checkRanges(q, f.Field, f.Prices, f.Numbers)
}

func (f Facet) check(q *Query) error {
	switch {
	case f.Limit < 0 || f.Limit > maxValues:
		return fault.Wrong("facets", "a facet has 1 to %d values, not %d", maxValues, f.Limit)
	case len(f.Prices)+len(f.Numbers) > maxValues:
		return fault.Wrong("facets", "the facet on %q has more than %d ranges", f.Field, maxValues)
	}
	return checkRanges(q, f.Field, f.Prices, f.Numbers)
}

func checkRanges(q *Query, field string, prices []PriceRange, numbers []NumberRange) error {
	switch {
	case !knownField(field):
		return fault.Wrong("filter", "there is no field %q", field)
	case field == FieldPrice && q.Currency == "":
		return fault.Wrong("currency", "prices need a currency")
	case field != FieldPrice && len(prices) > 0:
		return fault.Wrong("facets", "%q has no prices", field)
	case !strings.HasPrefix(field, attributePrefix) && len(numbers) > 0:
		return fault.Wrong("filter", "%q has no numbers", field)
	}
	for _, r := range prices {
		if r.Min < 0 || r.Max < 0 || r.Max != 0 && r.Max < r.Min {
			return fault.Wrong("price_max", "%d to %d is no range of prices", r.Min, r.Max)
		}
	}
	for _, r := range numbers {
		if math.IsNaN(r.Min) || math.IsNaN(r.Max) || r.Max < r.Min {
			return fault.Wrong("filter", "%v to %v is no range of numbers", r.Min, r.Max)
		}
	}
	return nil
}

func knownField(f string) bool {
	switch f {
	case FieldBrand, FieldType, FieldCategory, FieldAvailable, FieldPrice:
		return true
	}
	return len(f) > len(attributePrefix) && strings.HasPrefix(f, attributePrefix)
}

// Result is one page of what was found.
type Result struct {
	// Hits are the products, best first.
	Hits []Hit
	// Total is how many products match.
	Total int
	// Facets are in the order in which they were asked for.
	Facets []FacetResult
	// Next is the After of the page behind this one, or "".
	Next string
	// Corrected is the text with words that no product has in the spelling
	// that was searched for, and "" if there are none. A shop shows it as "did
	// you mean"; Query.Exact searches for what was typed.
	Corrected string
	// Partial means that few products have all of the words, so that products
	// with most of them come behind those.
	Partial bool
	// Redirect is where the merchant wants shoppers to go who type this text.
	Redirect string
}

// FacetResult is what one facet counted.
type FacetResult struct {
	Field  string
	Values []FacetValue // most frequent first, or ranges in ascending order
	// Unit is that of an attribute's numbers.
	Unit string
	// Other is how many further values there are.
	Other int
}

// FacetValue is one value or range and the number of products that have it.
type FacetValue struct {
	Value  string // for a category its ID
	Title  string // of a category
	Price  PriceRange
	Number NumberRange
	Count  int
}
