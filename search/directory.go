package search

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"github.com/keelshop/commerce/fault"
)

// directory is where indexes are kept. The file "current" names the one that
// queries use; another one may be being built beside it.
//
//	current      the name of an index
//	building     the name of one that is being built to take its place
//	lock         keeps a second process out
//	index-1/     an index
//	broken/      the last index that could not be used, for whoever wants to know why
type directory struct{ path string }

func (d directory) file(name string) string { return filepath.Join(d.path, name) }

const (
	currentFile  = "current"
	buildingFile = "building"
	indexPrefix  = "index-"
	brokenName   = "broken"
)

// open makes the directory and locks it for as long as a Finder lives.
func (d directory) open() (*flock.Flock, error) {
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return nil, fault.Wrap(fault.Broken, err, "making the directory of the search index")
	}
	l := flock.New(d.file("lock"))
	held, err := l.TryLock()
	switch {
	case err != nil:
		return nil, fault.Wrap(fault.Broken, err, "locking the search index in %s", d.path)
	case !held:
		return nil, fault.New(fault.Unavailable, "the search index in %s is open elsewhere: a directory belongs to one Finder at a time", d.path)
	}
	return l, nil
}

// current returns the name of the index in use, or "".
func (d directory) current() (string, error) { return d.named(currentFile) }

// building returns the name of the index that is being built beside it, or "".
func (d directory) building() (string, error) { return d.named(buildingFile) }

// named returns the name of an index that a file holds, or "".
func (d directory) named(file string) (string, error) {
	raw, err := os.ReadFile(d.file(file))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fault.Wrap(fault.Broken, err, "reading which search index is in use")
	}
	name := strings.TrimSpace(string(raw))
	if !strings.HasPrefix(name, indexPrefix) || strings.ContainsAny(name, "/\\") {
		return "", nil // damaged: as if there were none
	}
	return name, nil
}

// setCurrent takes an index into use, whole or not at all.
func (d directory) setCurrent(name string) error { return d.set(currentFile, name) }

// setBuilding notes an index that goes on being built when it is interrupted.
func (d directory) setBuilding(name string) error { return d.set(buildingFile, name) }

func (d directory) set(file, name string) error {
	temporary := d.file(file + ".new")
	if err := os.WriteFile(temporary, []byte(name+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, d.file(file))
}

// next returns a name for a new index.
func (d directory) next() string {
	for n := 1; ; n++ {
		name := fmt.Sprintf("%s%d", indexPrefix, n)
		if _, err := os.Lstat(d.file(name)); errors.Is(err, fs.ErrNotExist) {
			return name
		}
	}
}

// quarantine sets an index aside in place of the one that was before it.
func (d directory) quarantine(name string) error {
	if err := os.RemoveAll(d.file(brokenName)); err != nil {
		return err
	}
	err := os.Rename(d.file(name), d.file(brokenName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// sweep removes indexes that nobody uses.
func (d directory) sweep(keep ...string) error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	kept := strings.Join(keep, "\n") + "\n"
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), indexPrefix) && !strings.Contains(kept, e.Name()+"\n") {
			err = errors.Join(err, os.RemoveAll(d.file(e.Name())))
		}
	}
	return err
}
