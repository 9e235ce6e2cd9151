package seal

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"

	"github.com/keelshop/commerce/fault"
)

// Lookup returns a keyed hash of value (HMAC-SHA-256), by which a sealed field is found, a unique value gets its
// slot, or a request is recognised. Equal values give equal hashes only within one store and one purpose, such as
// "email", and do so for ever, across epochs. Without the ring a hash cannot be computed, so values cannot be
// guessed from a stolen file.
//
// Equal means byte for byte: the caller normalizes (case, Unicode form) first, always in the same way. Purposes are
// words of the program: what each needs is kept.
func (s *Sealer) Lookup(purpose, value string) (sum [sha256.Size]byte) {
	hashers := s.hashersOf(purpose)
	h := hashers.Get().(hash.Hash)
	h.Reset()
	h.Write([]byte(value))
	h.Sum(sum[:0])
	hashers.Put(h)
	return sum
}

// hashersOf returns the hashers of a purpose, which have its key. To make one costs more than to use it.
func (s *Sealer) hashersOf(purpose string) *sync.Pool {
	if p, ok := s.hashers.Load(purpose); ok {
		return p.(*sync.Pool)
	}
	key := hide(s.expand("commerce lookup 1", purpose))
	p, _ := s.hashers.LoadOrStore(purpose, &sync.Pool{New: func() any { return hmac.New(sha256.New, key()) }})
	return p.(*sync.Pool)
}

// Fingerprint identifies the pair of store and ring without revealing either. A store records it when it is made
// and refuses to open with a ring that gives another.
func (s *Sealer) Fingerprint() [sha256.Size]byte {
	return mac(s.expand("commerce fingerprint 1"), "")
}

// expand returns the key for one use of the root. The parts become the info of HKDF, in the encoding of bind.
func (s *Sealer) expand(use ...string) []byte {
	key, err := hkdf.Expand(sha256.New, s.root(), string(bind(use...)), keySize)
	if err != nil {
		panic("seal: " + err.Error()) // only for a result longer than 8,160 bytes or a root shorter than 14
	}
	return key
}

func mac(key []byte, value string) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(value))
	h.Sum(sum[:0])
	return sum
}

// deriveRoot asks the ring for the store's own secret. It serves as the pseudorandom key of HKDF.
func deriveRoot(ctx context.Context, store string, ring Ring) ([]byte, error) {
	secret, err := ring.Derive(ctx, store)
	if err != nil {
		return nil, err
	}
	if len(secret) != keySize {
		return nil, fault.New(fault.Broken, "the key ring derived %d bytes in place of %d", len(secret), keySize)
	}
	return secret, nil
}
