package catalog

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// ForSale reports whether a file is, or ever was, what buyers of a digital variant
// get. Such a file is for them only, even where its name can be guessed: whoever
// has it knows its hash. A file stays for sale when the variant gets another one,
// since orders still have it.
func (s *Service) ForSale(ctx context.Context, file assets.ID) (bool, error) {
	if err := s.recentEverywhere(ctx); err != nil {
		return false, fmt.Errorf("looking whether a file is sold: %w", err)
	}
	sold, err := s.cache.Get(fileKey(file), func() (any, error) { return s.loadForSale(context.WithoutCancel(ctx), file) })
	if err != nil {
		return false, fmt.Errorf("looking whether a file is sold: %w", err)
	}
	return sold.(bool), nil
}

func (s *Service) loadForSale(ctx context.Context, file assets.ID) (found bool, err error) {
	for shard := 0; shard < s.engine.Shards() && !found && err == nil; shard++ {
		err = s.engine.View(ctx, s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
			rows := tx.Query(`SELECT 1 FROM sold_files WHERE asset = ? LIMIT 1`, file)
			found = rows.Next()
			return rows.Close()
		})
	}
	return found, err
}

// storeFiles notes that the files of a variant are sold.
func (d *Digital) storeFiles(tx *command.Tx) error {
	if d == nil {
		return nil
	}
	for _, f := range d.Files {
		if _, err := tx.Exec(`INSERT INTO sold_files (asset, slot) VALUES (?, ?) ON CONFLICT DO NOTHING`, f.Asset, tx.Slot); err != nil {
			return err
		}
		tx.Touch(fileKey(f.Asset))
	}
	return nil
}

func fileKey(file assets.ID) string { return "file:" + string(file) }
