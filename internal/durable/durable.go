// Package durable writes small files that a crash leaves old or new, whole.
package durable

import (
	"errors"
	"os"
	"path/filepath"
)

// Write replaces the file at path by data, readable by its owner only, or makes
// it. When it returns nil the new file is on disk; a crash before that leaves
// the old one or the new one. A draft, path.tmp, may be left behind.
func Write(path string, data []byte) error {
	tmp := path + ".tmp"
	if err := writeSynced(tmp, data); err != nil {
		return err
	}
	return Rename(tmp, path)
}

// Rename gives a file another name in the same directory, in the place of what
// had it. When it returns nil that is durable.
func Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(to))
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// SyncDir makes what happened to the names in a directory durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
