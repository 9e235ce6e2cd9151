package seal

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
)

// Epoch numbers a key-encryption key of a ring, from 1 upwards. A number is never used again. Dropping an epoch
// makes every copy of every key wrapped under it unreadable.
type Epoch uint32

// Ring holds the keys that all others hang from. [KeyFile] is the one to begin with; an adapter to a key management
// service is another. It must be kept outside the store and its backups: who holds both can read everything.
//
// Implementations are safe for concurrent use, obey the context, and return errors with a [fault.Code]:
// [fault.Unavailable] when a service does not answer.
type Ring interface {
	// Epoch returns the newest epoch, under which new keys are wrapped.
	Epoch(ctx context.Context) (Epoch, error)

	// Wrap encrypts and authenticates a secret of 32 bytes under the key of epoch e, and authenticates bound
	// without including it. The result is at most 4 KB.
	Wrap(ctx context.Context, e Epoch, secret, bound []byte) ([]byte, error)

	// Unwrap is the inverse of Wrap. It returns an [*EpochError] if the ring does not hold epoch e, and
	// [fault.Broken] if wrapped or bound is not what Wrap was given and made.
	Unwrap(ctx context.Context, e Epoch, wrapped, bound []byte) ([]byte, error)

	// Derive returns 32 secret bytes that depend only on the label and on the ring's master key. They stay the
	// same for the life of the ring, whatever epochs come and go.
	Derive(ctx context.Context, label string) ([]byte, error)
}

// EpochError says that a ring does not hold an epoch. If the epoch is older than the ring's newest, it was dropped
// and what it wrapped is erased: [fault.NotFound]. If it is newer, this node's ring is behind that of the others:
// [fault.Unavailable].
type EpochError struct {
	Epoch  Epoch // the one asked for
	Newest Epoch // the newest that the ring holds
}

// Error says what the missing epoch means.
func (e *EpochError) Error() string {
	if e.Epoch > e.Newest {
		return fmt.Sprintf("the key ring ends at epoch %d and lacks epoch %d: bring it up to date", e.Newest, e.Epoch)
	}
	return fmt.Sprintf("epoch %d was dropped from the key ring: what it wrapped is erased", e.Epoch)
}

// Unwrap returns the code.
func (e *EpochError) Unwrap() error {
	if e.Epoch > e.Newest {
		return fault.Unavailable
	}
	return fault.NotFound
}
