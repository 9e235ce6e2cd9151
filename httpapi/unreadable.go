package httpapi

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/internal/web"
)

// fieldProblem says what huma found wrong with a field. What a type of ours would
// not read, such as 1e1 for a whole number or a currency that is none, it finds in
// the body as a whole.
func (a *api) fieldProblem(hc huma.Context, d *huma.ErrorDetail) FieldProblem {
	p := FieldProblem{pan.Masked(d.Location), pan.Masked(inDigits(d.Message))}
	body := a.bodies[hc.Operation().OperationID]
	if d.Location != "body" || body == nil {
		return p
	}
	req, _ := humago.Unwrap(hc)
	text, err := web.BodyAgain(req)
	if err != nil || len(text) == 0 {
		return p
	}
	at, err := unreadable("body", body, text)
	if err == nil {
		return p
	}
	p.Location = pan.Masked(at)
	if _, unfit := err.(*json.UnmarshalTypeError); unfit { // in the words of a Go program
		p.Message = "a value of this form does not fit here"
	}
	return p
}

// inDigits writes the bound in what huma says of numbers as people do: 1000000, not
// 1e+06.
func inDigits(message string) string {
	words := strings.Split(message, " ")
	if len(words) != 4 || !strings.HasPrefix(message, "expected number ") {
		return message
	}
	n, err := strconv.ParseFloat(words[3], 64)
	if err != nil {
		return message
	}
	words[3] = strconv.FormatFloat(n, 'f', -1, 64)
	return strings.Join(words, " ")
}

// unreadable returns where in a JSON value there is something that cannot be
// decoded into a t, and why.
func unreadable(at string, t reflect.Type, text json.RawMessage) (string, error) {
	_, own := reflect.New(t).Interface().(json.Unmarshaler)
	_, ownText := reflect.New(t).Interface().(encoding.TextUnmarshaler)
	switch {
	case own || ownText:
	case t.Kind() == reflect.Pointer:
		if string(text) == "null" {
			return "", nil
		}
		return unreadable(at, t.Elem(), text)
	case t.Kind() == reflect.Slice:
		var list []json.RawMessage
		if json.Unmarshal(text, &list) != nil {
			break
		}
		for i, item := range list {
			if at, err := unreadable(fault.Item(at, i), t.Elem(), item); err != nil {
				return at, err
			}
		}
		return "", nil
	case t.Kind() == reflect.Struct:
		var object map[string]json.RawMessage
		if json.Unmarshal(text, &object) != nil {
			break
		}
		for _, f := range reflect.VisibleFields(t) {
			value, there := object[member(f)]
			if f.Anonymous || !f.IsExported() || !there {
				continue
			}
			if at, err := unreadable(at+"."+member(f), f.Type, value); err != nil {
				return at, err
			}
		}
		return "", nil
	}
	return at, json.Unmarshal(text, reflect.New(t).Interface())
}
