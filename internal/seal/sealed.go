package seal

import (
	"encoding/binary"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/keelshop/commerce/fault"
)

// Sealed is an encrypted personal field: what commands, tables and snapshots carry in place of a [Personal]. It is
// made by [Sealer.Seal]; the zero Sealed does not open. It holds no secret and may be copied, but not to another
// subject or field.
//
// Its bytes:
//
//	version    1 byte   1
//	algorithm  1 byte   1: XChaCha20-Poly1305
//	key ID    12 bytes  see KeyID
//	nonce     24 bytes  random
//	ciphertext          as long as the plaintext, and 16 bytes of authentication tag
//
// The associated data is the text "commerce field 1", the store ID, the subject, the field and the key ID, each
// preceded by its length in 8 bytes, big-endian.
type Sealed []byte

const (
	sealedVersion    = 1
	sealedAlgorithm  = 1
	sealedHeaderSize = 2 + keyIDSize + chacha20poly1305.NonceSizeX
)

// KeyID returns the ID of the data key that the value was sealed under, or [fault.Broken] if it is no sealed value.
func (s Sealed) KeyID() (KeyID, error) {
	h, err := decodeSealed(s)
	return h.key, err
}

// sealedHeader is what stands before the ciphertext. Version and algorithm need no authentication of their own as
// long as each has one legal value; one with a choice would join the associated data.
type sealedHeader struct {
	key   KeyID
	nonce [chacha20poly1305.NonceSizeX]byte
}

// encode returns the header with room for the ciphertext behind it.
func (h sealedHeader) encode(room int) []byte {
	b := make([]byte, 0, sealedHeaderSize+room)
	b = append(b, sealedVersion, sealedAlgorithm)
	b = append(b, h.key[:]...)
	return append(b, h.nonce[:]...)
}

func decodeSealed(b []byte) (sealedHeader, error) {
	var h sealedHeader
	if len(b) < sealedHeaderSize+chacha20poly1305.Overhead {
		return h, fault.New(fault.Broken, "a sealed value of %d bytes is too short to be one", len(b))
	}
	if b[0] != sealedVersion || b[1] != sealedAlgorithm {
		return h, fault.New(fault.Broken,
			"a sealed value has format %d and algorithm %d: it is damaged, or a newer version wrote it", b[0], b[1])
	}
	copy(h.key[:], b[2:])
	copy(h.nonce[:], b[2+keyIDSize:])
	return h, nil
}

// bind returns associated data: what a ciphertext is and where it belongs. Each part is preceded by its length, so
// that no two lists of parts give the same bytes.
func bind(parts ...string) []byte {
	var b []byte
	for _, part := range parts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(part)))
		b = append(b, part...)
	}
	return b
}
