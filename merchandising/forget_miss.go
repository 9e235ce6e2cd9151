package merchandising

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
)

// ForgetMiss takes a text off the log of those that found nothing, since it has
// been seen to, or should not be kept. It is counted anew if it is searched for
// again.
type ForgetMiss struct {
	Locale string `cbor:"1,keyasint,omitempty"`
	Text   string `cbor:"2,keyasint"`
	Key    string `cbor:"-"`
}

// Kind returns "merchandising.forget_miss".
func (ForgetMiss) Kind() command.Kind { return "merchandising.forget_miss" }

// Validate accepts any text.
func (c ForgetMiss) Validate() error { return nil }

func (c ForgetMiss) apply(tx *command.Tx) (struct{}, error) {
	_, err := tx.Exec(`DELETE FROM search_misses WHERE locale = ? AND text = ?`, c.Locale, c.Text)
	return struct{}{}, err
}

// ForgetMiss takes a text off the log. One that is not there is no error.
func (s *Service) ForgetMiss(ctx context.Context, c ForgetMiss) error {
	if _, err := command.Do[struct{}](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: id.StoreSlot}); err != nil {
		return fmt.Errorf("forgetting a text that found nothing: %w", err)
	}
	return nil
}
