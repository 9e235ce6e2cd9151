package faultvfs

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sector is what a disk writes as a whole, in bytes.
const sector = 512

// image is what a disk may hold of one file: what was synced, and changes that may or may not have arrived.
type image struct {
	durable []byte
	exists  bool // in the synced directory
	pending []change
	gone    bool // deleted, and the directory is not synced
	lossy   bool // a sync has failed: what the operating system shows is not what is on the disk
}

// change is a write, or a truncation when data is nil.
type change struct {
	at   int64 // offset of the write, or the new size
	data []byte
}

// image returns the image of the file at path, or makes one of what is there when SQLite comes to it first, or comes to
// it again after somebody else has removed it or put another file in its place.
func (f *FS) image(path string) *image {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.images[path]
	if i != nil && f.isOpen(path) {
		return i
	}
	data, err := os.ReadFile(path)
	if i != nil && (i.gone || err == nil && (i.lossy || bytes.Equal(i.current(), data))) {
		return i
	}
	delete(f.images, path)
	return &image{durable: data, exists: err == nil}
}

func (f *FS) isOpen(path string) bool {
	for _, open := range f.files {
		if open.path == path {
			return true
		}
	}
	return false
}

// current is what the operating system shows.
func (i *image) current() []byte {
	now := slices.Clone(i.durable)
	for _, c := range i.pending {
		now = c.apply(now)
	}
	return now
}

// syncDir makes durable which files are in a directory.
func (f *FS) syncDir(dir string) {
	for path, i := range f.images {
		switch {
		case filepath.Dir(path) != dir:
		case i.gone:
			delete(f.images, path)
		default:
			i.exists = true
		}
	}
}

// recreate is called when the file is opened. A deleted one begins anew.
func (i *image) recreate() {
	if i.gone {
		i.gone = false
		i.truncate(0)
	}
}

func (i *image) write(off int64, data []byte) {
	i.pending = append(i.pending, change{off, slices.Clone(data)})
}

func (i *image) truncate(size int64) { i.pending = append(i.pending, change{size, nil}) }

func (i *image) sync() {
	for _, c := range i.pending {
		i.durable = c.apply(i.durable)
	}
	i.pending, i.exists = nil, true
}

// lose is a sync that fails: a part of the changes arrives, and none is tried again.
func (i *image) lose(r *rand.Rand) {
	i.durable = i.scatter(i.durable, r, r.Float64())
	i.pending, i.lossy = nil, true
}

// crash returns what is on the disk after a power cut, and false when the file is not there.
func (i *image) crash(r *rand.Rand) ([]byte, bool) {
	if (i.gone || !i.exists) && r.IntN(2) == 0 {
		return nil, false
	}
	// All or nothing of a burst of writes arrives often enough to be tried often.
	arrives := []float64{0, 1, 0.5, r.Float64()}[r.IntN(4)]
	return i.scatter(slices.Clone(i.durable), r, arrives), true
}

// scatter applies a random part of the pending changes, sector by sector.
func (i *image) scatter(to []byte, r *rand.Rand, arrives float64) []byte {
	for _, c := range i.pending {
		for _, part := range c.sectors() {
			if r.Float64() < arrives {
				to = part.apply(to)
			}
		}
	}
	return to
}

// sectors splits a write where the disk's sectors meet.
func (c change) sectors() []change {
	if c.data == nil {
		return []change{c}
	}
	var parts []change
	for at, data := c.at, c.data; len(data) > 0; {
		n := min(int64(len(data)), sector-at%sector)
		parts = append(parts, change{at, data[:n:n]})
		at, data = at+n, data[n:]
	}
	return parts
}

func (c change) apply(to []byte) []byte {
	if c.data == nil {
		return resize(to, c.at)
	}
	to = resize(to, max(int64(len(to)), c.at+int64(len(c.data))))
	copy(to[c.at:], c.data)
	return to
}

func resize(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

// PowerLoss writes into the directory out what a disk could hold of the files under dir if the power failed now: all
// that was synced, and of the rest a random part, torn between sectors of 512 bytes. Files that SQLite has not opened
// through this VFS are copied as they are. The connections may go on; call it as often as you like.
func (f *FS) PowerLoss(dir, out string, r *rand.Rand) error {
	dir, err := realPath(dir)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.copyUnopened(dir, out); err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(f.images)) { // sorted, so that the same r gives the same cut
		rel, err := filepath.Rel(dir, path)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		if err := f.images[path].save(filepath.Join(out, rel), r); err != nil {
			return err
		}
	}
	return nil
}

// realPath names a directory as SQLite names the files in it.
func realPath(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}

// copyUnopened copies the files under dir that SQLite has not come to yet.
func (f *FS) copyUnopened(dir, out string) error {
	within, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == within:
			return filepath.SkipDir
		case !entry.Type().IsRegular() || f.images[path] != nil || strings.HasSuffix(path, "-shm"):
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return writeFile(filepath.Join(out, strings.TrimPrefix(path, dir)), data)
	})
}

func (i *image) save(path string, r *rand.Rand) error {
	data, there := i.crash(r)
	if !there {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return writeFile(path, data)
}

func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}
