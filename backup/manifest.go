package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/fault"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// Format is the version of backups that this program makes. It reads older ones
// and refuses newer ones.
const Format = 1

// A Manifest says what a backup holds.
type Manifest struct {
	Format  int           `json:"format"`
	Name    string        `json:"name"`
	Created time.Time     `json:"created"`
	Copy    commerce.Copy `json:"copy"`
	Parts   []Part        `json:"parts"`
	Keys    bool          `json:"keys"`  // the store's keys are in it
	Files   int           `json:"files"` // how many files of the shop
}

// A Part is one object of a backup: a file, compressed and then encrypted.
type Part struct {
	Name   string `json:"name"`   // the object's, below the backup's
	Plain  int64  `json:"plain"`  // bytes of the file
	Bytes  int64  `json:"bytes"`  // bytes of the object
	SHA256 string `json:"sha256"` // of the object
}

// Bytes returns how many bytes the backup takes.
func (m Manifest) Bytes() (n int64) {
	for _, p := range m.Parts {
		n += p.Bytes
	}
	return n
}

const (
	manifestName = "manifest.json"
	partSuffix   = ".zst.age"
	keysPart     = "keys"
	assetsPart   = "assets.tar"
)

// sealed is a manifest as it is stored, with its checksum.
type sealed struct {
	Manifest json.RawMessage `json:"manifest"`
	SHA256   string          `json:"sha256"`
}

func (m Manifest) encode() ([]byte, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	return json.Marshal(sealed{data, hex.EncodeToString(sum[:])})
}

func decodeManifest(name string, data []byte) (Manifest, error) {
	damaged := func(detail string) (Manifest, error) {
		return Manifest{}, &DamagedError{Backup: name, Part: manifestName, Detail: detail}
	}
	var s sealed
	if err := json.Unmarshal(data, &s); err != nil {
		return damaged("cannot be read: " + err.Error())
	}
	var tight bytes.Buffer
	if err := json.Compact(&tight, s.Manifest); err != nil {
		return damaged("cannot be read: " + err.Error())
	}
	if sum := sha256.Sum256(tight.Bytes()); hex.EncodeToString(sum[:]) != s.SHA256 {
		return damaged("does not match its checksum")
	}
	var m Manifest
	if err := json.Unmarshal(s.Manifest, &m); err != nil {
		return damaged("cannot be read: " + err.Error())
	}
	switch {
	case m.Format > Format:
		return Manifest{}, fault.New(fault.Broken, "backup %s was made by a newer version (format %d, this program knows %d): upgrade the program", name, m.Format, Format)
	case m.Name != name:
		return damaged("is that of the backup " + m.Name)
	}
	return m, nil
}

// Open returns what the backup with a name holds; "" is the newest one. The
// error is fault.NotFound if there is none.
func (p *Place) Open(ctx context.Context, name string) (Manifest, error) {
	if name != "" {
		return p.manifest(ctx, name)
	}
	list, err := p.List(ctx)
	if err != nil {
		return Manifest{}, err
	}
	if len(list) == 0 {
		return Manifest{}, fault.New(fault.NotFound, "there is no complete backup in this place")
	}
	return list[0], nil
}

func (p *Place) manifest(ctx context.Context, name string) (Manifest, error) {
	if name != strings.Trim(name, "/.") || strings.Contains(name, "/") {
		return Manifest{}, fault.New(fault.Invalid, "%q is not the name of a backup", name)
	}
	data, err := p.bucket.ReadAll(ctx, name+"/"+manifestName)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return Manifest{}, fault.New(fault.NotFound, "there is no complete backup %s in this place", name)
	}
	if err != nil {
		return Manifest{}, fault.Wrap(fault.Unavailable, err, "reading the manifest of backup %s", name)
	}
	return decodeManifest(name, data)
}

// List returns the complete backups in a place, the newest first. One whose
// manifest is damaged is left out and named in the error beside the others.
func (p *Place) List(ctx context.Context) ([]Manifest, error) {
	names, err := p.names(ctx)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "listing backups")
	}
	var list []Manifest
	var bad []error
	for _, name := range names {
		m, err := p.manifest(ctx, name)
		switch {
		case err == nil:
			list = append(list, m)
		case fault.CodeOf(err) != fault.NotFound: // without a manifest it is being made, or was given up
			bad = append(bad, err)
		}
	}
	slices.SortFunc(list, func(a, b Manifest) int { return b.Created.Compare(a.Created) })
	return list, errors.Join(bad...)
}

// listTries is how often a list is begun anew.
const listTries = 10

// names lists what may be backups. A directory in which a backup is being made
// is listed again when a file has gone between its name and its size.
func (p *Place) names(ctx context.Context) (list []string, err error) {
	for range listTries {
		list = nil
		var o *blob.ListObject
		for it := p.bucket.List(&blob.ListOptions{Delimiter: "/"}); ; {
			if o, err = it.Next(ctx); err != nil {
				break
			}
			if o.IsDir {
				list = append(list, strings.TrimSuffix(o.Key, "/"))
			}
		}
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if gcerrors.Code(err) != gcerrors.NotFound {
			break
		}
	}
	return nil, err
}

// Delete removes a backup, or what is left of one that was given up. It makes
// it incomplete first.
func (p *Place) Delete(ctx context.Context, name string) error {
	if name == "" || strings.Contains(name, "/") {
		return fault.New(fault.Invalid, "%q is not the name of a backup", name)
	}
	keys := []string{name + "/" + manifestName}
	for it := p.bucket.List(&blob.ListOptions{Prefix: name + "/"}); ; {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fault.Wrap(fault.Unavailable, err, "listing the parts of backup %s", name)
		}
		keys = append(keys, o.Key)
	}
	for _, key := range keys {
		if err := p.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return fault.Wrap(fault.Unavailable, err, "deleting %s", key)
		}
	}
	return nil
}
