package backup_test

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/backup"
	"github.com/keelshop/commerce/internal/sqlite"
)

// tampered copies a store and takes units of stock away in the copy.
type tampered struct{ backup.Source }

func (s tampered) Copy(ctx context.Context, dir string) (commerce.Copy, error) {
	c, err := s.Source.Copy(ctx, dir)
	if err != nil {
		return c, err
	}
	for _, f := range c.Files {
		conn, err := sqlite.Open(filepath.Join(dir, f.Name), sqlite.Options{})
		if err != nil {
			return c, err
		}
		_, err = conn.Tx().Exec(`UPDATE pools SET on_hand = on_hand - 1`)
		if err == nil {
			_, err = conn.Checkpoint(true)
		}
		if err = errors.Join(err, conn.Close()); err != nil {
			return c, err
		}
	}
	return c, nil
}
