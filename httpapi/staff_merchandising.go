package httpapi

import (
	"context"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/merchandising"
)

// Merchandising is what a merchant wants shoppers to find.
type Merchandising struct {
	Version      int64              `json:"version" doc:"Counts the changes of all of it; it is their ETag."`
	Rules        []SearchRule       `json:"rules" nullable:"false"`
	Vocabularies []SearchVocabulary `json:"vocabularies" nullable:"false"`
}

// SearchRule is what a merchant wants for one text that shoppers search for.
type SearchRule struct {
	Query    string        `json:"query,omitempty" maxLength:"200" doc:"The text; missing means listings without one, whose boosts count in every search."`
	Locale   string        `json:"locale,omitempty" maxLength:"35" doc:"The language of shoppers that it is for; missing means every one."`
	Pins     []string      `json:"pins,omitempty" nullable:"false" maxItems:"1000" doc:"Products that come first, in this order."`
	Buries   []string      `json:"buries,omitempty" nullable:"false" maxItems:"1000" doc:"Products that come last."`
	Boosts   []SearchBoost `json:"boosts,omitempty" nullable:"false" maxItems:"100"`
	Redirect string        `json:"redirect,omitempty" maxLength:"2000" doc:"Where to go instead: a path, or an address on the web."`
}

// SearchBoost lifts or lowers products that have one of some values.
type SearchBoost struct {
	Field   string   `json:"field" minLength:"1" maxLength:"200" example:"brand" doc:"brand, type, category, available, or attribute: and a name."`
	Values  []string `json:"values" nullable:"false" minItems:"1" maxItems:"100"`
	Percent int      `json:"percent" minimum:"-100" maximum:"10000" doc:"Added to the score: 50 makes it half as much again."`
}

// SearchVocabulary is what words mean in a shop.
type SearchVocabulary struct {
	Locale    string     `json:"locale,omitempty"`
	Synonyms  [][]string `json:"synonyms,omitempty" nullable:"false" maxItems:"1000" doc:"Groups of words and phrases that mean the same."`
	StopWords []string   `json:"stop_words,omitempty" nullable:"false" maxItems:"1000" doc:"Words that say nothing."`
}

// SearchMiss is a text that found nothing.
type SearchMiss struct {
	Text   string    `json:"text"`
	Locale string    `json:"locale,omitempty"`
	Count  int64     `json:"count"`
	LastAt time.Time `json:"last_at"`
}

func (a *api) addMerchandising() {
	const group = "What shoppers find"
	add(a, route{forStaff, "GET", "/staff/merchandising", "get-merchandising", group, "Get all rules, synonyms and stop words of the search", 0, false}, a.getMerchandising)
	add(a, route{forStaff, "PUT", "/staff/merchandising/rules", "put-search-rule", group, "Make or replace the rule for a text and a language", 0, false}, a.putSearchRule)
	add(a, route{forStaff, "DELETE", "/staff/merchandising/rules", "remove-search-rule", group, "Remove the rule for a text and a language", 204, false}, a.removeSearchRule)
	add(a, route{forStaff, "PUT", "/staff/merchandising/vocabulary", "put-vocabulary", group, "Replace the synonyms and stop words of a language", 0, false}, a.putVocabulary)
	add(a, route{forStaff, "GET", "/staff/merchandising/misses", "list-misses", group, "List the texts that found nothing, the most frequent first", 0, false}, a.listMisses)
	add(a, route{forStaff, "DELETE", "/staff/merchandising/misses", "forget-miss", group, "Take a text off the list of those that found nothing", 204, false}, a.forgetMiss)
}

func merchandisingAnswer(r *merchandising.Rules, version int64, err error) (*answer[Merchandising], error) {
	if err != nil {
		return nil, ifMatched[*merchandising.VersionError](version, err)
	}
	out := Merchandising{Version: r.Version, Rules: make([]SearchRule, len(r.Rules)), Vocabularies: make([]SearchVocabulary, len(r.Vocabularies))}
	for i, rule := range r.Rules {
		out.Rules[i] = showSearchRule(rule)
	}
	for i, v := range r.Vocabularies {
		out.Vocabularies[i] = SearchVocabulary{Locale: v.Locale, Synonyms: none(v.Synonyms), StopWords: none(v.StopWords)}
	}
	return &answer[Merchandising]{ETag: web.ETag(r.Version, ""), Body: out}, nil
}

