package merchandising

import (
	"strings"

	"github.com/keelshop/commerce/catalog"
)

// Rule is what a merchant wants for one text that shoppers search for. There
// is one rule for a text and locale.
type Rule struct {
	// Query is the text, and stands for all texts with the same words,
	// inflected or not. The rule for "" is about listings without a text; its
	// boosts count in every search.
	Query string `cbor:"1,keyasint,omitempty" json:"query"`
	// Locale is the language of shoppers that it is for, as in "de" or
	// "de-AT"; "" is every one.
	Locale string `cbor:"2,keyasint,omitempty" json:"locale"`
	// Pins come first, in this order, if the shopper's filters let them.
	Pins []catalog.ProductID `cbor:"3,keyasint,omitempty" json:"pins"`
	// Buries come last.
	Buries []catalog.ProductID `cbor:"4,keyasint,omitempty" json:"buries"`
	Boosts []Boost             `cbor:"5,keyasint,omitempty" json:"boosts"`
	// Redirect is an address to go to instead, such as one about opening
	// hours: a path that begins with "/", or a URL of http or https.
	Redirect string `cbor:"6,keyasint,omitempty" json:"redirect"`
}

// Boost lifts or lowers products that have one of some values.
type Boost struct {
	// Field is one of package search: "brand", "type", "category" (values are
	// IDs), "available" ("yes" or "no"), or "attribute:" and a name.
	Field  string   `cbor:"1,keyasint" json:"field"`
	Values []string `cbor:"2,keyasint" json:"values"`
	// Percent is added to the score: 50 makes it half as much again, -50 half.
	Percent int `cbor:"3,keyasint" json:"percent"`
}

// Vocabulary is what words mean in a shop, beyond what package search knows of
// a language.
type Vocabulary struct {
	// Locale is the language that it is for; "" is every one.
	Locale string `cbor:"1,keyasint,omitempty"`
	// Synonyms are groups of words and phrases that mean the same: a product
	// that has one of a group is found by each of them.
	Synonyms [][]string `cbor:"2,keyasint,omitempty"`
	// StopWords say nothing: a search goes by the other words.
	StopWords []string `cbor:"3,keyasint,omitempty"`
}

// Rules are all rules and vocabularies of a store at one moment. They do not
// change and are safe for concurrent use: do not change the slices.
type Rules struct {
	Version      int64        // counts the changes; 0 if there were none
	Rules        []Rule       // sorted by locale and query
	Vocabularies []Vocabulary // sorted by locale
}

// Rule returns the rule for a text, and false if there is none.
func (r *Rules) Rule(locale, query string) (Rule, bool) {
	for _, rule := range r.Rules {
		if rule.Locale == locale && rule.Query == normal(query) {
			return rule, true
		}
	}
	return Rule{}, false
}

// Vocabulary returns that of a locale; an empty one if there is none.
func (r *Rules) Vocabulary(locale string) Vocabulary {
	for _, v := range r.Vocabularies {
		if v.Locale == locale {
			return v
		}
	}
	return Vocabulary{Locale: locale}
}

// Miss is a text that found nothing.
type Miss struct {
	Locale string `cbor:"1,keyasint,omitempty"` // of the search
	Text   string `cbor:"2,keyasint"`           // its words in lower case
	Count  int64  `cbor:"3,keyasint"`
	LastAt int64  `cbor:"4,keyasint"` // ms since 1970 UTC
}

// normal returns a text in lower case with single blanks.
func normal(query string) string {
	return strings.Join(strings.Fields(strings.ToLower(query)), " ")
}
