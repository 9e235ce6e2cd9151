// Package metadata checks the JSON that shops keep beside the engine's own
// fields.
package metadata

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/keelshop/commerce/fault"
)

// MaxBytes bounds one value without its white space.
const MaxBytes = 16 << 10

// Compact checks that j is a JSON object, and returns it without white space;
// nothing stays nothing. what names the field in errors, which are
// fault.Invalid.
func Compact(what string, j json.RawMessage) (json.RawMessage, error) {
	if j == nil {
		return nil, nil
	}
	var b bytes.Buffer
	if err := json.Compact(&b, j); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "reading the %s as JSON", what)
	}
	switch {
	case b.Bytes()[0] != '{':
		return nil, fault.New(fault.Invalid, "the %s is not a JSON object", what)
	case b.Len() > MaxBytes:
		return nil, fault.New(fault.Invalid, "the %s is %d bytes long; the limit is %d", what, b.Len(), MaxBytes)
	case !utf8.Valid(b.Bytes()):
		return nil, fault.New(fault.Invalid, "the %s is not UTF-8", what)
	}
	return b.Bytes(), nil
}

// CompactBoth is Compact for public and private metadata.
func CompactBoth(public, private json.RawMessage) (a, b json.RawMessage, err error) {
	if a, err = Compact("metadata", public); err != nil {
		return nil, nil, fault.InField("metadata", err)
	}
	b, err = Compact("private metadata", private)
	return a, b, fault.InField("private_metadata", err)
}
