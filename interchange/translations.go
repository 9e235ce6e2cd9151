package interchange

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

// translated is what a file of translations says of one product, which has to
// be there.
type translated struct {
	handle string
	texts  []catalog.Translation
	more   []map[string]string // what has no field, by column
}

// readSpreeTranslations reads the translations that Spree exports beside its
// products: a row for each product and locale.
func readSpreeTranslations(t *table) records {
	return read(t, SpreeTranslations, func(first, next *row) bool { return next.peek("slug") == first.peek("slug") }, func(r *record) {
		p := &translated{handle: r.rows[0].peek("slug")}
		r.part = p
		if p.handle == "" {
			r.refuse(r.line, "slug", "bad_value", "the row does not say of which product it is")
		}
		for _, w := range r.rows {
			w.take("slug")
			locale := w.take("locale")
			if slices.ContainsFunc(p.texts, func(t catalog.Translation) bool { return t.Locale == locale }) {
				r.refuse(w.line, "locale", "bad_value", "the product has two rows in %q", locale)
			}
			r.put.Description = ""
			r.description(w, "description")
			p.texts = append(p.texts, catalog.Translation{
				Locale: locale, Title: w.take("name"), Description: r.put.Description,
				SEO: catalog.SEO{Title: w.take("meta_title"), Description: w.take("meta_description")},
			})
			if cells := w.rest(everything); len(cells) > 0 {
				cells["locale"] = locale
				p.more = append(p.more, cells)
			}
		}
	})
}

// put adds the translations to the product. Those that are there stay unless
// they are to be updated, and then keep their terms.
func (p *translated) put(ctx context.Context, l *loader, r *record) error {
	if l.options.DryRun {
		l.summary.Translations += len(p.texts)
		return nil
	}
	have, err := l.shop.Catalog.ByHandle(ctx, p.handle)
	if errors.Is(err, fault.NotFound) {
		r.refuse(r.line, "slug", "unknown_product", "there is no product %q", p.handle)
		return nil
	}
	if err != nil {
		return err
	}
	put := have.Put()
	put.Translations = slices.Clone(put.Translations)
	done := 0
	for _, text := range p.texts {
		i := slices.IndexFunc(put.Translations, func(t catalog.Translation) bool { return t.Locale == text.Locale })
		switch {
		case i < 0:
			put.Translations = append(put.Translations, text)
		case !l.options.Update:
			continue
		default:
			text.Terms = put.Translations[i].Terms
			put.Translations[i] = text
		}
		done++
	}
	if err := p.keep(&put); err != nil {
		return err
	}
	if err := l.shop.Catalog.StoreProducts(ctx, []catalog.PutProduct{put}); err != nil {
		return err
	}
	l.summary.Translations += done
	return nil
}

// keep puts what has no field into the product's source.
func (p *translated) keep(put *catalog.PutProduct) error {
	s := sourceOf(put.PrivateMetadata)
	before := len(s.More)
	for _, cells := range p.more {
		if !slices.ContainsFunc(s.More, func(have map[string]string) bool { return maps.Equal(have, cells) }) {
			s.More = append(s.More, cells)
		}
	}
	if len(s.More) == before {
		return nil
	}
	source, err := s.metadata()
	if err == nil {
		put.PrivateMetadata = merged(put.PrivateMetadata, source)
	}
	return err
}
