package fault

import (
	"errors"
	"strconv"
	"strings"
)

// FieldError says which field of a request is wrong. Its code is Invalid.
type FieldError struct {
	// Field is the field as messages and APIs write it, as in contact.email or
	// variants[0].prices.
	Field string
	Err   error // what is wrong
}

// Wrong returns an error of the code [Invalid] about a field.
func Wrong(field, format string, args ...any) error {
	return &FieldError{Field: field, Err: New(Invalid, format, args...)}
}

// InField says that err is about a field. A field that err names already is
// inside of it: email in contact is contact.email. An error of another code than
// [Invalid] is about more than a field, and stays as it is; so does nil.
func InField(field string, err error) error {
	if CodeOf(err) != Invalid {
		return err
	}
	inner, ok := errors.AsType[*FieldError](err)
	switch {
	case ok && field != "" && !strings.HasPrefix(inner.Field, "["):
		field += "." + inner.Field
	case ok:
		field += inner.Field
	}
	return &FieldError{Field: field, Err: err}
}

// Item returns the name of an item of a list, counted from 0: variants[3].
func Item(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

// Error returns what is wrong.
func (e *FieldError) Error() string { return e.Err.Error() }

// Unwrap returns Invalid, and what is wrong.
func (e *FieldError) Unwrap() []error { return []error{Invalid, e.Err} }
