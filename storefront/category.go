package storefront

import (
	"net/url"

	"github.com/keelshop/commerce/catalog"
)

type categoryPage struct {
	page
	Category categoryView
	Path     []categoryView // from the top, without the category itself
	Below    []categoryView
	Cards    []card
	Next     string // address of the next page, "" on the last
}

const categoryCards = 24

func category(v *visit) error {
	tree, err := v.site.shop.Catalog.Categories(v.ctx())
	if err != nil {
		return err
	}
	c, ok := tree.ByHandle(v.r.PathValue("handle"))
	if !ok {
		return errNoPage
	}
	if v.r.PathValue("handle") != c.Handle { // it was renamed
		return v.moved("/c/" + c.Handle)
	}
	view := v.category(c)
	p, err := v.page(view.Title)
	if err != nil {
		return err
	}
	p.Description, p.Canonical = or(c.In(v.locale.Code).SEO.Description, view.Description), v.origin()+view.URL
	path := v.categories(tree.Path(c.ID))
	data := categoryPage{page: p, Category: view, Path: path[:len(path)-1], Below: v.categories(tree.Children(c.ID))}
	after := catalog.ProductID(v.r.FormValue("after"))
	cards, next, err := v.cards(catalog.Filter{Category: c.ID, After: after}, categoryCards)
	if err != nil {
		return err
	}
	data.Cards = cards
	if next != "" {
		data.Next = view.URL + "?" + url.Values{"after": {string(next)}}.Encode()
	}
	return v.show(200, "category", data)
}
