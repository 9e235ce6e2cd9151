package text

import (
	"strings"
	"sync"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/hungarian"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/romanian"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"github.com/blevesearch/snowballstem/turkish"
)

// A Language stems words and knows which say nothing. The zero Language does
// neither. It is safe for concurrent use.
type Language struct {
	stem    func(*snowballstem.Env) bool
	stems   *stemCache
	stop    map[string]bool
	purpose map[string]bool
	kind    string // the word for it
}

// NewLanguage returns the rules for a BCP 47 locale such as "de-AT", of which
// only the language counts. An unknown one has no rules.
func NewLanguage(locale string) Language {
	name, _, _ := strings.Cut(strings.ToLower(locale), "-")
	return Language{stem: stemmer(name), stems: &stemCache{}, stop: set(stopWords(name)), purpose: set(purposeWords(name)), kind: typeWord(name)}
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[fold(w)] = true
	}
	return m
}

func stemmer(language string) func(*snowballstem.Env) bool {
	switch language {
	case "da":
		return danish.Stem
	case "de":
		return german.Stem
	case "en":
		return english.Stem
	case "es":
		return spanish.Stem
	case "fi":
		return finnish.Stem
	case "fr":
		return french.Stem
	case "hu":
		return hungarian.Stem
	case "it":
		return italian.Stem
	case "nb", "nn", "no":
		return norwegian.Stem
	case "nl":
		return dutch.Stem
	case "pt":
		return portuguese.Stem
	case "ro":
		return romanian.Stem
	case "ru":
		return russian.Stem
	case "sv":
		return swedish.Stem
	case "tr":
		return turkish.Stem
	}
	return nil
}

// Stem returns the stem of a folded word. Words with digits have none.
func (l Language) Stem(w string) string {
	if l.stem == nil || len(w) < 3 || HasDigit(w) {
		return w
	}
	if s, ok := l.stems.get(w); ok {
		return s
	}
	env := snowballstem.NewEnv(w)
	l.stem(env)
	s := env.Current()
	l.stems.put(w, s)
	return s
}

// stemCache keeps the stems of words, since a catalogue has few and has them
// often. It is emptied when it is full.
type stemCache struct {
	mu    sync.RWMutex
	stems map[string]string
}

const mostStems = 50_000

func (c *stemCache) get(w string) (string, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	s, ok := c.stems[w]
	return s, ok
}

func (c *stemCache) put(w, stem string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stems == nil || len(c.stems) >= mostStems {
		c.stems = map[string]string{}
	}
	c.stems[strings.Clone(w)] = strings.Clone(stem)
}

// Stop reports whether a folded word says nothing by itself.
func (l Language) Stop(w string) bool { return l.stop[w] }

// Purpose reports whether a folded word is followed by what a thing is for or
// comes with, and no more by what it is.
func (l Language) Purpose(w string) bool { return l.purpose[w] }

// Type reports whether the name of an attribute says that its values are what a
// product is: "Case type", "Kabeltyp", "tipo de cable".
func (l Language) Type(attribute string) bool {
	words := Words(attribute)
	return len(words) > 0 && l.kind != "" && (words[0].Text == l.kind || strings.HasSuffix(words[len(words)-1].Text, l.kind))
}

func typeWord(language string) string {
	switch language {
	case "en", "fr", "nl", "da", "nb", "nn", "no":
		return "type"
	case "de", "sv":
		return "typ"
	case "es", "it", "pt":
		return "tipo"
	}
	return ""
}

func purposeWords(language string) string {
	switch language {
	case "en":
		return "for with w compatible fits replaces"
	case "de":
		return "für mit passend kompatibel"
	case "fr":
		return "pour avec compatible"
	case "es":
		return "para con compatible"
	case "it":
		return "per con compatibile"
	case "nl":
		return "voor met geschikt"
	case "pt":
		return "para com compatível"
	case "sv":
		return "för med"
	case "da", "nb", "nn", "no":
		return "til for med"
	}
	return ""
}

func stopWords(language string) string {
	switch language {
	case "en":
		return "a an and are as at be by for from in is it of on or that the this to with your w"
	case "de":
		return "aber als am an auch auf aus bei das dem den der des die ein eine einem einen einer eines für im in ist mit oder und vom von zu zum zur"
	case "fr":
		return "à au aux avec ce ces d dans de des du en et la le les l ou par pour sur un une"
	case "es":
		return "a al con de del el en la las lo los o para por su un una y"
	case "it":
		return "a al alla con da dal dei del della di e ed i il in la le lo o per su un una"
	case "nl":
		return "aan bij de een en het in met of op te van voor"
	case "pt":
		return "a ao as com da das de do dos e em na no o os ou para por um uma"
	case "sv":
		return "av den det en ett för i med och på som till"
	case "da", "nb", "nn", "no":
		return "af av den det en et for i med og på som til"
	}
	return ""
}
