package catalog

import (
	"slices"
	"strings"

	"github.com/keelshop/commerce/fault"
)

// AttributeKind says of what kind the value of an attribute is, and with that
// in which field of Attribute it is. The zero value means Text in a command
// and is never stored.
type AttributeKind string

// The kinds of attributes.
const (
	TextAttribute      AttributeKind = "text"      // Attribute.Text
	NumberAttribute    AttributeKind = "number"    // Attribute.Number and Unit
	BoolAttribute      AttributeKind = "bool"      // Attribute.Bool
	EnumAttribute      AttributeKind = "enum"      // Attribute.Values: one or more of a set
	ReferenceAttribute AttributeKind = "reference" // Attribute.Values: names of other things, as IDs or handles
)

// Attribute is one property of a product or variant, such as its colour or the
// size of its screen. Only the fields of its kind are set.
type Attribute struct {
	Name   string        `cbor:"1,keyasint" json:"name"`
	Kind   AttributeKind `cbor:"2,keyasint,omitempty" json:"kind"`
	Text   string        `cbor:"3,keyasint,omitempty" json:"text,omitempty" command:"numbers"`
	Number Number        `cbor:"4,keyasint,omitempty" json:"number,omitzero"`
	Unit   string        `cbor:"5,keyasint,omitempty" json:"unit,omitempty"` // such as "inch"; "" for a plain number
	Bool   bool          `cbor:"6,keyasint,omitempty" json:"bool,omitempty"`
	Values []string      `cbor:"7,keyasint,omitempty" json:"values,omitempty" command:"numbers"`
}

// Value returns the value as text: 15.6 inch, true, or the values with commas
// between them.
func (a Attribute) Value() string {
	switch a.Kind {
	case NumberAttribute:
		if a.Unit == "" {
			return a.Number.String()
		}
		return a.Number.String() + " " + a.Unit
	case BoolAttribute:
		if a.Bool {
			return "true"
		}
		return "false"
	case EnumAttribute, ReferenceAttribute:
		return strings.Join(a.Values, ", ")
	}
	return a.Text
}

// equal compares normalized attributes.
func (a Attribute) equal(other Attribute) bool {
	return a.Name == other.Name && a.Kind == other.Kind && a.Text == other.Text && a.Number == other.Number &&
		a.Unit == other.Unit && a.Bool == other.Bool && slices.Equal(a.Values, other.Values)
}

// normalAttributes returns attributes spelled in one way, nil for none.
func normalAttributes(list []Attribute) []Attribute {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	for i := range list {
		a := &list[i]
		if a.Kind == "" {
			a.Kind = TextAttribute
		}
		if len(a.Values) == 0 {
			a.Values = nil
		}
		a.Number = a.Number.Normal()
	}
	return list
}

func checkAttributes(list []Attribute) error {
	if len(list) > mostAttributes {
		return fault.Wrong("attributes", "there are %d attributes; the limit is %d", len(list), mostAttributes)
	}
	names := make(map[string]bool, len(list))
	for _, a := range list {
		if err := a.check(); err != nil {
			return fault.InField("attributes", err) // without a number: they have been sorted
		}
		if names[a.Name] {
			return fault.Wrong("attributes.name", "the attribute %q is there twice: give it several Values instead", a.Name)
		}
		names[a.Name] = true
	}
	return nil
}

func (a Attribute) check() error {
	if err := checkText("name", "attribute name", a.Name, 1, mostOption); err != nil {
		return err
	}
	only := Attribute{Name: a.Name, Kind: a.Kind}
	var err error
	switch a.Kind {
	case TextAttribute:
		only.Text = a.Text
		err = checkText("text", "attribute "+a.Name, a.Text, 1, mostAttribute)
	case NumberAttribute:
		only.Number, only.Unit = a.Number, a.Unit
		err = firstError(a.Number.check(), checkText("unit", "unit of "+a.Name, a.Unit, 0, mostUnit))
	case BoolAttribute:
		only.Bool = a.Bool
	case EnumAttribute, ReferenceAttribute:
		only.Values = a.Values
		err = checkValues(a.Name, a.Values)
	default:
		err = fault.Wrong("kind", "%q is not the kind of an attribute: text, number, bool, enum or reference", a.Kind)
	}
	if err == nil && !a.equal(only) {
		err = fault.Wrong("kind", "attribute %q is of the kind %s and has a value of another kind", a.Name, a.Kind)
	}
	return err
}

func checkValues(name string, values []string) error {
	if len(values) == 0 || len(values) > mostValues {
		return fault.Wrong("values", "attribute %q has %d values: it needs 1 to %d", name, len(values), mostValues)
	}
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		if err := checkText("values", "value of "+name, v, 1, mostOption); err != nil {
			return err
		}
		if seen[v] {
			return fault.Wrong("values", "attribute %q has the value %q twice", name, v)
		}
		seen[v] = true
	}
	return nil
}
