package assets

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"

	"github.com/keelshop/commerce/fault"
)

// MaxBytes is the size of the largest file that Dir takes.
const MaxBytes = 256 << 20

// drafts holds files that are being written. What a crash leaves there is
// removed the next time that the directory is opened.
const drafts = "drafts"

// DirStore keeps files in a directory of the local disk: see Dir.
type DirStore struct {
	path string

	mu   sync.Mutex
	root *os.Root // nil until it is needed
}

// Dir returns a store of files in a directory, which is made when the first
// file is put. A file with the ID abcd… is at ab/abcd…. Nothing outside of the
// directory can be reached through it, also by symbolic links.
func Dir(path string) *DirStore { return &DirStore{path: path} }

// Put stores what r holds, at most MaxBytes. The file is synced before it gets
// its name, so that a name never stands for half a file.
func (d *DirStore) Put(ctx context.Context, r io.Reader) (ID, error) {
	root, err := d.open(true)
	if err != nil {
		return "", err
	}
	draft := path.Join(drafts, rand.Text())
	id, err := write(ctx, root, draft, r)
	if err == nil {
		err = publish(root, draft, id)
	}
	if err != nil {
		return "", fmt.Errorf("storing an asset: %w", errors.Join(err, removeIfThere(root, draft)))
	}
	return id, nil
}

// Open opens a file for reading.
func (d *DirStore) Open(_ context.Context, id ID) (File, error) {
	if err := id.Check(); err != nil {
		return nil, err
	}
	root, err := d.open(false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NotFoundError{ID: id}
	}
	if err != nil {
		return nil, err
	}
	f, err := root.Open(place(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NotFoundError{ID: id}
	}
	if err != nil {
		return nil, fault.Wrap(fault.Broken, err, "opening asset %s", id)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fault.Wrap(fault.Broken, err, "opening asset %s", id), f.Close())
	}
	return file{f, info.Size()}, nil
}

// Remove deletes a file. Who has it open may read on.
func (d *DirStore) Remove(_ context.Context, id ID) error {
	if err := id.Check(); err != nil {
		return err
	}
	root, err := d.open(false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return removeIfThere(root, place(id))
}

// Close lets go of the directory. Files that are open stay open.
func (d *DirStore) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.root == nil {
		return nil
	}
	root := d.root
	d.root = nil
	return root.Close()
}

// open returns the directory. Unless it is to be made, the error is
// fs.ErrNotExist if it is not there.
func (d *DirStore) open(create bool) (*os.Root, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.root != nil {
		return d.root, nil
	}
	if create {
		if err := makeDir(d.path); err != nil {
			return nil, fault.Wrap(fault.Broken, err, "making the directory of assets")
		}
	}
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return nil, fault.Wrap(fault.Broken, err, "opening the directory of assets")
	}
	if err := errors.Join(root.RemoveAll(drafts), root.Mkdir(drafts, 0o700)); err != nil {
		return nil, fault.Wrap(fault.Broken, errors.Join(err, root.Close()), "clearing the drafts of assets")
	}
	d.root = root
	return root, nil
}

// write copies r into a new file, synced, and returns the ID of its content.
func write(ctx context.Context, root *os.Root, name string, r io.Reader) (ID, error) {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", fault.Wrap(fault.Broken, err, "making a draft")
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), io.LimitReader(until{ctx, r}, MaxBytes+1))
	if err == nil && n > MaxBytes {
		err = fault.New(fault.Invalid, "the file is larger than %d bytes", MaxBytes)
	}
	if err == nil {
		err = f.Sync()
	}
	return ID(hex.EncodeToString(h.Sum(nil))), errors.Join(err, f.Close())
}

// publish gives a draft the name of its content.
func publish(root *os.Root, draft string, id ID) error {
	dir := path.Dir(place(id))
	if err := root.Mkdir(dir, 0o700); err == nil {
		err = syncDir(root, ".")
		if err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := root.Rename(draft, place(id)); err != nil {
		return err
	}
	return syncDir(root, dir)
}

// makeDir makes a directory that is there after a power cut too.
func makeDir(name string) error {
	if err := os.MkdirAll(name, 0o700); err != nil {
		return err
	}
	above, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(above.Sync(), above.Close())
}

func syncDir(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func removeIfThere(root *os.Root, name string) error {
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func place(id ID) string { return path.Join(string(id[:2]), string(id)) }

// file is an open file of a directory.
type file struct {
	*os.File
	size int64
}

func (f file) Size() int64 { return f.size }

// until reads from r until ctx ends.
type until struct {
	ctx context.Context
	r   io.Reader
}

func (u until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, fault.Wrap(fault.Unavailable, err, "reading the file")
	}
	return u.r.Read(p)
}
