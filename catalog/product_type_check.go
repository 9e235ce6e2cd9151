package catalog

import (
	"context"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/fault"
)

// AttributeError says that an attribute of a product does not fit its type.
type AttributeError struct {
	Type      string // the type's code
	Attribute string
	SKU       SKU // "" if it is the product's own
	Problem   string
}

func (e *AttributeError) Error() string {
	where := "the product"
	if e.SKU != "" {
		where = fmt.Sprintf("variant %q", e.SKU)
	}
	return fmt.Sprintf("attribute %q of %s does not fit the type %q: %s", e.Attribute, where, e.Type, e.Problem)
}

// Unwrap returns fault.Invalid.
func (e *AttributeError) Unwrap() error { return fault.Invalid }

// check holds a normalized product against the type. The error is an
// *AttributeError.
func (t ProductType) check(c PutProduct) error {
	if err := t.checkList("", c.Attributes); err != nil {
		return err
	}
	for _, v := range c.Variants {
		if err := t.checkList(v.SKU, v.Attributes); err != nil {
			return err
		}
	}
	for _, d := range t.Attributes {
		if err := t.checkVariants(d, c); err != nil {
			return err
		}
	}
	return nil
}

func (t ProductType) checkList(sku SKU, list []Attribute) error {
	for _, a := range list {
		d, ok := t.Definition(a.Name)
		problem := d.problem(a)
		switch {
		case !ok:
			problem = "the type has no such attribute"
		case problem == "" && d.Constraint == SameForAll && sku != "":
			problem = "it is the same for all variants, so it is the product's"
		}
		if problem != "" {
			return &AttributeError{Type: t.Code, Attribute: a.Name, SKU: sku, Problem: problem}
		}
	}
	return nil
}

// problem returns why an attribute is not what the definition says, "" if it is.
func (d AttributeDefinition) problem(a Attribute) string {
	switch {
	case a.Kind != d.Kind:
		return fmt.Sprintf("it is a %s and should be a %s", a.Kind, d.Kind)
	case d.Unit != "" && a.Unit != d.Unit:
		return fmt.Sprintf("it is in %q and should be in %q", a.Unit, d.Unit)
	case len(a.Values) > 1 && !d.Multiple:
		return "it has several values"
	case d.Kind != EnumAttribute:
		return ""
	}
	for _, v := range a.Values {
		if !slices.Contains(d.Values, v) {
			return fmt.Sprintf("%q is none of its values", v)
		}
	}
	return ""
}

// checkVariants checks what concerns all variants together.
func (t ProductType) checkVariants(d AttributeDefinition, c PutProduct) error {
	if !d.Required && d.Constraint != Unique {
		return nil
	}
	owners := map[string]SKU{}
	for _, v := range c.Variants {
		a, found := attributeOf(v.Attributes, d.Name)
		if !found {
			a, found = attributeOf(c.Attributes, d.Name)
		}
		if !found {
			if d.Required {
				return &AttributeError{Type: t.Code, Attribute: d.Name, SKU: v.SKU, Problem: "it is missing"}
			}
			continue
		}
		key := a.Value()
		if other, taken := owners[key]; taken && d.Constraint == Unique {
			return &AttributeError{Type: t.Code, Attribute: d.Name, SKU: v.SKU, Problem: fmt.Sprintf("%q has the same", other)}
		}
		owners[key] = v.SKU
	}
	return nil
}

func attributeOf(list []Attribute, name string) (Attribute, bool) {
	i := slices.IndexFunc(list, func(a Attribute) bool { return a.Name == name })
	if i < 0 {
		return Attribute{}, false
	}
	return list[i], true
}

// Attribute returns the attribute with a name that a variant has, by itself or
// from its product, and false if there is none.
func (p Product) Attribute(v Variant, name string) (Attribute, bool) {
	if a, ok := attributeOf(v.Attributes, name); ok {
		return a, true
	}
	return attributeOf(p.Attributes, name)
}

// checkType holds a product against its type, if it has one. The error is an
// *AttributeError or *UnknownProductTypeError.
func (s *Service) checkType(ctx context.Context, c PutProduct) error {
	if c.Type == "" {
		return nil
	}
	types, err := s.ProductTypes(ctx)
	if err != nil {
		return err
	}
	t, ok := types.Get(c.Type)
	if !ok {
		return &UnknownProductTypeError{Type: c.Type}
	}
	return t.check(c)
}
