package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"filippo.io/age"
	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/admin"
	"github.com/keelshop/commerce/backup"
)

// backups keeps backups in DIR.backups, for whoever has the key in
// DIR.backups.key. A real shop keeps both on other machines, and here only the
// public half of the key: then staff make backups, and check them elsewhere.
func backups(ctx context.Context, shop *commerce.Store) (*admin.Backups, error) {
	key, err := backupKey(shop.Dir() + ".backups.key")
	if err != nil {
		return nil, err
	}
	place, err := backup.OpenPlace(ctx, shop.Dir()+".backups")
	if err != nil {
		return nil, err
	}
	return &admin.Backups{
		List: place.List,
		Create: func(ctx context.Context) (backup.Manifest, error) {
			return place.Create(ctx, backup.Of(shop), backup.Create{Recipients: []age.Recipient{key.Recipient()}, Keys: shop.Dir() + ".keys"})
		},
		Verify: func(ctx context.Context, name string) (backup.Manifest, error) {
			return place.Verify(ctx, name, "", backup.Restore{Identities: []age.Identity{key}})
		},
	}, nil
}

// backupKey reads the key that opens backups, and makes it at the first start.
func backupKey(file string) (*age.X25519Identity, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		key, err := age.GenerateX25519Identity()
		if err != nil {
			return nil, err
		}
		return key, os.WriteFile(file, []byte(key.String()+"\n"), 0o600)
	}
	if err != nil {
		return nil, err
	}
	key, err := age.ParseX25519Identity(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return key, nil
}
