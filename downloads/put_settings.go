package downloads

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Settings are how a store hands over what can be downloaded. The zero value
// does it by itself as soon as an order is paid.
type Settings struct {
	ByStaff bool  // only orders.Deliver hands it over
	Version int64 // counts the changes
}

// PutSettings replaces the settings. Orders that were paid before keep what was
// done or left to staff then.
type PutSettings struct {
	ByStaff bool   `cbor:"1,keyasint,omitempty"`
	Version int64  `cbor:"2,keyasint,omitempty"` // of the settings; 0 does not check
	Key     string `cbor:"-"`
}

// Kind returns "downloads.put_settings".
func (PutSettings) Kind() command.Kind { return "downloads.put_settings" }

// Validate checks the version's form.
func (c PutSettings) Validate() error {
	if c.Version < 0 {
		return fault.Wrong("version", "a version counts from 1, this is %d", c.Version)
	}
	return nil
}

func (c PutSettings) apply(tx *command.Tx) (struct{}, error) {
	have, err := settingsTx(tx.Tx)
	if err != nil {
		return struct{}{}, err
	}
	if c.Version != 0 && c.Version != have.Version {
		return struct{}{}, fault.New(fault.Conflict, "the settings of downloads are at version %d, not %d", have.Version, c.Version)
	}
	_, err = tx.Exec(`INSERT INTO download_settings (one, slot, by_staff, version) VALUES (1, ?, ?, ?)
		ON CONFLICT (one) DO UPDATE SET by_staff = excluded.by_staff, version = excluded.version`, tx.Slot, c.ByStaff, have.Version+1)
	return struct{}{}, err
}

func settingsTx(tx *sqlite.Tx) (s Settings, err error) {
	rows := tx.One(`SELECT by_staff, version FROM download_settings WHERE one = 1`)
	if rows.Next() {
		s = Settings{ByStaff: rows.Bool(0), Version: rows.Int64(1)}
	}
	return s, rows.Close()
}

// PutSettings runs the command and returns the settings as they are then. It
// returns fault.Conflict if they have another version.
func (s *Service) PutSettings(ctx context.Context, c PutSettings) (Settings, error) {
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: id.StoreSlot}, func(ctx context.Context, _ struct{}) (Settings, error) {
		return s.Settings(ctx)
	})
}

// Settings returns how the store hands over what can be downloaded.
func (s *Service) Settings(ctx context.Context) (out Settings, err error) {
	err = s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) (err error) {
		out, err = settingsTx(tx)
		return err
	})
	return out, err
}

// DeliverTimer handles the timers of kind orders.TimerDeliver: it hands over
// what can be downloaded of a paid order, unless that is for staff to do.
func (s *Service) DeliverTimer(ctx context.Context, order string) error {
	settings, err := s.Settings(ctx)
	if err != nil {
		return err
	}
	return s.orders.DeliverDue(ctx, order, settings.ByStaff)
}
