package httpapi

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/pan"
)

// placedError says where in a request it is what an error refuses.
type placedError struct {
	at  string // as in body.lines[0].sku
	err error
}

func (e *placedError) Error() string { return e.err.Error() }
func (e *placedError) Unwrap() error { return e.err }

// placed finds out where in a request it is what a service refuses: services name
// the fields of their commands, and the values that they were given. in points to
// the request as its handler was given it. Refusals about the state of the shop
// are returned as they are.
func placed(in any, err error) error {
	if fault.CodeOf(err) != fault.Invalid {
		return err
	}
	if _, known := errors.AsType[*fieldError](err); known {
		return err
	}
	r := request{reflect.ValueOf(in).Elem()}
	return &placedError{r.place(err), err}
}

// request is what a handler was given: a struct as huma reads it.
type request struct{ value reflect.Value }

// place returns where in the request it is what err refuses. If it is nowhere in
// particular, that is the body, or the query.
func (r request) place(err error) string {
	if _, ok := errors.AsType[*pan.Error](err); ok {
		if at := r.holding(pan.Within); at != "" {
			return at
		}
	}
	if bad, ok := errors.AsType[*fault.FieldError](err); ok {
		if at := r.find(bad.Field); at != "" {
			return at
		}
	}
	if bad, ok := errors.AsType[*id.MalformedError](err); ok && bad.Text != "" {
		if at := r.holding(func(s string) bool { return s == bad.Text }); at != "" {
			return at
		}
	}
	for _, text := range told(err) {
		if at := r.holding(func(s string) bool { return s == text && s != "" }); at != "" {
			return at
		}
	}
	if _, ok := r.value.Type().FieldByName("Body"); ok {
		return "body"
	}
	if names := r.names("path"); len(names) > 0 {
		return "path." + names[len(names)-1]
	}
	return "query"
}

// find returns where a field of a command is: a parameter of that name, or a
// member of the body.
func (r request) find(field string) string {
	if field == "" {
		return ""
	}
	head := field
	if i := strings.IndexAny(field, ".["); i >= 0 {
		head = field[:i]
	}
	paths := r.names("path")
	switch {
	case head == "version" || head == "If-Match":
		return "header.If-Match"
	case head == "key":
		return "header.Idempotency-Key"
	case (head == "id" || head == "code" && !r.inBody(head)) && len(paths) > 0: // what is put is named by its path
		return "path." + paths[len(paths)-1]
	}
	for _, kind := range []string{"path", "query", "header"} {
		if slices.Contains(r.names(kind), head) && !r.inBody(head) {
			return kind + "." + head
		}
	}
	if body, ok := r.value.Type().FieldByName("Body"); ok {
		if at := deep(body.Type, head, 0); at != "" {
			return "body." + at + field[len(head):]
		}
	}
	if _, rest, ok := strings.Cut(field, "."); ok { // a part of the command that the body is
		return r.find(rest)
	}
	return ""
}

func (r request) inBody(name string) bool {
	body, ok := r.value.Type().FieldByName("Body")
	return ok && slices.Contains(members(body.Type), name)
}

// names returns the parameters of a kind: path, query or header.
func (r request) names(kind string) []string {
	var out []string
	for _, f := range reflect.VisibleFields(r.value.Type()) {
		if name, _, _ := strings.Cut(f.Tag.Get(kind), ","); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// holding returns the first place of the request whose text is meant.
func (r request) holding(meant func(string) bool) string {
	if body := r.value.FieldByName("Body"); body.IsValid() {
		if at := within("body", body, meant); at != "" {
			return at
		}
	}
	for _, kind := range []string{"path", "query", "header"} {
		for _, f := range reflect.VisibleFields(r.value.Type()) {
			name, _, _ := strings.Cut(f.Tag.Get(kind), ",")
			if name != "" && f.Type.Kind() == reflect.String && meant(r.value.FieldByIndex(f.Index).String()) {
				return kind + "." + name
			}
		}
	}
	return ""
}

// within returns where in v a text is that is meant.
func within(at string, v reflect.Value, meant func(string) bool) string {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return within(at, v.Elem(), meant)
		}
	case reflect.String:
		if meant(v.String()) {
			return at
		}
	case reflect.Slice:
		for i := range v.Len() {
			if v.Index(i).Kind() == reflect.Uint8 {
				return "" // metadata
			}
			if found := within(fault.Item(at, i), v.Index(i), meant); found != "" {
				return found
			}
		}
	case reflect.Struct:
		for _, f := range reflect.VisibleFields(v.Type()) {
			if f.Anonymous || !f.IsExported() {
				continue
			}
			field, err := v.FieldByIndexErr(f.Index)
			if err != nil {
				continue // below a nil pointer
			}
			if found := within(at+"."+member(f), field, meant); found != "" {
				return found
			}
		}
	}
	return ""
}

// deep returns where below t there is a member of this name: the first of those
// that are nearest.
func deep(t reflect.Type, name string, depth int) string {
	t = itemOf(t)
	if t.Kind() != reflect.Struct || depth == maxDepth {
		return ""
	}
	if slices.Contains(members(t), name) {
		return name
	}
	nearest := ""
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() || itemOf(f.Type).Kind() != reflect.Struct {
			continue
		}
		if at := deep(f.Type, name, depth+1); at != "" && (nearest == "" || strings.Count(at, ".")+1 < strings.Count(nearest, ".")) {
			nearest = member(f) + "." + at
		}
	}
	return nearest
}

// itemOf returns what a pointer points to and a list is of.
func itemOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

// members returns the names of the members of the JSON object that t is.
func members(t reflect.Type) []string {
	t = itemOf(t)
	if t.Kind() != reflect.Struct {
		return nil
	}
	var out []string
	for _, f := range reflect.VisibleFields(t) {
		if !f.Anonymous && f.IsExported() {
			out = append(out, member(f))
		}
	}
	return out
}

func member(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// told returns the texts that a typed error tells, as in the SKU that is twice.
func told(err error) []string {
	var out []string
	for ; err != nil; err = errors.Unwrap(err) {
		v := reflect.Indirect(reflect.ValueOf(err))
		if v.Kind() != reflect.Struct || v.Type() == reflect.TypeFor[fault.Error]() || v.Type() == reflect.TypeFor[fault.FieldError]() {
			continue
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Type.Kind() == reflect.String {
				out = append(out, v.Field(i).String())
			}
		}
	}
	return out
}
