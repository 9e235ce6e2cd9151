package accounts

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
)

const mostField = 200 // bytes of one field of an address, a name or a phone number

// Validate returns fault.Invalid if nothing could be sent there.
func (a Address) Validate() error {
	for _, f := range a.fields() {
		if err := checkPersonal(f.name, f.name, *f.value); err != nil {
			return err
		}
	}
	if strings.TrimSpace(a.Line1.Reveal()) == "" {
		return fault.Wrong("line1", "the first line of the address is missing")
	}
	if len(a.Country) != 2 || strings.Trim(a.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return fault.Wrong("country", "the country of an address is two capital letters such as DE, not %d bytes of something else", len(a.Country))
	}
	return nil
}

func checkPersonal(field, what string, p seal.Personal) error {
	s := p.Reveal()
	if len(s) > mostField || !utf8.ValidString(s) {
		return fault.Wrong(field, "the %s is longer than %d bytes or not UTF-8", what, mostField)
	}
	if strings.ContainsFunc(s, breaksLine) {
		return fault.Wrong(field, "the %s holds a line break or another control character", what)
	}
	if p == seal.Mask {
		return fault.Wrong(field, "the %s is the mask %s in place of a value", what, seal.Mask)
	}
	return nil
}

// breaksLine reports whether a character could end a line of a letter or a
// label and begin another: control characters, and Unicode's own separators.
func breaksLine(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) }

// field is one personal field of an address.
type field struct {
	name  string
	value *seal.Personal
}

// fields lists the personal fields in the order in which they are sealed.
// Names are part of the sealed form: they are added, never changed.
func (a *Address) fields() []field {
	return []field{
		{"name", &a.Name}, {"company", &a.Company}, {"line1", &a.Line1}, {"line2", &a.Line2},
		{"city", &a.City}, {"region", &a.Region}, {"postcode", &a.Postcode}, {"phone", &a.Phone},
	}
}

// SealAddress seals the personal fields of an address as one value: field of
// subject. The country is not in it and is stored beside it.
func SealAddress(s *seal.Sealer, key seal.DataKey, subject, field string, a Address) (seal.Sealed, error) {
	plain := map[string]string{}
	for _, f := range a.fields() {
		if *f.value != "" {
			plain[f.name] = f.value.Reveal()
		}
	}
	b, err := json.Marshal(plain)
	if err != nil {
		return nil, fmt.Errorf("sealing an address of %s: %w", subject, err)
	}
	return s.Seal(key, subject, field, b)
}

// OpenAddress opens what SealAddress sealed.
func OpenAddress(s *seal.Sealer, key seal.DataKey, subject, field string, sealed seal.Sealed, country string) (Address, error) {
	b, err := s.Open(key, subject, field, sealed)
	if err != nil {
		return Address{}, err
	}
	var plain map[string]seal.Personal
	if err := json.Unmarshal(b, &plain); err != nil {
		return Address{}, fault.New(fault.Broken, "an address of %s opens and is not one", subject)
	}
	a := Address{Country: country}
	for _, f := range a.fields() {
		*f.value = plain[f.name]
	}
	return a, nil
}
