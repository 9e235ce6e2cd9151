package storefront

import (
	"net/url"
	"slices"
	"strings"

	"github.com/keelshop/commerce/catalog"
)

type productPage struct {
	page
	ProductTitle string
	Address      string   // of the page, without a variant
	Text         []string // paragraphs
	Path         []categoryView
	Pictures     []picture // of the chosen variant first
	Options      []optionView
	Attributes   []attributeView
	SKU          catalog.SKU
	Chosen       string // the chosen options, as in "Pine, 27 cm"
	Price        priceView
	Priced       bool
	Stock        stockView
	Worth        *worthView // of a gift card whose worth can be chosen
	Parts        []partView // of a kit
	Related      []card
	LD           productLD
}

// partView is what a kit holds.
type partView struct {
	Quantity   int64
	Title, URL string
}

// parts returns what a kit holds. A part that is not on show has no link.
func (v *visit) parts(kit catalog.Variant) ([]partView, error) {
	var parts []partView
	for _, c := range kit.Components {
		line, err := v.line(c.SKU, string(c.SKU))
		if err != nil {
			return nil, err
		}
		part := partView{Quantity: c.Quantity, Title: line.Title, URL: line.URL}
		if line.Options != "" {
			part.Title += ", " + line.Options
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// optionView is one option with its values, each a link to a variant.
type optionView struct {
	Name, Value string
	Values      []valueView
	List        bool // too many for links: they are picked from a list
}

// A product may have 2,000 variants. Up to mostLinks values of an option are
// links; of more there is a list, of at most mostListed values around the chosen
// one, whose ends lead on.
const (
	mostLinks  = 16
	mostListed = 120
)

type valueView struct {
	Value   string
	URL     string
	SKU     catalog.SKU
	On      string // "before" or "after" at the ends of a list that goes on
	Chosen  bool
	Picture *picture // of the first variant with the value, if it has one of its own
}

type attributeView struct{ Name, Value string }

func product(v *visit) error {
	p, err := v.site.shop.Catalog.ByHandle(v.ctx(), v.r.PathValue("handle"))
	if err != nil {
		return err
	}
	if p.Status != catalog.Active || len(p.Variants) == 0 {
		return errNoPage
	}
	if err := v.readPrices(); err != nil {
		return err
	}
	if offer := v.offered(p); !offer.Visible && !offer.Purchasable {
		return errNoPage
	}
	if v.r.PathValue("handle") != p.Handle { // it was renamed
		return v.moved("/p/" + p.Handle)
	}
	v.tag(string(p.ID))
	for _, c := range p.Categories {
		v.tag(string(c))
	}
	p = p.In(v.locale.Code)
	chosen := choose(p, catalog.SKU(v.r.URL.Query().Get(paramSKU)))
	base, err := v.page(or(p.SEO.Title, p.Title))
	if err != nil {
		return err
	}
	url := v.site.Base + "/p/" + p.Handle
	base.Description, base.Canonical = or(p.SEO.Description, p.Description), v.origin()+url
	data := productPage{
		page: base, ProductTitle: p.Title, Address: url, Text: paragraphs(p.Description), SKU: chosen.SKU,
		Pictures: v.gallery(p, chosen), Options: v.options(p, chosen), Attributes: attributes(p, chosen, v.locale),
	}
	data.Chosen = chosenOptions(data.Options)
	data.Price, data.Priced = v.price(chosen)
	data.Worth = v.worth(chosen)
	if data.Stock, err = v.stock(chosen); err != nil {
		return err
	}
	if data.Parts, err = v.parts(chosen); err != nil {
		return err
	}
	if err := v.surroundings(&data, p); err != nil {
		return err
	}
	data.LD = v.linkedData(p, data)
	return v.show(200, "product", data)
}

// choose returns the variant with a SKU, or else the first.
func choose(p catalog.Product, sku catalog.SKU) catalog.Variant {
	for _, variant := range p.Variants {
		if variant.SKU == sku {
			return variant
		}
	}
	return p.Variants[0]
}

// gallery returns the pictures that show a variant: first those that show it
// alone, then those of all.
func (v *visit) gallery(p catalog.Product, chosen catalog.Variant) []picture {
	var own, all []picture
	for _, m := range p.Media {
		switch {
		case len(m.SKUs) == 0:
			all = append(all, v.site.picture(m, p.Title))
		case m.Shows(chosen.SKU):
			own = append(own, v.site.picture(m, p.Title))
		}
	}
	return append(own, all...)
}

// options returns the choices. The link of a value keeps the other options as
// they are if there is such a variant.
func (v *visit) options(p catalog.Product, chosen catalog.Variant) []optionView {
	views := make([]optionView, len(chosen.Options))
	for i, option := range chosen.Options {
		view := optionView{Name: option.Name, Value: option.Value}
		all := valuesOf(p, option.Name)
		view.List = len(all) > mostLinks
		from, to := around(slices.Index(all, option.Value), len(all))
		for at := from; at < to; at++ {
			value := all[at]
			variant := closest(p, chosen, option.Name, value)
			one := valueView{
				Value: value, Chosen: value == option.Value, SKU: variant.SKU,
				URL: v.site.Base + "/p/" + p.Handle + "?" + url.Values{"sku": {string(variant.SKU)}}.Encode(),
			}
			switch {
			case at == from && from > 0:
				one.On = "before"
			case at == to-1 && to < len(all):
				one.On = "after"
			}
			if i == 0 && !view.List {
				one.Picture = v.ownPicture(p, variant, value)
			}
			view.Values = append(view.Values, one)
		}
		views[i] = view
	}
	return views
}

// valuesOf returns the values of an option, each once, in the variants' order.
func valuesOf(p catalog.Product, name string) (values []string) {
	seen := map[string]bool{}
	for _, variant := range p.Variants {
		if value := valueOf(variant, name); value != "" && !seen[value] {
			seen[value] = true
			values = append(values, value)
		}
	}
	return values
}

// around returns which of n values a list shows, of which one is chosen.
func around(chosen, n int) (from, to int) {
	from = max(0, min(chosen-mostListed/2, n-mostListed))
	return from, min(n, from+mostListed)
}

// ownPicture returns a picture that shows a variant and not all of them.
func (v *visit) ownPicture(p catalog.Product, variant catalog.Variant, alt string) *picture {
	for _, m := range p.Media {
		if len(m.SKUs) > 0 && m.Shows(variant.SKU) {
			pic := v.site.picture(m, alt)
			return &pic
		}
	}
	return nil
}

// closest returns the variant that has a value and most of the chosen one's
// other options.
func closest(p catalog.Product, chosen catalog.Variant, name, value string) catalog.Variant {
	best, most := chosen, -1
	for _, variant := range p.Variants {
		if valueOf(variant, name) != value {
			continue
		}
		same := 0
		for _, o := range chosen.Options {
			if valueOf(variant, o.Name) == o.Value {
				same++
			}
		}
		if same > most {
			best, most = variant, same
		}
	}
	return best
}

func valueOf(variant catalog.Variant, name string) string {
	for _, o := range variant.Options {
		if o.Name == name {
			return o.Value
		}
	}
	return ""
}

func attributes(p catalog.Product, chosen catalog.Variant, l *locale) []attributeView {
	var views []attributeView
	for _, a := range append(p.Attributes[:len(p.Attributes):len(p.Attributes)], chosen.Attributes...) {
		value := a.Value()
		switch {
		case a.Kind == catalog.BoolAttribute && a.Bool:
			value = l.text("yes")
		case a.Kind == catalog.BoolAttribute:
			value = l.text("no")
		}
		views = append(views, attributeView{a.Name, value})
	}
	if p.Brand != "" {
		views = append(views, attributeView{l.text("Brand"), p.Brand})
	}
	if chosen.WeightGrams > 0 {
		views = append(views, attributeView{l.text("Weight with packaging"), l.number(chosen.WeightGrams) + "\u00a0g"})
	}
	return append(views, attributeView{l.text("Item number"), string(chosen.SKU)})
}

func chosenOptions(options []optionView) string {
	values := make([]string, len(options))
	for i, o := range options {
		values[i] = o.Value
	}
	return strings.Join(values, ", ")
}

func paragraphs(text string) []string {
	var out []string
	for part := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// surroundings fills in the way to a product and what stands beside it.
func (v *visit) surroundings(data *productPage, p catalog.Product) error {
	if len(p.Categories) == 0 {
		return nil
	}
	tree, err := v.site.shop.Catalog.Categories(v.ctx())
	if err != nil {
		return err
	}
	data.Path = v.categories(tree.Path(p.Categories[0]))
	// Those behind it in the category, and from the beginning if it is late.
	f := catalog.Filter{Category: p.Categories[0], After: p.ID}
	for range 2 {
		cards, _, err := v.cards(f, homeCards-len(data.Related))
		if err != nil {
			return err
		}
		for _, c := range cards {
			if len(data.Related) < homeCards && c.URL != v.site.Base+"/p/"+p.Handle && !hasCard(data.Related, c) {
				data.Related = append(data.Related, c)
			}
		}
		if len(data.Related) >= homeCards {
			break
		}
		f.After = ""
	}
	return nil
}

func hasCard(cards []card, c card) bool {
	for _, have := range cards {
		if have.URL == c.URL {
			return true
		}
	}
	return false
}
