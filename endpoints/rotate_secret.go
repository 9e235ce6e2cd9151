package endpoints

import (
	"context"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/subject"
)

// RotateSecret gives an endpoint another secret. For a while the ones before
// sign too, so that the consumer can change over without missing anything.
type RotateSecret struct {
	Endpoint ID `cbor:"1,keyasint"`
	// Overlap is how long the earlier secrets still sign. 0 means a day; a
	// negative one ends them at once, for when one has leaked.
	Overlap time.Duration `cbor:"2,keyasint,omitempty"`
	Key     string        `cbor:"-"`

	Sealed seal.Sealed `cbor:"3,keyasint" command:"stamped"`
}

const (
	usualOverlap = 24 * time.Hour
	mostOverlap  = 30 * 24 * time.Hour
)

// Kind returns "endpoints.rotate_secret".
func (RotateSecret) Kind() command.Kind { return "endpoints.rotate_secret" }

// Validate returns fault.Invalid if a field cannot be what it should be.
func (c RotateSecret) Validate() error {
	if c.Overlap > mostOverlap {
		return fault.Wrong("overlap_seconds", "a secret signs for at most %v after its end, not %v", mostOverlap, c.Overlap)
	}
	return id.Check("whe", string(c.Endpoint))
}

func (c RotateSecret) apply(tx *command.Tx) (struct{}, error) {
	if _, err := findTx(tx, c.Endpoint, 0); err != nil {
		return struct{}{}, err
	}
	overlap := c.Overlap
	if overlap == 0 {
		overlap = usualOverlap
	}
	end := tx.At + max(overlap, 0).Milliseconds()
	_, err := tx.Exec(`UPDATE endpoint_secrets SET expires_at = ? WHERE endpoint = ? AND (expires_at = 0 OR expires_at > ?)`, end, c.Endpoint, end)
	if err != nil {
		return struct{}{}, err
	}
	if err := addSecret(tx, c.Endpoint, c.Sealed); err != nil {
		return struct{}{}, err
	}
	_, err = tx.Exec(`UPDATE endpoints SET version = version + 1, updated_at = ? WHERE id = ?`, tx.At, c.Endpoint)
	return struct{}{}, err
}

// addSecret adds the newest secret, and drops those that have ended or are too
// many.
func addSecret(tx *command.Tx, endpoint ID, sealed seal.Sealed) error {
	n, _, err := tx.Int64(`SELECT max(n) FROM endpoint_secrets WHERE endpoint = ?`, endpoint)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`DELETE FROM endpoint_secrets WHERE endpoint = ? AND (n <= ? OR expires_at > 0 AND expires_at <= ?)`,
		endpoint, n+1-mostSecrets, tx.At)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO endpoint_secrets (endpoint, n, slot, sealed, expires_at, created_at) VALUES (?, ?, ?, ?, 0, ?)`,
		endpoint, n+1, tx.Slot, []byte(sealed), tx.At)
	return err
}

// RotateSecret gives an endpoint another secret and returns those that sign
// now, the newest first.
func (s *Service) RotateSecret(ctx context.Context, c RotateSecret) ([]Secret, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	call := command.Call{Key: c.Key, Slot: id.StoreSlot, Prepare: func(stamp command.Stamp) error {
		key, _, _, err := subject.Key(ctx, s.engine, s.sealer, stamp.Slot, string(c.Endpoint))
		if err != nil {
			return err
		}
		c.Sealed, err = s.sealer.SealText(key, string(c.Endpoint), secretField, newSecret())
		return err
	}}
	secrets, err := command.DoThen(ctx, s.engine, &c, call, func(ctx context.Context, _ struct{}) ([]Secret, error) {
		return s.Secrets(ctx, c.Endpoint)
	})
	if err != nil {
		return nil, fmt.Errorf("rotating the secret of endpoint %s: %w", c.Endpoint, err)
	}
	return secrets, nil
}