func showSearchRule(r merchandising.Rule) SearchRule {
	out := SearchRule{Query: r.Query, Locale: r.Locale, Pins: texts(r.Pins), Buries: texts(r.Buries), Redirect: r.Redirect}
	for _, b := range r.Boosts {
		out.Boosts = append(out.Boosts, SearchBoost(b))
	}
	return out
}

func productIDs(ids []string) []catalog.ProductID {
	out := make([]catalog.ProductID, len(ids))
	for i, id := range ids {
		out[i] = catalog.ProductID(id)
	}
	return out
}

func (a *api) getMerchandising(ctx context.Context, _ *struct{}) (*answer[Merchandising], error) {
	r, err := a.shop.Merchandising.Rules(ctx)
	return merchandisingAnswer(r, 0, err)
}

type putSearchRuleInput struct {
	Keyed
	Conditional
	Body SearchRule
}

func (a *api) putSearchRule(ctx context.Context, in *putSearchRuleInput) (*answer[Merchandising], error) {
	version, err := in.ofAll()
	if err != nil {
		return nil, err
	}
	rule := merchandising.Rule{
		Query: in.Body.Query, Locale: in.Body.Locale, Pins: productIDs(in.Body.Pins), Buries: productIDs(in.Body.Buries), Redirect: in.Body.Redirect,
	}
	for _, b := range in.Body.Boosts {
		rule.Boosts = append(rule.Boosts, merchandising.Boost(b))
	}
	r, err := a.shop.Merchandising.PutRule(ctx, merchandising.PutRule{Rule: rule, Version: version, Key: in.Key})
	return merchandisingAnswer(r, version, err)
}

type removeSearchRuleInput struct {
	Keyed
	Conditional
	Query  string `query:"query" maxLength:"200"`
	Locale string `query:"locale" maxLength:"35"`
}

func (a *api) removeSearchRule(ctx context.Context, in *removeSearchRuleInput) (*struct{}, error) {
	version, err := in.ofAll()
	if err != nil {
		return nil, err
	}
	_, err = a.shop.Merchandising.RemoveRule(ctx, merchandising.RemoveRule{Query: in.Query, Locale: in.Locale, Version: version, Key: in.Key})
	return nil, ifMatched[*merchandising.VersionError](version, err)
}

type putVocabularyInput struct {
	Keyed
	Conditional
	Body SearchVocabulary
}

func (a *api) putVocabulary(ctx context.Context, in *putVocabularyInput) (*answer[Merchandising], error) {
	version, err := in.ofAll()
	if err != nil {
		return nil, err
	}
	r, err := a.shop.Merchandising.PutVocabulary(ctx, merchandising.PutVocabulary{
		Vocabulary: merchandising.Vocabulary{Locale: in.Body.Locale, Synonyms: in.Body.Synonyms, StopWords: in.Body.StopWords}, Version: version, Key: in.Key,
	})
	return merchandisingAnswer(r, version, err)
}

func (a *api) listMisses(ctx context.Context, _ *struct{}) (*answer[List[SearchMiss]], error) {
	all, err := a.shop.Merchandising.Misses(ctx)
	if err != nil {
		return nil, err
	}
	out := List[SearchMiss]{Items: make([]SearchMiss, len(all))}
	for i, m := range all {
		out.Items[i] = SearchMiss{Text: m.Text, Locale: m.Locale, Count: m.Count, LastAt: time.UnixMilli(m.LastAt).UTC()}
	}
	return &answer[List[SearchMiss]]{Body: out}, nil
}

type forgetMissInput struct {
	Keyed
	Text   string `query:"text" required:"true" minLength:"1" maxLength:"200"`
	Locale string `query:"locale" maxLength:"35"`
}

func (a *api) forgetMiss(ctx context.Context, in *forgetMissInput) (*struct{}, error) {
	return nil, a.shop.Merchandising.ForgetMiss(ctx, merchandising.ForgetMiss{Text: in.Text, Locale: in.Locale, Key: in.Key})
}
