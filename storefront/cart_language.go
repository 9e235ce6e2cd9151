package storefront

import (
	"encoding/json"
	"fmt"

	"golang.org/x/text/language"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
)

// cartLanguage is the member of a cart's public metadata that says in which
// language it was filled, for letters.
const cartLanguage = "language"

func languageOf(metadata json.RawMessage) string {
	var m map[string]any
	if len(metadata) == 0 || json.Unmarshal(metadata, &m) != nil {
		return ""
	}
	l, _ := m[cartLanguage].(string)
	return l
}

func cartOf(o orders.Order) cart.ID { return cart.ID(o.Cart) }

// spokenIn returns the language of the first of some countries that is known, the
// default one if none is.
func spokenIn(locales []*locale, countries ...string) *locale {
	for _, c := range countries {
		if tag, err := language.Parse("und-" + c); c != "" && err == nil {
			_, i, _ := newMatcher(locales).Match(tag)
			return locales[i]
		}
	}
	return locales[0]
}

// noteLanguage notes with a cart that has gift cards in which language their
// letters are to be, if it can: that is a preference, and keeps nobody from buying.
func (v *visit) noteLanguage() error {
	buys, err := v.buysGiftCard()
	if err != nil || !buys || languageOf(v.basket.Metadata) == v.locale.Code {
		return err
	}
	all := map[string]any{}
	if len(v.basket.Metadata) > 0 {
		if err := json.Unmarshal(v.basket.Metadata, &all); err != nil {
			return fmt.Errorf("reading what is kept with a cart: %w", err)
		}
	}
	all[cartLanguage] = v.locale.Code
	b, err := json.Marshal(all)
	if err != nil {
		return err
	}
	noted, err := v.site.shop.Carts.Annotate(v.ctx(), cart.Annotate{Cart: v.basket.ID, Metadata: b, Version: v.basket.Version})
	switch fault.CodeOf(err) {
	case fault.Refused, fault.Invalid, fault.Conflict:
		return nil
	}
	if err == nil {
		v.basket = noted
	}
	return err
}

func (v *visit) buysGiftCard() (bool, error) {
	for _, l := range v.basket.Lines {
		variant, err := v.site.shop.Catalog.BySKU(v.ctx(), l.SKU)
		if fault.CodeOf(err) == fault.NotFound {
			continue
		}
		if err != nil || variant.Digital.IsGiftCard() {
			return err == nil, err
		}
	}
	return false, nil
}
