package seal

import (
	"encoding/binary"

	"github.com/keelshop/commerce/fault"
)

// WrappedKey is a data key as the store keeps it: encrypted by a [Ring] under the key of an epoch.
//
// Its bytes:
//
//	version  1 byte   1
//	epoch    4 bytes  big-endian; the epoch that it is wrapped under
//	key ID  12 bytes  see KeyID
//	body              what the ring returned; for a KeyFile a nonce of 24 bytes, then ciphertext and tag of 48
//
// The associated data is the text "commerce key 1", the store ID, the subject and the bytes before the body, each
// preceded by its length in 8 bytes, big-endian.
type WrappedKey []byte

const (
	wrappedVersion    = 1
	wrappedHeaderSize = 1 + 4 + keyIDSize
	wrappedMaxBody    = 4 << 10 // far above what any key service returns for 32 bytes
)

// Epoch returns the epoch that the key is wrapped under, or [fault.Broken] if it is no wrapped key.
func (w WrappedKey) Epoch() (Epoch, error) {
	h, _, err := decodeWrapped(w)
	return h.epoch, err
}

// KeyID returns the ID of the data key inside, or [fault.Broken] if it is no wrapped key.
func (w WrappedKey) KeyID() (KeyID, error) {
	h, _, err := decodeWrapped(w)
	return h.key, err
}

type wrappedHeader struct {
	epoch Epoch
	key   KeyID
}

// encode returns the header with room for the body behind it.
func (h wrappedHeader) encode(room int) []byte {
	b := make([]byte, 0, wrappedHeaderSize+room)
	b = append(b, wrappedVersion)
	b = binary.BigEndian.AppendUint32(b, uint32(h.epoch))
	return append(b, h.key[:]...)
}

func decodeWrapped(b []byte) (wrappedHeader, []byte, error) {
	var h wrappedHeader
	if len(b) <= wrappedHeaderSize || len(b) > wrappedHeaderSize+wrappedMaxBody {
		return h, nil, fault.New(fault.Broken, "a wrapped key cannot have %d bytes", len(b))
	}
	if b[0] != wrappedVersion {
		return h, nil, fault.New(fault.Broken,
			"a wrapped key has format %d: it is damaged, or a newer version wrote it", b[0])
	}
	h.epoch = Epoch(binary.BigEndian.Uint32(b[1:]))
	copy(h.key[:], b[5:])
	return h, b[wrappedHeaderSize:], nil
}
