package fault

// FieldError says which field of a request is wrong. Its code is Invalid.
type FieldError struct {
	// Field is the field as messages and APIs write it, as in contact.email or
	// variants[0].prices.
	Field string
	Err   error // what is wrong
}

// InField says that err, which is [Invalid], is about a field. A field that err
// names already is inside of it: email in contact is contact.email. A nil err is
// no error.
func InField(field string, err error) error {
	switch e := err.(type) {
	case nil:
		return nil
	case *FieldError:
		return &FieldError{Field: field + "." + e.Field, Err: e.Err}
	}
	return &FieldError{Field: field, Err: err}
}

// Error returns what is wrong.
func (e *FieldError) Error() string { return e.Err.Error() }

// Unwrap returns Invalid, and what is wrong.
func (e *FieldError) Unwrap() []error { return []error{Invalid, e.Err} }
