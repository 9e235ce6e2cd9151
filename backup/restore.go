package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"
	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/durable"
)

// Restore says how a store is made of a backup.
type Restore struct {
	// Identities open the backup: see age.ParseIdentities.
	Identities []age.Identity
	// Node is the name of the store's one node; "" makes one. In a cluster it
	// is the name in the node's certificate.
	Node string
	// Keys is a file with the store's keys, for a backup that does not hold
	// them.
	Keys string
	// Options open the store for its checks, such as commerce.WithKeyRing for
	// keys that are not in a file.
	Options []commerce.Option
	// WithoutKeys restores a backup although neither it nor Keys nor Options
	// has the store's keys. It is then not verified, and does not open until
	// the keys are there.
	WithoutKeys bool
	// Assets takes the files of the shop; nil puts them where a store has them
	// by default.
	Assets   assets.Store
	Progress Progress
}

type restoration struct {
	Restore
	place    *Place
	manifest Manifest
	dir      string // where the store is being made
}

// Restore makes a store of a backup in a directory that is empty or not there,
// with the store's keys beside it, and verifies it. "" is the newest backup. A
// store that is not sound is an *UnsoundError, a damaged backup a
// *DamagedError; nothing is left behind then.
//
// The store has one node. In a cluster let the others join it with empty
// directories; nodes that were there before do not talk to it.
func (p *Place) Restore(ctx context.Context, name, dir string, o Restore) (m Manifest, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return m, fault.Wrap(fault.Invalid, err, "the store's directory")
	}
	if err := mustBeFree(dir); err != nil {
		return m, err
	}
	r := &restoration{Restore: o, place: p}
	if r.manifest, err = p.Open(ctx, name); err != nil {
		return m, err
	}
	if r.dir, err = os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".restoring-"); err != nil {
		return m, fault.Wrap(fault.Invalid, err, "making a directory beside %s", dir)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir), removeIfThere(r.dir+".keys")) }()
	if err := r.run(ctx, dir); err != nil {
		return r.manifest, fmt.Errorf("restoring backup %s: %w", r.manifest.Name, err)
	}
	return r.manifest, r.publish(dir)
}

// Verify restores a backup into a directory that it removes again, below temp
// or the system's for "", and returns what the backup holds when it is whole
// and the store in it sound. Errors are those of Restore.
func (p *Place) Verify(ctx context.Context, name, temp string, o Restore) (Manifest, error) {
	dir, err := os.MkdirTemp(temp, "commerce-verify-")
	if err != nil {
		return Manifest{}, fault.Wrap(fault.Invalid, err, "making a directory to restore to")
	}
	defer os.RemoveAll(dir)
	return p.Restore(ctx, name, filepath.Join(dir, "store"), o)
}

// mustBeFree refuses to restore over anything.
func mustBeFree(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(fault.Invalid, err, "looking into %s", dir)
	}
	if len(entries) > 0 {
		return fault.New(fault.Conflict, "%s is not empty: name an empty or a new directory", dir)
	}
	return nil
}

func (r *restoration) run(ctx context.Context, dir string) error {
	if err := r.readKeys(ctx, dir); err != nil {
		return err
	}
	for _, part := range r.manifest.Parts {
		if err := r.readPart(ctx, part); err != nil {
			return err
		}
	}
	if err := r.manifest.Copy.Restore(r.dir, r.Node); err != nil {
		return err
	}
	return r.verify(ctx)
}

