package seal

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/keelshop/commerce/fault"
)

const (
	keySize   = 32 // every symmetric key in this package, in bytes
	keyIDSize = 12
)

// hidden keeps a secret out of what is printed: fmt follows pointers and interfaces, but does not look into functions.
type hidden[T any] func() T

func hide[T any](secret T) hidden[T] { return func() T { return secret } }

// KeyID names a data key of a subject: the epoch that the key was made in (4 bytes, big-endian) and 8 random bytes.
// It stays when the key is wrapped again, and every sealed value carries it, so that after the loss of an epoch's
// key one can tell which values must be sealed anew.
type KeyID [keyIDSize]byte

// Epoch returns the epoch that the key was made in.
func (id KeyID) Epoch() Epoch { return Epoch(binary.BigEndian.Uint32(id[:])) }

// String returns the ID in hexadecimal.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// DataKey encrypts the fields of one subject. It lives in memory only; the store keeps its [WrappedKey]. Copies are
// the same key. It is safe for concurrent use, and printing or encoding one shows no secret. The zero DataKey is
// refused everywhere.
type DataKey struct {
	subject string
	id      KeyID
	aead    hidden[cipher.AEAD] // nil in the zero DataKey
}

// ID returns the key's ID, which every value sealed under it carries.
func (k DataKey) ID() KeyID { return k.id }

func newDataKey(subject string, id KeyID, secret []byte) (DataKey, error) {
	aead, err := chacha20poly1305.NewX(secret)
	if err != nil {
		return DataKey{}, fault.Wrap(fault.Broken, err, "use data key %v of %s", id, subject)
	}
	return DataKey{subject: subject, id: id, aead: hide(aead)}, nil
}

// check refuses a key of another subject: a value under it would outlive the erasure of its own subject.
func (k DataKey) check(subject, field string) error {
	switch {
	case subject == "" || field == "":
		return fault.New(fault.Invalid, "sealing needs a subject and a field, not %q and %q", subject, field)
	case k.aead == nil:
		return fault.New(fault.Invalid, "the data key for field %q of %s is missing", field, subject)
	case k.subject != subject:
		return fault.New(fault.Invalid, "field %q of %s must not be sealed under the key of %s", field, subject, k.subject)
	}
	return nil
}

// NewKey makes a data key for subject and wraps it under the ring's newest epoch. Store the wrapped key: it is the
// only way back to what the key seals. An error of the ring comes back with its code.
func (s *Sealer) NewKey(ctx context.Context, subject string) (DataKey, WrappedKey, error) {
	if subject == "" {
		return DataKey{}, nil, fault.New(fault.Invalid, "a data key needs a subject")
	}
	epoch, err := s.ring.Epoch(ctx)
	if err != nil {
		return DataKey{}, nil, err
	}
	var id KeyID
	binary.BigEndian.PutUint32(id[:], uint32(epoch))
	rand.Read(id[4:])
	secret := make([]byte, keySize)
	rand.Read(secret)

	wrapped, err := s.wrap(ctx, subject, wrappedHeader{epoch: epoch, key: id}, secret)
	if err != nil {
		return DataKey{}, nil, err
	}
	key, err := newDataKey(subject, id, secret)
	return key, wrapped, err
}

// OpenKey returns the data key that [Sealer.NewKey] made for subject. It returns an [*EpochError] if the ring does
// not hold the key's epoch, [fault.Broken] if the wrapped key is damaged or belongs to another subject or store, and
// other errors of the ring with their code.
func (s *Sealer) OpenKey(ctx context.Context, subject string, wrapped WrappedKey) (DataKey, error) {
	h, secret, err := s.unwrap(ctx, subject, wrapped)
	if err != nil {
		return DataKey{}, err
	}
	return newDataKey(subject, h.key, secret)
}

// Rewrap returns the same data key, with the same ID, wrapped under the ring's newest epoch, or wrapped itself if
// it already is. Errors are those of [Sealer.OpenKey].
func (s *Sealer) Rewrap(ctx context.Context, subject string, wrapped WrappedKey) (WrappedKey, error) {
	epoch, err := s.ring.Epoch(ctx)
	if err != nil {
		return nil, err
	}
	h, secret, err := s.unwrap(ctx, subject, wrapped)
	if err != nil {
		return nil, err
	}
	if h.epoch == epoch {
		return wrapped, nil
	}
	return s.wrap(ctx, subject, wrappedHeader{epoch: epoch, key: h.key}, secret)
}

func (s *Sealer) wrap(ctx context.Context, subject string, h wrappedHeader, secret []byte) (WrappedKey, error) {
	body, err := s.ring.Wrap(ctx, h.epoch, secret, s.bindKey(subject, h))
	if err != nil {
		return nil, err
	}
	if len(body) == 0 || len(body) > wrappedMaxBody {
		return nil, fault.New(fault.Broken, "the key ring wrapped a key of %s into %d bytes", subject, len(body))
	}
	return append(h.encode(len(body)), body...), nil
}

func (s *Sealer) unwrap(ctx context.Context, subject string, wrapped WrappedKey) (wrappedHeader, []byte, error) {
	if subject == "" {
		return wrappedHeader{}, nil, fault.New(fault.Invalid, "a data key needs a subject")
	}
	h, body, err := decodeWrapped(wrapped)
	if err != nil {
		return h, nil, fmt.Errorf("open the data key of %s: %w", subject, err)
	}
	secret, err := s.ring.Unwrap(ctx, h.epoch, body, s.bindKey(subject, h))
	if err != nil {
		return h, nil, fmt.Errorf("open data key %v of %s: %w", h.key, subject, err)
	}
	if len(secret) != keySize {
		return h, nil, fault.New(fault.Broken, "data key %v of %s has %d bytes in place of %d",
			h.key, subject, len(secret), keySize)
	}
	return h, secret, nil
}

func (s *Sealer) bindKey(subject string, h wrappedHeader) []byte {
	return bind("commerce key 1", s.store, subject, string(h.encode(0)))
}
