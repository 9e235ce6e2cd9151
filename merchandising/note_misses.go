package merchandising

import (
	"context"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
)

// NoteMisses adds to the log of texts that found nothing. It is for package
// search, which counts them on each node and leaves out what should not be
// kept. The log holds the 1,000 most frequent texts of the last 90 days.
type NoteMisses struct {
	Misses []Miss `cbor:"1,keyasint"`
	Key    string `cbor:"-"`
}

// The bounds of the log.
const (
	MostNoted  = 100 // misses in one command
	mostMisses = 1000
	missDays   = 90
)

// Kind returns "merchandising.note_misses".
func (NoteMisses) Kind() command.Kind { return "merchandising.note_misses" }

// Validate returns fault.Invalid if a field cannot be what it should be.
func (c NoteMisses) Validate() error {
	if len(c.Misses) == 0 || len(c.Misses) > MostNoted {
		return fault.New(fault.Invalid, "1 to %d texts that found nothing are noted at a time, not %d", MostNoted, len(c.Misses))
	}
	for _, m := range c.Misses {
		if m.Text == "" || m.Count < 1 || m.LastAt < 0 {
			return fault.New(fault.Invalid, "a text that found nothing has a text, a count and a time")
		}
		if err := checkText("text", m.Text, mostQuery); err != nil {
			return err
		}
		if err := checkText("locale", m.Locale, mostLocale); err != nil {
			return err
		}
	}
	return nil
}

func (c NoteMisses) apply(tx *command.Tx) (struct{}, error) {
	for _, m := range c.Misses {
		_, err := tx.Exec(`INSERT INTO search_misses (locale, text, slot, count, last_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (locale, text) DO UPDATE SET count = min(count + excluded.count, 1000000000), last_at = max(last_at, excluded.last_at)`,
			m.Locale, m.Text, tx.Slot, min(m.Count, 1_000_000_000), m.LastAt)
		if err != nil {
			return struct{}{}, err
		}
	}
	old := tx.Time().Add(-missDays * 24 * time.Hour).UnixMilli()
	if _, err := tx.Exec(`DELETE FROM search_misses WHERE last_at < ?`, old); err != nil {
		return struct{}{}, err
	}
	_, err := tx.Exec(`DELETE FROM search_misses WHERE (locale, text) IN
		(SELECT locale, text FROM search_misses ORDER BY count DESC, last_at DESC, locale, text LIMIT -1 OFFSET ?)`, mostMisses)
	return struct{}{}, err
}

// NoteMisses runs the command.
func (s *Service) NoteMisses(ctx context.Context, c NoteMisses) error {
	if _, err := command.Do[struct{}](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: id.StoreSlot}); err != nil {
		return fmt.Errorf("noting texts that found nothing: %w", err)
	}
	return nil
}