// readKeys puts the store's keys beside it: those of the backup, those that
// the caller names, or those that are beside dir already.
func (r *restoration) readKeys(ctx context.Context, dir string) error {
	to := r.dir + ".keys"
	beside, err := os.ReadFile(dir + ".keys")
	if there := err == nil; there && r.Keys == "" {
		r.Keys = dir + ".keys"
	} else if there {
		if named, err := os.ReadFile(r.Keys); err == nil && !bytes.Equal(named, beside) {
			return fault.New(fault.Conflict, "%s.keys holds other keys than %s: move them away if nothing needs them any more", dir, r.Keys)
		}
	}
	switch {
	case r.Keys != "":
		data, err := os.ReadFile(r.Keys)
		if err == nil {
			err = durable.Write(to, data)
		}
		if err != nil {
			return fault.Wrap(fault.Invalid, err, "reading the store's keys")
		}
	case r.manifest.Keys:
		for _, part := range r.manifest.Parts {
			if part.Name == keysPart+partSuffix {
				return r.read(ctx, part, func(in io.Reader) error { return writeFile(to, in) })
			}
		}
		return &DamagedError{Backup: r.manifest.Name, Part: keysPart + partSuffix, Detail: "is missing"}
	case len(r.Options) == 0 && !r.WithoutKeys:
		return fault.New(fault.Invalid, "the backup was made without the store's keys, and the store cannot be opened without them: name the file with the keys, or say that they come later")
	}
	return nil
}

func (r *restoration) readPart(ctx context.Context, part Part) error {
	switch part.Name {
	case keysPart + partSuffix:
		return nil
	case assetsPart + partSuffix:
		return r.read(ctx, part, func(in io.Reader) error { return r.readAssets(ctx, in) })
	}
	for i, f := range r.manifest.Copy.Files {
		if part.Name == f.Name+partSuffix && f.Name == filepath.Base(f.Name) {
			r.Progress.tell("restoring shards", int64(i), int64(len(r.manifest.Copy.Files)))
			return r.read(ctx, part, func(in io.Reader) error { return writeFile(filepath.Join(r.dir, f.Name), in) })
		}
	}
	return &DamagedError{Backup: r.manifest.Name, Part: part.Name, Detail: "is of no known kind"}
}

func (r *restoration) readAssets(ctx context.Context, in io.Reader) error {
	files := r.Assets
	if files == nil {
		own := assets.Dir(filepath.Join(r.dir, commerce.AssetsDir))
		defer own.Close()
		files = own
	}
	archive := tar.NewReader(in)
	for n := range r.manifest.Files {
		head, err := archive.Next()
		if err != nil {
			return &DamagedError{Backup: r.manifest.Name, Part: assetsPart + partSuffix, Detail: "cannot be read: " + err.Error()}
		}
		id, err := files.Put(ctx, archive)
		if err != nil {
			return err
		}
		if string(id) != head.Name {
			return &DamagedError{Backup: r.manifest.Name, Part: assetsPart + partSuffix, Detail: "holds another file for " + head.Name}
		}
		r.Progress.tell("restoring files of the shop", int64(n+1), int64(r.manifest.Files))
	}
	return nil
}

func writeFile(path string, in io.Reader) (err error) {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "making a file")
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Sync()
}

// verify checks every invariant of the store that was made.
func (r *restoration) verify(ctx context.Context) error {
	if _, err := os.Stat(r.dir + ".keys"); err != nil && len(r.Options) == 0 {
		return nil // the caller asked for a store that does not open yet
	}
	r.Progress.tell("verifying the store", 0, 0)
	found, err := commerce.Verify(ctx, r.dir, r.Options...)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return &UnsoundError{Backup: r.manifest.Name, Found: found}
	}
	return nil
}

// publish gives the store its name. Its keys come first: a store without its
// keys is of no use, keys without a store do no harm.
func (r *restoration) publish(dir string) error {
	if _, err := os.Stat(r.dir + ".keys"); err == nil {
		if err := durable.Rename(r.dir+".keys", dir+".keys"); err != nil {
			return fault.Wrap(fault.Unavailable, err, "putting the keys beside %s", dir)
		}
	}
	if err := removeIfThere(dir); err != nil { // it is empty
		return fault.Wrap(fault.Unavailable, err, "replacing the empty directory %s", dir)
	}
	if err := durable.Rename(r.dir, dir); err != nil {
		return fault.Wrap(fault.Unavailable, err, "giving the store its name")
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
