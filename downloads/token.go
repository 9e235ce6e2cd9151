package downloads

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
)

// A token is a prefix and in base64 for URLs the slot of its order (2 bytes,
// big-endian) and 32 random bytes. The store keeps only its SHA-256, which is
// enough for 256 bits that nobody can guess.
const (
	tokenPrefix = "dwn_"
	tokenSize   = 2 + 32
)

func newToken(slot id.Slot) seal.Personal {
	var secret [tokenSize - 2]byte
	rand.Read(secret[:])
	return tokenWith(slot, secret)
}

func tokenWith(slot id.Slot, secret [tokenSize - 2]byte) seal.Personal {
	var b [tokenSize]byte
	binary.BigEndian.PutUint16(b[:], uint16(slot))
	copy(b[2:], secret[:])
	return seal.Personal(tokenPrefix + base64.RawURLEncoding.EncodeToString(b[:]))
}

// parseToken returns where a token is known, and its hash. It is not ok if
// there can be no such token.
func parseToken(token seal.Personal) (slot id.Slot, hash []byte, ok bool) {
	body, found := strings.CutPrefix(token.Reveal(), tokenPrefix)
	if !found || len(body) != base64.RawURLEncoding.EncodedLen(tokenSize) || strings.ContainsAny(body, "\r\n") {
		return 0, nil, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil {
		return 0, nil, false
	}
	slot = id.Slot(binary.BigEndian.Uint16(b))
	return slot, hashOf(token), slot < id.Slots
}

func hashOf(token seal.Personal) []byte {
	h := sha256.Sum256([]byte(token.Reveal()))
	return h[:]
}
