package accounts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
)

// A token is a prefix, an underscore, and in base64 for URLs the slot where it
// is known (2 bytes, big-endian) and 32 random bytes. The store keeps only its
// SHA-256, which is enough for 256 bits that nobody can guess.
const (
	sessionToken = "ses"
	letterToken  = "let"
	tokenSize    = 2 + 32
)

// tokenHash is the SHA-256 of a token's text.
type tokenHash [sha256.Size]byte

func newToken(prefix string, slot id.Slot) seal.Personal {
	var b [tokenSize]byte
	binary.BigEndian.PutUint16(b[:], uint16(slot))
	rand.Read(b[2:])
	return seal.Personal(prefix + "_" + base64.RawURLEncoding.EncodeToString(b[:]))
}

// parseToken returns where a token is known, and its hash. It is not ok if
// there can be no such token.
func parseToken(prefix string, token seal.Personal) (slot id.Slot, h tokenHash, ok bool) {
	body, found := strings.CutPrefix(token.Reveal(), prefix+"_")
	if !found || len(body) != base64.RawURLEncoding.EncodedLen(tokenSize) || strings.ContainsAny(body, "\r\n") {
		return 0, tokenHash{}, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil {
		return 0, tokenHash{}, false
	}
	slot = id.Slot(binary.BigEndian.Uint16(b))
	return slot, hashOfToken(token), slot < id.Slots
}

func hashOfToken(token seal.Personal) tokenHash { return sha256.Sum256([]byte(token.Reveal())) }
