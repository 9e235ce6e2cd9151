package storefront

import (
	"net/url"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

type categoryPage struct {
	page
	Category categoryView
	Path     []categoryView // from the top, without the category itself
	Below    []categoryView
	List     listView
}

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
	v.tag(string(c.ID))
	view := v.category(c)
	seo := c.In(v.locale.Code).SEO
	p, err := v.page(or(seo.Title, view.Title))
	if err != nil {
		return err
	}
	p.Description, p.Canonical = or(seo.Description, view.Description), v.origin()+view.URL
	path := v.categories(tree.Path(c.ID))
	data := categoryPage{page: p, Category: view, Path: path[:len(path)-1], Below: v.categories(tree.Children(c.ID))}
	if data.List, err = v.categoryList(view); err != nil {
		return err
	}
	data.NoIndex = len(data.List.Chosen) > 0 // one of very many
	return v.show(200, "category", data)
}

// categoryList returns the products of a category: those that are found, or,
// in a shop that does not search and while the index is away, all in the order
// of the catalog.
func (v *visit) categoryList(c categoryView) (listView, error) {
	if v.finder() != nil {
		list, _, err := v.list(c.URL, c.ID)
		if err == nil || fault.CodeOf(err) != fault.Unavailable {
			return list, err
		}
	}
	list := listView{Path: c.URL}
	f := catalog.Filter{Category: c.ID, After: catalog.ProductID(v.r.URL.Query().Get(paramAfter))}
	cards, next, err := v.cards(f, listCards)
	if next != "" {
		list.Next = c.URL + query(url.Values{paramAfter: {string(next)}})
	}
	list.Cards = cards
	return list, err
}
