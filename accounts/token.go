package accounts

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
)

// A token is a prefix, an underscore, and in base64 for URLs the slot where it
// is known (2 bytes, big-endian) and 32 bytes that are random, or of a
// keyed hash. The store keeps only its
// SHA-256, which is enough for 256 bits that nobody can guess.
const (
	sessionToken = "ses"
	letterToken  = "let"
	tokenSize    = 2 + 32
)

// tokenHash is the SHA-256 of a token's text.
type tokenHash [sha256.Size]byte

func newToken(prefix string, slot id.Slot) seal.Personal {
	var secret [tokenSize - 2]byte
	rand.Read(secret[:])
	return tokenWith(prefix, slot, secret)
}

func tokenWith(prefix string, slot id.Slot, secret [tokenSize - 2]byte) seal.Personal {
	var b [tokenSize]byte
	binary.BigEndian.PutUint16(b[:], uint16(slot))
	copy(b[2:], secret[:])
	return seal.Personal(prefix + "_" + base64.RawURLEncoding.EncodeToString(b[:]))
}

// tokenOf returns the token that a command makes. With the caller's key it is
// the same whenever that is asked again, by the store's keyed hash: so the
// answer need not be kept to be repeated. shown is the token that the caller
// shows, "" for none; nothing that can be guessed may go in.
func (s *Service) tokenOf(ctx context.Context, prefix string, slot id.Slot, kind command.Kind, key string, shown seal.Personal) seal.Personal {
	if key == "" {
		return newToken(prefix, slot)
	}
	parts := []string{command.PrincipalOf(ctx), string(kind), key, shown.Reveal()}
	return tokenWith(prefix, slot, s.engine.Hash("token of a key", strings.Join(parts, "\x00")))
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
