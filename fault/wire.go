package fault

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Types is the closed table of typed errors that survive a trip between nodes or a stay in a stored record. It
// does not change once made and is safe for concurrent use. The zero Types carries codes and texts only.
type Types struct {
	byName map[string]Type
	byType map[reflect.Type]Type
}

// Type is one entry of [Types]: an error type and the name it has on the wire. Make one with [Typed].
type Type struct {
	name   string
	typ    reflect.Type
	decode func(fields []byte) (error, error)
}

// Typed names the error type E, usually a pointer to a struct, for the wire. Its fields travel as encoding/json
// writes them, so a field that must arrive is exported, and a cause inside the type is tagged `json:"-"`. The name
// is stored in records: choose it once, such as "inventory.out_of_stock".
func Typed[E error](name string) Type {
	return Type{name: name, typ: reflect.TypeFor[E](), decode: decodeFields[E]}
}

// decodeFields makes pointers point at something even when the fields are a JSON null, so that the methods of the
// error can be called.
func decodeFields[E error](fields []byte) (error, error) {
	typ := reflect.TypeFor[E]()
	if typ.Kind() != reflect.Pointer {
		var e E
		err := json.Unmarshal(fields, &e)
		return e, err
	}
	e := reflect.New(typ.Elem())
	err := json.Unmarshal(fields, e.Interface())
	return e.Interface().(error), err
}

// NewTypes returns a table of the given types. It panics when a name is empty, when a name or type occurs twice,
// and when a type is an interface: the table is written by hand, and each of these is a mistake in it.
func NewTypes(types ...Type) *Types {
	return new(Types).With(types...)
}

// With returns a table that holds the types of t and more. It leaves t alone and panics as [NewTypes] does.
func (t *Types) With(more ...Type) *Types {
	merged := &Types{byName: maps.Clone(t.byName), byType: maps.Clone(t.byType)}
	if merged.byName == nil {
		merged.byName, merged.byType = map[string]Type{}, map[reflect.Type]Type{}
	}
	for _, m := range more {
		_, sameName := merged.byName[m.name]
		_, sameType := merged.byType[m.typ]
		if m.name == "" || sameName || sameType || m.typ.Kind() == reflect.Interface {
			panic(fmt.Sprintf("fault: the entry %q for %v is unnamed, a duplicate, or an interface", m.name, m.typ))
		}
		merged.byName[m.name], merged.byType[m.typ] = m, m
	}
	return merged
}

// Names returns the names in the table, sorted.
func (t *Types) Names() []string { return slices.Sorted(maps.Keys(t.byName)) }

type wireError struct {
	Code    string      `json:"code"`
	Message string      `json:"message"`
	Field   string      `json:"field,omitempty"` // of a FieldError; only with the code Invalid
	Types   []wireTyped `json:"types,omitempty"`
}

type wireTyped struct {
	Name   string          `json:"name"`
	Fields json.RawMessage `json:"fields"`
}

// Encode returns err as compact JSON: its code, its text, the field of a [FieldError] if the
// code is [Invalid], and the name and fields of every typed error in it that the table knows. Equal errors give equal bytes. A nil err gives "null". Bytes in the text that are not UTF-8 are
// replaced. A typed error that encoding/json refuses travels as text only.
func (t *Types) Encode(err error) []byte {
	if err == nil {
		return []byte("null")
	}
	code := CodeOf(err)
	w := wireError{Code: code.String(), Message: err.Error()}
	for e := range chain(err) {
		if bad, ok := e.(*FieldError); ok && code == Invalid && w.Field == "" {
			w.Field = bad.Field
		}
		known, ok := t.byType[reflect.TypeOf(e)]
		if !ok {
			continue
		}
		fields, err := compactJSON(e)
		if err == nil && !holds(w.Types, known.name, fields) {
			w.Types = append(w.Types, wireTyped{Name: known.name, Fields: fields})
		}
	}
	data, err := compactJSON(w)
	if err != nil {
		panic("fault: strings and valid JSON do not encode: " + err.Error())
	}
	return data
}

// holds keeps an error that travels inside another one's fields from being added anew at every hop.
func holds(types []wireTyped, name string, fields []byte) bool {
	return slices.ContainsFunc(types, func(t wireTyped) bool {
		return t.Name == name && bytes.Equal(t.Fields, fields)
	})
}

func compactJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// Decode returns the error that [Types.Encode] was given, and nil for "null". The result prints the same text and
// has the same code, and errors.As finds in it the typed errors that both tables know; the others arrive as text.
// A code that this version does not know becomes [Broken].
//
// Bytes that Encode did not write, none at all included, decode into a Broken error that says so: damage never
// passes for success.
func (t *Types) Decode(data []byte) error {
	var w *wireError
	if err := json.Unmarshal(data, &w); err != nil {
		return Wrap(Broken, err, "read an encoded error")
	}
	if w == nil {
		return nil
	}
	if w.Code == "" {
		return New(Broken, "read an encoded error: it has no code")
	}
	decoded, err := t.decode(*w)
	if err != nil || w.Field == "" || CodeOf(decoded) != Invalid { // a FieldError is Invalid, whatever is in it
		return cmp.Or(err, decoded)
	}
	return &FieldError{Field: w.Field, Err: decoded}
}

func (t *Types) decode(w wireError) (decoded, err error) {
	code := Broken
	_ = code.UnmarshalText([]byte(w.Code)) // an unknown name leaves Broken in place
	typed, err := t.decodeTyped(w.Types)
	if err != nil {
		return nil, err
	}
	if len(typed) == 1 && CodeOf(typed[0]) == code && typed[0].Error() == w.Message {
		return typed[0], nil // nothing was wrapped around it
	}
	out := &Error{Code: code, Msg: w.Message, whole: true}
	if len(typed) > 0 {
		out.Err = side(typed)
	}
	return out, nil
}

func (t *Types) decodeTyped(types []wireTyped) ([]error, error) {
	var typed []error
	for _, wt := range types {
		known, ok := t.byName[wt.Name]
		if !ok {
			continue
		}
		e, err := known.decode(wt.Fields)
		if err != nil {
			return nil, Wrap(Broken, err, "read an encoded error of type %s", wt.Name)
		}
		typed = append(typed, e)
	}
	return typed, nil
}

// side holds the typed errors of one decoded error, outermost first.
type side []error

func (s side) Error() string   { return s[0].Error() }
func (s side) Unwrap() []error { return s }
