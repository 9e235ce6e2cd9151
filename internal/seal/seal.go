// Package seal encrypts personal fields before they enter a command, so that the log, the tables, the snapshots,
// the backups and the indexes of a store hold none in the clear.
//
// Three layers of keys. A [Ring] holds the store's key-encryption keys, one per [Epoch], and stays outside the
// store. Each subject (a customer, a guest cart) has a [DataKey], which the store keeps as a [WrappedKey]: encrypted
// under an epoch's key. Each field is a [Sealed] value: encrypted under the subject's data key.
//
//	key, wrapped, err := sealer.NewKey(ctx, "cus_01…")          // once; the command carries wrapped
//	email, err := sealer.SealText(key, "cus_01…", "email", c.Email) // in prepare; the command carries email
//	index := sealer.Lookup("email", normalized)                 // to find the customer by e-mail
//
// A sealed value opens only under its own store, subject, field and key; table and row are not part of it, so apply,
// which has no keys, may copy it from a cart to an order of the same subject. Its length tells the length of what
// it hides.
//
// To erase a subject, delete its wrapped key: its fields are unreadable at once. Older copies of the wrapped key, in
// the log and in backups, die with the epoch that wrapped them: begin a new epoch, [Sealer.Rewrap] the keys that
// live, and drop the old one.
//
// Sealing draws random numbers and is for proposers only, never for apply. Each byte format is described where it is
// defined: [Sealed], [WrappedKey], [KeyFile].
package seal

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/keelshop/commerce/fault"
)

// Sealer seals and opens the personal fields of one store. It is safe for concurrent use. Printing one shows no
// secret. Make one with [NewSealer].
type Sealer struct {
	store string
	ring  Ring
	root  hidden[[]byte] // keys every lookup

	hashers sync.Map // *sync.Pool by the purpose of a lookup
}

// NewSealer returns a Sealer for the store with this ID. It asks the ring once, for the secret behind
// [Sealer.Lookup]; an error of the ring comes back with its code.
//
// A ring that is not the store's own works without complaint until the first key fails to open, and its lookups
// find nothing: whoever opens a store compares [Sealer.Fingerprint] with the one recorded when it was made.
func NewSealer(ctx context.Context, store string, ring Ring) (*Sealer, error) {
	if store == "" {
		return nil, fault.New(fault.Invalid, "a sealer needs the ID of its store")
	}
	root, err := deriveRoot(ctx, store, ring)
	if err != nil {
		return nil, err
	}
	return &Sealer{store: store, ring: ring, root: hide(root)}, nil
}

// Seal encrypts plain as the named field of subject. An empty plain seals to a value like any other. It returns
// [fault.Invalid] if subject or field is empty or the key is zero or another subject's.
func (s *Sealer) Seal(key DataKey, subject, field string, plain []byte) (Sealed, error) {
	if err := key.check(subject, field); err != nil {
		return nil, err
	}
	h := sealedHeader{key: key.id}
	rand.Read(h.nonce[:])
	header := h.encode(len(plain) + chacha20poly1305.Overhead)
	return key.aead().Seal(header, h.nonce[:], plain, s.bindField(subject, field, key.id)), nil
}

// Open decrypts a value that [Sealer.Seal] made with the same key, subject and field. It returns [fault.Broken] if
// the value is damaged or belongs elsewhere, [fault.Invalid] if it was sealed under another key of the subject
// ([Sealed.KeyID] tells which), and otherwise fails as Seal does.
func (s *Sealer) Open(key DataKey, subject, field string, sealed Sealed) ([]byte, error) {
	if err := key.check(subject, field); err != nil {
		return nil, err
	}
	h, err := decodeSealed(sealed)
	if err != nil {
		return nil, fmt.Errorf("open field %q of %s: %w", field, subject, err)
	}
	if h.key != key.id {
		return nil, fault.New(fault.Invalid, "field %q of %s is sealed under key %v, not under key %v",
			field, subject, h.key, key.id)
	}
	plain, err := key.aead().Open(nil, h.nonce[:], sealed[sealedHeaderSize:], s.bindField(subject, field, key.id))
	if err != nil {
		return nil, fault.New(fault.Broken,
			"field %q of %s does not open: it is damaged, or is another field or from another store", field, subject)
	}
	return plain, nil
}

// SealText is [Sealer.Seal] for a [Personal]. It also refuses the mask that a printed Personal leaves behind, with
// [fault.Invalid]: a form that shows the mask and is sent back must not overwrite the value.
func (s *Sealer) SealText(key DataKey, subject, field string, text Personal) (Sealed, error) {
	if text == Mask {
		return nil, fault.New(fault.Invalid, "field %q of %s holds the mask %s in place of a value", field, subject, Mask)
	}
	return s.Seal(key, subject, field, []byte(text.Reveal()))
}

// OpenText is [Sealer.Open] for a value that [Sealer.SealText] made.
func (s *Sealer) OpenText(key DataKey, subject, field string, sealed Sealed) (Personal, error) {
	plain, err := s.Open(key, subject, field, sealed)
	return Personal(plain), err
}

func (s *Sealer) bindField(subject, field string, key KeyID) []byte {
	return bind("commerce field 1", s.store, subject, field, string(key[:]))
}
