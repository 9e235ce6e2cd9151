package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/keelshop/commerce/fault"
)

// loadKeys reads a key file and makes sure that it stays: a process that died, or an operator who copied it, may not
// have synced it, and keys wrapped under what was read here would outlive it.
func loadKeys(path string) (*keySet, error) {
	data, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	keys, err := decodeKeys(data)
	if err != nil {
		return nil, fmt.Errorf("key file %s cannot be used: %w", path, err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, fault.Wrap(fault.Broken, err, "make key file %s durable", path)
	}
	return keys, nil
}

// readPrivate refuses a file that others than its owner might read, and one too large to be a key file.
func readPrivate(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, openError(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fault.Wrap(fault.Broken, err, "read key file")
	}
	if !info.Mode().IsRegular() {
		return nil, fault.New(fault.Broken, "key file %s is not a regular file", path)
	}
	if perm := info.Mode().Perm(); perm&^0o600 != 0 {
		return nil, fault.New(fault.Denied, "key file %s has mode %04o, which lets others use it: chmod 600 it", path, perm)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFileSize+1))
	if err != nil {
		return nil, fault.Wrap(fault.Broken, err, "read key file")
	}
	if len(data) > maxKeyFileSize {
		return nil, fault.New(fault.Broken, "key file %s is larger than %d bytes", path, maxKeyFileSize)
	}
	if err := f.Sync(); err != nil {
		return nil, fault.Wrap(fault.Broken, err, "make key file durable")
	}
	return data, nil
}

func openError(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.Wrap(fault.NotFound, err,
			"key file %s is missing; without it the store's sealed fields cannot be read: restore it from a backup", path)
	case errors.Is(err, fs.ErrPermission):
		return fault.Wrap(fault.Denied, err, "read key file")
	}
	return fault.Wrap(fault.Broken, err, "read key file")
}

// createFile writes a file that must not exist yet. It looks twice: first so that an existing file is named as the
// reason even beside a leftover draft, then under the lock.
func createFile(path string, data []byte) error {
	if err := mustBeAbsent(path); err != nil {
		return err
	}
	return publish(path, func() ([]byte, error) { return data, mustBeAbsent(path) })
}

func mustBeAbsent(path string) error {
	_, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fault.Wrap(fault.Broken, err, "create key file")
	}
	return fault.New(fault.Conflict, "key file %s exists already and is left as it is", path)
}

// rewriteFile replaces a file that exists. A link is refused: replacing it would leave the old keys where it leads.
func rewriteFile(path string, content func() ([]byte, error)) error {
	return publish(path, func() ([]byte, error) {
		info, err := os.Lstat(path)
		switch {
		case err != nil:
			return nil, openError(path, err)
		case !info.Mode().IsRegular():
			return nil, fault.New(fault.Conflict, "key file %s is a link: change the keys where it leads", path)
		}
		return content()
	})
}

// publish puts content at path, whole or not at all. The draft beside it is locked, so content sees a file that nobody
// else changes. A draft that a process left behind when it died was never in use; the next change writes over it, so
// that no epoch which is dropped later survives in it.
func publish(path string, content func() ([]byte, error)) error {
	draft := path + ".new"
	lock := flock.New(draft, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return fault.Wrap(fault.Broken, err, "write key file")
	}
	if !locked {
		return fault.New(fault.Unavailable, "%s is locked: another process is changing the keys", draft)
	}
	defer lock.Close()
	if err := mustBeNamed(lock, draft); err != nil {
		return err
	}
	if err := fill(draft, path, content); err != nil {
		return errors.Join(err, os.Remove(draft))
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return fault.Wrap(fault.Broken, err, "make the change of key file %s durable", path)
	}
	return nil
}

// mustBeNamed makes sure that a locked file is still the draft: whoever had it before may have given it the name of the
// key file.
func mustBeNamed(lock *flock.Flock, draft string) error {
	locked, err := lock.Stat()
	if err != nil {
		return fault.Wrap(fault.Broken, err, "write key file")
	}
	named, err := os.Lstat(draft)
	switch {
	case err == nil && !named.Mode().IsRegular():
		return fault.New(fault.Conflict, "%s is not a regular file: remove it", draft)
	case errors.Is(err, fs.ErrNotExist), err == nil && !os.SameFile(locked, named):
		return fault.New(fault.Unavailable, "another process has just changed the keys: try again")
	case err != nil:
		return fault.Wrap(fault.Broken, err, "write key file")
	}
	return nil
}

// fill writes and syncs the draft and gives it the name path.
func fill(draft, path string, content func() ([]byte, error)) error {
	data, err := content()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(draft, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return fault.Wrap(fault.Broken, err, "write key file")
	}
	defer f.Close()      // again after the Close below, to no effect, or instead of it
	err = f.Chmod(0o600) // whatever was left behind there
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.Rename(draft, path)
	}
	if err != nil {
		return fault.Wrap(fault.Broken, err, "write key file")
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
