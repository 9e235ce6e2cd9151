package pricing

import (
	"slices"

	"github.com/keelshop/commerce/catalog"
)

// matcher is a Selector, ready to be asked for many lines.
type matcher struct {
	all                            bool
	skus, exceptSKUs               map[catalog.SKU]bool
	products, exceptProducts       map[catalog.ProductID]bool
	categories, exceptCategory     map[catalog.CategoryID]bool
	collections, exceptCollections map[catalog.CollectionID]bool
	attributes                     []AttributeValue
	exceptOnSale                   bool
}

func newMatcher(s Selector) matcher {
	return matcher{
		all:  s.isZero(),
		skus: setOf(s.SKUs), exceptSKUs: setOf(s.ExceptSKUs),
		products: setOf(s.Products), exceptProducts: setOf(s.ExceptProducts),
		categories: setOf(s.Categories), exceptCategory: setOf(s.ExceptCategories),
		collections: setOf(s.Collections), exceptCollections: setOf(s.ExceptCollections),
		attributes: s.Attributes, exceptOnSale: s.ExceptOnSale,
	}
}

// setOf returns nil for an empty list.
func setOf[T comparable](list []T) map[T]bool {
	if len(list) == 0 {
		return nil
	}
	set := make(map[T]bool, len(list))
	for _, v := range list {
		set[v] = true
	}
	return set
}

func (m *matcher) matches(l *Line) bool {
	if m.all {
		return true
	}
	switch {
	case m.skus != nil && !m.skus[l.SKU], m.products != nil && !m.products[l.Product],
		m.categories != nil && !anyIn(l.Categories, m.categories),
		m.collections != nil && !anyIn(l.Collections, m.collections),
		len(m.attributes) > 0 && !slices.ContainsFunc(m.attributes, l.has),
		m.exceptSKUs[l.SKU], m.exceptProducts[l.Product], anyIn(l.Categories, m.exceptCategory), anyIn(l.Collections, m.exceptCollections), m.exceptOnSale && l.OnSale:
		return false
	}
	return true
}

func anyIn[T comparable](list []T, set map[T]bool) bool {
	if set == nil {
		return false
	}
	return slices.ContainsFunc(list, func(v T) bool { return set[v] })
}

// has reports whether one of the line's attributes has a value.
func (l *Line) has(want AttributeValue) bool {
	for _, a := range l.Attributes {
		if a.Name == want.Name && (a.Value() == want.Value || slices.Contains(a.Values, want.Value)) {
			return true
		}
	}
	return false
}
