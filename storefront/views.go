package storefront

import (
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/money"
)

func or(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}

// picture is a picture on a page.
type picture struct {
	URL, Alt string
}

func (s *site) picture(m catalog.Media, alt string) picture {
	return picture{URL: s.mediaURL(m.Asset), Alt: or(alt, m.Alt)}
}

func (s *site) mediaURL(id assets.ID) string { return s.Base + "/media/" + string(id) }

// categoryView is a category in the shopper's language.
type categoryView struct {
	ID                         catalog.CategoryID
	Handle, Title, Description string
	URL                        string
	Picture                    *picture
}

func (v *visit) category(c catalog.Category) categoryView {
	c = c.In(v.locale.Code)
	view := categoryView{
		ID: c.ID, Handle: c.Handle, Title: c.Title, Description: c.Description, URL: v.site.Base + "/c/" + c.Handle,
	}
	if len(c.Media) > 0 {
		p := v.site.picture(c.Media[0], view.Title)
		view.Picture = &p
	}
	return view
}

// card is a product in a list.
type card struct {
	Title, URL string
	Pictures   []picture // one or two
	Price      money.Amount
	Was        *money.Amount
	From       bool // other variants cost more
	Choices    int  // values of the first option; 0 or 1 is no choice
	Option     string
}

// card returns false for a product that is not shown, or has no price in the
// shopper's currency.
func (v *visit) card(p catalog.Product) (card, bool) {
	if !v.offered(p).Visible {
		return card{}, false
	}
	return v.cardOf(p.In(v.locale.Code))
}

// cardOf is card for a product in the shopper's language that may be shown.
func (v *visit) cardOf(p catalog.Product) (card, bool) {
	v.tag(string(p.ID))
	c := card{Title: p.Title, URL: v.site.Base + "/p/" + p.Handle}
	price, from, found := v.cheapest(p.Variants)
	c.Price, c.Was, c.From = price.Amount, price.Was, from
	values := map[string]bool{}
	for _, variant := range p.Variants {
		if len(variant.Options) > 0 {
			values[variant.Options[0].Value] = true
			c.Option = variant.Options[0].Name
		}
	}
	c.Choices = len(values)
	for _, m := range p.Media[:min(2, len(p.Media))] {
		c.Pictures = append(c.Pictures, v.site.picture(m, c.Title))
	}
	return c, found
}

// cards returns up to limit products of a category, and what to ask for next:
// the ID of the last one if there may be more.
func (v *visit) cards(f catalog.Filter, limit int) (cards []card, next catalog.ProductID, err error) {
	f.Status = catalog.Active
	f.Limit = limit + 8 // some may not be shown
	read, last := 0, catalog.ProductID("")
	for p, err := range v.site.shop.Catalog.All(v.ctx(), f) {
		if err != nil {
			return nil, "", err
		}
		if len(cards) == limit {
			return cards, last, nil
		}
		if c, ok := v.card(p); ok {
			cards = append(cards, c)
		}
		read, last = read+1, p.ID
	}
	if read < f.Limit {
		last = ""
	}
	return cards, last, nil
}
