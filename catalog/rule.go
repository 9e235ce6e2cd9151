package catalog

import (
	"slices"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/money"
)

// Rule is one condition on a product.
type Rule struct {
	Field RuleField `cbor:"1,keyasint" json:"field"`
	Op    RuleOp    `cbor:"2,keyasint" json:"op"`
	// Name is that of the attribute or option.
	Name string `cbor:"3,keyasint,omitempty" json:"name,omitempty"`
	// Values are what Is and IsNot compare with: one of them is enough. For
	// Contains they are texts, of which the title has one.
	Values []string `cbor:"4,keyasint,omitempty" json:"values,omitempty"`
	// Number is what AtLeast and AtMost compare an attribute with.
	Number Number `cbor:"5,keyasint,omitempty" json:"number,omitzero"`
	// Price is what AtLeast and AtMost compare a variant's own price with.
	Price *money.Amount `cbor:"6,keyasint,omitempty" json:"price,omitempty"`
}

// RuleField says what of a product a rule is about.
type RuleField string

// The fields.
const (
	RuleBrand     RuleField = "brand"
	RuleType      RuleField = "type"     // Values are ProductTypeIDs
	RuleCategory  RuleField = "category" // Values are CategoryIDs; those below them count
	RuleTitle     RuleField = "title"
	RuleAttribute RuleField = "attribute" // of the product or of a variant
	RuleOption    RuleField = "option"    // of a variant
	RulePrice     RuleField = "price"     // of a variant
)

// RuleOp says how a rule compares.
type RuleOp string

// The operators.
const (
	Is       RuleOp = "is"
	IsNot    RuleOp = "is_not"
	Contains RuleOp = "contains" // whatever the letter case
	AtLeast  RuleOp = "at_least"
	AtMost   RuleOp = "at_most"
)

// Bounds of the rules of a collection.
const (
	mostRules      = 50
	mostRuleValues = 500
)

func (r Rule) equal(other Rule) bool {
	return r.Field == other.Field && r.Op == other.Op && r.Name == other.Name && slices.Equal(r.Values, other.Values) &&
		r.Number == other.Number && (r.Price == nil) == (other.Price == nil) && (r.Price == nil || *r.Price == *other.Price)
}

func (r Rule) check() error {
	named := r.Field == RuleAttribute || r.Field == RuleOption
	switch {
	case named != (r.Name != ""):
		return fault.Wrong("name", "a rule about %q: attributes and options have a name, other fields have none", r.Field)
	case !r.knownOp():
		return fault.Wrong("op", "a rule cannot compare %q with %q", r.Field, r.Op)
	case (r.Op == AtLeast || r.Op == AtMost) && len(r.Values) > 0:
		return fault.Wrong("values", "a rule that compares numbers has no Values")
	case (r.Op == Is || r.Op == IsNot || r.Op == Contains) && (len(r.Values) == 0 || len(r.Values) > mostRuleValues):
		return fault.Wrong("values", "a rule has %d values: it needs 1 to %d", len(r.Values), mostRuleValues)
	}
	for i, v := range r.Values {
		if err := r.checkValue(v); err != nil {
			return &fault.FieldError{Field: fault.Item("values", i), Err: err}
		}
	}
	if (r.Field == RulePrice) != (r.Price != nil) {
		return fault.Wrong("price", "a rule about prices has a Price, and no other has")
	}
	if r.Price != nil {
		return fault.InField("price", firstError(r.Price.Check(), checkPrices("price of a rule", "", []money.Amount{*r.Price})))
	}
	return firstError(checkText("name", "name", r.Name, 0, mostOption), r.Number.check())
}

func (r Rule) knownOp() bool {
	switch r.Field {
	case RuleBrand, RuleType, RuleCategory, RuleOption:
		return r.Op == Is || r.Op == IsNot
	case RuleTitle:
		return r.Op == Contains
	case RuleAttribute:
		return r.Op == Is || r.Op == IsNot || r.Op == AtLeast || r.Op == AtMost
	case RulePrice:
		return r.Op == AtLeast || r.Op == AtMost
	}
	return false
}

func (r Rule) checkValue(v string) error {
	switch r.Field {
	case RuleCategory:
		return checkCategoryID(CategoryID(v))
	case RuleType:
		return id.Check("ptype", v)
	}
	return checkText("values", "value of a rule", v, 1, mostAttribute)
}

// facts are what rules ask of a product, worked out once for all rules.
type facts struct {
	product    *Product
	title      string // in lower case
	categories map[string]bool
	attributes map[string][]Attribute // by name, of the product and its variants
	options    map[string][]string    // by name
}

func factsOf(p *Product, tree *Tree) *facts {
	f := &facts{product: p, title: strings.ToLower(p.Title), categories: map[string]bool{}, attributes: map[string][]Attribute{}, options: map[string][]string{}}
	tree.above(p.Categories, func(c CategoryID) { f.categories[string(c)] = true })
	for _, a := range p.Attributes {
		f.attributes[a.Name] = append(f.attributes[a.Name], a)
	}
	for _, v := range p.Variants {
		for _, a := range v.Attributes {
			f.attributes[a.Name] = append(f.attributes[a.Name], a)
		}
		for _, o := range v.Options {
			f.options[o.Name] = append(f.options[o.Name], o.Value)
		}
	}
	return f
}

// holds reports whether a product keeps the rule.
func (r Rule) holds(f *facts) bool {
	switch r.Op {
	case IsNot:
		is := r
		is.Op = Is
		return !is.holds(f)
	case Contains:
		return slices.ContainsFunc(r.Values, func(v string) bool { return strings.Contains(f.title, strings.ToLower(v)) })
	case AtLeast, AtMost:
		return r.holdsNumber(f)
	}
	return slices.ContainsFunc(r.Values, func(v string) bool { return r.holdsValue(f, v) })
}

func (r Rule) holdsValue(f *facts, v string) bool {
	switch r.Field {
	case RuleBrand:
		return f.product.Brand == v
	case RuleType:
		return string(f.product.Type) == v
	case RuleCategory:
		return f.categories[v]
	case RuleOption:
		return slices.Contains(f.options[r.Name], v)
	case RuleAttribute:
		return slices.ContainsFunc(f.attributes[r.Name], func(a Attribute) bool { return a.Value() == v || slices.Contains(a.Values, v) })
	}
	return false
}

func (r Rule) holdsNumber(f *facts) bool {
	fits := func(order int) bool { return r.Op == AtLeast && order >= 0 || r.Op == AtMost && order <= 0 }
	if r.Field == RulePrice {
		return slices.ContainsFunc(f.product.Variants, func(v Variant) bool {
			p, ok := v.Price(r.Price.Currency())
			return ok && fits(int(min(max(p.Minor()-r.Price.Minor(), -1), 1)))
		})
	}
	return slices.ContainsFunc(f.attributes[r.Name], func(a Attribute) bool { return a.Kind == NumberAttribute && fits(a.Number.Cmp(r.Number)) })
}

// matches reports whether the rules of a collection find a product.
func (c *Collection) matches(f *facts) bool {
	holds := func(r Rule) bool { return r.holds(f) }
	if c.AnyRule {
		return slices.ContainsFunc(c.Rules, holds)
	}
	return !slices.ContainsFunc(c.Rules, func(r Rule) bool { return !holds(r) })
}
