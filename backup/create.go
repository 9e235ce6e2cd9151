package backup

import (
	"archive/tar"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
)

// Create says how a backup is made.
type Create struct {
	// Recipients are whom it is encrypted for: see age.ParseRecipients. At
	// least one is needed. Keep the identity that opens it away from here.
	Recipients []age.Recipient
	// Keys is the store's key file, which goes into the backup: for a store in
	// DIR that is DIR.keys. Without the keys nobody can read names, addresses
	// and e-mail addresses in what is restored, and the store does not open.
	Keys string
	// WithoutKeys makes a backup that can only be restored by who has the keys
	// from elsewhere, such as those of a key management service. An epoch that
	// is dropped from the ring is then gone from backups too.
	WithoutKeys bool
	// WithoutAssets leaves the files of the shop out, such as when they are in
	// a place of their own that is backed up itself.
	WithoutAssets bool
	// Temp is the directory in which the copy of the store is made, with room
	// for all of it. It defaults to the store's own, or to that of the system.
	Temp     string
	Progress Progress
}

// creation is a backup that is being made.
type creation struct {
	Create
	source Source
	place  *Place
	name   string
	parts  []Part
}

// Create makes a backup and returns what it holds when it is complete and
// durable. Backups that are interrupted remove what they have written; what a
// crash leaves has no manifest and is no backup.
func (p *Place) Create(ctx context.Context, from Source, o Create) (m Manifest, err error) {
	if len(o.Recipients) == 0 {
		return m, fault.New(fault.Invalid, "a backup is encrypted: name a key")
	}
	if o.Keys == "" && !o.WithoutKeys {
		return m, fault.New(fault.Invalid, "a backup without the store's keys is of no use without them: name the key file, or say that the keys are kept elsewhere")
	}
	temp, err := o.temp(from)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	now := time.Now().UTC()
	c := &creation{Create: o, source: from, place: p, name: now.Format("20060102T150405Z") + "-" + strings.ToLower(rand.Text()[:6])}
	m, err = c.run(ctx, temp, now)
	if err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		return Manifest{}, errors.Join(fmt.Errorf("making a backup: %w", err), p.Delete(ctx, c.name))
	}
	return m, nil
}

// temp makes the directory for the copy. In a store's own directory its name is
// one that the store removes when it is opened after a crash.
func (o Create) temp(from Source) (string, error) {
	dir, pattern := o.Temp, "commerce-backup-"
	if s, ok := from.(store); ok && dir == "" {
		dir, pattern = s.Dir(), "export-"
	}
	temp, err := os.MkdirTemp(dir, pattern)
	if err != nil {
		return "", fault.Wrap(fault.Invalid, err, "making a directory for the copy")
	}
	return temp, nil
}

func (c *creation) run(ctx context.Context, temp string, now time.Time) (Manifest, error) {
	c.Progress.tell("copying the store", 0, 0)
	state, err := c.source.Copy(ctx, temp)
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{Format: Format, Name: c.name, Created: now, Copy: state, Keys: !c.WithoutKeys}
	if err := c.writeKeys(ctx, state); err != nil {
		return m, err
	}
	if err := c.writeShards(ctx, temp, state.Files); err != nil {
		return m, err
	}
	if !c.WithoutAssets {
		if m.Files, err = c.writeAssets(ctx, temp, state.Assets); err != nil {
			return m, err
		}
	}
	m.Copy.Assets, m.Parts = nil, c.parts
	return m, c.finish(ctx, m)
}

// writeKeys takes the keys first: a wrong key file is found out at once.
func (c *creation) writeKeys(ctx context.Context, state commerce.Copy) error {
	if c.WithoutKeys {
		return nil
	}
	if err := state.CheckKeyFile(ctx, c.Keys); err != nil {
		return err
	}
	data, err := os.ReadFile(c.Keys)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "reading the store's keys")
	}
	return c.write(ctx, keysPart, func(w io.Writer) error { _, err := w.Write(data); return err })
}

func (c *creation) writeShards(ctx context.Context, temp string, files []commerce.CopyFile) error {
	var done, total int64
	for _, f := range files {
		total += f.Bytes
	}
	for _, f := range files {
		path := filepath.Join(temp, f.Name)
		in, err := os.Open(path)
		if err != nil {
			return fault.Wrap(fault.Broken, err, "reading the copy")
		}
		err = c.write(ctx, f.Name, func(w io.Writer) error {
			_, err := io.Copy(w, reader{ctx, in, func(n int) {
				done += int64(n)
				c.Progress.tell("storing shards", done, total)
			}})
			return err
		})
		if err = errors.Join(err, in.Close()); err != nil {
			return err
		}
		if err := os.Remove(path); err != nil { // room for others
			return fault.Wrap(fault.Unavailable, err, "removing a part of the copy")
		}
	}
	return nil
}

// writeAssets stores the files of the shop as one archive. A file that the
// catalog names and that is nowhere was missing before the backup.
func (c *creation) writeAssets(ctx context.Context, temp string, ids []assets.ID) (n int, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	draft := filepath.Join(temp, "asset")
	err = c.write(ctx, assetsPart, func(w io.Writer) error {
		archive := tar.NewWriter(w)
		for i, id := range ids {
			err := c.writeAsset(ctx, archive, id, draft)
			if errors.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			n++
			c.Progress.tell("storing files of the shop", int64(i+1), int64(len(ids)))
		}
		return archive.Close()
	})
	return n, err
}

// writeAsset adds a file to the archive by way of a draft, since an archive
// needs the size first.
func (c *creation) writeAsset(ctx context.Context, archive *tar.Writer, id assets.ID, draft string) (err error) {
	f, err := os.Create(draft)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "making a draft")
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(draft)) }()
	if err := c.source.Asset(ctx, id, f); err != nil {
		return err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err == nil {
		err = archive.WriteHeader(&tar.Header{Name: string(id), Mode: 0o600, Size: size})
	}
	if err == nil {
		_, err = io.Copy(archive, f)
	}
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "storing asset %s", id)
	}
	return nil
}

// finish makes the backup complete.
func (c *creation) finish(ctx context.Context, m Manifest) error {
	if err := c.place.sync(c.name); err != nil {
		return err
	}
	data, err := m.encode()
	if err != nil {
		return err
	}
	if err := c.place.bucket.WriteAll(ctx, c.name+"/"+manifestName, data, nil); err != nil {
		return fault.Wrap(fault.Unavailable, err, "writing the manifest")
	}
	return c.place.sync(c.name)
}

// reader reads until ctx ends, and tells how much.
type reader struct {
	ctx  context.Context
	r    io.Reader
	told func(int)
}

func (r reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, fault.Wrap(fault.Unavailable, context.Cause(r.ctx), "it was given up")
	}
	n, err := r.r.Read(p)
	if n > 0 {
		r.told(n)
	}
	return n, err
}
