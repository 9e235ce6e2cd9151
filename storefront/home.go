package storefront

import "github.com/keelshop/commerce/catalog"

type homePage struct {
	page
	Shelves []shelf
}

// shelf is a category with some of its products.
type shelf struct {
	categoryView
	Cards []card
}

// Bounds of the home page.
const (
	homeShelves = 6
	homeCards   = 4
)

func home(v *visit) error {
	p, err := v.page("")
	if err != nil {
		return err
	}
	p.Canonical = v.origin() + v.site.Base + "/"
	data := homePage{page: p}
	for _, c := range p.Categories[:min(len(p.Categories), homeShelves)] {
		cards, _, err := v.cards(catalog.Filter{Category: c.ID}, homeCards)
		if err != nil {
			return err
		}
		data.Shelves = append(data.Shelves, shelf{c, cards})
	}
	if len(p.Categories) == 0 { // a shop without categories shows what it has
		cards, _, err := v.cards(catalog.Filter{}, 4*homeCards)
		if err != nil {
			return err
		}
		data.Shelves = []shelf{{categoryView{Title: v.locale.text("Everything")}, cards}}
	}
	return v.show(200, "home", data)
}

// themePage shows a page that the theme brings along, such as /pages/about.
func themePage(v *visit) error {
	name := "pages/" + v.r.PathValue("page")
	if v.site.theme.pages[v.locale][name] == nil {
		return errNoPage
	}
	p, err := v.page("")
	if err != nil {
		return err
	}
	return v.show(200, name, p)
}
