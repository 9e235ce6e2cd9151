package search

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/search/internal/text"
)

// Prefix is what a shopper has typed so far.
type Prefix struct {
	Text string
	// Limit is how many suggestions of each kind to return: 5 if it is 0, at
	// most 20.
	Limit int
	// Currency is what prices of suggested products are in.
	Currency money.Currency
	// Channel, Market and Groups say who asks, as in a Query.
	Channel, Market string
	Groups          []string
}

// Suggestions are what a shopper may mean.
type Suggestions struct {
	// Queries are texts that find something, likely ones first.
	Queries []string
	// Products are the best that the text finds so far.
	Products []Suggested
	// Categories have a title with the words.
	Categories []Category
}

// Suggested is a product that a shopper may mean.
type Suggested struct {
	Product catalog.Product
	Price   money.Amount // the lowest in the prefix's currency, or zero
	Title   Marked
}

// The bounds of suggestions.
const (
	maxSuggestions = 20
	suggestTime    = 200 * time.Millisecond
	maxCompletions = 4096 // words that are looked at for a prefix
)

// Suggest completes what a shopper types. It returns fault.Invalid for a
// limit that is out of bounds.
func (f *Finder) Suggest(ctx context.Context, p Prefix) (Suggestions, error) {
	if p.Limit < 0 || p.Limit > maxSuggestions {
		return Suggestions{}, fault.Wrong("limit", "there are 1 to %d suggestions of a kind, not %d", maxSuggestions, p.Limit)
	}
	if p.Limit == 0 {
		p.Limit = 5
	}
	ctx, stop := context.WithTimeout(ctx, suggestTime)
	defer stop()
	q := Query{Currency: p.Currency, Channel: p.Channel, Market: p.Market, Groups: p.Groups}
	if err := f.prepare(ctx, &q); err != nil {
		return Suggestions{}, err
	}
	var out Suggestions
	err := f.use(func(x *index) error {
		s, err := x.suggest(ctx, &q, p.Text, p.Limit)
		if err != nil {
			return err
		}
		out.Queries = s.queries
		tree, err := f.shop.Catalog.Categories(ctx)
		if err != nil {
			return err
		}
		for _, c := range s.categories {
			if _, ok := tree.Get(catalog.CategoryID(c.ID)); ok {
				out.Categories = append(out.Categories, c)
			}
		}
		m := x.newMarker(s.terms)
		for _, it := range s.products {
			product, err := f.shop.Catalog.Get(ctx, catalog.ProductID(it.id))
			if err != nil || !product.Offered(q.ask()).Visible {
				continue // it left the shop meanwhile
			}
			product = product.In(f.options.Locale)
			h := Hit{Product: product}
			h.price(&q)
			out.Products = append(out.Products, Suggested{Product: product, Price: h.Price, Title: m.title(product.Title)})
		}
		return nil
	})
	return out, err
}

// suggested is what the index suggests.
type suggested struct {
	queries    []string
	products   []found
	categories []Category
	terms      parsed
}

// completion is a word that begins with what was typed.
type completion struct {
	word  string
	count int // documents that have it
}

