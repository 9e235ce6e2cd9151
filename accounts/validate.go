package accounts

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/keelshop/commerce/fault"
)

// Limits, in bytes where they bound a text.
const (
	mostReference = 200
	mostGroups    = 50
	mostGroup     = 100
	mostMetadata  = 16 << 10
)

// sortedGroups returns each group once, sorted; nil for none.
func sortedGroups(groups []string) []string {
	if len(groups) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(groups))
	return slices.Compact(sorted)
}

func encodeGroups(groups []string) (string, error) {
	if len(groups) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(groups)
	return string(b), err
}

func checkGroups(groups []string) error {
	if len(groups) > mostGroups {
		return fault.New(fault.Invalid, "a customer is in at most %d groups, not %d", mostGroups, len(groups))
	}
	for _, g := range groups {
		if g == "" || len(g) > mostGroup || !utf8.ValidString(g) {
			return fault.New(fault.Invalid, "the name of a group is 1 to %d bytes of UTF-8, not %q", mostGroup, g)
		}
	}
	return nil
}

func checkReference(s string) error {
	if len(s) > mostReference || !utf8.ValidString(s) {
		return fault.New(fault.Invalid, "the external reference is longer than %d bytes or not UTF-8", mostReference)
	}
	return nil
}

// compact checks that j is a JSON object, and returns it without white space.
func compact(what string, j json.RawMessage) (json.RawMessage, error) {
	if len(j) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	if err := json.Compact(&b, j); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "reading the %s as JSON", what)
	}
	switch {
	case b.Bytes()[0] != '{':
		return nil, fault.New(fault.Invalid, "the %s is not a JSON object", what)
	case b.Len() > mostMetadata:
		return nil, fault.New(fault.Invalid, "the %s is %d bytes long; the limit is %d", what, b.Len(), mostMetadata)
	case !utf8.Valid(b.Bytes()):
		return nil, fault.New(fault.Invalid, "the %s is not UTF-8", what)
	}
	return b.Bytes(), nil
}

func compactBoth(public, private json.RawMessage) (a, b json.RawMessage, err error) {
	if a, err = compact("metadata", public); err != nil {
		return nil, nil, err
	}
	b, err = compact("private metadata", private)
	return a, b, err
}

// textOf returns JSON as a column takes it: text, or nil for none.
func textOf(j json.RawMessage) any {
	if j == nil {
		return nil
	}
	return string(j)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
