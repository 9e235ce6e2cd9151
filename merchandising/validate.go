package merchandising

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
)

// The bounds of rules and vocabularies. Lengths are in bytes.
const (
	mostQuery    = 512
	mostLocale   = 35
	mostProducts = 200
	mostBoosts   = 50
	mostValues   = 100
	mostAddress  = 2000
	mostPhrase   = 200
	mostPhrases  = 10_000
	mostStops    = 1000
)

func checkVersion(version int64) error {
	if version < 0 && version != AtStart {
		return fault.Wrong("version", "version %d of the rules cannot exist", version)
	}
	return nil
}

func checkText(what, s string, most int) error {
	if len(s) > most || !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\n\r") {
		return fault.Wrong(strings.ReplaceAll(what, " ", "_"), "a %s is one line of at most %d bytes in UTF-8", what, most)
	}
	return nil
}

func (r Rule) check() error {
	if err := checkText("query", r.Query, mostQuery); err != nil {
		return err
	}
	if err := checkText("locale", r.Locale, mostLocale); err != nil {
		return err
	}
	if len(r.Pins)+len(r.Buries)+len(r.Boosts) == 0 && r.Redirect == "" {
		return fault.New(fault.Invalid, "a rule pins, buries, boosts or redirects: remove one that does nothing")
	}
	if len(r.Pins) > mostProducts || len(r.Buries) > mostProducts || len(r.Boosts) > mostBoosts {
		return fault.Wrong("pins", "a rule has at most %d pins, %d buries and %d boosts", mostProducts, mostProducts, mostBoosts)
	}
	seen := map[catalog.ProductID]bool{}
	for n, list := range [][]catalog.ProductID{r.Pins, r.Buries} {
		for i, p := range list {
			at := fault.Item([...]string{"pins", "buries"}[n], i)
			if err := id.Check("prd", string(p)); err != nil {
				return fault.InField(at, err)
			}
			if seen[p] {
				return fault.Wrong(at, "product %s is in the rule twice", p)
			}
			seen[p] = true
		}
	}
	for i, b := range r.Boosts {
		if err := b.check(); err != nil {
			return fault.InField(fault.Item("boosts", i), err)
		}
	}
	return r.checkRedirect()
}

// checkRedirect lets addresses through that a browser may be sent to.
func (r Rule) checkRedirect() error {
	if r.Redirect == "" {
		return nil
	}
	if normal(r.Query) == "" {
		return fault.Wrong("redirect", "a redirect needs a query")
	}
	if err := checkText("redirect", r.Redirect, mostAddress); err != nil {
		return err
	}
	u, err := url.Parse(r.Redirect)
	path := err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(r.Redirect, "/") && !strings.ContainsRune(r.Redirect, '\\')
	site := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
	if !path && !site {
		return fault.Wrong("redirect", "a redirect leads to a path such as /hours, or to a URL of http or https")
	}
	return nil
}

func (b Boost) check() error {
	if b.Percent <= -100 || b.Percent > 1000 || b.Percent == 0 {
		return fault.Wrong("percent", "a boost is above -100 and at most 1000 percent, and not %d", b.Percent)
	}
	if len(b.Values) == 0 || len(b.Values) > mostValues {
		return fault.Wrong("values", "a boost has 1 to %d values, not %d", mostValues, len(b.Values))
	}
	switch name, attribute := strings.CutPrefix(b.Field, "attribute:"); {
	case attribute && name != "":
	case b.Field == "brand" || b.Field == "type" || b.Field == "category" || b.Field == "available":
	default:
		return fault.Wrong("field", "a boost cannot go by the field %.60q", b.Field)
	}
	for i, v := range b.Values {
		if err := checkText("value", v, mostQuery); err != nil {
			return &fault.FieldError{Field: fault.Item("values", i), Err: err}
		}
	}
	return checkText("field", b.Field, mostQuery)
}

func (v Vocabulary) check() error {
	if err := checkText("locale", v.Locale, mostLocale); err != nil {
		return err
	}
	phrases := 0
	for i, group := range v.Synonyms {
		if len(group) < 2 {
			return fault.Wrong(fault.Item("synonyms", i), "a group of synonyms has two phrases at least")
		}
		phrases += len(group)
		for _, p := range group {
			if err := checkPhrase(p); err != nil {
				return &fault.FieldError{Field: fault.Item("synonyms", i), Err: err}
			}
		}
	}
	if phrases > mostPhrases || len(v.StopWords) > mostStops {
		return fault.Wrong("synonyms", "%d synonyms and %d stop words: the limits are %d and %d", phrases, len(v.StopWords), mostPhrases, mostStops)
	}
	for i, w := range v.StopWords {
		if err := checkPhrase(w); err != nil {
			return &fault.FieldError{Field: fault.Item("stop_words", i), Err: err}
		}
	}
	return nil
}

func checkPhrase(p string) error {
	if strings.TrimSpace(p) == "" {
		return fault.New(fault.Invalid, "a synonym or stop word is empty")
	}
	return checkText("synonym or stop word", p, mostPhrase)
}
