package httpapi

import (
	"time"

	"github.com/keelshop/commerce/catalog"
)

// Publication says when a product is offered through a channel.
type Publication struct {
	Channel          string     `json:"channel,omitempty" maxLength:"100" doc:"Missing is the shop's own."`
	VisibleFrom      *time.Time `json:"visible_from,omitempty"`
	VisibleUntil     *time.Time `json:"visible_until,omitempty" doc:"The first moment after it."`
	PurchasableFrom  *time.Time `json:"purchasable_from,omitempty"`
	PurchasableUntil *time.Time `json:"purchasable_until,omitempty" doc:"The first moment after it."`
}

// Translation is what the texts of a product are in another language.
type Translation struct {
	Locale      string `json:"locale" minLength:"1" maxLength:"100" doc:"A BCP 47 tag." example:"de-AT"`
	Title       string `json:"title,omitempty" maxLength:"500"`
	Description string `json:"description,omitempty" maxLength:"65536"`
	SEO         *SEO   `json:"seo,omitempty"`
	Terms       []Term `json:"terms,omitempty" nullable:"false" maxItems:"2000" doc:"Names and values of options, and names, units and values of attributes."`
}

// TextTranslation is what the texts of a category or collection are in another
// language.
type TextTranslation struct {
	Locale      string `json:"locale" minLength:"1" maxLength:"100" doc:"A BCP 47 tag." example:"de-AT"`
	Title       string `json:"title,omitempty" maxLength:"500"`
	Description string `json:"description,omitempty" maxLength:"65536"`
	SEO         *SEO   `json:"seo,omitempty"`
}

// Term is a short text and what it is in another language.
type Term struct {
	Text        string `json:"text" minLength:"1"`
	Translation string `json:"translation" minLength:"1"`
}

func showPublications(all []catalog.Publication) []Publication {
	var out []Publication
	for _, p := range all {
		out = append(out, Publication{p.Channel, timeAt(p.VisibleFrom), timeAt(p.VisibleUntil), timeAt(p.PurchasableFrom), timeAt(p.PurchasableUntil)})
	}
	return out
}

func publicationsOf(in []Publication) []catalog.Publication {
	var out []catalog.Publication
	for _, p := range in {
		out = append(out, catalog.Publication{
			Channel: p.Channel, VisibleFrom: momentAt(p.VisibleFrom), VisibleUntil: momentAt(p.VisibleUntil),
			PurchasableFrom: momentAt(p.PurchasableFrom), PurchasableUntil: momentAt(p.PurchasableUntil),
		})
	}
	return out
}

// timeAt returns the time of a moment, nil for no bound.
func timeAt(m catalog.Moment) *time.Time {
	if m == 0 {
		return nil
	}
	t := m.Time()
	return &t
}

// momentAt returns the moment of a time, no bound for nil.
func momentAt(t *time.Time) catalog.Moment {
	if t == nil {
		return 0
	}
	return catalog.MomentOf(*t)
}

func showTranslations(all []catalog.Translation) []Translation {
	var out []Translation
	for _, t := range all {
		shown := Translation{Locale: t.Locale, Title: t.Title, Description: t.Description, SEO: showSEO(t.SEO)}
		for _, term := range t.Terms {
			shown.Terms = append(shown.Terms, Term(term))
		}
		out = append(out, shown)
	}
	return out
}

func translationsOf(in []Translation) []catalog.Translation {
	var out []catalog.Translation
	for _, t := range in {
		put := catalog.Translation{Locale: t.Locale, Title: t.Title, Description: t.Description}
		if t.SEO != nil {
			put.SEO = catalog.SEO(*t.SEO)
		}
		for _, term := range t.Terms {
			put.Terms = append(put.Terms, catalog.Term(term))
		}
		out = append(out, put)
	}
	return out
}

func showTexts(all []catalog.Translation) []TextTranslation {
	var out []TextTranslation
	for _, t := range all {
		out = append(out, TextTranslation{t.Locale, t.Title, t.Description, showSEO(t.SEO)})
	}
	return out
}

func textsOf(in []TextTranslation) []catalog.Translation {
	var out []catalog.Translation
	for _, t := range in {
		put := catalog.Translation{Locale: t.Locale, Title: t.Title, Description: t.Description}
		if t.SEO != nil {
			put.SEO = catalog.SEO(*t.SEO)
		}
		out = append(out, put)
	}
	return out
}

func showDigital(d *catalog.Digital) *DigitalInput {
	if d == nil {
		return nil
	}
	out := &DigitalInput{Downloads: d.Downloads, Days: d.Days, GiftCard: showGiftCard(d.GiftCard)}
	for _, f := range d.Files {
		out.Files = append(out.Files, FileInput{string(f.Asset), f.Name})
	}
	return out
}
