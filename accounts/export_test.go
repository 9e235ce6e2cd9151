package accounts

import (
	"context"

	"github.com/keelshop/commerce/internal/seal"
)

// CheckHash reads a stored hash and checks a password against it.
func CheckHash(stored string, password seal.Personal) (text string, matches bool, err error) {
	h, err := parseHash(stored)
	if err != nil {
		return "", false, err
	}
	return h.String(), h.kib <= 1<<16 && h.passes < 10 && h.matches(normalizePassword(password)), nil
}

// ParseHash reads a stored hash.
func ParseHash(stored string) (text string, err error) {
	h, err := parseHash(stored)
	return h.String(), err
}

// TakeMemory takes the memory that hashes may use.
func TakeMemory(ctx context.Context, s *Service) (giveBack func(), err error) {
	return s.passwords.reserve(ctx, cost{kib: uint32(s.passwords.limit)})
}
