package accounts

import (
	"strings"

	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/seal"
)

// normalizePhone returns the form in which two phone numbers are the same one:
// its digits, with a plus in front if it has a country code. Whether a number
// without one is the same as another with one, nobody can know here.
func normalizePhone(phone seal.Personal) string {
	s := strings.ReplaceAll(phone.Reveal(), "(0)", "")
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	if strings.HasPrefix(strings.TrimSpace(s), "+") {
		return "+" + digits
	}
	if rest, international := strings.CutPrefix(digits, "00"); international {
		return "+" + rest
	}
	return digits
}

const fewestDigits = 3 // a number with fewer finds nobody

// phoneHash returns the keyed hash that a phone number is found by, nil if it
// is none.
func (s *Service) phoneHash(phone seal.Personal) *claim.Hash {
	normalized := normalizePhone(phone)
	if len(strings.TrimPrefix(normalized, "+")) < fewestDigits {
		return nil
	}
	h := claim.Of(s.engine, "phone", normalized)
	return &h
}
