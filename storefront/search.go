package storefront

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/keelshop/commerce/search"
)

type searchPage struct {
	page
	List      listView
	Corrected string // what was searched for instead
	Partial   bool   // not all words were found
}

func find(v *visit) error {
	text := clip(v.r.URL.Query().Get(paramText))
	p, err := v.page(v.locale.text("Search"))
	if err != nil {
		return err
	}
	p.NoIndex, p.Search = true, text
	data := searchPage{page: p}
	var found search.Result
	if data.List, found, err = v.list(v.site.Base+"/search", ""); err != nil {
		return err
	}
	if found.Redirect != "" {
		http.Redirect(v.w, v.r, v.leadsTo(found.Redirect), http.StatusSeeOther)
		return nil
	}
	data.Corrected, data.Partial = found.Corrected, found.Partial
	return v.show(200, "search", data)
}

// leadsTo returns where a merchant's rule leads: a path of this shop, or an
// address elsewhere. Package merchandising lets no other through.
func (v *visit) leadsTo(to string) string {
	if strings.HasPrefix(to, "/") {
		return v.site.Base + backTo(to, "")
	}
	return to
}

// suggestions are shown below the field while a shopper types.
type suggestions struct {
	Queries    []suggestion
	Categories []categoryView
	Cards      []card
}

type suggestion struct{ Text, URL string }

// suggest answers with a piece of a page, for the script.
func suggest(v *visit) error {
	text := clip(v.r.URL.Query().Get(paramText))
	var data suggestions
	if text != "" {
		if err := v.readPrices(); err != nil {
			return err
		}
		found, err := v.finder().Suggest(v.ctx(), search.Prefix{Text: text, Limit: 4, Currency: v.currency, Market: v.market, Groups: v.groups})
		if err != nil {
			return err
		}
		if data, err = v.suggestions(found, text); err != nil {
			return err
		}
	}
	body, err := v.site.theme.fragment(v.locale, "search", "suggestions", data)
	if err != nil {
		return err
	}
	return v.send(http.StatusOK, body)
}

func (v *visit) suggestions(found search.Suggestions, text string) (data suggestions, err error) {
	for _, q := range found.Queries {
		if !strings.EqualFold(q, text) {
			data.Queries = append(data.Queries, suggestion{q, v.site.Base + "/search?" + url.Values{paramText: {q}}.Encode()})
		}
	}
	tree, err := v.site.shop.Catalog.Categories(v.ctx())
	if err != nil {
		return data, err
	}
	for c := range tree.All() {
		for _, s := range found.Categories {
			if s.ID == string(c.ID) {
				data.Categories = append(data.Categories, v.category(c))
			}
		}
	}
	for _, p := range found.Products {
		if c, ok := v.cardOf(p.Product.In(v.locale.Code)); ok {
			data.Cards = append(data.Cards, c)
		}
	}
	return data, nil
}