func (x *index) suggest(ctx context.Context, q *Query, typed string, limit int) (suggested, error) {
	words := text.Words(typed[:whole(typed, min(len(typed), maxText))])
	if len(words) == 0 || len(words) > maxWords {
		return suggested{}, nil
	}
	if q.rules == nil {
		q.rules = x.plain
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	last := words[len(words)-1]
	completions, err := x.complete(wordField, last.Text)
	if err != nil {
		return suggested{}, err
	}
	codes, err := x.complete(codeField, text.Code(typed))
	if err != nil {
		return suggested{}, err
	}
	p := x.parsePrefix(q, words, completions)
	s := x.borrow(x.cols.size())
	defer x.giveBack(s)
	if err := x.match(ctx, p, s); err != nil {
		return suggested{}, err
	}
	set := newBitset(x.cols.size())
	for _, ord := range s.touched {
		if int(s.covered[ord]) == len(p.groups) {
			set.set(ord)
		}
	}
	out := suggested{terms: p}
	out.queries = x.queries(words, completions, set, limit)
	if err := x.matchCodes(codeWords(codes, limit), s); err != nil {
		return suggested{}, err
	}
	for _, ord := range s.touched {
		if s.code[ord] {
			set.set(ord)
		}
	}
	x.hide(q, &set)
	out.products = x.best(&Query{Text: typed}, set, s, limit, nil)
	out.categories = x.suggestCategories(words, limit)
	return out, nil
}

func codeWords(list []completion, limit int) (codes []string) {
	for _, c := range list[:min(len(list), limit)] {
		codes = append(codes, c.word)
	}
	return codes
}

// complete returns the most frequent terms of a field that begin with a prefix.
func (x *index) complete(f field, prefix string) (list []completion, err error) {
	defer recovered(&err)
	if prefix == "" {
		return nil, nil
	}
	key := completionKey{f, prefix}
	if known, ok := x.completions.Load(key); ok {
		return known.([]completion), nil
	}
	if list, ok := x.narrowed(f, prefix); ok {
		return list, nil
	}
	dict, err := x.snap.FieldDictPrefix(names[f], []byte(prefix))
	if err != nil {
		return nil, err
	}
	defer dict.Close()
	for range maxCompletions {
		entry, err := dict.Next()
		if err != nil {
			return nil, err
		}
		if entry == nil {
			break
		}
		list = append(list, completion{entry.Term, int(entry.Count)})
	}
	slices.SortStableFunc(list, func(a, b completion) int { return b.count - a.count })
	list = slices.Clone(list[:min(len(list), keptCompletions)])
	if len(prefix) <= keptPrefix {
		x.completions.Store(key, list)
	}
	return list, nil
}

// completionKey names the completions of a prefix. Those of short prefixes are
// many to look at and few to keep, until the index changes.
type completionKey struct {
	field  field
	prefix string
}

const (
	keptPrefix      = 3 // bytes
	keptCompletions = 64
)

// narrowed returns the completions of a prefix from those of its beginning, if
// these are known and are all that there are.
func (x *index) narrowed(f field, prefix string) (list []completion, ok bool) {
	for n := 1; n <= min(keptPrefix, len(prefix)-1); n++ {
		known, found := x.completions.Load(completionKey{f, prefix[:n]})
		if !found {
			continue
		}
		if all := known.([]completion); len(all) < keptCompletions {
			for _, c := range all {
				if strings.HasPrefix(c.word, prefix) {
					list = append(list, c)
				}
			}
			return list, true
		}
	}
	return nil, false
}

// maxExpanded is how many completions of the last word count for a product.
const maxExpanded = 16

// parsePrefix reads a text whose last word is not finished.
func (x *index) parsePrefix(q *Query, words []text.Word, completions []completion) parsed {
	p := parsed{words: words}
	for i := range words[:len(words)-1] {
		if g, _ := x.group(words, i, q.rules.lexicon); len(g.terms) > 0 {
			p.groups = append(p.groups, g)
		}
	}
	last := words[len(words)-1]
	g := group{word: last.Text}
	if text.HasDigit(last.Text) {
		g, _ = x.group(words, len(words)-1, q.rules.lexicon)
	}
	seen := map[string]bool{}
	for _, c := range completions[:min(len(completions), maxExpanded)] {
		if stem := x.language.Stem(c.word); !seen[stem] {
			seen[stem] = true
			g.terms = append(g.terms, wanted{stem, 1, []field{titleField, brandField, typeField, categoryField}, "beginning"})
		}
	}
	p.groups = append(p.groups, g)
	return p
}

// queries completes the last word so that the whole text finds something.
func (x *index) queries(words []text.Word, completions []completion, set bitset, limit int) []string {
	var before strings.Builder
	for _, w := range words[:len(words)-1] {
		before.WriteString(w.Text)
		before.WriteByte(' ')
	}
	var list []string
	seen := map[string]bool{}
	for _, c := range completions {
		stem := x.language.Stem(c.word)
		if seen[stem] || !x.anyHas(stem, set) {
			continue
		}
		seen[stem] = true
		if list = append(list, before.String()+c.word); len(list) == limit {
			break
		}
	}
	return list
}

// anyHas reports whether a document of the set has a stem in its title, brand,
// type or category.
func (x *index) anyHas(stem string, set bitset) bool {
	for _, f := range []field{titleField, brandField, typeField, categoryField} {
		lists, err := x.postings(f, stem)
		if err != nil {
			return false
		}
		for _, list := range lists {
			for _, p := range list {
				if set.has(p.ord) {
					return true
				}
			}
		}
	}
	return false
}

// suggestCategories returns categories whose title has the words, the last of
// them begun. Shorter titles come first.
func (x *index) suggestCategories(words []text.Word, limit int) []Category {
	var list []Category
	for id, title := range x.cols.titles {
		if hasWords(title.words, words) {
			list = append(list, Category{ID: id, Title: title.text})
		}
	}
	slices.SortFunc(list, func(a, b Category) int {
		if n := len(a.Title) - len(b.Title); n != 0 {
			return n
		}
		return strings.Compare(a.Title+a.ID, b.Title+b.ID)
	})
	return list[:min(len(list), limit)]
}

func hasWords(title, words []text.Word) bool {
	for i, w := range words {
		last := i == len(words)-1
		if !slices.ContainsFunc(title, func(t text.Word) bool {
			return t.Text == w.Text || last && strings.HasPrefix(t.Text, w.Text)
		}) {
			return false
		}
	}
	return true
}
