package commerce

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/shard"
)

// A Copy describes a store as it was at one cut: a file for each shard, in
// which nothing that one shard has received from another is missing there.
// Package backup makes backups of it. It holds neither the store's keys nor the
// files of Store.Assets.
type Copy struct {
	Format int        `json:"format"` // of the directory: see the constant Format
	Store  string     `json:"store"`
	Keys   string     `json:"keys"` // tells the store's key ring from others
	Cut    uint64     `json:"cut"`
	At     time.Time  `json:"at"`
	Files  []CopyFile `json:"files"` // one for each shard, in their order
	// Assets are the files that the catalog names. They are not in the copy.
	Assets []assets.ID `json:"assets,omitempty"`
}

// CopyFile is a shard in a Copy.
type CopyFile struct {
	Name    string `json:"name"` // in the directory
	Bytes   int64  `json:"bytes"`
	Applied uint64 `json:"applied"` // the newest log entry in it
	Term    uint64 `json:"term"`    // of that entry
}

// Copy writes the store as it is at one moment into an empty directory, while
// it goes on selling, and returns what is there. In a cluster any node can.
// Copies are made one at a time: the error is fault.Unavailable while another
// is. Nothing is left behind when it fails.
func (s *Store) Copy(ctx context.Context, dir string) (Copy, error) {
	if err := s.engine.usable(); err != nil {
		return Copy{}, err
	}
	if !s.copying.TryLock() {
		return Copy{}, fault.New(fault.Unavailable, "another copy of the store is being made")
	}
	defer s.copying.Unlock()
	if !s.queries.enter() {
		return Copy{}, fault.New(fault.Unavailable, "the store is closing")
	}
	defer s.queries.leave()
	ctx, cancel := s.untilClose(ctx)
	defer cancel()
	for _, l := range s.engine.lanes {
		if err := l.trusted(); err != nil {
			return Copy{}, err
		}
	}
	if err := s.roomFor(dir); err != nil {
		return Copy{}, err
	}
	pins, err := s.pinCut(ctx)
	if err != nil {
		return Copy{}, fmt.Errorf("copying the store: %w", err)
	}
	defer closePins(pins)
	c := Copy{Format: Format, Store: s.id.Store, Keys: s.id.Keys, Cut: pins[0].Cut, At: s.config.clock.Wall().UTC()}
	for i, p := range pins {
		named, err := assetsTx(p.Tx())
		if err != nil {
			return Copy{}, errors.Join(fmt.Errorf("copying the store: %w", err), c.remove(dir))
		}
		c.Assets = append(c.Assets, named...)
		name := filepath.Base(shardFile(dir, i))
		bytes, err := p.WriteTo(ctx, filepath.Join(dir, name))
		if err != nil {
			return Copy{}, errors.Join(fmt.Errorf("copying the store: %w", err), c.remove(dir))
		}
		c.Files = append(c.Files, CopyFile{Name: name, Bytes: bytes, Applied: p.Applied, Term: p.Term})
		_ = p.Close() // the shard's -wal need not wait for the others
	}
	slices.Sort(c.Assets)
	c.Assets = slices.Compact(c.Assets)
	return c, nil
}

// assetsTx returns the files that a shard names: those of the catalog, and those
// that were sold.
func assetsTx(tx *sqlite.Tx) ([]assets.ID, error) {
	shown, err := catalog.AssetsTx(tx)
	if err != nil {
		return nil, err
	}
	sold, err := orders.AssetsTx(tx)
	return append(shown, sold...), err
}

