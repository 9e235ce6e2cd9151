package credit

import (
	"encoding/base32"
	"strings"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
)

// A code that the store makes has 16 characters of which four are letters: 68
// random bits, and never a row of digits that could be a card number.
const (
	codeGroups  = 4
	groupLength = 4
	shortest    = 8
	longest     = 32
)

// codeLetters leave out what people confuse (Crockford's Base32).
var codeLetters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// NormalizeCode returns a gift card's code without spaces and hyphens, in
// capitals. It returns fault.Invalid for what can be no code.
func NormalizeCode(code string) (string, error) {
	code = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(code))
	ok := len(code) >= shortest && len(code) <= longest
	for i := range len(code) {
		ok = ok && ('A' <= code[i] && code[i] <= 'Z' || '0' <= code[i] && code[i] <= '9')
	}
	if !ok {
		return "", fault.Wrong("code", "the code of a gift card is %d to %d letters and digits", shortest, longest)
	}
	return code, nil
}

// newCode makes a code of a hash: the same hash, the same code.
func newCode(hash [32]byte) string {
	text := codeLetters.EncodeToString(hash[:])
	groups := make([]string, codeGroups)
	for i := range groups {
		letter := "ABCDEFGHJKMNPQRSTVWXYZ"[int(hash[31-i])%22]
		groups[i] = string(letter) + text[i*groupLength:(i+1)*groupLength-1]
	}
	return strings.Join(groups, "-")
}

// epochMillis is the time in the IDs of all balances, which follow from a hash:
// the beginning of 2026. It is not that of 1970, whose row of zeros could begin
// what looks like a card number.
const epochMillis = 1_767_225_600_000

// giftCardOf returns the ID of the gift card with a normalized code, and where
// it lives.
func (s *Service) giftCardOf(code string) (ID, id.Slot) {
	h := s.engine.Hash("gift card", code)
	slot := id.SlotOfHash(h)
	return ID(id.FromHash(giftCardPrefix, slot, time.UnixMilli(epochMillis), h)), slot
}

func slotOf(b ID) (id.Slot, error) {
	if id.Check(giftCardPrefix, string(b)) != nil {
		if err := id.Check(storeCreditPrefix, string(b)); err != nil {
			return 0, err
		}
	}
	return id.SlotOf(string(b))
}
