package commerce

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/durable"
	"github.com/keelshop/commerce/shard"
	"github.com/oklog/ulid/v2"
)

// Format is the version of a store directory that this program writes. It
// opens older ones and refuses newer ones.
const Format = 1

// identity is the file store.json in a store's directory: what was decided
// once, when the directory was made.
type identity struct {
	Format int    `json:"format"`
	Store  string `json:"store"`
	Node   string `json:"node"`
	Shards int    `json:"shards"`
	// Keys tells the store's key ring from others, without giving it away.
	// It is "" until the first opening has made the ring.
	Keys string `json:"keys,omitempty"`
	// Joined says that the node became a member of a store that was there
	// before: its shards come from the other nodes, and it never starts them
	// by itself.
	Joined bool `json:"joined,omitempty"`
	// Member says that a node which has joined was a member of every shard
	// once: from then on it does not add itself to any. Removed says that the
	// others have taken it out.
	Member  bool `json:"member,omitempty"`
	Removed bool `json:"removed,omitempty"`
	// Generation changes when the store goes on from a backup or without the
	// majority of its nodes. Nodes of another generation are not talked to:
	// they may hold what this one does not.
	Generation string `json:"generation,omitempty"`
	// Born says that the store was opened completely once, so that its log
	// and shard files must be there.
	Born bool `json:"born,omitempty"`
}

const (
	identityFile = "store.json"
	lockFile     = "lock"
	logFile      = "raft.db"
	// AssetsDir is where a store keeps the files of Store.Assets, below its own
	// directory.
	AssetsDir = "assets"
)

func shardFile(dir string, i int) string { return filepath.Join(dir, fmt.Sprintf("shard-%03d.db", i)) }

// openDir locks a store's directory and reads its identity. A directory that
// is missing or empty becomes a new store.
func openDir(dir string, shards int, create func(dir string, shards int) (identity, error)) (identity, *flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return identity{}, nil, fault.Wrap(fault.Broken, err, "making the store's directory")
	}
	lock, err := lockDir(dir)
	if err != nil {
		return identity{}, nil, err
	}
	it, err := readIdentity(dir)
	if errors.Is(err, fs.ErrNotExist) {
		it, err = create(dir, shards)
	}
	if err == nil {
		err = it.check(dir, shards)
	}
	if err != nil {
		return identity{}, nil, errors.Join(err, lock.Unlock())
	}
	return it, lock, nil
}

func lockDir(dir string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(dir, lockFile))
	held, err := lock.TryLock()
	if err != nil {
		return nil, fault.Wrap(fault.Broken, err, "locking the store %s", dir)
	}
	if !held {
		return nil, &LockedError{Dir: dir}
	}
	return lock, nil
}

// LockedError says that another process, or another Store in this one, has
// the directory open.
type LockedError struct{ Dir string }

func (e *LockedError) Error() string {
	return "the store " + e.Dir + " is open elsewhere: a directory belongs to one Store at a time"
}

// Unwrap returns fault.Unavailable.
func (e *LockedError) Unwrap() error { return fault.Unavailable }

func readIdentity(dir string) (identity, error) {
	path := filepath.Join(dir, identityFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return identity{}, fmt.Errorf("reading the store's identity: %w", err)
	}
	var it identity
	if err := json.Unmarshal(data, &it); err != nil || it.Format == 0 || it.Store == "" || it.Node == "" {
		return identity{}, fault.New(fault.Broken, "%s is damaged: restore it from a backup of this directory", path)
	}
	return it, nil
}

// createIdentity writes store.json last and whole, so that a directory has
// either all of it or none.
func createIdentity(dir string, shards int) (identity, error) {
	if err := mustBeEmpty(dir); err != nil {
		return identity{}, err
	}
	if shards == 0 {
		shards = DefaultShards
	}
	it := identity{Format: Format, Store: newName("sto"), Node: newName("node"), Shards: shards}
	return it, it.write(dir)
}

func (it identity) write(dir string) error {
	data, err := json.MarshalIndent(it, "", "\t")
	if err != nil {
		return err
	}
	if err := durable.Write(filepath.Join(dir, identityFile), append(data, '\n')); err != nil {
		return fault.Wrap(fault.Broken, err, "writing the store's identity")
	}
	return nil
}

// mustBeEmpty refuses to make a store among somebody else's files, or where
// one lost its identity.
func mustBeEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fault.Wrap(fault.Broken, err, "looking into %s", dir)
	}
	for _, e := range entries {
		if n := e.Name(); n != lockFile && n != identityFile+".tmp" {
			return fault.New(fault.Invalid, "%s is not a store and not empty (it holds %s): name an empty or a new directory", dir, n)
		}
	}
	return nil
}

func (it identity) check(dir string, shards int) error {
	switch {
	case it.Format > Format:
		return fault.New(fault.Broken, "%s was written by a newer version (format %d, this program knows %d): upgrade the program", dir, it.Format, Format)
	case it.Shards < 1 || it.Shards > shard.MaxShards:
		return fault.New(fault.Broken, "%s names %d shards: its %s is damaged", dir, it.Shards, identityFile)
	case it.Born && missing(filepath.Join(dir, logFile)):
		return fault.New(fault.Broken, "%s has lost its log %s: restore the whole directory from one backup", dir, logFile)
	case shards != 0 && shards != it.Shards:
		return fault.New(fault.Invalid, "%s has %d shards, not %d: the number is fixed when a store is made", dir, it.Shards, shards)
	}
	return nil
}

// missing reports whether a file is not there or empty.
func missing(path string) bool {
	info, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0
}

// lineage is what nodes have in common that may talk to each other.
func (it identity) lineage() string {
	if it.Generation == "" {
		return it.Store
	}
	return it.Store + generationMark + it.Generation
}

// setLineage takes apart what lineage has put together.
func (it *identity) setLineage(lineage string) {
	it.Store, it.Generation, _ = strings.Cut(lineage, generationMark)
}

const generationMark = "#"

func newGeneration() string { return rand.Text()[:8] }

func newName(prefix string) string {
	var u ulid.ULID
	rand.Read(u[:])
	return prefix + "_" + u.String()
}
