package cart

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/keelshop/commerce/fault"
)

// Property is something that a shopper chose about a line and that is no
// variant of its own, such as a text to engrave. Nothing personal belongs
// here: it is not sealed.
type Property struct {
	Name  string `cbor:"1,keyasint" json:"name"`
	Value string `cbor:"2,keyasint" json:"value"`
}

// Limits of the properties of one line.
const (
	MaxProperties = 20
	mostProperty  = 500 // bytes of a value
)

func checkProperties(list []Property) error {
	if len(list) > MaxProperties {
		return fault.Wrong("properties", "a line has %d properties: the limit is %d", len(list), MaxProperties)
	}
	for i, p := range list {
		if p.Name == "" || len(p.Name) > mostReason || len(p.Value) > mostProperty {
			return fault.Wrong(fault.Item("properties", i), "a property has a name of at most %d bytes and a value of at most %d", mostReason, mostProperty)
		}
		if slices.ContainsFunc(list[:i], func(q Property) bool { return q.Name == p.Name }) {
			return fault.Wrong(fault.Item("properties", i), "a line has the property %q twice", p.Name)
		}
	}
	return nil
}

// EncodeProperties returns the text that lines with the same properties share:
// JSON sorted by name, "" for none.
func EncodeProperties(list []Property) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	sorted := slices.SortedFunc(slices.Values(list), func(a, b Property) int { return cmp.Compare(a.Name, b.Name) })
	text, err := json.Marshal(sorted)
	return string(text), err
}

// DecodeProperties reads what EncodeProperties returned.
func DecodeProperties(text string) ([]Property, error) {
	if text == "" {
		return nil, nil
	}
	var list []Property
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fault.Wrap(fault.Broken, err, "reading the properties of a line")
	}
	return list, nil
}

// propertyNames returns the names of properties, nil for none.
func propertyNames(list []Property) []string {
	if len(list) == 0 {
		return nil
	}
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = p.Name
	}
	return names
}
