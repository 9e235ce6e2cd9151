package catalog

import "slices"

// ruleIndex finds the collections that a product may be in without asking all
// of them. A collection whose rules must all hold is filed under the values of
// one of them that names values; one that needs any of its rules is filed under
// each. Whatever cannot be filed is asked every time.
type ruleIndex struct {
	filed map[ruleKey][]*Collection
	rest  []*Collection
}

// ruleKey is a value that a product has or has not.
type ruleKey struct {
	field       RuleField
	name, value string
}

func newRuleIndex(collections []Collection) *ruleIndex {
	x := &ruleIndex{filed: map[ruleKey][]*Collection{}}
	for i := range collections {
		c := &collections[i]
		switch {
		case len(c.Rules) == 0:
		case c.AnyRule && !slices.ContainsFunc(c.Rules, func(r Rule) bool { return r.Op != Is }):
			for _, r := range c.Rules {
				x.file(c, r)
			}
		case c.AnyRule:
			x.rest = append(x.rest, c)
		default:
			x.fileOnce(c)
		}
	}
	return x
}

func (x *ruleIndex) fileOnce(c *Collection) {
	best := -1
	for i, r := range c.Rules {
		if r.Op == Is && (best < 0 || len(r.Values) < len(c.Rules[best].Values)) {
			best = i
		}
	}
	if best < 0 {
		x.rest = append(x.rest, c)
		return
	}
	x.file(c, c.Rules[best])
}

func (x *ruleIndex) file(c *Collection, r Rule) {
	for _, v := range r.Values {
		k := ruleKey{r.Field, r.Name, v}
		x.filed[k] = append(x.filed[k], c)
	}
}

// match returns the collections whose rules find a product, sorted by ID.
func (x *ruleIndex) match(p *Product, tree *Tree) []CollectionID {
	f := factsOf(p, tree)
	var found []CollectionID
	ask := func(list []*Collection) {
		for _, c := range list {
			if c.matches(f) {
				found = append(found, c.ID)
			}
		}
	}
	ask(x.rest)
	f.eachKey(func(k ruleKey) { ask(x.filed[k]) })
	slices.Sort(found)
	return slices.Compact(found)
}

// eachKey calls visit for each value that the product has. The order does not
// matter: what is found is sorted.
func (f *facts) eachKey(visit func(ruleKey)) {
	p := f.product
	visit(ruleKey{RuleBrand, "", p.Brand})
	visit(ruleKey{RuleType, "", string(p.Type)})
	for c := range f.categories {
		visit(ruleKey{RuleCategory, "", c})
	}
	for name, list := range f.attributes {
		for _, a := range list {
			visit(ruleKey{RuleAttribute, name, a.Value()})
			for _, v := range a.Values {
				visit(ruleKey{RuleAttribute, name, v})
			}
		}
	}
	for name, values := range f.options {
		for _, v := range values {
			visit(ruleKey{RuleOption, name, v})
		}
	}
}
