package storefront

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/language"
)

var (
	inTemplates = regexp.MustCompile(`(?:[({ ]|^)t "([^"]+)"`)
	inGo        = regexp.MustCompile(`locale\.text\("([^"]+)"[,)]`)
)

// Every text of the pages is there in German, and none is there that no page
// uses.
func TestTextsAreTranslated(t *testing.T) {
	used := map[string]bool{}
	collect := func(pattern *regexp.Regexp, text string) {
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			used[m[1]] = true
		}
	}
	if err := fs.WalkDir(own, "templates", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := own.ReadFile(name)
		collect(inTemplates, string(body))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, text := range goSources(t) {
		collect(inGo, text)
	}
	for _, text := range notes {
		used[text] = true
	}
	for _, text := range errorTitles {
		used[text] = true
	}
	for text := range englishTexts {
		used[text] = true
	}
	for text := range used {
		if germanTexts[text] == "" && plurals[text] == [4]string{} {
			t.Errorf("%q is not translated", text)
		}
	}
	for text, german := range germanTexts {
		if strings.Count(text, "%") != strings.Count(german, "%") {
			t.Errorf("%q and %q take different values", text, german)
		}
	}
}

func TestMoney(t *testing.T) {
	locales := newLocales()
	if locales[0].tag != language.English || locales[1].tag != language.German {
		t.Fatal("the languages have changed places")
	}
	for _, test := range moneyCases() {
		for i, want := range test.want {
			if got := locales[i].money(test.amount); got != want {
				t.Errorf("%s in %s: %q, want %q", test.amount, locales[i].Code, got, want)
			}
		}
	}
}
