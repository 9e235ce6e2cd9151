package accounts

import (
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
		return fault.Wrong("groups", "a customer is in at most %d groups, not %d", mostGroups, len(groups))
	}
	for _, g := range groups {
		if g == "" || len(g) > mostGroup || !utf8.ValidString(g) {
			return fault.Wrong("groups", "the name of a group is 1 to %d bytes of UTF-8, not %q", mostGroup, g)
		}
	}
	return nil
}

func checkReference(s string) error {
	if len(s) > mostReference || !utf8.ValidString(s) {
		return fault.Wrong("external_reference", "the external reference is longer than %d bytes or not UTF-8", mostReference)
	}
	return nil
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
