package admin

import (
	"strconv"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/merchandising"
)

type searchPage struct {
	page
	Rules        []merchandising.Rule
	Titles       map[catalog.ProductID]string // of the products that rules name
	Vocabularies []vocabularyView
	Misses       []merchandising.Miss
	Version      int64
	Query        string // that the form for a rule begins with
}

// vocabularyView is a vocabulary as it is written in the form: synonyms line by
// line, with commas between them.
type vocabularyView struct{ Locale, Synonyms, StopWords string }

// mostMisses is how many texts that found nothing are shown.
const mostMisses = 100

func showSearch(v *visit) error {
	rules, err := v.site.shop.Merchandising.Rules(v.ctx())
	if err != nil {
		return err
	}
	misses, err := v.site.shop.Merchandising.Misses(v.ctx())
	if err != nil {
		return err
	}
	data := searchPage{
		page: v.page("Search", "search"), Rules: rules.Rules, Misses: misses[:min(len(misses), mostMisses)], Version: rules.Version,
		Titles: map[catalog.ProductID]string{}, Query: v.r.FormValue("q"),
	}
	for _, r := range rules.Rules {
		for _, list := range [][]catalog.ProductID{r.Pins, r.Buries} {
			for _, id := range list {
				data.Titles[id] = string(id)
				if p, err := v.site.shop.Catalog.Get(v.ctx(), id); err == nil {
					data.Titles[id] = p.Title
				}
			}
		}
	}
	every := false
	for _, w := range rules.Vocabularies {
		every = every || w.Locale == ""
		data.Vocabularies = append(data.Vocabularies, viewVocabulary(w))
	}
	if !every {
		data.Vocabularies = append([]vocabularyView{{}}, data.Vocabularies...)
	}
	return v.show(200, "search", data)
}

func viewVocabulary(w merchandising.Vocabulary) vocabularyView {
	var lines []string
	for _, group := range w.Synonyms {
		lines = append(lines, strings.Join(group, ", "))
	}
	return vocabularyView{w.Locale, strings.Join(lines, "\n"), strings.Join(w.StopWords, ", ")}
}

// putSearchRule makes the rule for a text, with products named by SKU and one
// boost of a brand. Others are made through the API.
func putSearchRule(v *visit) error {
	rule := merchandising.Rule{Query: v.field("query"), Locale: v.field("locale"), Redirect: v.field("redirect")}
	var err error
	if rule.Pins, err = v.productsOf("pins"); err != nil {
		return err
	}
	if rule.Buries, err = v.productsOf("buries"); err != nil {
		return err
	}
	if brand := v.field("brand"); brand != "" {
		percent, err := strconv.Atoi(v.field("percent"))
		if err != nil {
			return fault.New(fault.Invalid, "%q is not a percentage", v.field("percent"))
		}
		rule.Boosts = []merchandising.Boost{{Field: "brand", Values: []string{brand}, Percent: percent}}
	}
	version, err := v.version()
	if err != nil {
		return err
	}
	if _, err := v.site.shop.Merchandising.PutRule(v.ctx(), merchandising.PutRule{Rule: rule, Version: version, Key: v.key()}); err != nil {
		return err
	}
	return v.done("/search", "saved")
}

func removeSearchRule(v *visit) error {
	version, err := v.version()
	if err != nil {
		return err
	}
	remove := merchandising.RemoveRule{Query: v.r.PostFormValue("query"), Locale: v.r.PostFormValue("locale"), Version: version, Key: v.key()}
	if _, err := v.site.shop.Merchandising.RemoveRule(v.ctx(), remove); err != nil {
		return err
	}
	return v.done("/search", "saved")
}

func putVocabulary(v *visit) error {
	w := merchandising.Vocabulary{Locale: v.field("locale"), StopWords: listed(v.field("stopwords"), ",")}
	for _, line := range listed(v.field("synonyms"), "\n") {
		w.Synonyms = append(w.Synonyms, listed(line, ","))
	}
	version, err := v.version()
	if err != nil {
		return err
	}
	if _, err := v.site.shop.Merchandising.PutVocabulary(v.ctx(), merchandising.PutVocabulary{Vocabulary: w, Version: version, Key: v.key()}); err != nil {
		return err
	}
	return v.done("/search", "saved")
}

func forgetMiss(v *visit) error {
	forget := merchandising.ForgetMiss{Text: v.r.PostFormValue("text"), Locale: v.r.PostFormValue("locale"), Key: v.key()}
	if err := v.site.shop.Merchandising.ForgetMiss(v.ctx(), forget); err != nil {
		return err
	}
	return v.done("/search", "saved")
}

func (v *visit) field(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }

// version returns that of the rules that the form was made for. 0 is that of a
// store without rules, and any.
func (v *visit) version() (int64, error) {
	n, err := strconv.ParseInt(v.r.PostFormValue("version"), 10, 64)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, "the form does not say which version it was made for")
	}
	return n, nil
}

// productsOf reads SKUs, line by line, and returns the products that have them.
func (v *visit) productsOf(name string) (list []catalog.ProductID, err error) {
	for _, sku := range listed(v.field(name), "\n") {
		variant, err := v.site.shop.Catalog.BySKU(v.ctx(), catalog.SKU(sku))
		if err != nil {
			return nil, err
		}
		list = append(list, variant.Product)
	}
	return list, nil
}

// listed returns the pieces of a text that are not empty.
func listed(s, between string) (list []string) {
	for piece := range strings.SplitSeq(s, between) {
		if piece = strings.TrimSpace(piece); piece != "" {
			list = append(list, piece)
		}
	}
	return list
}
