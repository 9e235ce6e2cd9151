package subject

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
)

// rewrapMost is how many keys one command carries: at 4 KB each they fit.
const rewrapMost = 48

// Rewrap replaces wrapped keys of one shard by the same keys, wrapped under a
// newer epoch.
type Rewrap struct {
	Keys []Rewrapped `cbor:"1,keyasint" command:"stamped"`
}

// Rewrapped is one subject's key under the newer epoch.
type Rewrapped struct {
	Subject string          `cbor:"1,keyasint"`
	Wrapped seal.WrappedKey `cbor:"2,keyasint"`
}

// Kind returns "subject.rewrap".
func (Rewrap) Kind() command.Kind { return "subject.rewrap" }

// Validate refuses keys that are not wrapped ones.
func (c Rewrap) Validate() error {
	for _, k := range c.Keys {
		if _, err := k.Wrapped.Epoch(); err != nil {
			return fault.Wrap(fault.Invalid, err, "wrapping the data key of %s again", k.Subject)
		}
	}
	return nil
}

func (c Rewrap) apply(tx *command.Tx) (struct{}, error) {
	for _, k := range c.Keys {
		if err := k.apply(tx); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, nil
}

// apply leaves alone a subject that was erased, has another key, or whose key
// was wrapped anew already.
func (k Rewrapped) apply(tx *command.Tx) error {
	stored, err := WrappedTx(tx.Tx, k.Subject)
	if err != nil || stored == nil || !sameKey(stored, k.Wrapped) {
		if fault.CodeOf(err) == fault.Refused {
			return nil
		}
		return err
	}
	epoch, err := k.Wrapped.Epoch()
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "wrapping the data key of %s again", k.Subject)
	}
	_, err = tx.Exec(`UPDATE subject_keys SET epoch = ?, wrapped = ? WHERE subject = ? AND epoch < ?`,
		epoch, []byte(k.Wrapped), k.Subject, epoch)
	return err
}

// RewrapAll wraps the keys of all subjects under the ring's newest epoch and
// returns how many it replaced. Afterwards older epochs may be dropped from
// the ring, which completes the erasure of everyone erased before. It is safe
// to run again after an error and while the store is in use; keys that are
// made meanwhile are under the newest epoch anyway.
func RewrapAll(ctx context.Context, e command.Engine, sealer *seal.Sealer) (replaced int, err error) {
	for shard := range e.Shards() {
		for after := ""; ; {
			page, err := pageOf(ctx, e, shard, after)
			if err != nil {
				return replaced, fmt.Errorf("wrapping data keys of shard %d again: %w", shard, err)
			}
			if len(page) == 0 {
				break
			}
			after = page[len(page)-1].Subject
			n, err := rewrapPage(ctx, e, sealer, shard, page)
			if err != nil {
				return replaced, fmt.Errorf("wrapping data keys of shard %d again: %w", shard, err)
			}
			replaced += n
		}
	}
	return replaced, nil
}

func pageOf(ctx context.Context, e command.Engine, shard int, after string) (page []Rewrapped, err error) {
	err = e.View(ctx, e.SlotOn(shard), func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT subject, wrapped FROM subject_keys WHERE erased = 0 AND subject > ? ORDER BY subject LIMIT ?`, after, rewrapMost)
		for rows.Next() {
			page = append(page, Rewrapped{Subject: rows.Text(0), Wrapped: rows.Blob(1)})
		}
		return rows.Close()
	})
	return page, err
}

func rewrapPage(ctx context.Context, e command.Engine, sealer *seal.Sealer, shard int, page []Rewrapped) (int, error) {
	var c Rewrap
	for _, k := range page {
		wrapped, err := sealer.Rewrap(ctx, k.Subject, k.Wrapped)
		if err != nil {
			return 0, err
		}
		if len(wrapped) != len(k.Wrapped) || string(wrapped) != string(k.Wrapped) {
			c.Keys = append(c.Keys, Rewrapped{Subject: k.Subject, Wrapped: wrapped})
		}
	}
	if len(c.Keys) == 0 {
		return 0, nil
	}
	_, err := command.Do[struct{}](ctx, e, &c, command.Call{Slot: e.SlotOn(shard)})
	return len(c.Keys), err
}
