package text_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/keelshop/commerce/search/internal/text"
)

func TestTerms(t *testing.T) {
	for _, test := range []struct{ locale, text, want string }{
		{"en", "Running shoes", "run shoe"},
		{"en", "women's watch", "women watch"},
		{"en", "Women’s watch", "women watch"},
		{"en", "the laptop for the office", "laptop offic"},
		{"en", "TN-2110 toner", "tn 2110 tn2110 toner"},
		{"en", "15.6\" screen", "15.6in 15.6 screen"},
		{"en", "15,6 inch", "15.6in 15.6 inch"},
		{"en", "15.60-inch", "15.6in 15.60 inch 1560inch"},
		{"en", "1 TB, 1tb", "1tb 1 tb 1tb"},
		{"en", "20,100 mAh", "20100mah 20100 mah"},
		{"en", "Café ™ Æther", "cafe aether"},
		{"en", "Wi-Fi", "wi fi wifi"},
		{"de", "Größe für Schuhe", "gross schuh"},
		{"de", "Straße", "strass"},
		{"xx", "Running shoes", "running shoes"},
		{"en", "§ – ½", ""},
	} {
		var got []string
		for _, term := range text.NewLanguage(test.locale).Terms(test.text) {
			got = append(got, term.Text)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s %q: got %q, want %q", test.locale, test.text, got, test.want)
		}
	}
}

func TestPairs(t *testing.T) {
	var got []string
	const title = "Smart watch for PlayStation 4"
	got = text.NewLanguage("en").Pairs(title, text.Words(title))
	if want := []string{"smartwatch", "ps4"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCode(t *testing.T) {
	for _, same := range []string{"TN-2110", "tn 2110", "TN2110", "tn.2110", "Tn/2110"} {
		if got := text.Code(same); got != "tn2110" {
			t.Errorf("%q is the code %q", same, got)
		}
	}
}

// FuzzTerms splits whatever there is: terms are short, valid, and where they
// say that they are.
func FuzzTerms(f *testing.F) {
	for _, s := range []string{"15.6\" a-b-c-d-e-f", "\xff'’s", "1.", "½ Å", "a\u0301b", strings.Repeat("é", 100), "1,000,000.5tb"} {
		f.Add(s)
	}
	l := text.NewLanguage("en")
	f.Fuzz(func(t *testing.T, s string) {
		end := 0
		for _, w := range text.Words(s) {
			if w.Text == "" || len(w.Text) > text.MaxWord || !utf8.ValidString(w.Text) && utf8.ValidString(s) || w.Start < end || w.End <= w.Start || w.End > len(s) {
				t.Fatalf("%q has the word %+v", s, w)
			}
			end = w.End
		}
		for _, pair := range l.Pairs(s, text.Words(s)) {
			if pair == "" {
				t.Fatalf("%q has an empty pair", s)
			}
		}
		for _, term := range l.Terms(s) {
			if term.Text == "" || term.Start < 0 || term.End > len(s) || term.Start >= term.End {
				t.Fatalf("%q has the term %+v", s, term)
			}
		}
		if a, b := text.Code(s), text.Code(text.Code(s)); a != b {
			t.Fatalf("the code of %q is %q, and its code is %q", s, a, b)
		}
	})
}