// untilClose returns a context that ends when Close begins, too.
func (s *Store) untilClose(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-s.closing:
			cancel(fault.New(fault.Unavailable, "the store is closing"))
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

func (c Copy) remove(dir string) error {
	var err error
	for _, f := range c.Files {
		err = errors.Join(err, os.Remove(filepath.Join(dir, f.Name)))
	}
	return err
}

// A cutWatch gathers a pin of each shard at the same cut.
type cutWatch struct {
	mu   sync.Mutex
	want uint64 // 0 until it is known
	pins []*shard.Pin
	err  error
	more chan struct{} // has room for one
}

// at is called when a shard of this node has taken a cut.
func (w *cutWatch) at(l *lane, cut uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	old := w.pins[l.number]
	if w.err != nil || old != nil && old.Cut == w.want || w.want > cut {
		return
	}
	p, err := l.shard.Pin()
	if err != nil {
		w.err = err
	} else {
		if old != nil {
			_ = old.Close()
		}
		w.pins[l.number] = p
	}
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// complete reports whether all shards are there, or why they never will be.
func (w *cutWatch) complete() (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.pins {
		switch {
		case w.err != nil:
			return false, w.err
		case p == nil || p.Cut < w.want:
			return false, nil
		case p.Cut > w.want:
			return false, errOtherCut
		}
	}
	return true, nil
}

// errOtherCut says that another cut has come between.
var errOtherCut = fault.New(fault.Unavailable, "another cut is being taken")

// pinLimit bounds how long the shards may take to come to a cut.
const pinLimit = 30 * time.Second

// pinCut takes every shard to a new cut and returns a snapshot of each there.
func (s *Store) pinCut(ctx context.Context) ([]*shard.Pin, error) {
	ctx, cancel := context.WithTimeout(ctx, pinLimit)
	defer cancel()
	for {
		w := &cutWatch{pins: make([]*shard.Pin, len(s.engine.lanes)), more: make(chan struct{}, 1)}
		s.watch.Store(w)
		err := s.gatherPins(ctx, w)
		s.watch.Store(nil)
		if err == nil {
			return w.pins, nil
		}
		w.mu.Lock()
		w.err = err // who comes late adds nothing
		closePins(w.pins)
		w.mu.Unlock()
		if !errors.Is(err, errOtherCut) || ctx.Err() != nil {
			return nil, err
		}
	}
}

func (s *Store) gatherPins(ctx context.Context, w *cutWatch) error {
	cut := s.engine.cut.Add(1)
	w.mu.Lock()
	w.want = cut
	w.mu.Unlock()
	if err := s.engine.takeCut(ctx, cut); err != nil {
		return err
	}
	for {
		done, err := w.complete()
		if done || err != nil {
			return err
		}
		select {
		case <-w.more:
		case <-ctx.Done():
			return fault.Wrap(fault.Unavailable, context.Cause(ctx), "the shards of this node did not come to cut %d", cut)
		}
	}
}

func closePins(pins []*shard.Pin) {
	for _, p := range pins {
		if p != nil {
			_ = p.Close() // it was only read from
		}
	}
}

// atCut is called by each shard of this node when it has taken a cut, before it
// applies anything from behind it. From then on all that this node sends comes
// from behind the cut too.
func (s *Store) atCut(l *lane, cut uint64) {
	s.engine.meetCut(cut)
	if w := s.watch.Load(); w != nil {
		w.at(l, cut)
	}
	if s.engine.clustered.Load() {
		s.digests.at(l)
	}
}

// Restore makes a store of the files of a copy, which are in dir already and
// have nothing else beside them. It has one node, with the given name, or a new
// one for "". The store's keys must be at DIR.keys before it is opened, or be
// given by WithKeyRing. Nodes of the store that it was copied from do not talk
// to it; an external consumer of events starts again.
func (c Copy) Restore(dir, node string) error {
	if err := c.check(dir); err != nil {
		return fmt.Errorf("restoring a copy: %w", err)
	}
	if node == "" {
		node = newName("node")
	}
	it := identity{Format: Format, Store: c.Store, Node: node, Shards: len(c.Files), Keys: c.Keys, Generation: newGeneration()}
	seeds := make([]replication.Seed, len(c.Files))
	for i, f := range c.Files {
		seeds[i] = replication.Seed{Group: uint32(i), Index: f.Applied, Term: f.Term}
	}
	if err := replication.Plant(replication.Config{Dir: dir, NodeID: node, StoreID: c.Store}, seeds); err != nil {
		return fmt.Errorf("restoring a copy: %w", err)
	}
	return it.write(dir)
}

// CheckKeyFile makes sure that a file holds the keys of the store that was
// copied. Otherwise the error is fault.Invalid, or that of reading it.
func (c Copy) CheckKeyFile(ctx context.Context, path string) error {
	ring, err := seal.OpenKeyFile(path)
	if err != nil {
		return err
	}
	sealer, err := seal.NewSealer(ctx, c.Store, ring)
	if err != nil {
		return err
	}
	if nameOfKeys(sealer) != c.Keys {
		return fault.New(fault.Invalid, "%s holds the keys of another store", path)
	}
	return nil
}

// check opens every file of a copy, and so makes sure that it is complete.
func (c Copy) check(dir string) error {
	if c.Format > Format {
		return fault.New(fault.Broken, "the copy was made by a newer version (format %d, this program knows %d): upgrade the program", c.Format, Format)
	}
	slots, err := shard.NewMap(len(c.Files))
	if err != nil {
		return fault.Wrap(fault.Broken, err, "the copy is damaged")
	}
	set, err := newCommandSet()
	if err != nil {
		return err
	}
	for i, f := range c.Files {
		if err := c.checkFile(dir, i, f, slots, set); err != nil {
			return err
		}
	}
	return nil
}

func (c Copy) checkFile(dir string, i int, f CopyFile, slots *shard.Map, set *command.Set) (err error) {
	path := shardFile(dir, i)
	if missing(path) || f.Name != filepath.Base(path) {
		return fault.New(fault.Broken, "the copy has no file %s", filepath.Base(path))
	}
	file, err := shard.Open(shard.Config{Path: path, Store: c.Store, Shard: i, Map: slots, Commands: set, Readers: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if file.Applied() != f.Applied || file.Cut() != c.Cut {
		return fault.New(fault.Broken, "%s is at entry %d and cut %d, and should be at %d and %d", path, file.Applied(), file.Cut(), f.Applied, c.Cut)
	}
	return nil
}
